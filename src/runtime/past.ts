/**
 * The past of a step function that was interrupted and starts again from its top: it comes by all
 * that it did once more. Until it has caught up with itself, it is shown the shared state as it was
 * before each of its changes, and neither makes those again nor shows its events again. One that
 * comes to something else than before goes its own way from there, on the state as it is.
 */
import { isDeepStrictEqual } from "node:util";

import { isEqualJson, type Json, type JsonObject } from "../base/json.ts";
import type { Job } from "../engine/state.ts";
import { applyChanges } from "../engine/store.ts";
import type { StateChange, Tick } from "../engine/tick.ts";
import { StepLogged } from "../workflow/builtin.ts";
import type { Event } from "../workflow/event.ts";

interface Written {
  readonly before: JsonObject;
  readonly changes: readonly StateChange[];
}

export class Past {
  readonly #written: Written[] = [];
  /** How many of its changes it has made again. */
  #made = 0;
  /** Lines of the log, of which a time may differ, by themselves. */
  readonly #shown: Record<"events" | "lines", Event[]> = { events: [], lines: [] };

  constructor(ticks: readonly Tick[], job: Job) {
    let store: JsonObject = {};
    for (const tick of ticks) {
      if (tick.kind === "run_started") store = tick.store;
      if (tick.kind !== "state_changed" && tick.kind !== "event_written") continue;
      const isOwn = tick.step === job.step && tick.job === job.id && tick.attempt === job.attempt;
      if (tick.kind === "event_written") {
        if (isOwn) this.#shown[queueOf(tick.event)].push(tick.event);
        continue;
      }
      if (isOwn) this.#written.push({ before: store, changes: tick.changes });
      store = applyChanges(store, tick.changes);
    }
  }

  /** Whether a job has one. */
  static isOf({ writes = 0, shown = 0 }: Job): boolean {
    return writes + shown > 0;
  }

  /** The state that the function is to see; undefined when it has caught up. */
  get view(): JsonObject | undefined {
    return this.#written[this.#made]?.before;
  }

  /** Whether the next of its changes is the one that it made before, and so is made already. */
  isMade(changes: readonly StateChange[]): boolean {
    const next = this.#written[this.#made++];
    const isSame = next !== undefined && isDeepStrictEqual(next.changes, changes);
    if (!isSame) this.#written.length = 0;
    return isSame;
  }

  /** Whether the next of its events is the one that it showed before, and so is shown already. */
  isShown(event: Event): boolean {
    const queue = this.#shown[queueOf(event)];
    const next = queue.shift();
    // Events of a run are JSON.
    const isEqual = (other: Event): boolean =>
      other.type === event.type && isEqualJson(other.data as Json, event.data as Json);
    const isSame = next !== undefined && isEqual(next);
    if (!isSame) queue.length = 0;
    return isSame;
  }
}

// ---

function queueOf(event: Event): "events" | "lines" {
  return event.type === StepLogged.type ? "lines" : "events";
}

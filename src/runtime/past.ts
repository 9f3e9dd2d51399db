/**
 * The past of a step function that was interrupted and starts again from its top: it comes by all
 * that it did once more. Until it has caught up with itself, it is shown the shared state as it was
 * before each of its changes, and neither makes those again nor shows its events again. One that
 * comes to something else than before goes its own way from there, on the state as it is. What it
 * had sent it does not send again, in whichever order it comes to that.
 */
import { isDeepStrictEqual } from "node:util";

import type { JsonObject } from "../base/json.ts";
import { isEqualEvent } from "../engine/collect.ts";
import type { Job, Kept } from "../engine/state.ts";
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
  /** What it has not sent again yet. */
  readonly #sent: Kept[] = [];
  /** Lines of the log, of which a time may differ, by themselves. */
  readonly #shown: Record<"events" | "lines", Event[]> = { events: [], lines: [] };

  constructor(ticks: readonly Tick[], job: Job) {
    let store: JsonObject = {};
    for (const tick of ticks) {
      if (tick.kind === "run_started") store = tick.store;
      const isOwn =
        "attempt" in tick &&
        tick.job === job.id &&
        tick.attempt === job.attempt &&
        tick.step === job.step;
      if (tick.kind === "event_sent" && isOwn) this.#sent.push(tick);
      if (tick.kind === "event_written" && isOwn) {
        this.#shown[queueOf(tick.event)].push(tick.event);
      }
      if (tick.kind !== "state_changed") continue;
      if (isOwn) this.#written.push({ before: store, changes: tick.changes });
      store = applyChanges(store, tick.changes);
    }
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
    const isSame = next !== undefined && isEqualEvent(next, event);
    if (!isSame) queue.length = 0;
    return isSame;
  }

  /** Whether it has sent this event before, once more than it has sent it again. */
  isSent(event: Event, target: string | null): boolean {
    const place = this.#sent.findIndex(
      (other) => other.target === target && isEqualEvent(other.event, event),
    );
    if (place >= 0) this.#sent.splice(place, 1);
    return place >= 0;
  }
}

// ---

function queueOf(event: Event): "events" | "lines" {
  return event.type === StepLogged.type ? "lines" : "events";
}

/**
 * A step function that was interrupted starts again from its top, and comes by its changes to the
 * shared state again. What they did is done: until the function has caught up with itself, it is
 * shown the state as it was before each of its changes, and the change is not made again. One that
 * comes to something else than before goes its own way from there, on the state as it is.
 */
import { isDeepStrictEqual } from "node:util";

import type { JsonObject } from "../base/json.ts";
import type { Job } from "../engine/state.ts";
import { applyChanges } from "../engine/store.ts";
import type { StateChange, Tick } from "../engine/tick.ts";

interface Written {
  readonly before: JsonObject;
  readonly changes: readonly StateChange[];
}

export class StateReplay {
  #written: readonly Written[];

  constructor(ticks: readonly Tick[], job: Pick<Job, "step" | "id" | "attempt">) {
    this.#written = writtenBy(ticks, job);
  }

  /** The state that the function is to see; undefined when it has caught up. */
  get view(): JsonObject | undefined {
    return this.#written[0]?.before;
  }

  /** Whether the next of its changes is the one that it made before, and so is made already. */
  isDone(changes: readonly StateChange[]): boolean {
    const [next, ...rest] = this.#written;
    const isSame = next !== undefined && isDeepStrictEqual(next.changes, changes);
    this.#written = isSame ? rest : [];
    return isSame;
  }
}

// ---

function writtenBy(
  ticks: readonly Tick[],
  { step, id, attempt }: Pick<Job, "step" | "id" | "attempt">,
): readonly Written[] {
  const written: Written[] = [];
  let store: JsonObject = {};
  for (const tick of ticks) {
    if (tick.kind === "run_started") store = tick.store;
    if (tick.kind !== "state_changed") continue;
    const { changes } = tick;
    const isOwn = tick.step === step && tick.job === id && tick.attempt === attempt;
    if (isOwn) written.push({ before: store, changes });
    store = applyChanges(store, changes);
  }
  return written;
}

/**
 * Which runs are under way, and will not be in memory for a while, though the store takes what is written again: those of
 * a process that has met one full disk, and had them in memory before.
 */
import { storeProbeMs } from "../../src/base/limits.ts";
import { isIdle } from "../../src/engine/state.ts";
import type { SimClock } from "./clock.ts";
import type { Process } from "./process.ts";
import type { Entry } from "./trace.ts";
import type { KnownRun } from "./world.ts";

export class Outages {
  readonly #clock: SimClock;
  readonly #record: (entry: Entry) => void;
  /** The process that is looked at, and since when runs that it has had in memory are not there. */
  #process = 0;
  #had = new Map<string, number>();
  #outages = 0;
  #isOut = false;
  /** When the store was back, by a clock that may have been set back since. */
  #since = 0;

  constructor(clock: SimClock, record: (entry: Entry) => void) {
    this.#clock = clock;
    this.#record = record;
  }

  /** To be called when everything has happened that needs neither time nor a turn. */
  look(process: Process, isOut: boolean, runs: Iterable<KnownRun>): void {
    if (this.#process !== process.id) this.#begin(process);
    if (isOut !== this.#isOut) {
      this.#isOut = isOut;
      this.#since = this.#clock.latest;
      if (isOut) this.#outages++;
    }
    const { now, latest, nextAt, turnCount, dueCount } = this.#clock;
    const isJudged = this.#outages === 1 && !isOut && turnCount === 0 && dueCount === 0;
    for (const { run, state } of runs) {
      const isHere = process.runtime.inspect(run) !== undefined;
      const isUnderWay = state.status === "running" && !state.queued && !isIdle(state);
      if (isHere) this.#had.set(run, Infinity);
      const had = this.#had.get(run);
      if (isHere || had === undefined) continue;
      // A write that failed before may have been answered after that.
      const since = Math.min(had, latest);
      this.#had.set(run, since);
      // Nothing moves before the next timer.
      const ms = Math.max(nextAt ?? Infinity, now) - Math.max(since, this.#since);
      if (!isJudged || !isUnderWay || ms <= storeProbeMs) continue;
      this.#had.delete(run);
      this.#record({ kind: "missing", process: process.id, run, ms });
    }
  }

  // ---

  #begin({ id }: Process): void {
    this.#process = id;
    this.#had = new Map();
    this.#outages = this.#isOut ? 1 : 0;
  }
}

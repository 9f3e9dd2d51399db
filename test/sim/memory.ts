/**
 * Which runs that rest are in memory, and for how long nobody has wanted anything of them: no tick
 * of theirs was stored since, nobody has asked for them, and they were not brought there.
 */
import { isIdle, type RunState } from "../../src/engine/state.ts";
import type { SimClock } from "./clock.ts";
import type { Process } from "./process.ts";
import type { Entry } from "./trace.ts";

interface Stay {
  /** What the process has of the run: another object when it was let go and brought back. */
  readonly inMemory: object;
  readonly state: RunState;
  readonly since: number;
}

export class Memory {
  readonly #clock: SimClock;
  readonly #record: (entry: Entry) => void;
  /** By process and run. */
  readonly #stays = new Map<string, Stay>();
  /** The moment that was noted last, of each. */
  readonly #noted = new Map<string, number>();

  constructor(clock: SimClock, record: (entry: Entry) => void) {
    this.#clock = clock;
    this.#record = record;
  }

  /** Somebody wants something of a run, or is answered: from here on it stays as long again. */
  asked(process: number, run: string): void {
    this.#stays.delete(`${process}:${run}`);
  }

  /** To be called when everything has happened that needs neither time nor a turn. */
  look(process: Process, run: string): void {
    const key = `${process.id}:${run}`;
    const seen = process.runtime.inspect(run);
    if (!seen?.isSettled) return void this.#stays.delete(key);
    const { now, latest, turnCount, dueCount } = this.#clock;
    const { state } = seen;
    const stay = this.#stays.get(key);
    if (stay?.inMemory !== seen || stay.state !== state) {
      // Of a clock that was set back, timers are as late as it has ever been.
      this.#stays.set(key, { inMemory: seen, state, since: latest });
      return;
    }
    // What is due, and is not done yet, may be what lets it go.
    const mayGo = turnCount > 0 || dueCount > 0;
    if (mayGo || !isIdle(state) || now <= stay.since || this.#noted.get(key) === now) return;
    this.#noted.set(key, now);
    this.#record({ kind: "kept", process: process.id, run, ms: now - stay.since });
  }
}

/** Whether only the outside or a timer moves it. */
export function isResting(state: RunState): boolean {
  return state.status === "running" && state.startedAt !== null && isIdle(state);
}

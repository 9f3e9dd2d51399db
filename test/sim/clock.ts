/**
 * Time as the simulator moves it. It stands still until it is told to go on; what is due then fires
 * only when the simulator says so, as a busy process fires late. It never fires early.
 *
 * Each process has its own view of it: with the process go its timers and its turns.
 */
import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly owner: object;
  readonly at: number;
  readonly callback: () => void;
}

interface Turn {
  readonly owner: object;
  readonly callback: () => void;
}

export class SimClock {
  #now = 1_700_000_000_000;
  #latest = 0;
  /** By time, and by the order of their setting. */
  #timers: Timer[] = [];
  #turns: Turn[] = [];
  /** The only one that still gets what it asks for. Null: others do as well. */
  #last: object | null = null;

  get now(): number {
    return this.#now;
  }

  /** The furthest that it has ever been. */
  get latest(): number {
    return Math.max(this.#latest, this.#now);
  }

  /** Turns that somebody waits for. */
  get turnCount(): number {
    return this.#turns.length;
  }

  /** When the next timer is due. */
  get nextAt(): number | null {
    return this.#timers[0]?.at ?? null;
  }

  get dueCount(): number {
    const index = this.#timers.findIndex((timer) => timer.at > this.#now);
    return index < 0 ? this.#timers.length : index;
  }

  timersOf(owner: object): number {
    return this.#timers.filter((timer) => timer.owner === owner).length;
  }

  /** The clock of one process. */
  of(owner: object): Clock {
    return {
      now: () => this.#now,
      nextTurn: (callback) => {
        if (this.#serves(owner)) this.#turns.push({ owner, callback });
      },
      at: (at, callback) => {
        if (!this.#serves(owner)) return () => {};
        const timer = { owner, at, callback };
        const index = this.#timers.findIndex((other) => other.at > at);
        this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
        return () => {
          const place = this.#timers.indexOf(timer);
          if (place >= 0) this.#timers.splice(place, 1);
        };
      },
    };
  }

  /** The process is gone, and with it whatever it waited for. */
  drop(owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
    this.#turns = this.#turns.filter((turn) => turn.owner !== owner);
  }

  /** All other processes are gone: what goes round in circles in their last breath stops. */
  leaveTo(owner: object): void {
    this.#last = owner;
    this.#timers = this.#timers.filter((timer) => timer.owner === owner);
    this.#turns = this.#turns.filter((turn) => turn.owner === owner);
  }

  /** Whole milliseconds, as every wall clock; backwards too, as some wall clocks. */
  moveTo(now: number): void {
    this.#latest = this.latest;
    this.#now = Math.ceil(now);
  }

  /** Fires one of the timers that are due; 0 is the one that is due longest. */
  fire(index: number): void {
    if (index >= this.dueCount) throw new Error("A timer never fires early.");
    const [timer] = this.#timers.splice(index, 1);
    timer?.callback();
  }

  /** Lets the turn come that was asked for first. */
  turn(): void {
    this.#turns.shift()?.callback();
  }

  // ---

  #serves(owner: object): boolean {
    return this.#last === null || this.#last === owner;
  }
}

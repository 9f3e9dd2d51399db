/**
 * A clock that a test moves: it stands still until it is advanced, and then fires what is due, in
 * order. Turns of the event loop are the real ones, so real promises of the steps go on.
 */
import { type Clock, systemClock } from "../base/clock.ts";

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

export class TestClock implements Clock {
  #now: number;
  #due: Due[] = [];

  /** Starts at `now`, milliseconds since 1970. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** When the next timer is due. */
  get nextAt(): number | null {
    return this.#due[0]?.at ?? null;
  }

  at(at: number, callback: () => void): () => void {
    const due = { at, callback };
    // After those of the same time: first set, first fired.
    const index = this.#due.findIndex((other) => other.at > at);
    this.#due.splice(index < 0 ? this.#due.length : index, 0, due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  nextTurn(callback: () => void): void {
    systemClock.nextTurn(callback);
  }

  /** Moves on to the next timer that is due until `at`, or to `at`. True: a timer has fired. */
  step(at: number): boolean {
    const next = this.#due[0];
    if (!next || next.at > at) {
      this.#now = Math.max(this.#now, at);
      return false;
    }
    this.#due.shift();
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

/** The timers of one run, by what they are for. Setting one again replaces it. */
import type { Clock } from "../base/clock.ts";
import type { Timer } from "../engine/tick.ts";

export class Timers {
  readonly #clock: Clock;
  readonly #onDue: (timer: Timer) => void;
  readonly #cancels = new Map<string, () => void>();

  constructor(clock: Clock, onDue: (timer: Timer) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  set(timer: Timer, at: number): void {
    const key = JSON.stringify(timer);
    this.#cancels.get(key)?.();
    const fire = (): void => {
      this.#cancels.delete(key);
      this.#onDue(timer);
    };
    this.#cancels.set(key, this.#clock.at(at, fire));
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}

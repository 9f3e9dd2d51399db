/** One alarm for each run that is not in memory and has to be looked at some time. */
import type { Clock } from "../base/clock.ts";

export class Alarms {
  readonly #clock: Clock;
  readonly #onDue: (runId: string) => void;
  readonly #cancels = new Map<string, () => void>();

  constructor(clock: Clock, onDue: (runId: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Replaces the alarm that the run has. */
  set(runId: string, at: number): void {
    this.cancel(runId);
    const ring = (): void => {
      this.#cancels.delete(runId);
      this.#onDue(runId);
    };
    this.#cancels.set(runId, this.#clock.at(at, ring));
  }

  cancel(runId: string): void {
    this.#cancels.get(runId)?.();
    this.#cancels.delete(runId);
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}

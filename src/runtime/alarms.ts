/**
 * When to look again at a run that could not be stored or loaded: later each time that it fails.
 */
import type { Clock } from "../base/clock.ts";
import { parkedRunRetryMs, parkedRunRetryMsMax } from "../base/limits.ts";

interface Alarm {
  readonly failures: number;
  readonly cancel: () => void;
}

export class Alarms {
  readonly #clock: Clock;
  readonly #onDue: (runId: string) => void;
  readonly #alarms = new Map<string, Alarm>();

  constructor(clock: Clock, onDue: (runId: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Another failure; returns after how many milliseconds it is looked at again. */
  set(runId: string): number {
    const { failures = 0, cancel } = this.#alarms.get(runId) ?? {};
    cancel?.();
    const delayMs = Math.min(parkedRunRetryMs * 2 ** failures, parkedRunRetryMsMax);
    this.#alarms.set(runId, {
      failures: failures + 1,
      cancel: this.#clock.at(this.#clock.now() + delayMs, () => this.#onDue(runId)),
    });
    return delayMs;
  }

  /** It goes well again, or is no more. */
  cancel(runId: string): void {
    this.#alarms.get(runId)?.cancel();
    this.#alarms.delete(runId);
  }

  clear(): void {
    for (const { cancel } of this.#alarms.values()) cancel();
    this.#alarms.clear();
  }
}

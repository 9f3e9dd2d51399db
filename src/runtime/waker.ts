/**
 * Wakes resting runs when their timers are due. The store knows when that is: a run that rests
 * costs no memory here, however many there are; one timer stands for all of them.
 */
import type { Clock } from "../base/clock.ts";
import { wakesMax } from "../base/limits.ts";
import type { Store } from "../store/store.ts";

/** Between two looks at the same herd: those just woken have to get to their first commit. */
const pauseMs = 50;

export class Waker {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #wake: (runId: string) => void;
  readonly #onError: (error: unknown) => void;
  #at = Infinity;
  #cancel: () => void = () => {};
  #isStopped = false;

  constructor(ports: {
    readonly clock: Clock;
    readonly store: Store;
    readonly wake: (runId: string) => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#clock = ports.clock;
    this.#store = ports.store;
    this.#wake = ports.wake;
    this.#onError = ports.onError;
  }

  /** Looks up when the next run is due, and waits for that. */
  async start(): Promise<void> {
    this.consider(await this.#store.nextWakeAt());
  }

  /** A run has come to rest until then. */
  consider(at: number | null): void {
    if (at === null || at >= this.#at || this.#isStopped) return;
    this.#cancel();
    this.#at = at;
    this.#cancel = this.#clock.at(at, () => void this.#ring());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  // ---

  async #ring(): Promise<void> {
    this.#at = Infinity;
    try {
      const due = await this.#store.listDue(this.#clock.now(), wakesMax);
      for (const runId of due) this.#wake(runId);
      const next = await this.#store.nextWakeAt();
      this.consider(next === null ? null : Math.max(next, this.#clock.now() + pauseMs));
    } catch (error) {
      if (this.#isStopped) return;
      this.#onError(error);
      this.consider(this.#clock.now() + 20 * pauseMs);
    }
  }
}

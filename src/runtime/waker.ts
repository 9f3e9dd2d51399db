/**
 * Wakes resting runs when their timers are due. The store knows when that is: a run that rests
 * costs no memory here, however many there are; one timer stands for all of them.
 */
import type { Clock } from "../base/clock.ts";
import { wakesMax } from "../base/limits.ts";
import type { Store } from "../store/store.ts";

/** Between two looks at the same herd: those just woken have to get to their first commit. */
const pauseMs = 50;

export interface WakerPorts {
  readonly clock: Clock;
  readonly store: Store;
  wake(runId: string): void;
  onError(error: unknown): void;
}

export class Waker {
  readonly #ports: WakerPorts;
  #at = Infinity;
  #cancel: () => void = () => {};
  #isStopped = false;

  constructor(ports: WakerPorts) {
    this.#ports = ports;
  }

  /** Looks up when the next run is due, and waits for that. */
  async start(): Promise<void> {
    this.consider(await this.#ports.store.nextWakeAt());
  }

  /** A run has come to rest until then. */
  consider(at: number | null): void {
    if (at === null || at >= this.#at || this.#isStopped) return;
    this.#cancel();
    this.#at = at;
    this.#cancel = this.#ports.clock.at(at, () => void this.#ring());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  // ---

  async #ring(): Promise<void> {
    const { clock, store, wake, onError } = this.#ports;
    this.#at = Infinity;
    try {
      const due = await store.listDue(clock.now(), wakesMax);
      for (const runId of due) wake(runId);
      const next = await store.nextWakeAt();
      this.consider(next === null ? null : Math.max(next, clock.now() + pauseMs));
    } catch (error) {
      if (this.#isStopped) return;
      onError(error);
      this.consider(clock.now() + 20 * pauseMs);
    }
  }
}

/**
 * Somebody who reads the stream of a run, goes away and comes back, and goes on after the last event
 * that was seen, wherever the run is by then.
 */
import type { StoredEvent } from "../../src/store/event.ts";
import type { Process } from "./process.ts";

export class Reader {
  readonly id: number;
  readonly run: string;
  #cursor: number;
  #leave: AbortController | null = null;
  #process: Process | null = null;
  /** Set while it takes its time with what it has got. */
  #goOn: (() => void) | null = null;
  isDone = false;

  constructor(id: number, run: string, after: number) {
    this.id = id;
    this.run = run;
    this.#cursor = after;
  }

  get isAttached(): boolean {
    return this.#process !== null && this.#process.isAlive;
  }

  get isSlow(): boolean {
    return this.#goOn !== null;
  }

  attach(process: Process, isSlow: () => boolean): void {
    this.detach();
    const leave = new AbortController();
    this.#leave = leave;
    this.#process = process;
    process.record({
      kind: "reader_attached",
      reader: this.id,
      run: this.run,
      after: this.#cursor,
    });
    void this.#read(process, leave.signal, isSlow);
  }

  detach(): void {
    this.#leave?.abort();
    this.#leave = null;
    this.#process = null;
    this.goOn();
  }

  goOn(): void {
    this.#goOn?.();
    this.#goOn = null;
  }

  // ---

  async #read(process: Process, signal: AbortSignal, isSlow: () => boolean): Promise<void> {
    const isGone = (): boolean => signal.aborted || !process.isAlive;
    try {
      for await (const batch of process.store.feed.follow(this.run, this.#cursor, signal)) {
        for (const event of batch) {
          if (isGone()) return;
          this.#see(process, event);
        }
        if (isSlow()) await new Promise<void>((resolve) => (this.#goOn = resolve));
        if (isGone()) return;
      }
    } catch {
      // The store could not be read: it comes back later, as a browser does.
      if (!isGone()) this.#process = null;
      return;
    }
    if (isGone()) return;
    this.isDone = true;
    process.record({ kind: "reader_ended", reader: this.id, run: this.run });
  }

  #see(process: Process, event: StoredEvent): void {
    this.#cursor = event.sequence;
    process.record({ kind: "read", reader: this.id, run: this.run, event });
  }
}

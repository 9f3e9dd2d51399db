/**
 * Who has to know that a handler's record has changed: a list that is watched. A reader that is
 * slow misses what was in between, never the newest: it is owed each handler once at most.
 */
import type { RunSummary } from "../store/store.ts";

export type HandlerChange =
  | { readonly kind: "changed"; readonly run: RunSummary; readonly isAsking: boolean }
  | { readonly kind: "deleted"; readonly handlerId: string };

interface Reader {
  readonly owed: Map<string, HandlerChange>;
  wake: () => void;
}

export class HandlerChanges {
  readonly #readers = new Set<Reader>();

  /** `isAsking`: it wants something from outside. */
  changed(run: RunSummary, isAsking: boolean): void {
    this.#tell(run.handlerId, { kind: "changed", run, isAsking });
  }

  deleted(handlerId: string): void {
    this.#tell(handlerId, { kind: "deleted", handlerId });
  }

  /** Changes from now on, in batches, until `signal` is aborted. */
  async *follow(signal: AbortSignal): AsyncGenerator<readonly HandlerChange[], void, void> {
    const reader: Reader = { owed: new Map(), wake: () => {} };
    const onAbort = (): void => reader.wake();
    this.#readers.add(reader);
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const batch = [...reader.owed.values()];
        reader.owed.clear();
        if (batch.length > 0) yield batch;
        else {
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
        }
      }
    } finally {
      this.#readers.delete(reader);
      signal.removeEventListener("abort", onAbort);
    }
  }

  // ---

  #tell(handlerId: string, change: HandlerChange): void {
    for (const reader of this.#readers) {
      // The newest change of a handler stands where it belongs: at the end.
      reader.owed.delete(handlerId);
      reader.owed.set(handlerId, change);
      reader.wake();
    }
  }
}

/**
 * Group commit: the writes of one turn of the event loop share one transaction, and so one sync of
 * the disk, which costs more than everything else together.
 *
 * - Writes take effect in the order in which they were submitted.
 * - A promise resolves after the transaction is on disk, and after its readers were told.
 * - A refused write rejects alone; a failed transaction rejects all of its group, and only that
 *   one.
 *
 * No write is spared the sync, though nobody outside hears of the steps within a run: a step would
 * begin on the word of one that a power cut takes back, and that one would run a second time.
 */
import type { Clock } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";

/** The answer for the caller, and what to tell readers once it is committed. */
export interface Written<T> {
  readonly value: T;
  readonly announce?: () => void;
}

/** Called inside the transaction. Returns a refusal only if it has written nothing. */
export type Write<T> = () => Written<T> | WorkflowError;

interface Waiting {
  readonly write: Write<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #clock: Pick<Clock, "nextTurn">;
  readonly #transact: <T>(work: () => T) => T;
  #waiting: Waiting[] = [];

  /** `transact` throws only if nothing was written. */
  constructor(clock: Pick<Clock, "nextTurn">, transact: <T>(work: () => T) => T) {
    this.#clock = clock;
    this.#transact = transact;
  }

  submit<T>(write: Write<T>): Promise<T> {
    if (this.#waiting.length === 0) this.#clock.nextTurn(() => this.flush());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // The cast joins what the queue forgets: this `resolve` gets what this `write` returns.
    this.#waiting.push({ write, resolve: resolve as (value: unknown) => void, reject });
    return promise;
  }

  /** Writes what waits, now. */
  flush(): void {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    let results: (Written<unknown> | WorkflowError)[];
    try {
      results = this.#transact(() => group.map(({ write }) => write()));
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const result of results) if (!(result instanceof WorkflowError)) result.announce?.();
    group.forEach(({ resolve, reject }, index) => {
      const result = results[index];
      if (result instanceof WorkflowError) reject(result);
      else resolve(result?.value);
    });
  }
}

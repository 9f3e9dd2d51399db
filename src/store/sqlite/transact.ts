/**
 * Transactions that cannot be left open by accident. `bun:sqlite` (1.4.5) commits when the callback
 * returns, also when it returns a promise: what comes after the first `await` would be outside.
 */
import type { Database } from "bun:sqlite";

import { assert } from "../../base/assert.ts";

/** Runs `work` in a transaction: all of it is committed, or none if it throws. */
export type Transact = <T>(work: () => T) => T;

export function createTransact(database: Database): Transact {
  const run = database.transaction((work: () => unknown): unknown => {
    const result = work();
    assert(!isPromise(result), "Expected the work of a transaction to be synchronous.");
    return result;
  });
  // IMMEDIATE takes the write lock at the start, so nothing in the middle can meet a busy file.
  // The cast is what `run` loses: it returns what `work` returned.
  return <T>(work: () => T): T => run.immediate(work) as T;
}

// ---

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}

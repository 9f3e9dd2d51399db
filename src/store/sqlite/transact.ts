/**
 * Transactions that cannot be left open by accident. `bun:sqlite` (1.4.5) has its own: they commit
 * when the callback returns a promise, with what comes after the first `await` outside, and inside
 * a transaction that could not be rolled back they open a savepoint, which commits nothing.
 */
import type { Database } from "bun:sqlite";

import { assert } from "../../base/assert.ts";

/** Runs `work` in a transaction: all of it is committed, or none if it throws. */
export type Transact = <T>(work: () => T) => T;

export function createTransact(database: Database): Transact {
  // IMMEDIATE takes the write lock at the start, so nothing in the middle can meet a busy file.
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  return (work) => {
    // What could not be rolled back when it failed, because the disk failed for that as well.
    if (database.inTransaction) rollback.run();
    begin.run();
    try {
      const result = work();
      assert(!isPromise(result), "Expected the work of a transaction to be synchronous.");
      commit.run();
      return result;
    } catch (error) {
      // After some failures SQLite has rolled back by itself.
      if (database.inTransaction) tryTo(() => rollback.run());
      throw error;
    }
  };
}

// ---

/** The failure that is told is the one before; the next transaction tries again. */
function tryTo(rollBack: () => void): void {
  try {
    rollBack();
  } catch {}
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}

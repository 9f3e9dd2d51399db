/**
 * Notices that the file of an open database is no longer at its path. It goes on without its name,
 * and all that is written to it would be gone with the process.
 */
import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";

import { WorkflowError } from "../../base/errors.ts";

/** Throws `store_unavailable` when `path` does not lead to the file that it leads to now. */
export function createGuard(database: Database, path: string): () => void {
  const identity = identityOf(path);
  return () => {
    if (identityOf(path) === identity) return;
    // The log stays under its name, and would be taken for that of the file that comes next.
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    throw new WorkflowError(
      "store_unavailable",
      `Expected \`${path}\` to stay where it is, but it was deleted, moved or replaced: ` +
        "bring it back, or start the server again with the file that is there.",
      { details: { path } },
    );
  };
}

// ---

function identityOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}

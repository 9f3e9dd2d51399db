/** What SQLite and the file system throw, as errors of the store that say what to do. */
import { SQLiteError } from "bun:sqlite";

import { toFailure, WorkflowError } from "../../base/errors.ts";

/**
 * Wraps a failed `deed` on a file. Errors of ours pass unchanged. A store that is open may be cut
 * off by its surroundings for a while (`store_unavailable`); one that cannot be opened starts
 * nothing, so whatever keeps it from that is for people to mend (`store_failed`).
 */
export function toStoreError(
  deed: "open" | "close" | "read" | "write to",
  path: string,
  cause: unknown,
): WorkflowError {
  if (cause instanceof WorkflowError) return cause;
  const { code, message } = toFailure(cause);
  const known = diagnoses.find(({ pattern }) => pattern.test(code ?? ""));
  const isOpen = deed === "read" || deed === "write to";
  const came = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  return new WorkflowError(
    isOpen && known ? "store_unavailable" : "store_failed",
    `Could not ${deed} \`${path}\`: ${came}; ${known?.cure ?? "see the cause"}.`,
    { cause, details: { path, code } },
  );
}

/** Somebody else holds the lock that this statement needs. */
export function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && (error.code?.startsWith("SQLITE_BUSY") ?? false);
}

// ---

interface Diagnosis {
  readonly pattern: RegExp;
  readonly cure: string;
}

/**
 * By SQLite's code or the system's: the first that matches. Once the surroundings are well again,
 * the same statement succeeds.
 */
const diagnoses: readonly Diagnosis[] = [
  {
    // Also these: SQLite takes a file for damaged while the disk under it cannot be read.
    pattern: /^SQLITE_(NOTADB|CORRUPT|IOERR_(CORRUPTFS|DATA))/,
    cure: "it is damaged or no database: move it away, bring back a backup, or name another file",
  },
  {
    pattern: /^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/,
    cure: "make room on the disk",
  },
  {
    pattern: /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    cure: "another program holds it locked: let that one finish",
  },
  {
    pattern: /^(SQLITE_IOERR|EIO)/,
    cure: "the disk or its connection fails, or has no room left: mend that",
  },
  { pattern: /^SQLITE_NOMEM/, cure: "free some memory" },
  {
    pattern: /^(SQLITE_(CANTOPEN|READONLY|PERM|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST)/,
    cure:
      "it must be a file that this process may read and write, " +
      "in a directory that it may write to",
  },
];

/** What SQLite and the file system throw, as errors of the store that say what to do. */
import { SQLiteError } from "bun:sqlite";

import { toFailure, WorkflowError } from "../../base/errors.ts";

/** Wraps a failed `deed` ("open", "read", "write") on a file. Errors of ours pass unchanged. */
export function toStoreError(deed: string, path: string, cause: unknown): WorkflowError {
  if (cause instanceof WorkflowError) return cause;
  const { code, message } = toFailure(cause);
  const cure = cures.find(([pattern]) => pattern.test(code ?? ""))?.[1] ?? "see the cause";
  const came = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  return new WorkflowError("store_failed", `Could not ${deed} \`${path}\`: ${came}; ${cure}.`, {
    cause,
    details: { path, code },
  });
}

/** Somebody else holds the lock that this statement needs. */
export function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && (error.code?.startsWith("SQLITE_BUSY") ?? false);
}

// ---

/** By SQLite's code or the system's: the first that matches. */
const cures: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_(NOTADB|CORRUPT)/,
    "it is damaged or no database: move it away, bring back a backup, or name another file",
  ],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, "make room on the disk"],
  [/^SQLITE_BUSY/, "another program holds it locked: let that one finish"],
  [
    /^(SQLITE_(CANTOPEN|READONLY|PERM|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST)/,
    "it must be a file that this process may read and write, in a directory that it may write to",
  ],
];

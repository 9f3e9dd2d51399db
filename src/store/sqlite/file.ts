/**
 * Files that only their owner may read: whoever reads a store reads every event and every result.
 * A directory that is new is made durable too, or a power cut could take it with all that is in it.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Creates an empty file with mode 0600. An existing one is left alone, and is not even opened. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** Creates a directory, with mode 0700, and those above it that are missing. */
export function createPrivateDirectory(directory: string): void {
  const topmost = mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A new name is durable once the directory that lists it is. Windows cannot open directories.
  if (topmost === undefined || process.platform === "win32") return;
  let created = directory;
  while (created.length >= topmost.length) {
    created = dirname(created);
    syncDirectory(created);
  }
}

/** The one spelling of a path, whichever links lead to it, so that two spellings share one lock. */
export function canonicalPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

// ---

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens the database file: whatever SQLite decides by default and this store depends on is set
 * here and read back, so that no other build of SQLite can change what we promise.
 */
import { Database } from "bun:sqlite";

import { WorkflowError } from "../../base/errors.ts";
import { checkSchema, migrate } from "../migrate.ts";
import { createPrivateFile } from "./file.ts";
import { migrations } from "./migrations.ts";

/** What a resolved write survives: the loss of power, or only the end of the process. */
export type SqliteDurability = "full" | "process";

/** Whoever calls this holds the lock of `path`. */
export function openDatabase(path: string, durability: SqliteDurability): Database {
  createPrivateFile(path); // SQLite gives `-wal` and `-shm` the mode of the file itself.
  const database = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    checkSchema(database, migrations, path);
    // Only before the first table. It costs no commit anything that could be measured. An older
    // file is not rewritten for it: that takes as much room again, and nobody knows how long.
    if (isEmpty(database)) database.run("PRAGMA auto_vacuum = INCREMENTAL");
    for (const [name, value] of pragmas(durability)) setPragma(database, name, value, path);
    migrate(database, migrations);
    return database;
  } catch (error) {
    database.close(true);
    throw error;
  }
}

/** Name and value as SQLite reports it. Exported for the test that reads them back. */
export function pragmas(
  durability: SqliteDurability,
): readonly (readonly [name: string, value: number | string])[] {
  const isFull = durability === "full";
  return [
    // Other programs (a backup, `sqlite3`) may look on without stopping us. Only the lock next to
    // the file says who owns it.
    ["locking_mode", "normal"],
    // A commit is one append to one file, and readers of other programs never block it.
    ["journal_mode", "wal"],
    // FULL (2) syncs the log with every commit; NORMAL (1) only when the log is written back, so a
    // power cut may lose the last commits, but no order is ever broken.
    ["synchronous", isFull ? 2 : 1],
    // macOS keeps an ordinary fsync in the drive's cache; no effect elsewhere.
    ["fullfsync", isFull ? 1 : 0],
    ["checkpoint_fullfsync", isFull ? 1 : 0],
    // Deleting a handler takes its runs, ticks and events along; none can be written without a run.
    ["foreign_keys", 1],
    // Only a foreign program's short write can hold us up. It is waited for with the event loop
    // stopped, so not for long.
    ["busy_timeout", 1000],
    // Sorting a list of handlers touches no disk.
    ["temp_store", 2],
    // Write the log back at 4 MB, which holds up all writers for some 5 ms. With 4000 pages
    // the store takes 4 % less of the processor (64 runs at once), and the longest pauses are half
    // as long again.
    ["wal_autocheckpoint", 1000],
    // After a burst the log is cut to 64 MiB again; it would keep its largest size for ever.
    ["journal_size_limit", 64 * 1024 * 1024],
    // 16 MiB: the inner pages of every index at a million events, and the leaves that are hot.
    ["cache_size", -16 * 1024],
    // A read error of a mapped page kills the process; of a read page it is an error.
    ["mmap_size", 0],
    // The file may come from somewhere else: no function with side effects from its schema.
    ["trusted_schema", 0],
    // Notice a damaged page when it is read, not when it has been built upon.
    ["cell_size_check", 1],
  ];
}

// ---

function isEmpty(database: Database): boolean {
  return database.query("PRAGMA page_count").values()[0]?.[0] === 0;
}

function setPragma(database: Database, name: string, value: number | string, path: string): void {
  // Pragmas take no parameters. Both parts are constants of this file.
  database.run(`PRAGMA ${name} = ${value}`);
  const actual = database.query(`PRAGMA ${name}`).values()[0]?.[0];
  if (actual === value) return;
  throw new WorkflowError(
    "store_failed",
    `Expected SQLite to set \`${name}\` to ${value} for \`${path}\`, but it is ${actual}: ` +
      "keep the file on a local disk with ordinary file locks.",
    { details: { path, pragma: name, expected: value, actual } },
  );
}

/**
 * Brings a database file to the schema that this program knows.
 *
 * The version is in the file's header (`user_version`) and changes in the same transaction as the
 * schema, so a crash leaves one version or the other. The `application_id` next to it says whose
 * file it is: nothing is written into a database of another program.
 */
import type { Database } from "bun:sqlite";

import { assert } from "../base/assert.ts";
import { WorkflowError } from "../base/errors.ts";
import { createTransact } from "./sqlite/transact.ts";

export interface Migration {
  /** 1 for the first, then dense. */
  readonly version: number;
  readonly sql: string;
}

/** "wkfl" in ASCII; `file state.db` prints it. */
export const applicationId: number = 0x77_6b_66_6c;

/** Throws `store_failed` for a file that this program must not touch. Writes nothing. */
export function checkSchema(
  database: Database,
  migrations: readonly Migration[],
  path: string,
): void {
  const owner = readPragma(database, "application_id");
  const isFresh = owner === 0 && countTables(database) === 0;
  if (owner !== applicationId && !isFresh) {
    throw new WorkflowError(
      "store_failed",
      `Expected \`${path}\` to be a database of workflows-server, but it belongs to another ` +
        "program: name another file.",
      { details: { path } },
    );
  }
  const version = readPragma(database, "user_version");
  const known = migrations.length;
  if (version > known) {
    throw new WorkflowError(
      "store_failed",
      `Expected \`${path}\` to have schema version ${known} at most, but it has version ` +
        `${version}: a newer workflows-server wrote it. Upgrade this one, or name another file.`,
      { details: { path, version, known } },
    );
  }
}

/** Applies what is missing, each migration whole or not at all. */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  const transact = createTransact(database);
  const current = readPragma(database, "user_version");
  for (const [index, { version, sql }] of migrations.entries()) {
    assert(version === index + 1, `Migration ${version} stands at place ${index + 1}.`);
    if (version <= current) continue;
    transact(() => {
      database.run(sql);
      // Pragmas take no parameters; these two are numbers of ours.
      database.run(`PRAGMA application_id = ${applicationId}`);
      database.run(`PRAGMA user_version = ${version}`);
    });
  }
}

// ---

function readPragma(database: Database, name: "application_id" | "user_version"): number {
  return Number(database.query(`PRAGMA ${name}`).values()[0]?.[0]);
}

function countTables(database: Database): number {
  return Number(database.query("SELECT count(*) FROM sqlite_schema").values()[0]?.[0]);
}

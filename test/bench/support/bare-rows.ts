/**
 * The floor of a durable run: the rows that one run writes, written by bare `bun:sqlite` into the
 * same schema with the same pragmas, in as many transactions.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";

import { SqliteStore } from "../../../src/index.ts";
import type { AnyWorkflow } from "../../../src/index.ts";
import { openDatabase, type SqliteDurability } from "../../../src/store/sqlite/connection.ts";

type Value = string | number | null;
type Record = { readonly [column: string]: Value };

/** Everything that one run leaves in the database. */
export interface RunRows {
  readonly handler: Record;
  readonly run: Record;
  /** One for each commit. */
  readonly entries: readonly Record[];
}

/** Runs the workflow once, and reads what it wrote. */
export async function recordRows(workflow: AnyWorkflow, directory: string): Promise<RunRows> {
  const path = join(directory, "record.db");
  const store = new SqliteStore({ path, durability: "process" });
  const runnable = workflow as unknown as {
    run: (input: object, options: object) => PromiseLike<unknown>;
  };
  await runnable.run({}, { store });
  await store.close();
  using database = new Database(path);
  const all = (table: string): Record[] =>
    database.query<Record, []>(`SELECT * FROM ${table}`).all();
  const [handler, run] = [all("handler")[0], all("run")[0]];
  if (!handler || !run) throw new Error("The run has left no rows.");
  return { handler, run, entries: all("entry") };
}

/** Runs per second, when `concurrency` runs share each transaction. */
export function writeRows(
  rows: RunRows,
  options: {
    readonly directory: string;
    readonly durability: SqliteDurability;
    readonly concurrency: number;
    readonly seconds: number;
  },
): { readonly runsPerSecond: number; readonly msPerRun: number } {
  const { directory, durability, concurrency, seconds } = options;
  const database = openDatabase(join(directory, `bare-${crypto.randomUUID()}.db`), durability);
  const insertHandler = insertInto(database, "handler", rows.handler);
  const insertRun = insertInto(database, "run", rows.run);
  const insertEntry = insertInto(database, "entry", rows.entries[0] ?? {});
  const finish = database.prepare<unknown, [string, number]>(
    "UPDATE run SET status = ? WHERE key = ?",
  );
  const commits = rows.entries.length;
  const writeCommit = (key: number, commit: number): void => {
    if (commit === 0) {
      insertHandler({ ...rows.handler, key, handler_id: `handler-${key}` });
      insertRun({ ...rows.run, key, handler: key, run_id: `run-${key}`, status: "running" });
    }
    insertEntry({ ...rows.entries[commit], key: null, run: key });
    if (commit === commits - 1) finish.run(rows.run["status"] as string, key);
  };
  const writeGroup = database.transaction((firstKey: number, commit: number) => {
    for (let i = 0; i < concurrency; i++) writeCommit(firstKey + i, commit);
  });
  const startAt = performance.now();
  let key = 1;
  while (performance.now() < startAt + seconds * 1000) {
    for (let commit = 0; commit < commits; commit++) writeGroup.immediate(key, commit);
    key += concurrency;
  }
  const elapsedMs = performance.now() - startAt;
  database.close();
  const msPerRun = (elapsedMs / (key - 1)) * concurrency;
  return { runsPerSecond: ((key - 1) * 1000) / elapsedMs, msPerRun };
}

// ---

function insertInto(database: Database, table: string, example: Record): (row: Record) => void {
  const columns = Object.keys(example);
  const places = columns.map(() => "?").join(", ");
  const statement = database.prepare<unknown, Value[]>(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`,
  );
  return (row) => void statement.run(...columns.map((column) => row[column] ?? null));
}

/** Migrations and transactions: each whole or not at all. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { AssertionError } from "../../src/base/assert.ts";
import { applicationId, checkSchema, migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/sqlite/migrations.ts";
import { createTransact } from "../../src/store/sqlite/transact.ts";

const first = { version: 1, sql: "CREATE TABLE one (x); CREATE TABLE two (x);" };
const second = { version: 2, sql: "ALTER TABLE one ADD COLUMN y; INSERT INTO one VALUES (1, 2);" };

function read(database: Database, sql: string): unknown {
  return database.query(sql).values()[0]?.[0];
}

test("a fresh file gets all migrations in order, and each of them once", () => {
  using database = new Database();
  migrate(database, [first]);
  expect(read(database, "PRAGMA user_version")).toBe(1);
  migrate(database, [first, second]);
  migrate(database, [first, second]);
  expect(read(database, "PRAGMA user_version")).toBe(2);
  expect(read(database, "PRAGMA application_id")).toBe(applicationId);
  expect(read(database, "SELECT count(*) FROM one")).toBe(1);
});

test("a migration that fails leaves the version before it", () => {
  using database = new Database();
  const broken = { version: 2, sql: "INSERT INTO one VALUES (7); CREATE TABLE two (x);" };
  expect(() => migrate(database, [first, broken])).toThrow("two already exists");
  expect(read(database, "PRAGMA user_version")).toBe(1);
  expect(read(database, "SELECT count(*) FROM one")).toBe(0);
  migrate(database, [first, second]);
  expect(read(database, "PRAGMA user_version")).toBe(2);
});

test("a migration out of its place is a bug", () => {
  using database = new Database();
  expect(() => migrate(database, [second])).toThrow(AssertionError);
});

test("every schema file is a migration, in the order of its name", () => {
  const directory = join(import.meta.dir, "../../src/store/sqlite");
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  const versions = names.toSorted().map((name) => Number(name.slice(0, 4)));
  expect(migrations.map(({ version }) => version)).toEqual(versions);
});

test("checking a schema writes nothing", () => {
  using database = new Database();
  checkSchema(database, migrations, "memory");
  expect(read(database, "PRAGMA application_id")).toBe(0);
});

test("a transaction commits all of its work, or none", () => {
  using database = new Database();
  database.run("CREATE TABLE one (x)");
  const transact = createTransact(database);
  const insert = (): void => void database.run("INSERT INTO one VALUES (1)");
  expect(transact(() => (insert(), "answer"))).toBe("answer");
  expect(() =>
    transact(() => {
      insert();
      throw new RangeError("no");
    }),
  ).toThrow(RangeError);
  expect(read(database, "SELECT count(*) FROM one")).toBe(1);
});

test("work that is asynchronous is refused and rolled back", () => {
  using database = new Database();
  database.run("CREATE TABLE one (x)");
  const work = async (): Promise<void> => void database.run("INSERT INTO one VALUES (1)");
  expect(() => createTransact(database)(work)).toThrow(AssertionError);
  expect(read(database, "SELECT count(*) FROM one")).toBe(0);
});

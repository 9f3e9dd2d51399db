/** What SQLite adds to the contract: files, groups, and what happens when a transaction fails. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SqliteStore } from "../../src/store/sqlite.ts";
import type { SqliteOptions } from "../../src/store/sqlite.ts";
import { openDatabase, pragmas } from "../../src/store/sqlite/connection.ts";
import { fixturePath, startChild } from "./child.ts";
import {
  commitOf,
  eventsOf,
  finalCommit,
  newCommit,
  newRun,
  refusalOf,
  ticksOf,
} from "./fixtures.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

let files = 0;
const nextPath = (): string => join(directory, `${++files}`, "state.db");

async function openStore(options: Partial<SqliteOptions> = {}): Promise<SqliteStore> {
  const store = new SqliteStore({ path: nextPath(), durability: "process", ...options });
  await store.open();
  return store;
}

/** A clock whose turns pass when the test says so. */
function createTurns(): { nextTurn: (callback: () => void) => void; pass: () => number } {
  const callbacks: (() => void)[] = [];
  return {
    nextTurn: (callback) => void callbacks.push(callback),
    pass() {
      const due = callbacks.splice(0);
      for (const callback of due) callback();
      return due.length;
    },
  };
}

/** Another connection to the file, as of a person with `sqlite3`. */
function look(store: SqliteStore): Database {
  return new Database(store.about.location);
}

test("the directory and its files are for their owner only", async () => {
  const path = join(directory, "deep", "er", "state.db");
  const store = await openStore({ path });
  await store.create(newRun("a"), commitOf("One"));
  const mode = (name: string): string => (statSync(name).mode & 0o777).toString(8);
  expect(mode(join(directory, "deep"))).toBe("700");
  expect(mode(join(directory, "deep", "er"))).toBe("700");
  for (const suffix of ["", "-wal", "-shm", ".lock", ".owner"]) {
    expect(`${suffix} ${mode(path + suffix)}`).toBe(`${suffix} 600`);
  }
  await store.close();
});

test("the pragmas are set, whatever SQLite would take by default", () => {
  for (const durability of ["full", "process"] as const) {
    const path = join(directory, `${durability}.db`);
    using database = openDatabase(path, durability);
    const read = (name: string): unknown => database.query(`PRAGMA ${name}`).values()[0]?.[0];
    expect(read("synchronous")).toBe(durability === "full" ? 2 : 1);
    expect(read("journal_mode")).toBe("wal");
    expect(read("foreign_keys")).toBe(1);
    expect(read("auto_vacuum")).toBe(2);
    for (const [name, value] of pragmas(durability))
      expect([name, read(name)]).toEqual([name, value]);
  }
});

test("a store needs the path of a file", () => {
  expect(() => new SqliteStore("state.db" as never)).toThrow(
    "Expected `new SqliteStore({ path })` to get the path of a file, got `undefined`.",
  );
});

test("what the store is can be read from it", async () => {
  const store = new SqliteStore({ path: "relative.db" });
  const location = join(process.cwd(), "relative.db");
  expect(store.about).toEqual({ kind: "sqlite", location, durability: "full" });
});

test("a reopened store reads all that the one before it wrote", async () => {
  const path = nextPath();
  const before = await openStore({ path });
  await before.create(newRun("a", { handlerId: "h" }), commitOf("One"));
  await before.commit("a", 1, finalCommit());
  await before.create(newRun("b", { handlerId: "h" }), commitOf("Two"));
  await before.claim("b");
  const records = await before.listHandlers({});
  await before.close();

  const after = await openStore({ path, durability: "full" });
  expect(await after.listHandlers({})).toEqual(records);
  expect(await eventsOf(after, "a")).toEqual(["0:One", "1:StopEvent"]);
  expect(await ticksOf(after, "b")).toEqual([{ kind: "ticked", names: ["Two"] }]);
  await refusalOf(after.commit("b", 1, commitOf("Stale")), "lease_lost");
  await after.commit("b", 2, commitOf("Three"));
  expect(await eventsOf(after, "b")).toEqual(["2:Two", "3:Three"]);
  await after.close();
});

test("closing writes what was called before it", async () => {
  const path = nextPath();
  const turns = createTurns();
  const store = await openStore({ path, clock: turns });
  const created = store.create(newRun("a"), commitOf("One"));
  await store.close();
  await created;
  expect(turns.pass()).toBe(1); // The turn that it had asked for comes, and finds nothing to do.
  const again = await openStore({ path });
  expect(await eventsOf(again, "a")).toEqual(["0:One"]);
  await again.close();
});

test("a store that is not open refuses every call", async () => {
  const store = new SqliteStore({ path: nextPath() });
  await refusalOf(store.getRun("a"), "store_failed");
  await store.open();
  await store.open();
  await store.close();
  await store.close();
  const refusal = await refusalOf(store.create(newRun("a"), newCommit()), "shutting_down");
  expect(refusal.message).toContain("closed already");
});

test("all calls of one turn are one transaction, seen by others whole or not at all", async () => {
  const turns = createTurns();
  const store = await openStore({ clock: turns });
  using other = look(store);
  const count = (): unknown => other.query("SELECT count(*) FROM entry").values()[0]?.[0];

  let settled = 0;
  const calls = [
    store.create(newRun("a"), commitOf("One")),
    store.create(newRun("b"), commitOf("One")),
    store.commit("a", 1, commitOf("Two")),
    store.claim("b"),
  ].map((call) => call.then(() => settled++));
  await new Promise(setImmediate);
  expect([settled, count()]).toEqual([0, 0]);
  expect(turns.pass()).toBe(1);
  await Promise.all(calls);
  expect([settled, count()]).toEqual([4, 3]);

  const late = store.commit("a", 1, commitOf("Three"));
  expect(turns.pass()).toBe(1);
  await late;
  expect(count()).toBe(4);
  await store.close();
});

test("a transaction that fails rejects all of its group, writes nothing, and the next succeeds", async () => {
  const turns = createTurns();
  const store = await openStore({ clock: turns });
  const created = store.create(newRun("a"), commitOf("One"));
  turns.pass();
  await created;
  using other = look(store);
  other.run(`CREATE TRIGGER failing BEFORE INSERT ON entry WHEN new.events LIKE '%Poison%'
             BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`);

  const group = [
    store.commit("a", 1, commitOf("Two")),
    store.claim("a"),
    store.create(newRun("b"), commitOf("Three")),
    store.commit("a", 2, commitOf("Poison")),
    store.delete("handler-a"),
  ].map((call) => refusalOf(call, "store_failed"));
  turns.pass();
  const refusals = await Promise.all(group);
  expect(refusals[0]?.message).toContain("disk on fire");
  expect(refusals[0]?.message).toContain(`\`${store.about.location}\``);
  expect(refusals[0]?.cause).toBeInstanceOf(Error);
  expect(await store.getRun("b")).toBeUndefined();

  // The claim was not written either, so the first epoch still holds, and numbers go on densely.
  const next = store.commit("a", 1, commitOf("Four"));
  turns.pass();
  await next;
  expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Four"]);
  expect(await ticksOf(store, "a")).toHaveLength(2);
  await store.close();
});

test("a file that another program keeps locked is a failure of one group", async () => {
  const store = await openStore();
  await store.create(newRun("a"), newCommit());
  using other = look(store);
  other.run("BEGIN IMMEDIATE");
  const refusal = await refusalOf(store.commit("a", 1, commitOf("One")), "store_unavailable");
  expect(refusal.message).toContain("another program holds it locked");
  other.run("ROLLBACK");
  await store.commit("a", 1, commitOf("Two"));
  expect(await eventsOf(store, "a")).toEqual(["0:Two"]);
  await store.close();
});

test("what another program writes is noticed: nothing that is remembered overrides the file", async () => {
  const store = await openStore();
  await store.create(newRun("a"), commitOf("One"));
  using other = look(store);
  other.run("UPDATE run SET epoch = 7");
  await refusalOf(store.commit("a", 1, commitOf("Stale")), "lease_lost");
  await store.commit("a", 7, commitOf("Two"));
  expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two"]);
  await store.close();
});

test("more live runs than are remembered go on all the same", async () => {
  const store = await openStore();
  const ids = Array.from({ length: 17_000 }, (_, index) => `run-${index}`);
  await Promise.all(ids.map((id) => store.create(newRun(id), commitOf("One"))));
  await Promise.all(ids.map((id) => store.commit(id, 1, commitOf("Two"))));
  for (const id of ["run-0", "run-9000", "run-16999"]) {
    expect(await eventsOf(store, id)).toEqual(["0:One", "1:Two"]);
  }
  await store.close();
}, 20_000);

test("deleting leaves no row of any table", async () => {
  const store = await openStore();
  await store.create(newRun("a", { handlerId: "h" }), finalCommit());
  await store.create(newRun("b", { handlerId: "h" }), { ...commitOf("One"), snapshot: {} });
  await store.delete("h");
  using other = look(store);
  for (const table of ["handler", "run", "entry", "snapshot"]) {
    expect([table, other.query(`SELECT count(*) FROM ${table}`).values()]).toEqual([table, [[0]]]);
  }
  await store.close();
});

test("the file shrinks when most of what was in it is gone, and every part of that is short", async () => {
  const path = nextPath();
  const store = await openStore({ path, durability: "process" });
  const long = { ...finalCommit(), ticks: ["x".repeat(10_000)] };
  for (let index = 0; index < 1_500; index++) await store.create(newRun(`run-${index}`), long);
  await store.create(newRun("kept"), newCommit());
  expect(await store.shrink()).toBe(false); // There is nothing to give back.
  const full = statSync(path).size;
  for (let index = 0; index < 600; index++) await store.delete(`handler-run-${index}`);
  expect(await store.shrink()).toBe(false); // It will be used again.
  for (let index = 600; index < 1_500; index++) await store.delete(`handler-run-${index}`);
  let parts = 1;
  for (; await store.shrink(); parts++);
  expect(parts).toBeGreaterThan(4);
  expect((await store.listActive()).map(({ runId }) => runId)).toEqual(["kept"]);
  await store.close();
  expect(statSync(path).size).toBeLessThan(full / 4);
  const again = await openStore({ path });
  expect(await again.getRun("run-7")).toBeUndefined();
  expect(await again.getRun("kept")).toMatchObject({ status: "running" });
  await again.create(newRun("new"), commitOf("One"));
  await again.close();
  using database = new Database(path);
  expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
});

test("a file that cannot shrink in parts is not asked to for ever", async () => {
  const path = nextPath();
  await (await openStore({ path })).close();
  const database = new Database(path);
  database.run("PRAGMA auto_vacuum = NONE");
  database.run("VACUUM");
  database.close();
  const store = await openStore({ path, durability: "process" });
  const long = { ...finalCommit(), ticks: ["x".repeat(10_000)] };
  for (let index = 0; index < 1_000; index++) await store.create(newRun(`run-${index}`), long);
  while ((await store.prune({ keepMax: 0 })).length > 0);
  expect(await store.shrink()).toBe(false);
  await store.close();
});

test("a file that is no database is refused, and left as it is", async () => {
  const path = join(directory, "garbage.db");
  writeFileSync(path, "This is no database. ".repeat(500));
  const before = readFileSync(path);
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_failed");
  expect(refusal.message).toContain(`\`${path}\``);
  expect(refusal.message).toContain("damaged or no database");
  expect(readFileSync(path).equals(before)).toBe(true);
  // The refusal lets go of the lock.
  rmSync(path);
  await (await openStore({ path })).close();
});

test("a damaged database is refused", async () => {
  const path = nextPath();
  const store = await openStore({ path });
  await store.create(newRun("a"), commitOf("One"));
  await store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 100, 4096); // The first page, where the schema is.
  writeFileSync(path, bytes);
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_failed");
  expect(refusal.message).toContain("damaged or no database");
});

test("a database of another program is refused, and left as it is", async () => {
  const path = join(directory, "foreign.db");
  new Database(path).run("CREATE TABLE customer (name TEXT)");
  const before = readFileSync(path);
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_failed");
  expect(refusal.message).toContain("belongs to another program");
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a file of a newer version is refused, with both versions named", async () => {
  const path = nextPath();
  await (await openStore({ path })).close();
  new Database(path).run("PRAGMA user_version = 1000");
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_failed");
  expect(refusal.message).toMatch(/schema version \d+ at most, but it has version 1000/);
  expect(refusal.message).toContain("Upgrade this one, or name another file");
});

test("a path that cannot be a file is refused", async () => {
  const path = join(directory, "folder.db");
  mkdirSync(path);
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_failed");
  expect(refusal.message).toContain("must be a file that this process may read and write");
  const under = new SqliteStore({ path: join(fixturePath, "state.db") });
  await refusalOf(under.open(), "store_failed");
});

test("a bundle carries the schema with it", async () => {
  const outdir = join(directory, "bundle");
  const { outputs } = await Bun.build({ entrypoints: [fixturePath], target: "bun", outdir });
  await using child = startChild("hold", nextPath(), outputs[0]?.path);
  expect(await child.readLine()).toBe("open");
});

/** Files of older versions: opened by this one, they have all that was in them, and go on. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";

import { SqliteStore } from "../../src/store/sqlite.ts";
import { migrate } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/sqlite/migrations.ts";
import {
  commitOf,
  eventsOf,
  finalCommit,
  follow,
  newCommit,
  newRun,
  startedAt,
  ticksOf,
} from "./fixtures.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

/**
 * A file as version 2 wrote it: `a` was completed, and its handler has gone on with `b`, which has a
 * snapshot of its first two ticks; `c` has done nothing. Rows of runs stand between each other.
 */
function createOld(path: string): void {
  using database = new Database(path, { strict: true });
  migrate(database, migrations.slice(0, 2));
  const run = (key: number, id: string, handler: number, rest: string): string =>
    `INSERT INTO run (key, run_id, handler, workflow_name, epoch, is_resting, crashes, started_at,
       is_current, status, completed_at, first_sequence, wake_at)
     VALUES (${key}, '${id}', ${handler}, 'greet', 3, 0, 0, ${startedAt}, ${rest})`;
  const tick = (key: number, of: number, json: string): string =>
    `INSERT INTO tick VALUES (${key}, ${of}, '${json}')`;
  const event = (of: number, sequence: number, marks: string, name: string): string =>
    `INSERT INTO event (run, sequence, at, is_internal, is_terminal, json)
     VALUES (${of}, ${sequence}, ${startedAt + sequence}, ${marks}, '{"type":"${name}", "é":"''"}')`;
  const rows = [
    "INSERT INTO handler VALUES (1, 'h'), (2, 'other')",
    run(1, "a", 1, `0, 'completed', ${startedAt + 9}, 0, NULL`),
    run(2, "b", 1, "1, 'running', NULL, 3, NULL"),
    run(3, "c", 2, "1, 'running', NULL, 0, NULL"),
    "INSERT INTO handler VALUES (3, 'c.2.1.d'), (4, 'c.2.1.d.12.0.e-')",
    run(4, "c.2.1.d", 3, "1, 'running', NULL, 0, NULL"),
    run(5, "c.2.1.d.12.0.e-", 4, "1, 'running', NULL, 0, NULL"),
    tick(1, 1, '{"kind":"one"}'),
    event(1, 0, "1, 0", "One"),
    event(1, 1, "0, 0", "Two"),
    tick(2, 2, '"b one"'),
    tick(5, 1, "null"),
    event(1, 2, "0, 1", "StopEvent"),
    event(2, 3, "0, 0", "Three"),
    tick(6, 2, '["b two"]'),
    tick(7, 2, '{"b":"three"}'),
    event(2, 4, "1, 1", "Four"),
    `INSERT INTO snapshot VALUES (2, 6, '{"b":"state"}')`,
  ];
  for (const sql of rows) database.run(sql);
}

async function openOld(name: string): Promise<SqliteStore> {
  const path = join(directory, name);
  createOld(path);
  const store = new SqliteStore({ path, durability: "process" });
  await store.open();
  return store;
}

test("a file of ticks and events has them all, in the order and with the numbers that they had", async () => {
  const store = await openOld("all.db");
  expect(await ticksOf(store, "a")).toEqual([{ kind: "one" }, null]);
  expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two", "2:StopEvent"]);
  expect(await store.readEvents("a", -1, 2)).toEqual([
    {
      sequence: 0,
      json: '{"type":"One", "é":"\'"}',
      at: startedAt,
      isInternal: true,
      isTerminal: false,
    },
    {
      sequence: 1,
      json: '{"type":"Two", "é":"\'"}',
      at: startedAt + 1,
      isInternal: false,
      isTerminal: false,
    },
  ]);
  expect(await store.readEvents("b", 3, 2)).toMatchObject([{ isInternal: true, isTerminal: true }]);
  expect(await ticksOf(store, "b")).toEqual(["b one", ["b two"], { b: "three" }]);
  expect(await store.readTicks("b", 1)).toEqual([["b two"], { b: "three" }]);
  expect(await store.readJournal("b")).toEqual({
    snapshot: { b: "state" },
    ticks: [{ b: "three" }],
  });
  expect(await ticksOf(store, "c")).toEqual([]);
  expect(await follow(store, "a", 0)).toEqual(["1:Two", "2:StopEvent"]);
  expect(await store.getRun("a")).toMatchObject({
    firstSequence: 0,
    lastSequence: 2,
    updatedAt: startedAt + 9,
  });
  expect(await store.getHandler("h")).toMatchObject({
    runId: "b",
    lastSequence: 4,
    updatedAt: startedAt + 4,
  });
  expect(await store.getRun("c")).toMatchObject({ lastSequence: -1, updatedAt: startedAt });
  await store.close();
});

test("a child in such a file has the parent that its id names", async () => {
  const store = await openOld("children.db");
  const parentOf = async (runId: string) => (await store.getRun(runId))?.parentRunId;
  expect(await parentOf("c")).toBeNull();
  expect(await parentOf("c.2.1.d")).toBe("c");
  expect(await parentOf("c.2.1.d.12.0.e-")).toBe("c.2.1.d");
  await store.close();
});

test("runs of such a file go on: ticks, events and snapshots follow on those that are there", async () => {
  const store = await openOld("on.db");
  await store.commit("b", 3, newCommit({ ticks: [4], snapshot: 4 }));
  await store.commit("b", 3, commitOf("Five"));
  await store.commit("c", 3, commitOf("First"));
  expect(await eventsOf(store, "b")).toEqual(["3:Three", "4:Four", "5:Five"]);
  expect(await eventsOf(store, "c")).toEqual(["0:First"]);
  expect(await store.readTicks("b", 3)).toEqual([4, { kind: "ticked", names: ["Five"] }]);
  expect(await store.readJournal("b")).toEqual({
    snapshot: 4,
    ticks: [{ kind: "ticked", names: ["Five"] }],
  });
  await store.commit("b", 3, finalCommit());
  await store.create(newRun("d", { handlerId: "h" }), commitOf("Seven"));
  expect(await eventsOf(store, "d")).toEqual(["7:Seven"]);
  await store.delete("h");
  await store.close();
  using database = new Database(join(directory, "on.db"));
  expect(database.query("SELECT DISTINCT run FROM entry").values()).toEqual([[3]]);
  expect(database.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  expect(database.query("PRAGMA foreign_key_check").values()).toEqual([]);
});

/** What reads and writes cost: no statement goes through all rows, and none writes for nothing. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { RunStatus } from "../../src/protocol/status.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { openDatabase } from "../../src/store/sqlite/connection.ts";
import { Reads } from "../../src/store/sqlite/reads.ts";
import { Writes } from "../../src/store/sqlite/writes.ts";
import type { Commit } from "../../src/store/store.ts";
import { commitOf, finalCommit, newCommit, newRun, startedAt, ticksOf } from "./fixtures.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

/** Keeps the text of each statement that is prepared. */
class Listening extends Database {
  readonly texts = new Set<string>();

  override prepare: Database["prepare"] = (sql: string) => {
    this.texts.add(sql);
    return super.prepare(sql);
  };

  override query: Database["query"] = (sql: string) => {
    this.texts.add(sql);
    return super.query(sql);
  };
}

const lists: readonly (readonly string[] | undefined)[] = [undefined, ["failed"], ["failed", "x"]];

/** All statements that a store has, with the steps that SQLite takes for each. */
function plans(): readonly (readonly [sql: string, steps: readonly string[]])[] {
  const path = join(directory, "plan.db");
  openDatabase(path, "process").close();
  using database = new Listening(path, { strict: true });
  const reads = new Reads(database);
  void new Writes(database, reads, new MemoryStore().feed);
  for (const statuses of lists) {
    for (const workflowNames of lists) {
      for (const order of ["oldest", "newest"] as const) {
        // The cast: one of the statuses is none, and matches nothing.
        const filter = {
          ...(statuses && { statuses: statuses as readonly RunStatus[] }),
          ...(workflowNames && { workflowNames }),
        };
        expect(reads.handlers(filter, { order, limit: 10 })).toEqual([]);
      }
    }
  }
  return [...database.texts].map((sql) => {
    using statement = Database.prototype.prepare.call(database, `EXPLAIN QUERY PLAN ${sql}`);
    return [sql, statement.values().map((row) => String(row[3]))] as const;
  });
}

describe("statements", () => {
  const all = plans();
  const stepsOf = (...words: string[]): readonly string[] => {
    const found = all.filter(([sql]) => words.every((word) => sql.includes(word)));
    expect(found).toHaveLength(1);
    return found[0]?.[1] ?? [];
  };

  test("none goes through a table, or through more of an index than is asked for", () => {
    expect(all.length).toBeGreaterThan(30);
    const scans = all.flatMap(([, steps]) => steps.filter((step) => step.startsWith("SCAN")));
    expect([...new Set(scans)].toSorted()).toEqual([
      "SCAN json_each VIRTUAL TABLE INDEX 1:",
      "SCAN run USING INDEX run_active",
      "SCAN run USING INDEX run_by_end",
      "SCAN run USING INDEX run_child",
    ]);
  });

  test("active, due and repeated runs are found in indexes of their own", () => {
    expect(stepsOf("run.is_resting = 0")[0]).toBe("SCAN run USING INDEX run_active");
    expect(stepsOf("wake_at <= ?")).toEqual(["SEARCH run USING INDEX run_by_wake (wake_at<?)"]);
    expect(stepsOf("ORDER BY wake_at LIMIT 1")).toEqual([
      "SEARCH run USING COVERING INDEX run_by_wake (wake_at>?)",
    ]);
    expect(stepsOf("WHERE start_key = ?")).toEqual([
      "SEARCH run USING INDEX run_by_start_key (start_key=?)",
    ]);
    expect(stepsOf("WHERE run.forked_run = ?")[0]).toContain("INDEX run_by_origin (forked_run=?)");
  });

  test("a page is found in order: nothing but the page is sorted", () => {
    const pages = all.filter(([sql]) => sql.includes("LIMIT $limit"));
    expect(pages).toHaveLength(18);
    for (const [sql, steps] of pages) {
      const sorts = steps.filter((step) => step === "USE TEMP B-TREE FOR ORDER BY").length;
      // With several values the matches of an index are sorted too: integers, and no records.
      expect(sorts).toBeLessThanOrEqual(sql.includes("json_each") ? 2 : 1);
    }
  });
});

/** Copies the two runs of a store so often, each later than the one before. */
function multiply(store: SqliteStore, times: number): void {
  using database = new Database(store.about.location);
  const copy = `WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy LIMIT ?)`;
  const columns = `is_current, workflow_name, epoch, status, is_resting, crashes, started_at,
    first_sequence`;
  database.transaction(() => {
    for (const sql of [
      `INSERT INTO handler
       SELECT key + 2 * n, 'handler-run-' || (key - 1 + 2 * n) FROM copy, handler`,
      `INSERT INTO run (key, run_id, handler, wake_at, ${columns})
       SELECT key + 2 * n, 'run-' || (key - 1 + 2 * n), handler + 2 * n, wake_at + 2 * n, ${columns}
       FROM copy, run`,
      `INSERT INTO entry (run, last_sequence, last_event_at, tick_count, ticks, events)
       SELECT run + 2 * n, last_sequence, last_event_at, tick_count, ticks, events
       FROM copy, entry`,
    ]) {
      database.run(`${copy} ${sql}`, [times - 1]);
    }
  })();
}

describe("writes", () => {
  async function openStore(name: string): Promise<SqliteStore> {
    const store = new SqliteStore({ path: join(directory, name), durability: "process" });
    await store.open();
    return store;
  }

  test("a commit rewrites the row of its run only if something of it changes", async () => {
    const store = await openStore("row.db");
    await store.create(newRun("a"), newCommit());
    using other = new Database(store.about.location);
    other.run("CREATE TABLE rewritten (run INTEGER)");
    other.run(`CREATE TRIGGER rewriting AFTER UPDATE ON run
               BEGIN INSERT INTO rewritten VALUES (new.key); END`);
    const rewrites = async (commit: Partial<Commit>): Promise<unknown> => {
      await store.commit("a", 1, newCommit(commit));
      const count = other.query("SELECT count(*) FROM rewritten").values()[0]?.[0];
      other.run("DELETE FROM rewritten");
      return count;
    };
    expect(await rewrites(commitOf("One"))).toBe(0);
    expect(await rewrites({ isProgress: true })).toBe(0);
    expect(await rewrites({ snapshot: {} })).toBe(0);
    expect(await rewrites({ rest: null })).toBe(0);
    expect(await rewrites({ rest: { wakeAt: 5 } })).toBe(1);
    expect(await rewrites({ rest: { wakeAt: 5 }, isProgress: true })).toBe(0);
    expect(await rewrites({ rest: { wakeAt: 6 } })).toBe(1);
    expect(await rewrites({ rest: { wakeAt: null } })).toBe(1);
    expect(await rewrites({ rest: null })).toBe(1);
    await store.setDeaths("a", { crashes: 1 });
    expect(await rewrites(commitOf("Two"))).toBe(1); // The count itself.
    expect(await rewrites({ isProgress: true })).toBe(1);
    expect(await rewrites({ isProgress: true })).toBe(0);
    expect(await rewrites(finalCommit())).toBe(1);
    expect(await rewrites({ rest: { wakeAt: 5 } })).toBe(0);
    await store.close();
  });

  test("a run whose position was forgotten rests, crashes and goes on as before", async () => {
    const store = await openStore("positions.db");
    await store.create(newRun("a"), newCommit({ rest: { wakeAt: 5 }, ticks: [1] }));
    await store.setDeaths("a", { crashes: 1 });
    using other = new Database(store.about.location);
    other.run("UPDATE run SET epoch = epoch"); // What another program wrote makes it forget all.
    await store.commit("a", 1, newCommit({ isProgress: true, rest: null }));
    expect(await store.getRun("a")).toMatchObject({ crashes: 0 });
    expect(await store.nextWakeAt()).toBeNull();
    await store.close();
  });

  test("of a run there is one snapshot, the newest, and all ticks", async () => {
    const store = await openStore("snapshot.db");
    await store.create(newRun("a"), newCommit({ ticks: [0], snapshot: "x".repeat(10_000) }));
    for (let tick = 1; tick < 10; tick++) {
      await store.commit("a", 1, newCommit({ ticks: [tick], snapshot: { tick } }));
    }
    using other = new Database(store.about.location);
    const rows = other.query("SELECT covered, json FROM snapshot").values();
    expect(rows).toEqual([[10, '{"tick":9}']]);
    expect(await ticksOf(store, "a")).toHaveLength(10);
    await store.close();
  });

  test("100,000 resting runs cost nothing to open, to wait for, or to look past", async () => {
    const store = await openStore("resting.db");
    await store.create(newRun("run-0"), { ...commitOf("One"), rest: { wakeAt: startedAt } });
    await store.create(newRun("run-1"), { ...commitOf("One"), rest: { wakeAt: null } });
    multiply(store, 50_000);
    await store.create(newRun("active"), commitOf("One"));
    await store.close();

    const took: string[] = [];
    const measure = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const start = performance.now();
      const result = await work();
      const ms = performance.now() - start;
      took.push(`${name} ${ms.toFixed(1)} ms`);
      expect(ms).toBeLessThan(1_000); // It takes some 2 ms; the plans above say why.
      return result;
    };
    await measure("open", () => store.open());
    const active = await measure("listActive", () => store.listActive());
    expect(active.map(({ runId }) => runId)).toEqual(["active"]);
    expect(await measure("nextWakeAt", () => store.nextWakeAt())).toBe(startedAt);
    const due = await measure("listDue", () => store.listDue(startedAt + 100_000, 500));
    expect(due).toEqual(Array.from({ length: 500 }, (_, index) => `run-${2 * index}`));
    expect(await store.listDue(startedAt - 1, 500)).toEqual([]);
    const page = { order: "newest", limit: 50 } as const;
    await measure("listHandlers", () => store.listHandlers({ statuses: ["running"] }, page));
    await measure("prune", () => store.prune({ keepMax: 0 }));
    console.log(`100,000 resting runs: ${took.join(", ")}`);
    await store.close();
  }, 20_000);
});

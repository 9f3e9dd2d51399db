/** Starts that are repeated, and runs that come from others: what a start is remembered by. */
import { expect } from "bun:test";

import { commitOf, finalCommit, newCommit, newRun, refusalOf } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

const idempotency = { key: "order 7", fingerprint: "f00d" };

export const starting: readonly ConformanceCase[] = [
  {
    name: "a start is found under its idempotency key, with what was asked for, as it is now",
    async check(store) {
      await store.create(newRun("a", { idempotency }), commitOf("One"));
      await store.create(newRun("b"), commitOf("One"));
      await store.commit("a", 1, finalCommit());
      const run = (await store.getRun("a"))!;
      expect(await store.findStart("order 7")).toEqual({ run, fingerprint: "f00d" });
      expect(run.status).toBe("completed");
      expect(await store.findStart("order 8")).toBeUndefined();
      expect(await store.findStart("")).toBeUndefined();
    },
  },
  {
    name: "a key starts one run, whatever else is asked for, and a refusal leaves no trace",
    async check(store) {
      await store.create(newRun("a", { idempotency }), commitOf("One"));
      const other = { key: "order 7", fingerprint: "beef" };
      const again = newRun("b", { idempotency: other });
      const refusal = await refusalOf(store.create(again, commitOf("Two")), "start_repeated");
      expect(refusal.message).toContain("`order 7`");
      expect(refusal.details).toMatchObject({ key: "order 7", runId: "a" });
      expect(await store.getRun("b")).toBeUndefined();
      expect(await store.getHandler("handler-b")).toBeUndefined();
      expect(await store.findStart("order 7")).toMatchObject({ fingerprint: "f00d" });
      await store.create(newRun("b", { idempotency: { ...other, key: "order 8" } }), commitOf());
    },
  },
  {
    name: "a repeated start is told so even while its handler is active, and under its own run id",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h", idempotency }), newCommit());
      for (const runId of ["b", "a"]) {
        const again = newRun(runId, { handlerId: "h", idempotency });
        await refusalOf(store.create(again, newCommit()), "start_repeated");
      }
      const fresh = { ...idempotency, key: "order 8" };
      const other = newRun("c", { handlerId: "h", idempotency: fresh });
      await refusalOf(store.create(other, newCommit()), "handler_active");
      // What was refused did not take the key.
      expect(await store.findStart("order 8")).toBeUndefined();
      await store.create(newRun("d", { idempotency: fresh }), newCommit());
    },
  },
  {
    name: "of two starts with one key called together, the one called first wins",
    async check(store) {
      const settled = await Promise.allSettled([
        store.create(newRun("a", { idempotency }), newCommit()),
        store.create(newRun("b", { idempotency }), newCommit()),
        store.create(newRun("c"), newCommit()),
      ]);
      const statuses = settled.map(({ status }) => status);
      expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(await store.findStart("order 7")).toMatchObject({ run: { runId: "a" } });
    },
  },
  {
    name: "a key stays with a run that is no longer its handler's current one, and goes with it",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h", idempotency }), finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), finalCommit());
      await refusalOf(store.create(newRun("c", { idempotency }), newCommit()), "start_repeated");
      const [deleted] = await Promise.all([
        store.delete("h"),
        store.create(newRun("d", { idempotency }), newCommit()),
      ]);
      expect(deleted).toBe(true);
      expect(await store.findStart("order 7")).toMatchObject({ run: { runId: "d" } });
      await store.delete("handler-d");
      expect(await store.findStart("order 7")).toBeUndefined();
    },
  },
  {
    name: "a run tells which run it was forked from, and where, also when that one is gone",
    async check(store) {
      const forkedFrom = { runId: "a", sequence: 3 };
      await store.create(newRun("a"), finalCommit());
      await store.create(newRun("b", { forkedFrom }), commitOf("One"));
      expect((await store.getRun("a"))?.forkedFrom).toBeNull();
      expect((await store.getRun("b"))?.forkedFrom).toEqual(forkedFrom);
      await store.delete("handler-a");
      expect((await store.getHandler("handler-b"))?.forkedFrom).toEqual(forkedFrom);
      expect(await store.listForks("a")).toHaveLength(1);
    },
  },
  {
    name: "the forks of a run are listed oldest first, each as it is",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      for (const [runId, origin] of ["ca", "ba", "da", "eb"].map((text) => [...text])) {
        const forkedFrom = { runId: origin ?? "", sequence: -1 };
        await store.create(newRun(runId ?? "", { forkedFrom }), finalCommit());
      }
      await store.create(newRun("f", { handlerId: "handler-b" }), newCommit());
      const forks = await store.listForks("a");
      expect(forks.map(({ runId }) => runId)).toEqual(["c", "b", "d"]);
      expect(forks[1]).toEqual((await store.getRun("b"))!);
      await store.delete("handler-c");
      expect(await store.listForks("a")).toHaveLength(2);
      expect(await store.listForks("f")).toEqual([]);
      expect(await store.listForks("none")).toEqual([]);
    },
  },
];

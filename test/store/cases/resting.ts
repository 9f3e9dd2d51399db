/** Runs that rest: not active, and due once their timer is. */
import { expect } from "bun:test";

import type { Rest, Store } from "../../../src/store/store.ts";
import { commitOf, finalCommit, newCommit, newRun, startedAt } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

const resting = (wakeAt: number | null): { rest: Rest } => ({ rest: { wakeAt } });

async function activeOf(store: Store): Promise<string> {
  return (await store.listActive()).map(({ runId }) => runId).join("");
}

async function dueOf(store: Store, at: number, limit = 100): Promise<string> {
  return (await store.listDue(at, limit)).join("");
}

export const restingRuns: readonly ConformanceCase[] = [
  {
    name: "running runs that do not rest are active, oldest first, of whatever handler",
    async check(store) {
      for (const id of ["c", "a", "b"]) await store.create(newRun(id), commitOf("One"));
      await store.create(newRun("d", { handlerId: "h" }), finalCommit());
      await store.create(newRun("e", { handlerId: "h" }), newCommit());
      await store.commit("a", 1, newCommit(resting(null)));
      const active = await store.listActive();
      expect(active.map(({ runId }) => runId).join("")).toBe("cbe");
      expect(active[0]).toEqual((await store.getRun("c"))!);
      expect(await store.getRun("a")).toMatchObject({ status: "running" });
    },
  },
  {
    name: "a new run goes on, unless its first commit says that it rests",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b"), newCommit({ rest: null }));
      await store.create(newRun("c"), newCommit(resting(startedAt)));
      expect(await activeOf(store)).toBe("ab");
      expect(await dueOf(store, startedAt)).toBe("c");
    },
  },
  {
    name: "running runs whose parent has ended or is gone are orphans, also those that rest",
    async check(store) {
      for (const id of ["ended", "gone", "running"]) await store.create(newRun(id), newCommit());
      const parents = { d: "ended", a: "gone", c: "running", b: "ended", e: "ended" };
      for (const [id, parentRunId] of Object.entries(parents)) {
        await store.create(newRun(id, { parentRunId }), newCommit(resting(null)));
      }
      expect(await store.listOrphans()).toEqual([]);
      await store.commit("ended", 1, finalCommit());
      await store.commit("e", 1, finalCommit());
      await store.delete("handler-gone");
      const orphans = await store.listOrphans();
      expect(orphans.map(({ runId, parentRunId }) => [runId, parentRunId])).toEqual([
        ["d", "ended"],
        ["a", "gone"],
        ["b", "ended"],
      ]);
      expect(orphans[0]).toEqual((await store.getRun("d"))!);
    },
  },
  {
    name: "a resting run is due from its time on, the longest due first, as many as are asked for",
    async check(store) {
      const wakes = { a: 30, b: 10, c: null, d: 20, e: 10 };
      for (const [id, wakeAt] of Object.entries(wakes)) {
        await store.create(newRun(id), newCommit(resting(wakeAt)));
      }
      expect(await store.nextWakeAt()).toBe(10);
      expect(await dueOf(store, 9)).toBe("");
      expect(await dueOf(store, 10)).toBe("be");
      expect(await dueOf(store, 29)).toBe("bed");
      expect(await dueOf(store, Number.MAX_SAFE_INTEGER)).toBe("beda");
      expect(await dueOf(store, 100, 3)).toBe("bed");
      expect(await dueOf(store, 100, 0)).toBe("");
      expect(await activeOf(store)).toBe("");
    },
  },
  {
    name: "no run has to be woken while none rests with a timer",
    async check(store) {
      expect(await store.nextWakeAt()).toBeNull();
      expect(await store.listActive()).toEqual([]);
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b"), newCommit(resting(null)));
      expect(await store.nextWakeAt()).toBeNull();
      expect(await dueOf(store, Number.MAX_SAFE_INTEGER)).toBe("");
    },
  },
  {
    name: "a run rests as it did until a commit says otherwise",
    async check(store) {
      await store.create(newRun("a"), newCommit(resting(10)));
      await store.commit("a", 1, commitOf("Still resting"));
      await store.claim("a");
      await store.setDeaths("a", { crashes: 1 });
      await store.commit("a", 2, newCommit({ isProgress: true, snapshot: {} }));
      expect([await activeOf(store), await dueOf(store, 10)]).toEqual(["", "a"]);
      await store.commit("a", 2, newCommit(resting(20)));
      expect([await activeOf(store), await dueOf(store, 10)]).toEqual(["", ""]);
      expect(await store.nextWakeAt()).toBe(20);
      await store.commit("a", 2, newCommit(resting(null)));
      expect([await activeOf(store), await store.nextWakeAt()]).toEqual(["", null]);
      await store.commit("a", 2, newCommit(resting(30)));
      expect(await store.nextWakeAt()).toBe(30);
      await store.commit("a", 2, newCommit({ rest: null }));
      await store.commit("a", 2, commitOf("Still going on"));
      expect([await activeOf(store), await store.nextWakeAt()]).toEqual(["a", null]);
      await store.commit("a", 2, newCommit(resting(null)));
      await store.commit("a", 2, newCommit(resting(null)));
      expect([await activeOf(store), await store.nextWakeAt()]).toEqual(["", null]);
      await store.commit("a", 2, newCommit({ rest: null }));
      expect([await activeOf(store), await store.nextWakeAt()]).toEqual(["a", null]);
    },
  },
  {
    name: "a run that has ended neither rests nor is active, whatever its commits say",
    async check(store) {
      await store.create(newRun("a"), newCommit(resting(10)));
      await store.create(newRun("b"), newCommit());
      await store.create(newRun("c"), { ...finalCommit(), ...resting(10) });
      await store.commit("a", 1, finalCommit());
      await store.commit("b", 1, { ...finalCommit({ status: "failed" }), ...resting(10) });
      for (const id of ["a", "b"]) await store.commit(id, 1, newCommit(resting(10)));
      for (const id of ["b", "c"]) await store.commit(id, 1, newCommit({ rest: null }));
      expect([await activeOf(store), await dueOf(store, 100)]).toEqual(["", ""]);
      expect(await store.nextWakeAt()).toBeNull();
    },
  },
  {
    name: "a deleted run is neither active nor due",
    async check(store) {
      await store.create(newRun("a"), newCommit(resting(10)));
      await store.create(newRun("b"), newCommit());
      await Promise.all([store.delete("handler-a"), store.delete("handler-b")]);
      expect([await activeOf(store), await dueOf(store, 100)]).toEqual(["", ""]);
      expect(await store.nextWakeAt()).toBeNull();
    },
  },
  {
    name: "a time that is none is refused to its caller alone",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      const settled = await Promise.allSettled([
        store.commit("a", 1, newCommit(resting(Infinity))),
        store.commit("a", 1, newCommit(resting(0.5))),
        store.commit("a", 1, newCommit(resting(5))),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
      expect(await store.nextWakeAt()).toBe(5);
    },
  },
];

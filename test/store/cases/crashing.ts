/** Ends of the process: counted for each run, until it has got somewhere. */
import { expect } from "bun:test";

import { commitOf, finalCommit, newCommit, newRun, refusalOf } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const crashing: readonly ConformanceCase[] = [
  {
    name: "a store that is new was closed in order",
    async check(store) {
      expect(store.wasClosed()).toBe(true);
      expect(store.culprit()).toBeUndefined();
    },
  },
  {
    name: "crashes are counted for each run, from 0, and are part of its record",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b"), newCommit());
      expect((await store.getRun("a"))?.crashes).toBe(0);
      expect(await store.countCrash("a")).toBe(1);
      expect(await Promise.all([store.countCrash("a"), store.countCrash("a")])).toEqual([2, 3]);
      expect(await store.listActive()).toMatchObject([{ crashes: 3 }, { crashes: 0 }]);
    },
  },
  {
    name: "kills are noted for each run, and forgotten with progress",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b"), newCommit());
      await Promise.all([store.setKills("a", 1), store.setKills("a", 4)]);
      expect(await store.listActive()).toMatchObject([{ kills: 4 }, { kills: 0 }]);
      await store.commit("a", 1, commitOf("One"));
      expect(await store.getRun("a")).toMatchObject({ kills: 4, crashes: 0 });
      await store.commit("a", 1, newCommit({ isProgress: true }));
      expect((await store.getRun("a"))?.kills).toBe(0);
      await store.setKills("b", 2);
      await store.setKills("b", 0);
      expect((await store.getRun("b"))?.kills).toBe(0);
      await refusalOf(store.setKills("none", 1), "lease_lost");
    },
  },
  {
    name: "progress forgets the crashes before it, and nothing else does",
    async check(store) {
      await store.create(newRun("a"), newCommit({ isProgress: true }));
      await store.countCrash("a");
      await store.claim("a");
      await store.commit("a", 2, commitOf("One"));
      await store.commit("a", 2, newCommit({ isProgress: false, rest: null, snapshot: {} }));
      expect(await store.countCrash("a")).toBe(2);
      await refusalOf(store.commit("a", 1, newCommit({ isProgress: true })), "lease_lost");
      expect((await store.getRun("a"))?.crashes).toBe(2);
      await store.commit("a", 2, newCommit({ isProgress: true }));
      expect((await store.getRun("a"))?.crashes).toBe(0);
      await store.commit("a", 2, newCommit({ isProgress: true }));
      expect(await store.countCrash("a")).toBe(1);
    },
  },
  {
    name: "counts and progress that are called together take effect in the order of the calls",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      const [first, , second] = await Promise.all([
        store.countCrash("a"),
        store.commit("a", 1, newCommit({ isProgress: true })),
        store.countCrash("a"),
      ]);
      expect([first, second]).toEqual([1, 1]);
    },
  },
  {
    name: "a crash takes no lease, and can be counted for a run that has ended",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.countCrash("a");
      await store.commit("a", 1, finalCommit());
      expect(await store.countCrash("a")).toBe(2);
      expect(await store.getRun("a")).toMatchObject({ status: "completed", crashes: 2 });
    },
  },
  {
    name: "a run that is not there cannot have crashed",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.delete("handler-a");
      for (const id of ["a", "none"]) await refusalOf(store.countCrash(id), "lease_lost");
    },
  },
];

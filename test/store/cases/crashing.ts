/** Ends of the process: noted for each run, until it has got somewhere. */
import { expect } from "bun:test";

import { commitOf, finalCommit, newCommit, newRun, refusalOf } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const crashing: readonly ConformanceCase[] = [
  {
    name: "a store that is new was closed in order, also when it is opened again",
    async check(store) {
      const legacy = await store.open();
      expect([legacy.wasClosed, legacy.culprit]).toEqual([true, undefined]);
    },
  },
  {
    name: "deaths are noted for each run, each count by itself, and are part of its record",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b"), newCommit());
      expect(await store.getRun("a")).toMatchObject({ crashes: 0, kills: 0 });
      await Promise.all([store.setDeaths("a", { kills: 1 }), store.setDeaths("a", { kills: 4 })]);
      expect(await store.listActive()).toMatchObject([
        { crashes: 0, kills: 4 },
        { crashes: 0, kills: 0 },
      ]);
      await store.setDeaths("a", { crashes: 3 });
      await store.setDeaths("b", { crashes: 1 });
      expect(await store.getRun("b")).toMatchObject({ crashes: 1, kills: 0 });
      await store.setDeaths("b", { crashes: 1, kills: 2 });
      expect(await store.listActive()).toMatchObject([
        { crashes: 3, kills: 4 },
        { crashes: 1, kills: 2 },
      ]);
      await store.setDeaths("b", { kills: 0 });
      expect(await store.getRun("b")).toMatchObject({ crashes: 1, kills: 0 });
    },
  },
  {
    name: "progress forgets the deaths before it, and nothing else does",
    async check(store) {
      const deaths = async () => {
        const run = await store.getRun("a");
        return [run?.crashes, run?.kills];
      };
      await store.create(newRun("a"), newCommit({ isProgress: true }));
      await store.setDeaths("a", { crashes: 2, kills: 1 });
      await store.claim("a");
      await store.commit("a", 2, commitOf("One"));
      await store.commit("a", 2, newCommit({ isProgress: false, rest: null, snapshot: {} }));
      await refusalOf(store.commit("a", 1, newCommit({ isProgress: true })), "lease_lost");
      expect(await deaths()).toEqual([2, 1]);
      await store.commit("a", 2, newCommit({ isProgress: true }));
      expect(await deaths()).toEqual([0, 0]);
      await store.setDeaths("a", { kills: 7 });
      expect(await deaths()).toEqual([0, 7]);
      await store.commit("a", 2, newCommit({ isProgress: true }));
      expect(await deaths()).toEqual([0, 0]);
    },
  },
  {
    name: "deaths and progress that are told together take effect in the order of the calls",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await Promise.all([
        store.setDeaths("a", { crashes: 1, kills: 1 }),
        store.commit("a", 1, newCommit({ isProgress: true })),
        store.setDeaths("a", { crashes: 2 }),
      ]);
      expect(await store.getRun("a")).toMatchObject({ crashes: 2, kills: 0 });
    },
  },
  {
    name: "a death takes no lease, and can be noted for a run that has ended",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.setDeaths("a", { crashes: 1 });
      await store.commit("a", 1, finalCommit());
      await store.setDeaths("a", { crashes: 2 });
      expect(await store.getRun("a")).toMatchObject({ status: "completed", crashes: 2 });
    },
  },
  {
    name: "a run that is not there cannot have died",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.delete("handler-a");
      for (const id of ["a", "none"]) {
        await refusalOf(store.setDeaths(id, { crashes: 1 }), "lease_lost");
      }
    },
  },
];

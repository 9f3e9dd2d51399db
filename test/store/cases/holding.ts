/** Who may commit: only the holder of the newest epoch, and a refusal hurts nobody else. */
import { expect } from "bun:test";

import {
  commitOf,
  eventsOf,
  finalCommit,
  newCommit,
  newRun,
  refusalOf,
  ticksOf,
} from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const holding: readonly ConformanceCase[] = [
  {
    name: "each claim gives a higher epoch, and only the newest may commit",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const second = await store.claim("a");
      const third = await store.claim("a");
      expect(second).toBeGreaterThan(1);
      expect(third).toBeGreaterThan(second);
      for (const epoch of [1, second, third + 1, 0]) {
        await refusalOf(store.commit("a", epoch, finalCommit()), "lease_lost");
      }
      await store.commit("a", third, commitOf("Two"));
      expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two"]);
      expect(await ticksOf(store, "a")).toHaveLength(2);
      expect(await store.getRun("a")).toMatchObject({ status: "running" });
    },
  },
  {
    name: "a claim fences the commits that are called after it, and none before it",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      const settled = await Promise.allSettled([
        store.commit("a", 1, commitOf("Before")),
        store.claim("a"),
        store.commit("a", 1, commitOf("After")),
        store.commit("a", 2, commitOf("Next")),
      ]);
      const statuses = settled.map(({ status }) => status);
      expect(statuses).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
      expect(await eventsOf(store, "a")).toEqual(["0:Before", "1:Next"]);
    },
  },
  {
    name: "claims of one run do not touch another, also of the same handler",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), newCommit());
      await store.claim("a");
      await store.commit("b", 1, commitOf("One"));
      expect(await eventsOf(store, "b")).toEqual(["1:One"]);
    },
  },
  {
    name: "a run that is not there can be neither claimed nor committed to",
    async check(store) {
      await refusalOf(store.claim("none"), "lease_lost");
      await refusalOf(store.commit("none", 1, commitOf("One")), "lease_lost");
    },
  },
  {
    name: "a refused call does not hurt those that are called with it",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      const settled = await Promise.allSettled([
        store.commit("a", 1, commitOf("One")),
        store.commit("a", 9, commitOf("Stale")),
        store.create(newRun("b", { handlerId: "handler-a" }), commitOf("Active")),
        store.create(newRun("c"), commitOf("New")),
        store.claim("none"),
        store.commit("a", 1, commitOf("Two")),
      ]);
      expect(settled.map(({ status }) => status === "fulfilled")).toEqual([
        true,
        false,
        false,
        true,
        false,
        true,
      ]);
      expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two"]);
      expect(await eventsOf(store, "c")).toEqual(["0:New"]);
      expect(await store.getRun("b")).toBeUndefined();
    },
  },
];

/** What a run is rebuilt from: its newest snapshot, and the ticks after it. */
import { expect } from "bun:test";

import { commitOf, finalCommit, newCommit, newRun, refusalOf, ticksOf } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const rebuilding: readonly ConformanceCase[] = [
  {
    name: "without a snapshot a journal is all ticks",
    async check(store) {
      await store.create(newRun("a"), newCommit({ ticks: [1] }));
      await store.commit("a", 1, newCommit({ ticks: [2, { three: 3 }] }));
      expect(await store.readJournal("a")).toEqual({ snapshot: null, ticks: [1, 2, { three: 3 }] });
      expect(await store.readJournal("none")).toEqual({ snapshot: null, ticks: [] });
    },
  },
  {
    name: "a snapshot covers the ticks up to those of its own commit; all of them stay readable",
    async check(store) {
      const snapshot = { sum: 3, text: "é\u0000\ud800", list: [null, true] };
      await store.create(newRun("a"), newCommit({ ticks: [1] }));
      await store.create(newRun("b"), newCommit({ ticks: ["of another run"] }));
      await store.commit("a", 1, newCommit({ ticks: [2], snapshot }));
      expect(await store.readJournal("a")).toEqual({ snapshot, ticks: [] });
      await store.commit("b", 1, newCommit({ ticks: ["of another run"] }));
      await store.commit("a", 1, newCommit({ ticks: [3, 4] }));
      expect(await store.readJournal("a")).toEqual({ snapshot, ticks: [3, 4] });
      expect((await store.readJournal("b")).snapshot).toBeNull();
      expect(await ticksOf(store, "a")).toEqual([1, 2, 3, 4]);
    },
  },
  {
    name: "the newest snapshot replaces the one before",
    async check(store) {
      await store.create(newRun("a"), newCommit({ ticks: [1], snapshot: "first" }));
      await store.commit("a", 1, newCommit({ ticks: [2], snapshot: ["second"] }));
      await store.commit("a", 1, newCommit({ ticks: [3] }));
      await store.commit("a", 1, newCommit({ snapshot: "third" }));
      expect(await store.readJournal("a")).toEqual({ snapshot: "third", ticks: [] });
      await store.commit("a", 1, newCommit({ ticks: [4] }));
      expect(await store.readJournal("a")).toEqual({ snapshot: "third", ticks: [4] });
    },
  },
  {
    name: "a snapshot before the first tick covers none",
    async check(store) {
      await store.create(newRun("a"), newCommit({ ticks: [0] }));
      await store.create(newRun("b"), newCommit({ snapshot: 0 }));
      await store.commit("b", 1, newCommit({ ticks: [1] }));
      expect(await store.readJournal("b")).toEqual({ snapshot: 0, ticks: [1] });
    },
  },
  {
    name: "a snapshot is written with its commit or not at all, and goes with its run",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), newCommit({ ticks: [1] }));
      await refusalOf(store.commit("a", 9, newCommit({ snapshot: "stale" })), "lease_lost");
      expect((await store.readJournal("a")).snapshot).toBeNull();
      await store.commit("a", 1, { ...finalCommit(), snapshot: "final" });
      expect(await store.readJournal("a")).toEqual({ snapshot: "final", ticks: [] });
      await store.delete("h");
      expect(await store.readJournal("a")).toEqual({ snapshot: null, ticks: [] });
      await store.create(newRun("b", { handlerId: "h" }), newCommit({ ticks: [2] }));
      expect(await store.readJournal("b")).toEqual({ snapshot: null, ticks: [2] });
    },
  },
  {
    name: "a state is never null: readers could not tell it from none",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      await expect(store.commit("a", 1, newCommit({ snapshot: null }))).rejects.toThrow(
        "`snapshot`",
      );
    },
  },
];

/** What deleting leaves: nothing. */
import { expect } from "bun:test";

import {
  commitOf,
  eventsOf,
  finalCommit,
  follow,
  newCommit,
  newRun,
  refusalOf,
  toLabel,
} from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const deleting: readonly ConformanceCase[] = [
  {
    name: "deleting a handler deletes everything of all its runs, and of no other handler",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), commitOf("One"));
      await store.create(newRun("c"), commitOf("Two"));
      expect(await store.delete("h")).toBe(true);
      expect(await store.getHandler("h")).toBeUndefined();
      for (const runId of ["a", "b"]) {
        expect(await store.getRun(runId)).toBeUndefined();
        expect(await store.readTicks(runId)).toEqual([]);
        expect(await eventsOf(store, runId)).toEqual([]);
      }
      expect(await store.listHandlers({})).toMatchObject([{ runId: "c" }]);
      expect(await eventsOf(store, "c")).toEqual(["0:Two"]);
    },
  },
  {
    name: "deleting what is not there says so",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      expect(await store.delete("none")).toBe(false);
      expect(await Promise.all([store.delete("handler-a"), store.delete("handler-a")])).toEqual([
        true,
        false,
      ]);
    },
  },
  {
    name: "whoever reads a handler that is deleted is told of its end",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), commitOf("One"));
      const reader = store.feed.follow("b", -1, new AbortController().signal);
      expect((await reader.next()).value?.map(toLabel)).toEqual(["1:One"]);
      const waiting = reader.next();
      await new Promise(setImmediate); // It has found nothing more by now, and waits to be told.
      await store.delete("h");
      expect((await waiting).done).toBe(true);
      expect(await follow(store, "a", -1)).toEqual([]);
    },
  },
  {
    name: "whoever drove a deleted run has lost it",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      const deleted = store.delete("handler-a");
      await refusalOf(store.commit("a", 1, commitOf("Late")), "lease_lost");
      await refusalOf(store.claim("a"), "lease_lost");
      expect(await deleted).toBe(true);
      expect(await store.getRun("a")).toBeUndefined();
    },
  },
  {
    name: "a deleted handler can be made anew, and its numbers start again",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), commitOf("One"));
      const [deleted] = await Promise.all([
        store.delete("h"),
        store.create(newRun("b", { handlerId: "h" }), commitOf("Two")),
      ]);
      expect(deleted).toBe(true);
      expect(await eventsOf(store, "b")).toEqual(["0:Two"]);
      expect(await store.getHandler("h")).toMatchObject({ runId: "b", firstSequence: 0 });
    },
  },
];

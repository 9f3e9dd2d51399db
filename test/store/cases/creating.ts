/** How runs begin: one current run for each handler, whose numbers go on over its runs. */
import { expect } from "bun:test";

import {
  commitOf,
  eventsOf,
  finalCommit,
  newCommit,
  newOutcome,
  newRun,
  refusalOf,
  startedAt,
  ticksOf,
} from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const creating: readonly ConformanceCase[] = [
  {
    name: "a created run is the current one of its handler, with all that is known of it",
    async check(store) {
      await store.create(newRun("a"), commitOf("Started", "Greeted"));
      const record = {
        runId: "a",
        handlerId: "handler-a",
        workflowName: "greet",
        status: "running",
        result: null,
        error: null,
        startedAt,
        updatedAt: startedAt + 1,
        completedAt: null,
        parentRunId: null,
        forkedFrom: null,
        crashes: 0,
        kills: 0,
        isResting: false,
        firstSequence: 0,
        lastSequence: 1,
      } as const;
      expect(await store.getHandler("handler-a")).toEqual(record);
      expect(await store.getRun("a")).toEqual(record);
      expect(await eventsOf(store, "a")).toEqual(["0:Started", "1:Greeted"]);
      expect(await ticksOf(store, "a")).toEqual([
        { kind: "ticked", names: ["Started", "Greeted"] },
      ]);
    },
  },
  {
    name: "a run without events has no last sequence yet, and was updated when it started",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      expect(await store.getRun("a")).toMatchObject({
        firstSequence: 0,
        lastSequence: -1,
        updatedAt: startedAt,
      });
    },
  },
  {
    name: "a first commit may already end its run",
    async check(store) {
      await store.create(newRun("a"), finalCommit());
      expect(await store.getRun("a")).toMatchObject({ status: "completed", lastSequence: 0 });
    },
  },
  {
    name: "what does not exist is undefined or empty",
    async check(store) {
      expect(await store.getHandler("none")).toBeUndefined();
      expect(await store.getRun("none")).toBeUndefined();
      expect(await store.listHandlers({})).toEqual([]);
      expect(await store.readTicks("none")).toEqual([]);
      expect(await store.readEvents("none", -1, 10)).toEqual([]);
    },
  },
  {
    name: "a second run of a handler is refused while the first is running, and leaves no trace",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), commitOf("One"));
      const second = store.create(newRun("b", { handlerId: "h" }), commitOf("Two"));
      const refusal = await refusalOf(second, "handler_active");
      expect(refusal.message).toContain("`h`");
      expect(await store.getRun("b")).toBeUndefined();
      expect(await store.readTicks("b")).toEqual([]);
      expect(await store.getHandler("h")).toMatchObject({ runId: "a", lastSequence: 0 });
    },
  },
  {
    name: "of two first runs of a handler called together, the one called first wins",
    async check(store) {
      const settled = await Promise.allSettled([
        store.create(newRun("a", { handlerId: "h" }), commitOf("One")),
        store.create(newRun("b", { handlerId: "h" }), commitOf("Two")),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect(await store.getHandler("h")).toMatchObject({ runId: "a" });
    },
  },
  {
    name: "a handler goes on with a new run when its run has ended, and its numbers go on",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), commitOf("One", "Two"));
      await store.commit("a", 1, finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), finalCommit({ status: "failed" }));
      await store.create(newRun("c", { handlerId: "h" }), newCommit({ outcome: newOutcome() }));
      await store.create(newRun("d", { handlerId: "h" }), newCommit());
      await store.commit("d", 1, commitOf("Five"));
      expect(await store.getRun("b")).toMatchObject({ firstSequence: 3, lastSequence: 3 });
      expect(await store.getRun("c")).toMatchObject({ firstSequence: 4, lastSequence: 3 });
      expect(await store.getHandler("h")).toMatchObject({
        runId: "d",
        firstSequence: 4,
        lastSequence: 4,
      });
      expect(await eventsOf(store, "d")).toEqual(["4:Five"]);
      expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two", "2:StopEvent"]);
    },
  },
  {
    name: "an id is the id of one run",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const again = store.create(newRun("a", { handlerId: "other" }), commitOf("Two"));
      await refusalOf(again, "store_conflict");
      expect(await store.getHandler("other")).toBeUndefined();
      expect(await eventsOf(store, "a")).toEqual(["0:One"]);
    },
  },
];

/** What commits do: whole or not at all, in order, numbered densely, kept byte for byte. */
import { expect } from "bun:test";

import {
  commitOf,
  eventsOf,
  finalCommit,
  newCommit,
  newEvent,
  newRun,
  startedAt,
  ticksOf,
} from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const committing: readonly ConformanceCase[] = [
  {
    name: "the events of a run are numbered densely over all its commits",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      await store.commit("a", 1, commitOf());
      await store.commit("a", 1, commitOf("Two", "Three"));
      await store.commit("a", 1, newCommit());
      await store.commit("a", 1, commitOf("Four"));
      expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two", "2:Three", "3:Four"]);
      expect(await store.getRun("a")).toMatchObject({ firstSequence: 0, lastSequence: 3 });
    },
  },
  {
    name: "an event is read as it was written, byte for byte",
    async check(store) {
      const texts = ['{"a": "é\\u0000\\"😀" }', "[1,\n 2]", '"plain"', '{"__proto__":{"x":1}}'];
      const events = texts.map((json, index) =>
        newEvent("x", { json, at: startedAt + index, isInternal: index % 2 === 0 }),
      );
      await store.create(newRun("a"), newCommit({ events }));
      expect(await store.readEvents("a", -1, 10)).toEqual(
        events.map((event, sequence) => ({ sequence, ...event })),
      );
    },
  },
  {
    name: "ticks are read in the order in which they were written, equal to what they were",
    async check(store) {
      const ticks = [{ kind: "a", list: [1, -2.5, null, true, "é\u0000\ud800"] }, "text", 7, null];
      await store.create(newRun("a"), newCommit({ ticks }));
      await store.create(newRun("b"), newCommit({ ticks: ["of another run"] }));
      await store.commit("a", 1, newCommit({ ticks: [["last"], JSON.parse('{"__proto__":1}')] }));
      const read = await store.readTicks("a");
      expect(JSON.stringify(read)).toBe(JSON.stringify([...ticks, ["last"], { ["__proto__"]: 1 }]));
      for (const after of [0, 1, 5, 6, 7, Number.MAX_SAFE_INTEGER]) {
        expect(await store.readTicks("a", after)).toEqual(read.slice(after));
      }
    },
  },
  {
    name: "commits that are called together take effect in the order of the calls",
    async check(store) {
      const created = store.create(newRun("a"), commitOf("0"));
      const names = Array.from({ length: 20 }, (_, index) => String(index + 1));
      await Promise.all([created, ...names.map((name) => store.commit("a", 1, commitOf(name)))]);
      expect(await eventsOf(store, "a")).toEqual(["0", ...names].map((name) => `${name}:${name}`));
      expect(await ticksOf(store, "a")).toEqual(
        ["0", ...names].map((name) => ({ kind: "ticked", names: [name] })),
      );
    },
  },
  {
    name: "what became of a run is stored with the commit that says it",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const outcome = { status: "failed", result: null, error: "Line 1\u0000\n'é'" } as const;
      await store.commit("a", 1, finalCommit(outcome));
      expect(await store.getRun("a")).toMatchObject({
        ...outcome,
        completedAt: startedAt + 5,
        updatedAt: startedAt + 5,
        lastSequence: 1,
      });
      expect((await store.readEvents("a", 0, 1))[0]).toMatchObject({ isTerminal: true });
    },
  },
  {
    name: "a run that goes on was changed last when it had its newest event",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const events = [3, 7].map((ms) => newEvent("Two", { at: startedAt + ms }));
      await store.commit("a", 1, newCommit({ events }));
      await store.commit("a", 1, newCommit({ ticks: ["silent"] }));
      expect(await store.getRun("a")).toMatchObject({ updatedAt: startedAt + 7 });
    },
  },
  {
    name: "a run that has ended still takes what its holder commits",
    async check(store) {
      await store.create(newRun("a"), finalCommit());
      await store.commit("a", 1, newCommit({ ticks: ["late"] }));
      expect(await ticksOf(store, "a")).toEqual([{ kind: "finished" }, "late"]);
      expect(await store.getRun("a")).toMatchObject({ status: "completed" });
    },
  },
  {
    name: "a caller that breaks the contract fails alone",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const terminal = newEvent("StopEvent", { isTerminal: true });
      const settled = await Promise.allSettled([
        store.commit("a", 1, newCommit({ events: [terminal, newEvent("After")] })),
        store.commit("a", 1, newCommit({ events: [newEvent("Never", { at: Number.NaN })] })),
        store.commit("a", 1, finalCommit({ completedAt: Infinity })),
        store.commit("a", 1, newCommit({ rest: { wakeAt: 0.5 } })),
        store.commit("a", 1, newCommit({ snapshot: null })),
        store.create(newRun("b", { startedAt: 0.5 }), newCommit()),
        store.commit("a", 1, commitOf("Two")),
      ]);
      const reasons = settled.map((one) => (one.status === "rejected" ? one.reason.message : null));
      expect(reasons).toEqual([
        "Expected `events[0]`, which is terminal, to be the last of 2.",
        "Expected `events[0].at` to be whole milliseconds since 1970, got NaN.",
        "Expected `outcome.completedAt` to be whole milliseconds since 1970, got Infinity.",
        "Expected `rest.wakeAt` to be whole milliseconds since 1970, got 0.5.",
        "Expected `snapshot` to be a state, got null: leave it out instead.",
        "Expected `startedAt` to be whole milliseconds since 1970, got 0.5.",
        null,
      ]);
      expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two"]);
    },
  },
];

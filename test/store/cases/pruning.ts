/** Handlers that need not be kept: those that have ended go, the first to end first. */
import { expect } from "bun:test";

import { pruneHandlersMax } from "../../../src/base/limits.ts";
import type { Pruning, Store } from "../../../src/store/store.ts";
import { commitOf, eventsOf, finalCommit, follow, newCommit, newRun } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

/** Handlers whose current runs have ended at these times; null: it is running. */
async function fill(store: Store, ends: Readonly<Record<string, number | null>>): Promise<void> {
  for (const [id, completedAt] of Object.entries(ends)) {
    const commit = completedAt === null ? newCommit() : finalCommit({ completedAt });
    await store.create(newRun(id, { handlerId: id }), commit);
  }
}

async function prune(store: Store, pruning: Pruning): Promise<string> {
  return (await store.prune(pruning)).join("");
}

async function left(store: Store): Promise<string> {
  return (await store.listHandlers({})).map(({ handlerId }) => handlerId).join("");
}

export const pruning: readonly ConformanceCase[] = [
  {
    name: "those go that ended before a time, the first to end first, and no running ones",
    async check(store) {
      await fill(store, { a: 30, b: 10, c: null, d: 20, e: 10 });
      expect(await prune(store, { endedBefore: 10 })).toBe("");
      expect(await prune(store, { endedBefore: 11 })).toBe("be");
      expect(await prune(store, { endedBefore: 30 })).toBe("d");
      expect(await prune(store, { endedBefore: Number.MAX_SAFE_INTEGER })).toBe("a");
      expect(await left(store)).toBe("c");
    },
  },
  {
    name: "all but so many go, those that ended last stay",
    async check(store) {
      await fill(store, { a: 30, b: 10, c: null, d: 20, e: 10 });
      expect(await prune(store, { keepMax: 4 })).toBe("");
      expect(await prune(store, { keepMax: 2 })).toBe("be");
      expect(await left(store)).toBe("acd");
      expect(await prune(store, { keepMax: 0 })).toBe("da");
      expect(await left(store)).toBe("c");
    },
  },
  {
    name: "one goes that either bound lets go, and none when there is no bound",
    async check(store) {
      await fill(store, { a: 10, b: 20, c: 30, d: 40 });
      expect(await prune(store, {})).toBe("");
      expect(await prune(store, { endedBefore: 11, keepMax: 2 })).toBe("ab");
      expect(await prune(store, { endedBefore: 31, keepMax: 2 })).toBe("c");
      expect(await left(store)).toBe("d");
    },
  },
  {
    name: "a handler goes whole or not at all: its current run decides",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), finalCommit({ completedAt: 10 }));
      await store.create(newRun("b", { handlerId: "h" }), commitOf("One"));
      await store.create(newRun("c", { handlerId: "i" }), finalCommit({ completedAt: 10 }));
      await store.create(newRun("d", { handlerId: "i" }), finalCommit({ completedAt: 20 }));
      expect(await prune(store, { endedBefore: 15, keepMax: 1 })).toBe("");
      expect(await eventsOf(store, "a")).toEqual(["0:StopEvent"]);
      expect(await prune(store, { keepMax: 0 })).toBe("i");
      for (const id of ["c", "d"]) expect(await store.getRun(id)).toBeUndefined();
      await store.commit("b", 1, finalCommit({ completedAt: 12 }));
      expect(await prune(store, { endedBefore: 15 })).toBe("h");
      expect(await store.readTicks("a")).toEqual([]);
    },
  },
  {
    name: "what is pruned is gone like what is deleted: its keys are free, its readers end",
    async check(store) {
      const idempotency = { key: "k", fingerprint: "f" };
      await store.create(newRun("a", { idempotency }), finalCommit());
      const reader = follow(store, "a", 50);
      while (store.feed.channelCount === 0) await Promise.resolve();
      await Promise.all([
        store.prune({ keepMax: 0 }),
        store.create(newRun("b", { handlerId: "handler-a", idempotency }), commitOf("One")),
      ]);
      expect(await reader).toEqual([]);
      expect(await store.getHandler("handler-a")).toMatchObject({ runId: "b", firstSequence: 0 });
    },
  },
  {
    name: "a call deletes a bounded number, so that it does not hold up the others for long",
    async check(store) {
      const ids = Array.from({ length: pruneHandlersMax + 5 }, (_, index) => `run-${index}`);
      await Promise.all(ids.map((id) => store.create(newRun(id), finalCommit())));
      expect(await store.prune({ keepMax: 2 })).toHaveLength(pruneHandlersMax);
      expect(await store.prune({ keepMax: 2 })).toHaveLength(3);
      expect(await store.prune({ keepMax: 2 })).toEqual([]);
      expect(await store.listHandlers({})).toMatchObject(ids.slice(-2).map((runId) => ({ runId })));
    },
  },
  {
    name: "a bound that is none is a bug of the caller",
    async check(store) {
      await expect(store.prune({ keepMax: -1 })).rejects.toThrow("`keepMax`");
      await expect(store.prune({ endedBefore: Number.NaN })).rejects.toThrow("`endedBefore`");
    },
  },
];

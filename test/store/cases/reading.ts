/** What readers get: lists, pages, and the feed. */
import { expect } from "bun:test";

import type { Store } from "../../../src/store/store.ts";
import { commitOf, finalCommit, follow, newCommit, newRun, toLabel } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

export const reading: readonly ConformanceCase[] = [
  {
    name: "handlers are listed oldest first, each with its current run",
    async check(store) {
      for (const id of ["c", "a", "b"]) await store.create(newRun(id), finalCommit());
      await store.create(newRun("d", { handlerId: "handler-a" }), newCommit());
      await store.delete("handler-c");
      await store.create(newRun("e", { handlerId: "handler-c" }), newCommit());
      const listed = await store.listHandlers({});
      expect(listed.map(({ runId }) => runId)).toEqual(["d", "b", "e"]);
      expect(listed[0]).toEqual((await store.getHandler("handler-a"))!);
    },
  },
  {
    name: "a list is filtered by any of the statuses and any of the workflow names",
    async check(store) {
      await store.create(newRun("a"), newCommit());
      await store.create(newRun("b", { workflowName: "order" }), newCommit());
      await store.create(newRun("c"), finalCommit());
      await store.create(newRun("d", { workflowName: "order" }), finalCommit({ status: "failed" }));
      await store.create(
        newRun("e", { handlerId: "handler-c" }),
        finalCommit({ status: "failed" }),
      );
      const list = async (filter: Parameters<Store["listHandlers"]>[0]): Promise<string> =>
        (await store.listHandlers(filter)).map(({ runId }) => runId).join("");
      expect(await list({ statuses: ["running"] })).toBe("ab");
      // The handler's earlier run was completed; its current one is not.
      expect(await list({ statuses: ["completed"] })).toBe("");
      expect(await list({ statuses: ["running", "failed"] })).toBe("abed");
      expect(await list({ workflowNames: ["order"] })).toBe("bd");
      expect(await list({ workflowNames: ["greet", "order", "none"] })).toBe("abed");
      expect(await list({ statuses: ["failed"], workflowNames: ["greet"] })).toBe("e");
      expect(await list({ statuses: ["cancelled"], workflowNames: ["greet"] })).toBe("");
    },
  },
  {
    name: "an empty list in a filter matches nothing, and a hostile name matches itself at most",
    async check(store) {
      const name = `'; DROP TABLE run; --"\\`;
      await store.create(newRun("a", { workflowName: name }), newCommit());
      expect(await store.listHandlers({ statuses: [] })).toEqual([]);
      expect(await store.listHandlers({ workflowNames: [] })).toEqual([]);
      expect(await store.listHandlers({ statuses: ["running"], workflowNames: [] })).toEqual([]);
      expect(await store.listHandlers({ workflowNames: ["' OR 1=1 --"] })).toEqual([]);
      expect(await store.listHandlers({ workflowNames: [name] })).toHaveLength(1);
    },
  },
  {
    name: "events are read in pages after a cursor",
    async check(store) {
      await store.create(newRun("z", { handlerId: "h" }), finalCommit());
      const names = Array.from({ length: 10 }, (_, index) => `E${index + 1}`);
      await store.create(newRun("a", { handlerId: "h" }), commitOf(...names));
      const page = async (after: number, limit: number): Promise<string> =>
        (await store.readEvents("a", after, limit)).map(toLabel).join(" ");
      expect(await page(-1, 2)).toBe("1:E1 2:E2");
      expect(await page(0, 2)).toBe("1:E1 2:E2");
      expect(await page(2, 3)).toBe("3:E3 4:E4 5:E5");
      expect(await page(9, 5)).toBe("10:E10");
      expect(await page(10, 5)).toBe("");
      expect(await page(1_000, 5)).toBe("");
    },
  },
  {
    name: "a page of long events is shorter, and never empty for that",
    async check(store) {
      const first = commitOf(...Array.from({ length: 6 }, (_, index) => `E${index}`));
      await store.create(newRun("a"), first);
      const length = first.events[0]?.json.length ?? 0;
      const page = async (after: number, charsMax: number): Promise<number> =>
        (await store.readEvents("a", after, 4, charsMax)).length;
      expect(await page(-1, 3 * length)).toBe(3);
      expect(await page(-1, 3 * length - 1)).toBe(2);
      expect(await page(0, 1)).toBe(1);
      expect(await page(-1, 100 * length)).toBe(4);
      expect(await page(3, 3 * length)).toBe(2);
      expect(await page(5, 1)).toBe(0);
    },
  },
  {
    name: "of a commit of very much, any part is read, and everything once",
    async check(store) {
      const text = "x".repeat(1_000);
      const names = Array.from({ length: 500 }, (_, index) => `E${index}-${text}`);
      const ticks = names.map((name) => ({ kind: "ticked", names: [name] }));
      await store.create(newRun("a"), commitOf("First"));
      await store.commit("a", 1, { ...commitOf(...names), ticks });
      await store.commit("a", 1, commitOf("Last"));
      const all = ["First", ...names, "Last"].map((name, index) => `${index}:${name}`);
      expect((await store.readEvents("a", -1, 1_000)).map(toLabel)).toEqual(all);
      for (const after of [-1, 0, 1, 62, 63, 64, 250, 499, 500, 501]) {
        const page = (await store.readEvents("a", after, 100)).map(toLabel);
        expect(page).toEqual(all.slice(after + 1, after + 101));
        const rest = (await store.readTicks("a", after + 1)) as typeof ticks;
        expect(rest.map((tick, index) => `${after + 1 + index}:${tick.names[0]}`)).toEqual(
          all.slice(after + 1),
        );
      }
      expect(await store.getRun("a")).toMatchObject({ lastSequence: 501 });
    },
  },
  {
    name: "a reader gets what is stored and what is committed while it waits, until the end",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const all = follow(store, "a", -1);
      const live = follow(store, "a", 0);
      await store.commit("a", 1, commitOf("Two"));
      await store.commit("a", 1, commitOf());
      await store.commit("a", 1, finalCommit());
      expect(await all).toEqual(["0:One", "1:Two", "2:StopEvent"]);
      expect(await live).toEqual(["1:Two", "2:StopEvent"]);
      expect(await follow(store, "a", 1)).toEqual(["2:StopEvent"]);
      expect(store.feed.channelCount).toBe(0);
    },
  },
  {
    name: "all readers of a live event get the same object",
    async check(store) {
      await store.create(newRun("a"), commitOf("One"));
      const readers = [0, 1].map(() => store.feed.follow("a", -1, new AbortController().signal));
      for (const reader of readers) await reader.next();
      await store.commit("a", 1, commitOf("Two"));
      const [first, second] = await Promise.all(readers.map((reader) => reader.next()));
      expect(first?.value?.map(toLabel)).toEqual(["1:Two"]);
      expect(second?.value?.[0]).toBe(first?.value?.[0]);
      for (const reader of readers) await reader.return();
    },
  },
  {
    name: "readers of a deleted run end",
    async check(store) {
      await store.create(newRun("a", { handlerId: "h" }), finalCommit());
      await store.create(newRun("b", { handlerId: "h" }), commitOf("One"));
      const readers = [follow(store, "b", 1), follow(store, "b", 50)];
      while (store.feed.channelCount === 0) await Promise.resolve();
      await store.delete("h");
      expect(await Promise.all(readers)).toEqual([[], []]);
      expect(await follow(store, "b", -1)).toEqual([]);
      expect(store.feed.channelCount).toBe(0);
    },
  },
];

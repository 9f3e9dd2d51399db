/** Lists of handlers, page by page. */
import { expect } from "bun:test";

import type { HandlerFilter, Page, Store } from "../../../src/store/store.ts";
import { createChance, finalCommit, newCommit, newRun, refusalOf } from "../fixtures.ts";
import type { ConformanceCase } from "../fixtures.ts";

/** Handlers `a` to `j`, of which `b`, `e` and `h` have ended; `a` and `e` had runs before. */
async function fill(store: Store): Promise<void> {
  for (const id of "aeb") await store.create(newRun(id, { handlerId: id }), finalCommit());
  await store.delete("b");
  await store.delete("e");
  for (const id of "bcdefghij") {
    const commit = "beh".includes(id) ? finalCommit() : newCommit();
    await store.create(newRun(id, { handlerId: id, workflowName: "order" }), commit);
  }
  await store.create(newRun("a2", { handlerId: "a" }), newCommit());
  await store.create(newRun("e2", { handlerId: "e" }), finalCommit({ status: "failed" }));
}

async function list(store: Store, page?: Page, filter: HandlerFilter = {}): Promise<string> {
  return (await store.listHandlers(filter, page)).map(({ handlerId }) => handlerId).join("");
}

export const paging: readonly ConformanceCase[] = [
  {
    name: "handlers are listed by their first use, oldest or newest first",
    async check(store) {
      await fill(store);
      expect(await list(store)).toBe("abcdefghij");
      expect(await list(store, {})).toBe("abcdefghij");
      expect(await list(store, { order: "oldest" })).toBe("abcdefghij");
      expect(await list(store, { order: "newest" })).toBe("jihgfedcba");
      expect((await store.listHandlers({}, { order: "newest" })).at(-1)).toEqual(
        (await store.getHandler("a"))!,
      );
    },
  },
  {
    name: "a page has as many as its limit, from the start of the order",
    async check(store) {
      await fill(store);
      expect(await list(store, { limit: 3 })).toBe("abc");
      expect(await list(store, { limit: 3, order: "newest" })).toBe("jih");
      expect(await list(store, { limit: 100 })).toBe("abcdefghij");
      expect(await list(store, { limit: 0 })).toBe("");
      expect(await list(store, { limit: 0, before: "c" })).toBe("");
    },
  },
  {
    name: "a page goes on after a cursor, in the order asked for",
    async check(store) {
      await fill(store);
      expect(await list(store, { after: "c" })).toBe("defghij");
      expect(await list(store, { after: "c", limit: 2 })).toBe("de");
      expect(await list(store, { after: "c", order: "newest" })).toBe("ba");
      expect(await list(store, { after: "j", limit: 2, order: "newest" })).toBe("ih");
      expect(await list(store, { after: "j" })).toBe("");
    },
  },
  {
    name: "a page before a cursor has those nearest to it, still in the order asked for",
    async check(store) {
      await fill(store);
      expect(await list(store, { before: "d" })).toBe("abc");
      expect(await list(store, { before: "d", limit: 2 })).toBe("bc");
      expect(await list(store, { before: "d", limit: 2, order: "newest" })).toBe("fe");
      expect(await list(store, { before: "a", limit: 2 })).toBe("");
      expect(await list(store, { after: "b", before: "g", limit: 2 })).toBe("ef");
      expect(await list(store, { after: "b", before: "g" })).toBe("cdef");
      expect(await list(store, { after: "g", before: "b", order: "newest" })).toBe("fedc");
      expect(await list(store, { after: "g", before: "b" })).toBe("");
    },
  },
  {
    name: "filters come before the limit, and a cursor need not match them",
    async check(store) {
      await fill(store);
      const ended: HandlerFilter = { statuses: ["completed", "failed"] };
      expect(await list(store, { limit: 2 }, ended)).toBe("be");
      expect(await list(store, { limit: 2, after: "c" }, ended)).toBe("eh");
      expect(await list(store, { limit: 1, before: "g" }, ended)).toBe("e");
      expect(await list(store, { order: "newest", limit: 2 }, { statuses: ["completed"] })).toBe(
        "hb",
      );
      expect(await list(store, { limit: 3, after: "b" }, { workflowNames: ["order"] })).toBe("cdf");
      const both: HandlerFilter = { statuses: ["running"], workflowNames: ["order", "greet"] };
      expect(await list(store, { limit: 3, before: "g" }, both)).toBe("cdf");
    },
  },
  {
    name: "a cursor that is no handler is refused, and named",
    async check(store) {
      await fill(store);
      for (const name of ["after", "before"] as const) {
        const listed = store.listHandlers({}, { [name]: "none' --" });
        const refusal = await refusalOf(listed, "request_invalid");
        expect(refusal.message).toContain(`\`${name}\``);
        expect(refusal.message).toContain("`none' --`");
      }
      await store.delete("d");
      const gone = store.listHandlers({ statuses: [] }, { order: "newest", before: "d" });
      expect((await refusalOf(gone, "request_invalid")).message).toContain("`before`");
    },
  },
  {
    name: "a limit that is no number of handlers is a bug of the caller",
    async check(store) {
      for (const limit of [-1, 0.5, Number.NaN, Infinity]) {
        await expect(store.listHandlers({}, { limit })).rejects.toThrow("`limit`");
      }
    },
  },
  {
    name: "pages, one after the other, have all handlers once, forwards and backwards",
    async check(store) {
      const chance = createChance(1);
      const ids = Array.from({ length: 57 }, (_, index) => `h${index}`);
      await Promise.all(
        ids.map((id) =>
          store.create(
            newRun(id, { handlerId: id, workflowName: chance() < 0.5 ? "greet" : "order" }),
            chance() < 0.5 ? finalCommit() : newCommit(),
          ),
        ),
      );
      const filters: HandlerFilter[] = [
        {},
        { statuses: ["running"] },
        { workflowNames: ["order"] },
      ];
      for (const filter of filters) {
        for (const order of ["oldest", "newest"] as const) {
          const all = (await store.listHandlers(filter, { order })).map((run) => run.handlerId);
          expect(await walk(store, filter, { order, limit: 7 }, "after")).toEqual(all);
          expect(await walk(store, filter, { order, limit: 7 }, "before")).toEqual(all);
        }
      }
    },
  },
];

/** All pages in one direction, put together. Backwards from the last handler, which is known. */
async function walk(
  store: Store,
  filter: HandlerFilter,
  page: Page,
  direction: "after" | "before",
): Promise<string[]> {
  const isForwards = direction === "after";
  const all = await store.listHandlers(filter, { order: page.order ?? "oldest" });
  let ids = isForwards ? [] : all.slice(-1).map(({ handlerId }) => handlerId);
  for (;;) {
    const cursor = isForwards ? ids.at(-1) : ids[0];
    const cursors = cursor === undefined ? {} : { [direction]: cursor };
    const records = await store.listHandlers(filter, { ...page, ...cursors });
    if (records.length === 0) return ids;
    const next = records.map(({ handlerId }) => handlerId);
    ids = isForwards ? [...ids, ...next] : [...next, ...ids];
  }
}

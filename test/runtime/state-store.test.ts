/** `ctx.store`: the state that the steps of a run share, whole or not at all. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import type { JsonObject } from "../../src/base/json.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { StateStore } from "../../src/workflow/context.ts";
import { Done, gate, oneStep, rejectionOf, Work } from "./fixtures.ts";

/** What a step finds when it works with a state that began like this. */
function withStore(
  state: JsonObject,
  work: (store: StateStore) => unknown,
  options: object = {},
): Promise<unknown> {
  const workflow = oneStep(
    async (_event, { store }) => StopEvent({ result: (await work(store)) ?? null }),
    {},
    options,
  );
  return workflow.run({}, { state }).result();
}

describe("reading", () => {
  const state = { n: 1, user: { name: "Ada", tags: ["a", "b"] }, nothing: null };

  test.each<readonly [path: string, value: unknown]>([
    ["n", 1],
    ["user", { name: "Ada", tags: ["a", "b"] }],
    ["user.name", "Ada"],
    ["user.tags.1", "b"],
    ["user.tags.-1", "b"],
    ["nothing", null],
    ["missing", null],
    ["n.missing", null],
    ["user.missing.deeper", null],
    ["user.tags.7", null],
    ["user.tags.first", null],
    ["user.tags.", null],
    ["constructor", null],
    ["user.toString", null],
    ["user.tags.length", null],
    ["__proto__", null],
  ])("%s gives what is there, and nothing else", async (path, value) => {
    expect(await withStore(state, (store) => store.get(path))).toEqual(value);
  });

  test("gives the fallback only where nothing is", async () => {
    const read = (store: StateStore) =>
      Promise.all([
        store.get("missing", 7),
        store.get("user.missing", [8]),
        store.get("nothing", 9),
        store.get("n", 10),
      ]);
    expect(await withStore(state, read)).toEqual([7, [8], null, 1]);
  });

  test("without a path gives the whole state", async () => {
    expect(await withStore(state, (store) => store.get())).toEqual(state);
  });

  test("gives a copy: what is done to it reaches nobody", async () => {
    const read = async (store: StateStore) => {
      const user = (await store.get("user")) as { name: string; tags: string[] };
      user.name = "Eve";
      user.tags.push("c");
      const whole = await store.get();
      whole["n"] = 99;
      return store.get();
    };
    expect(await withStore(state, read)).toEqual(state);
  });
});

describe("setting", () => {
  test("a field, a path, and what is not there yet", async () => {
    const work = async (store: StateStore) => {
      await store.set("n", 2);
      await store.set("user.name", "Bob");
      await store.set("a.b.c", [1]);
      await store.set("list.1", "x");
      await store.set("list.-1", "z");
      return store.get();
    };
    const state = { n: 1, user: { name: "Ada", id: 7 }, list: [1, 2, 3] };
    expect(await withStore(state, work)).toEqual({
      n: 2,
      user: { name: "Bob", id: 7 },
      a: { b: { c: [1] } },
      list: [1, "x", "z"],
    });
  });

  test("null is a value like any other", async () => {
    const work = async (store: StateStore) => {
      await store.set("n", null);
      await store.set("user.name", null);
      await store.edit((draft) => {
        draft["m"] = null;
      });
      return store.get();
    };
    expect(await withStore({ n: 1, m: 1, user: { name: "Ada" } }, work)).toEqual({
      n: null,
      m: null,
      user: { name: null },
    });
  });

  test("keeps a copy of what it was given", async () => {
    const work = async (store: StateStore) => {
      const list = [1];
      await store.set("list", list);
      list.push(2);
      return store.get("list");
    };
    expect(await withStore({}, work)).toEqual([1]);
  });

  test.each(["list.2", "list.-3", "list.first", "list."])(
    "%s, which the list does not have, is refused",
    async (path) => {
      const work = async (store: StateStore) => rejectionOf(store.set(path, 9));
      expect(await withStore({ list: [1, 2] }, work)).toStartWith("state_invalid: ");
    },
  );

  test("a prototype is not possible", async () => {
    const work = async (store: StateStore) => {
      await store.set("__proto__.admin", true);
      await store.set("a.constructor.prototype.admin", true);
      return ["admin" in {}, "admin" in ((await store.get("a")) as object)];
    };
    expect(await withStore({}, work)).toEqual([false, false]);
  });

  test.each<readonly [what: string, path: string, value: unknown, refusal: string]>([
    [
      "an empty path",
      "",
      1,
      'Expected a path into the state of 1 to 100 segments, such as `user.name`, got "".',
    ],
    [
      "a path without end",
      "a.".repeat(200),
      1,
      `Expected a path into the state of 1 to 100 segments, such as \`user.name\`, got "${"a.".repeat(40)}".`,
    ],
    [
      "a value that is no data",
      "a.b",
      { f: () => 1 },
      "Expected `state.a.b.f` to be JSON, got a function: pass data, not behaviour.",
    ],
  ])("refuses %s", async (_what, path, value, refusal) => {
    expect(await rejectionOf(withStore({}, (store) => store.set(path, value)))).toBe(
      `run_failed: ${refusal}`,
    );
  });
});

describe("a state with a schema", () => {
  const options = {
    state: {
      count: v.optional(v.number(), 0),
      names: v.optional(v.array(v.string()), ["Ada"]),
    },
  };

  test("begins with its defaults, under what the run was started with", async () => {
    expect(await withStore({ count: 5 }, (store) => store.get(), options)).toEqual({
      count: 5,
      names: ["Ada"],
    });
  });

  test("takes nothing that does not fit, and then has changed in nothing", async () => {
    const work = async (store: StateStore) => {
      const refusals = await Promise.all([
        rejectionOf(store.set("count", "many")),
        rejectionOf(store.set("names.0", 5)),
        rejectionOf(
          store.edit((draft) => {
            draft["count"] = 1;
            draft["names"] = "Bob";
          }),
        ),
      ]);
      return [refusals, await store.get()];
    };
    expect(await withStore({}, work, options)).toEqual([
      [
        'state_invalid: The state is not valid. `count`: Invalid type: Expected number but received "many".',
        "state_invalid: The state is not valid. `names.0`: Invalid type: Expected string but received 5.",
        'state_invalid: The state is not valid. `names`: Invalid type: Expected Array but received "Bob".',
      ],
      { count: 0, names: ["Ada"] },
    ]);
  });

  test("goes back to its defaults when it is cleared, and loses what else there is", async () => {
    const work = async (store: StateStore) => {
      await store.set("extra", 1);
      await store.set("count", 9);
      await store.clear();
      return store.get();
    };
    expect(await withStore({ count: 5 }, work, options)).toEqual({ count: 0, names: ["Ada"] });
    const clear = async (store: StateStore) => (await store.clear(), store.get());
    expect(await withStore({ count: 5 }, clear, options)).toEqual({ count: 0, names: ["Ada"] });
  });
});

describe("editing", () => {
  test("keeps what was changed, and gives what the edit gave", async () => {
    const work = async (store: StateStore) => {
      const given = await store.edit(async (draft) => {
        const list = draft["list"] as number[];
        list.push(3);
        delete draft["old"];
        draft["fresh"] = { a: 1 };
        return list.length;
      });
      return [given, await store.get()];
    };
    expect(await withStore({ list: [1, 2], old: true, same: 1 }, work)).toEqual([
      3,
      { list: [1, 2, 3], same: 1, fresh: { a: 1 } },
    ]);
  });

  test("that throws changes nothing", async () => {
    const work = async (store: StateStore) => {
      const refusal = await rejectionOf(
        store.edit(async (draft) => {
          draft["n"] = 2;
          await Bun.sleep(0);
          throw new Error("no");
        }),
      );
      return [refusal, await store.get()];
    };
    expect(await withStore({ n: 1 }, work)).toEqual(["Error: no", { n: 1 }]);
  });

  test("that leaves something that is no data changes nothing", async () => {
    const work = async (store: StateStore) => {
      const refusal = await rejectionOf(
        store.edit((draft) => {
          draft["n"] = 2;
          draft["f"] = () => 1;
        }),
      );
      return [refusal, await store.get()];
    };
    expect(await withStore({ n: 1 }, work)).toEqual([
      "value_not_json: Expected `state.f` to be JSON, got a function: pass data, not behaviour.",
      { n: 1 },
    ]);
  });

  test("may read: it sees the state as it was", async () => {
    const work = (store: StateStore) =>
      store.edit(async (draft) => {
        draft["n"] = 2;
        return [await store.get("n"), await store.get()];
      });
    expect(await withStore({ n: 1 }, work)).toEqual([1, { n: 1 }]);
  });

  test("may set another field, which stays", async () => {
    const work = async (store: StateStore) => {
      await store.edit(async (draft) => {
        await store.set("other", 5);
        draft["n"] = 2;
      });
      return store.get();
    };
    expect(await withStore({ n: 1 }, work)).toEqual({ n: 2, other: 5 });
  });

  test("cannot be felt after it is over: its draft is no part of the state", async () => {
    const work = async (store: StateStore) => {
      let kept: Record<string, unknown> = {};
      await store.edit((draft) => {
        draft["list"] = [1];
        kept = draft;
      });
      (kept["list"] as number[]).push(2);
      return store.get("list");
    };
    expect(await withStore({}, work)).toEqual([1]);
  });

  test("does not interleave, in one step or between steps", async () => {
    const workflow = new Workflow({ state: { count: v.optional(v.number(), 0) } })
      .step("s", { accepts: [StartEvent], emits: [Work] }, () =>
        Array.from({ length: 8 }, (_, n) => Work({ n })),
      )
      .step("t", { accepts: [Work], emits: [Done], workers: 8 }, async (_event, { store }) => {
        const add = () =>
          store.edit(async (draft) => {
            const { count } = draft;
            await Bun.sleep(0);
            draft.count = count + 1;
          });
        await Promise.all([add(), add(), add()]);
        return Done();
      })
      .step("u", { accepts: [Done], emits: [StopEvent] }, async (event, context) => {
        const all = context.collectEvents(
          event,
          Array.from({ length: 8 }, () => Done),
        );
        return all && StopEvent({ result: await context.store.get("count") });
      });
    expect(await workflow.run()).toBe(24);
  });

  test("that never ends holds up nobody once its step has ended", async () => {
    const workflow = oneStep(
      async (_event, { attempt, store }) => {
        await store.edit(() => (attempt.number === 1 ? new Promise<void>(() => {}) : undefined));
        return StopEvent({ result: attempt.number });
      },
      { timeout: 0.02, retry: { attempts: 2, delay: 0 } },
    );
    expect(await workflow.run()).toBe(2);
  });

  test("that never ends, of a function that did not wait for it, holds up nobody either", async () => {
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, (_event, { store }) => {
        store.edit(() => new Promise<void>(() => {})).catch(() => {});
        return Work();
      })
      .step("t", { accepts: [Work], emits: [StopEvent] }, async (_event, { store }) => {
        await store.edit((draft) => void (draft["n"] = 1));
        return StopEvent({ result: await store.get("n") });
      });
    expect(await workflow.run()).toBe(1);
  });
});

test("what one step sets, the next one reads; other runs have a state of their own", async () => {
  const opened = gate();
  const workflow = () =>
    new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, async (event, { store }) => {
        await store.set("who", event.data["who"]);
        return Work();
      })
      .step("t", { accepts: [Work], emits: [StopEvent] }, async (_event, { store }) => {
        await opened.opened;
        return StopEvent({ result: await store.get() });
      });
  const runs = ["ada", "bob"].map((who) => workflow().run({ who }));
  opened.open();
  expect(await Promise.all(runs)).toEqual([{ who: "ada" }, { who: "bob" }]);
});

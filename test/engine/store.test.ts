/** Changes to the state that steps share: by path, each a copy of only what it touches. */
import { describe, expect, test } from "bun:test";

import type { Json, JsonObject } from "../../src/base/json.ts";
import { applyChanges } from "../../src/engine/store.ts";
import { StartEvent } from "../../src/workflow/builtin.ts";
import { defineOne } from "./fixtures.ts";
import { Run } from "./run.ts";

const set = (store: JsonObject, path: string, ...value: readonly Json[]): JsonObject =>
  applyChanges(store, [{ path: path.split("."), ...(value.length > 0 && { value: value[0]! }) }]);

describe("a value", () => {
  test.each<readonly [what: string, store: JsonObject, path: string, value: Json, JsonObject]>([
    ["is added", {}, "n", 1, { n: 1 }],
    ["is replaced", { n: 1, m: 2 }, "n", [3], { n: [3], m: 2 }],
    ["is set inside", { user: { a: 1 } }, "user.b", 2, { user: { a: 1, b: 2 } }],
    ["is set where nothing is yet", {}, "a.b.c", 1, { a: { b: { c: 1 } } }],
    ["is set in a list", { list: [1, 2, 3] }, "list.1", 9, { list: [1, 9, 3] }],
    [
      "is set in a list, counted from its end",
      { list: [1, 2, 3] },
      "list.-1",
      9,
      { list: [1, 2, 9] },
    ],
    ["is set inside an object of a list", { l: [{ a: 1 }] }, "l.0.b", 2, { l: [{ a: 1, b: 2 }] }],
    ["takes the place of one that cannot hold it", { n: 5 }, "n.a", 1, { n: { a: 1 } }],
    ["may be null", { n: 5 }, "n", null, { n: null }],
    [
      "may have a name that objects have",
      {},
      "toString.constructor",
      1,
      { toString: { constructor: 1 } },
    ],
  ])("%s", (_what, store, path, value, expected) => {
    expect(set(store, path, value)).toEqual(expected);
  });

  test("that is absent takes its field away", () => {
    expect([
      set({ n: 1, m: 2 }, "n"),
      set({ a: { b: 1, c: 2 } }, "a.b"),
      set({ n: 1 }, "x"),
    ]).toEqual([{ m: 2 }, { a: { c: 2 } }, { n: 1 }]);
  });

  test("named `__proto__` is a field like any other", () => {
    const store = set({}, "__proto__.admin", true);
    expect(JSON.stringify(store)).toBe('{"__proto__":{"admin":true}}');
    expect("admin" in {}).toBe(false);
    expect(JSON.stringify(set(store, "__proto__.n", 1))).toBe('{"__proto__":{"admin":true,"n":1}}');
  });
});

test("changes come one after another, and leave what they do not touch as it was", () => {
  const store = { left: { a: 1 }, right: { b: 1 } };
  const changed = applyChanges(store, [
    { path: ["left", "a"], value: 2 },
    { path: ["left", "c"], value: 3 },
  ]);
  expect(changed).toEqual({ left: { a: 2, c: 3 }, right: { b: 1 } });
  expect(changed["right"]).toBe(store.right);
  expect(store).toEqual({ left: { a: 1 }, right: { b: 1 } });
});

test("a step that works changes the state, and one that has ended does not", () => {
  const run = new Run(defineOne());
  run.start(StartEvent(), { store: { n: 1 } });
  const tick = { kind: "state_changed", step: "s", job: 1, attempt: 1 } as const;
  expect(run.do({ ...tick, changes: [{ path: ["n"], value: 2 }] })).toMatchObject({
    events: [],
    commands: [],
  });
  run.succeed("s", 1);
  run.do({ ...tick, changes: [{ path: ["n"], value: 3 }] });
  expect(run.state.store).toEqual({ n: 2 });
});

/** The border between JavaScript values and JSON data: what passes it passes whole, or not at all. */
import { describe, expect, test } from "bun:test";

import { isEqualJson, isJsonObject, type Json, jsonDepth, toJson } from "../../src/base/json.ts";
import { createChance, messageOf, randomJson } from "./fixtures.ts";

/** JavaScript's own reading of the same thing. */
function throughText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("toJson", () => {
  const accepted: readonly (readonly [name: string, value: unknown])[] = [
    ["null", null],
    ["a boolean", false],
    ["a number", -1.5e300],
    ["the largest whole number", Number.MAX_SAFE_INTEGER],
    ["an empty string", ""],
    ["a string that is hard to write", '"\\\u0000\u2028\ud83d\ude00'],
    ["a lone surrogate", "\ud800"],
    ["an empty list", []],
    ["an empty object", {}],
    ["nested data", { a: [1, { b: [null, "x"] }], c: { d: true } }],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })],
    ["a frozen object", Object.freeze({ a: Object.freeze([1]) })],
    ["keys that objects have by themselves", { constructor: 1, toString: 2, hasOwnProperty: 3 }],
    ["an empty key", { "": 1 }],
    ["a key that looks like a number", { "1": "b", "0": "a" }],
  ];

  test.each(accepted)("keeps %s as it is", (_name, value) => {
    const json = toJson(value, "value");
    expect(json).toEqual(throughText(value) as Json);
    expect(throughText(json)).toEqual(json);
  });

  test("keeps the same object in two places: that is no cycle", () => {
    const shared = { n: 1 };
    expect(toJson({ a: shared, b: [shared, shared] }, "value")).toEqual({
      a: { n: 1 },
      b: [{ n: 1 }, { n: 1 }],
    });
  });

  test("leaves out a field that is undefined, as JSON does", () => {
    const json = toJson({ a: undefined, b: 1 }, "value");
    expect(Object.keys(json as object)).toEqual(["b"]);
  });

  test("writes minus zero as zero, as JSON does", () => {
    expect(Object.is(toJson(-0, "value"), 0)).toBe(true);
  });

  test("keeps the order of keys", () => {
    expect(Object.keys(toJson({ z: 1, a: 2, m: 3 }, "value") as object)).toEqual(["z", "a", "m"]);
  });

  class Point {
    readonly x = 1;
  }
  const cycle: Record<string, unknown> = { name: "loop" };
  cycle["inner"] = { list: [cycle] };
  const selfish: unknown[] = [];
  selfish.push(selfish);

  const refused: readonly (readonly [name: string, value: unknown, message: string])[] = [
    ["undefined", undefined, "Expected `v` to be JSON, got undefined: use null."],
    [
      "NaN",
      { a: NaN },
      "Expected `v.a` to be JSON, got NaN: use null for a number that is not there.",
    ],
    [
      "infinity",
      [1, -Infinity],
      "Expected `v[1]` to be JSON, got -Infinity: use null for a number that is not there.",
    ],
    [
      "a function",
      { a: { b: () => 1 } },
      "Expected `v.a.b` to be JSON, got a function: pass data, not behaviour.",
    ],
    [
      "a symbol",
      [Symbol("s")],
      "Expected `v[0]` to be JSON, got a symbol: pass data, not behaviour.",
    ],
    ["a bigint", { n: 1n }, "Expected `v.n` to be JSON, got a bigint: pass data, not behaviour."],
    [
      "undefined in a list",
      { list: [1, undefined] },
      "Expected `v.list[1]` to be JSON, got undefined: use null.",
    ],
    [
      "a hole in a list",
      { list: [1, , 3] },
      "Expected `v.list[1]` to be JSON, got undefined: use null.",
    ],
    [
      "a date",
      { at: new Date(0) },
      "Expected `v.at` to be JSON, got a Date: use plain objects, arrays, strings and numbers.",
    ],
    [
      "a map",
      new Map(),
      "Expected `v` to be JSON, got a Map: use plain objects, arrays, strings and numbers.",
    ],
    [
      "bytes",
      [new Uint8Array(1)],
      "Expected `v[0]` to be JSON, got a Uint8Array: use plain objects, arrays, strings and numbers.",
    ],
    [
      "an error",
      { e: new TypeError("no") },
      "Expected `v.e` to be JSON, got a TypeError: use plain objects, arrays, strings and numbers.",
    ],
    [
      "an instance of a class",
      { p: new Point() },
      "Expected `v.p` to be JSON, got a Point: use plain objects, arrays, strings and numbers.",
    ],
    [
      "a boxed number",
      new Number(1),
      "Expected `v` to be JSON, got a Number: use plain objects, arrays, strings and numbers.",
    ],
    [
      "an object that inherits fields",
      Object.create({ a: 1 }),
      "Expected `v` to be JSON, got a Object: use plain objects, arrays, strings and numbers.",
    ],
    [
      "a cycle",
      cycle,
      "Expected `v.inner.list[0]` to be JSON, got a cycle: refer to the other object by an id.",
    ],
    [
      "a list in itself",
      selfish,
      "Expected `v[0]` to be JSON, got a cycle: refer to the other object by an id.",
    ],
  ];

  test.each(refused)("refuses %s, and names the place", (_name, value, message) => {
    expect(messageOf(() => toJson(value, "v"))).toBe(`value_not_json: ${message}`);
  });

  test("takes a copy that is frozen to its depths", () => {
    const value = { list: [{ n: 1 }] };
    const json = toJson(value, "value") as typeof value;
    value.list[0]!.n = 2;
    expect(json).toEqual({ list: [{ n: 1 }] });
    expect([json, json.list, json.list[0]].every(Object.isFrozen)).toBe(true);
  });

  test("makes plain lists of a list that is a subclass", () => {
    class Names extends Array<string> {}
    const json = toJson(Names.from(["a"]), "value");
    expect(Object.getPrototypeOf(json)).toBe(Array.prototype);
  });

  test("keeps a field named `__proto__` as inert data", () => {
    const json = toJson(JSON.parse('{"a":{"__proto__":{"polluted":true}}}'), "value");
    const inner = (json as { a: object }).a;
    expect(JSON.stringify(json)).toBe('{"a":{"__proto__":{"polluted":true}}}');
    expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });

  test("takes any JSON, and gives it back equal", () => {
    const chance = createChance(1);
    for (let round = 0; round < 500; round++) {
      const value = randomJson(chance, 4);
      expect(toJson(value, "value")).toEqual(value);
    }
  });
});

describe("isEqualJson", () => {
  test("holds for a value and its copy, whatever the order of keys", () => {
    const chance = createChance(2);
    for (let round = 0; round < 500; round++) {
      const value = randomJson(chance, 4);
      expect(isEqualJson(value, reordered(value))).toBe(true);
    }
  });

  test.each<readonly [a: Json | undefined, b: Json | undefined]>([
    [1, "1"],
    [0, false],
    [null, undefined],
    [null, {}],
    [[], {}],
    [[1], [1, 2]],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: { b: [1] } }, { a: { b: [2] } }],
    [{ toString: null }, {}],
    [{ a: null }, {}],
    [JSON.parse('{"__proto__":{}}'), { a: 1 }],
  ])("%j is not %j", (a, b) => {
    expect([isEqualJson(a, b), isEqualJson(b, a)]).toEqual([false, false]);
  });
});

test("only an object is a JSON object", () => {
  expect([{}, [], null, "a", 1, undefined].map(isJsonObject)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

describe("jsonDepth", () => {
  test("agrees with a recursive reading of the same text", () => {
    const chance = createChance(3);
    for (let round = 0; round < 2_000; round++) {
      const value = randomJson(chance, 6);
      const text = JSON.stringify(value, null, round % 3);
      expect([text, jsonDepth(text)]).toEqual([text, depthOf(value)]);
    }
  });

  test.each([
    ["1", 0],
    ["[]", 1],
    ['{"a":[{}]}', 3],
    ['["[[[["]', 1],
    ['["\\"[[["]', 1],
    ['["\\\\",[1]]', 2],
    ["[[[", 3],
  ])("of %s is %d", (text, depth) => {
    expect(jsonDepth(text)).toBe(depth);
  });

  test("measures text too deep for a recursive reader", () => {
    expect(jsonDepth("[".repeat(1_000_000))).toBe(1_000_000);
  });
});

// ---

function depthOf(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, reordered(field)]);
  return Object.fromEntries(entries.toReversed());
}

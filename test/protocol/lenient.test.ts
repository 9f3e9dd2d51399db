/** What a lenient reader takes for a number, a boolean or nothing; and all that it leaves alone. */
import { describe, expect, test } from "bun:test";

import type { Json, JsonObject } from "../../src/base/json.ts";
import { isBlank, readLeniently } from "../../src/protocol/lenient.ts";
import { titled } from "../support/titles.ts";

const table = (rows: readonly (readonly [Json, Json])[]) => titled(rows);

describe("a number", () => {
  test.each(
    table([
      ["5", 5],
      [" -5 ", -5],
      ["+5", 5],
      ["1.5", 1.5],
      [".5", 0.5],
      ["5.", 5],
      ["1e3", 1000],
      [true, 1],
      [false, 0],
      // No numbers.
      ["", ""],
      ["five", "five"],
      ["0x10", "0x10"],
      ["1_000", "1_000"],
      ["NaN", "NaN"],
      ["Infinity", "Infinity"],
      ["1e", "1e"],
      [null, null],
      [[1], [1]],
      [{ a: 1 }, { a: 1 }],
    ]),
  )("from and to %s", (_title, [input, output]) => {
    expect(readLeniently(input, { type: "number" })).toEqual(output);
  });

  test.each(
    table([
      ["5", 5],
      ["5.000", 5],
      ["5.5", "5.5"],
      ["1e3", "1e3"],
      ["9".repeat(400), Number("9".repeat(400))],
    ]),
  )("that is whole from and to %s", (_title, [input, output]) => {
    expect(readLeniently(input, { type: "integer" })).toEqual(output);
  });
});

describe("a boolean", () => {
  test.each(
    table([
      ...["true", "TRUE", "t", "yes", "Y", "on", "1", 1].map((word) => [word, true] as const),
      ...["false", "F", "no", "n", "OFF", "0", 0].map((word) => [word, false] as const),
      ...["", "maybe", "2", " true", 2, -1, null].map((word) => [word, word] as const),
      [[], []],
      ["toString", "toString"],
    ]),
  )("from and to %s", (_title, [input, output]) => {
    expect(readLeniently(input, { type: "boolean" })).toEqual(output);
  });
});

describe("an object", () => {
  const schema: JsonObject = {
    type: "object",
    properties: {
      a: { type: "integer" },
      b: { anyOf: [{ type: "integer" }, { type: "null" }] },
      c: { type: "array", items: { type: "boolean" } },
      d: { type: "object", properties: { e: { type: "number" } }, required: ["e"] },
      toString: { type: "integer" },
    },
    required: ["a"],
  };

  test("is read field by field, as deep as its schema goes", () => {
    expect(
      readLeniently({ a: "1", b: "2", c: ["yes", "x"], d: { e: "3", f: "4" }, g: "5" }, schema),
    ).toEqual({ a: 1, b: 2, c: [true, "x"], d: { e: 3, f: "4" }, g: "5" });
  });

  test("loses a null where a field may be left out, and nowhere else", () => {
    expect(readLeniently({ a: null, b: null, g: null, d: { e: null } }, schema)).toEqual({
      a: null,
      g: null,
      d: { e: null },
    });
  });

  test("keeps a null where leaving a field out means something else", () => {
    const { properties, ...rest } = schema;
    const defaults: JsonObject = {
      ...rest,
      properties: { ...(properties as JsonObject), n: { type: "integer", default: 2 } },
    };
    expect(readLeniently({ a: "1", n: null }, defaults)).toEqual({ a: 1, n: null });
    expect(readLeniently({ a: "1", n: "3" }, defaults)).toEqual({ a: 1, n: 3 });
  });

  test("keeps names that objects have of themselves as data", () => {
    const input = JSON.parse('{"toString":"1","constructor":"2","__proto__":{"a":"3"}}') as Json;
    const output = readLeniently(input, schema);
    expect(JSON.stringify(output)).toBe('{"toString":1,"constructor":"2","__proto__":{"a":"3"}}');
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
  });

  test("is left alone where no object is, or no opinion", () => {
    expect(readLeniently("x", schema)).toBe("x");
    expect(readLeniently([1], schema)).toEqual([1]);
    expect(readLeniently("1", {})).toBe("1");
    expect(readLeniently("1", { anyOf: [{ type: "integer" }, { type: "string" }] })).toBe("1");
    expect(readLeniently("1", { anyOf: "nonsense" })).toBe("1");
    expect(readLeniently({ a: "1" }, { type: "object", properties: "nonsense" })).toEqual({
      a: "1",
    });
  });
});

test("blank is what the peer takes for absent", () => {
  const blank = [null, undefined, false, 0, "", [], {}];
  const filled = [true, 1, " ", [null], { a: null }];
  expect([...blank, ...filled].filter(isBlank)).toEqual(blank);
});

/** Forms out of schemas, and the values that they begin with and check. */
import { expect, test } from "bun:test";

import type { JsonObject } from "../../src/client/bodies.ts";
import { toField } from "../../static/model/form.ts";
import { checkValue, initialValue, setAt, variantOf } from "../../static/model/form-value.ts";

const field = (schema: JsonObject) => toField(schema, schema);
const group = (properties: JsonObject, required: readonly string[] = []) =>
  field({ type: "object", properties, required });

test("what must be there starts with something; what may be left out is left out", () => {
  const form = group(
    {
      flag: { type: "boolean" },
      maybe: { type: "boolean" },
      count: { type: "integer", default: 3 },
      items: { type: "array", items: { type: "string" } },
      inner: { type: "object", properties: { on: { type: "boolean" } }, required: ["on"] },
      only: { const: "fixed" },
      name: { type: "string" },
      note: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    },
    ["flag", "items", "inner", "only", "name"],
  );
  expect(initialValue(form, true)).toEqual({
    flag: false,
    count: 3,
    items: [],
    inner: { on: false },
    only: "fixed",
  });
});

test("references, also to the schema itself, are followed", () => {
  const schema: JsonObject = {
    type: "object",
    properties: { tree: { $ref: "#/$defs/Node" } },
    $defs: {
      Node: {
        type: "object",
        properties: {
          name: { type: "string" },
          children: { type: "array", items: { $ref: "#/$defs/Node" } },
        },
      },
    },
  };
  const form = toField(schema, schema);
  expect(form).toMatchObject({ kind: "group", members: [{ field: { kind: "group" } }] });
});

test.each([
  [{ enum: ["a", "b"] }, "choice"],
  [{ anyOf: [{ const: "a" }, { const: "b" }] }, "choice"],
  [{ anyOf: [{ type: "integer" }, { type: "null" }] }, "number"],
  [{ type: ["string", "null"] }, "text"],
  [{ oneOf: [{ type: "string" }, { type: "object", properties: { x: {} } }] }, "union"],
  [{ type: "object", additionalProperties: { type: "number" } }, "map"],
  [{ allOf: [{ type: "boolean" }] }, "flag"],
  [{}, "any"],
] as const)("%p is a %s", (schema, kind) => {
  expect(field(schema as JsonObject).kind).toBe(kind);
});

test("a discriminated union names its variants, and knows which one a value is", () => {
  const variant = (tag: string, name: string): JsonObject => ({
    type: "object",
    properties: { kind: { const: tag }, [name]: { type: "string" } },
    required: ["kind", name],
  });
  const union = field({ oneOf: [variant("card", "number"), variant("cash", "till")] });
  if (union.kind !== "union") throw new Error("It is a union.");
  expect(union.variants.map(({ title }) => title)).toEqual(["card", "cash"]);
  expect(variantOf(union.variants, { kind: "cash", till: "2" })).toBe(1);
});

test("a value of several types, and what several schemas ask for together", () => {
  const schema = {
    type: "object",
    properties: {
      id: { type: ["string", "integer", "null"] },
      both: {
        allOf: [
          { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          { $ref: "#/$defs/more" },
        ],
      },
      odd: { not: { type: "string" } },
    },
    $defs: { more: { type: "object", properties: { b: { type: "boolean" } }, required: ["b"] } },
  };
  const field = toField(schema, schema);
  const [id, both, odd] = field.kind === "group" ? field.members.map((member) => member.field) : [];
  expect(id).toMatchObject({ kind: "union", isNullable: true });
  expect(id?.kind === "union" && id.variants.map(({ kind }) => kind)).toEqual(["text", "number"]);
  expect(both).toMatchObject({
    kind: "group",
    members: [
      { name: "a", isRequired: true, field: { kind: "text" } },
      { name: "b", isRequired: true, field: { kind: "flag" } },
    ],
  });
  expect(odd?.kind).toBe("any");
});

test("what is wrong is said where it is", () => {
  const form = group(
    {
      name: { type: "string", minLength: 2, pattern: "^[a-z]+$" },
      count: { type: "integer", minimum: 1, exclusiveMaximum: 10 },
      list: { type: "array", items: { type: "number" }, maxItems: 1 },
      size: { enum: ["s", "m"] },
    },
    ["name", "count", "size"],
  );
  const errors = checkValue(form, { name: "A", count: 10.5, list: [1, "x"], size: "l" }, true);
  expect(errors.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([
    "name: Expected at least 2 characters.",
    "name: Expected to match ^[a-z]+$.",
    "count: Expected a whole number.",
    "count: Expected less than 10.",
    "list: Expected at most 1 items.",
    "list.1: Expected a number.",
    "size: Choose one of the options.",
  ]);
  expect(checkValue(form, {}, true).map(({ path }) => path)).toEqual([
    ["name"],
    ["count"],
    ["size"],
  ]);
});

test("values change by path, and nothing else does", () => {
  const value = { a: [{ x: 1 }, { x: 2 }], b: 1 };
  expect(setAt(value, ["a", 1, "x"], 3)).toEqual({ a: [{ x: 1 }, { x: 3 }], b: 1 });
  expect(setAt(value, ["a", 0], undefined)).toEqual({ a: [{ x: 2 }], b: 1 });
  expect(setAt(undefined, ["new", "deep"], true)).toEqual({ new: { deep: true } });
  expect(Object.hasOwn(setAt({}, ["__proto__"], 1) as object, "__proto__")).toBe(true);
  expect(value).toEqual({ a: [{ x: 1 }, { x: 2 }], b: 1 });
});

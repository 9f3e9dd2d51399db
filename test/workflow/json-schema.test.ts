/**
 * JSON Schemas of events in the style of the peer's validation library: the forms of existing
 * clients are drawn from them.
 */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import type { JsonObject } from "../../src/base/json.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { type Entries, titleOf } from "../../src/workflow/schema.ts";

/** The schema of one field of an event. */
function fieldOf(schema: Entries[string]): JsonObject {
  const { properties } = defineEvent("T", { field: schema }).jsonSchema as {
    properties: JsonObject;
  };
  return properties["field"] as JsonObject;
}

const integer = v.pipe(v.number(), v.integer());

describe("a field", () => {
  const cases: readonly (readonly [what: string, schema: Entries[string], expected: JsonObject])[] =
    [
      ["a string", v.string(), { type: "string" }],
      ["a number", v.number(), { type: "number" }],
      ["a whole number", integer, { type: "integer" }],
      ["a boolean", v.boolean(), { type: "boolean" }],
      ["anything", v.any(), {}],
      ["something with a default", v.optional(integer, 3), { default: 3, type: "integer" }],
      [
        "something optional",
        v.optional(v.string()),
        { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      ],
      [
        "something that may be null",
        v.nullable(v.string()),
        { anyOf: [{ type: "string" }, { type: "null" }] },
      ],
      [
        "something that may be absent or null",
        v.nullish(v.string()),
        { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      ],
      [
        "something that may be null, and is by default",
        v.optional(v.nullable(v.number()), null),
        { anyOf: [{ type: "number" }, { type: "null" }], default: null },
      ],
      [
        "a description",
        v.pipe(v.string(), v.description("the topic")),
        { description: "the topic", type: "string" },
      ],
      [
        "a description of something optional",
        v.optional(v.pipe(v.string(), v.description("maybe"))),
        { anyOf: [{ type: "string" }, { type: "null" }], default: null, description: "maybe" },
      ],
      [
        "bounds of a number",
        v.pipe(integer, v.minValue(0), v.maxValue(9)),
        { maximum: 9, minimum: 0, type: "integer" },
      ],
      [
        "bounds that are excluded",
        v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
        { exclusiveMaximum: 1, exclusiveMinimum: 0, type: "number" },
      ],
      [
        "bounds of a string",
        v.pipe(v.string(), v.minLength(1), v.maxLength(5), v.regex(/^a/)),
        { maxLength: 5, minLength: 1, pattern: "^a", type: "string" },
      ],
      [
        "bounds of a list",
        v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(2)),
        { items: { type: "string" }, maxItems: 2, minItems: 1, type: "array" },
      ],
      ["words to choose from", v.picklist(["a", "b"]), { enum: ["a", "b"], type: "string" }],
      ["one word", v.literal("x"), { const: "x" }],
      ["an address of mail", v.pipe(v.string(), v.email()), { format: "email", type: "string" }],
      ["an instant", v.pipe(v.string(), v.isoTimestamp()), { format: "date-time", type: "string" }],
      ["a day", v.pipe(v.string(), v.isoDate()), { format: "date", type: "string" }],
      ["a uuid", v.pipe(v.string(), v.uuid()), { format: "uuid", type: "string" }],
      ["a URL", v.pipe(v.string(), v.url()), { format: "uri", type: "string" }],
      [
        "one of several types",
        v.union([v.string(), v.number()]),
        { anyOf: [{ type: "string" }, { type: "number" }] },
      ],
      [
        "an optional list",
        v.optional(v.array(v.string())),
        { anyOf: [{ items: { type: "string" }, type: "array" }, { type: "null" }], default: null },
      ],
      [
        "a record",
        v.record(v.string(), integer),
        {
          additionalProperties: { type: "integer" },
          propertyNames: { type: "string" },
          type: "object",
        },
      ],
      ["what is only made from it", v.pipe(v.string(), v.transform(Number)), { type: "string" }],
      [
        "what goes in, not what is made of it",
        v.pipe(v.string(), v.transform(Number), v.number()),
        { type: "string" },
      ],
      ["what JSON cannot describe", v.date(), {}],
    ];

  test.each(cases)("shows %s", (_what, schema, expected) => {
    expect(fieldOf(schema)).toEqual({ ...expected, title: "Field" });
  });

  test("goes by the title that its author gave", () => {
    expect(fieldOf(v.pipe(v.string(), v.title("Given")))).toEqual({
      title: "Given",
      type: "string",
    });
  });

  test("shows the fields of an object inside, titled and optional as its own", () => {
    expect(fieldOf(v.object({ first_name: v.string(), age: v.optional(integer) }))).toEqual({
      properties: {
        first_name: { title: "First Name", type: "string" },
        age: { anyOf: [{ type: "integer" }, { type: "null" }], default: null, title: "Age" },
      },
      required: ["first_name"],
      title: "Field",
      type: "object",
    });
  });

  test.each([
    ["absent", v.optional(v.object({ zip_code: v.string() }))],
    ["absent or null", v.nullish(v.object({ zip_code: v.string() }))],
  ])("shows the fields of an object that may be %s", (_what, schema) => {
    expect(fieldOf(schema)).toEqual({
      anyOf: [
        {
          properties: { zip_code: { title: "Zip Code", type: "string" } },
          required: ["zip_code"],
          type: "object",
        },
        { type: "null" },
      ],
      default: null,
      title: "Field",
    });
  });

  test("shows the fields of objects in a list, however deep", () => {
    const line = v.object({ price_each: v.number() });
    expect(fieldOf(v.array(v.array(line)))).toEqual({
      items: {
        items: {
          properties: { price_each: { title: "Price Each", type: "number" } },
          required: ["price_each"],
          type: "object",
        },
        type: "array",
      },
      title: "Field",
      type: "array",
    });
  });

  test("shows the variants of an object, told apart by a word", () => {
    const shape = v.variant("kind", [
      v.object({ kind: v.literal("circle"), radius: v.number() }),
      v.object({ kind: v.literal("square"), side: v.optional(v.number(), 1) }),
    ]);
    expect(fieldOf(shape)).toEqual({
      oneOf: [
        {
          properties: {
            kind: { const: "circle", title: "Kind" },
            radius: { title: "Radius", type: "number" },
          },
          required: ["kind", "radius"],
          type: "object",
        },
        {
          properties: {
            kind: { const: "square", title: "Kind" },
            side: { default: 1, title: "Side", type: "number" },
          },
          required: ["kind"],
          type: "object",
        },
      ],
      title: "Field",
    });
  });
});

describe("an event", () => {
  test("looks as the peer shows it", () => {
    const MyStart = StartEvent.extend(
      "MyStart",
      { topic: v.pipe(v.string(), v.description("the topic")), n: v.optional(integer, 3) },
      { description: "doc of start" },
    );
    expect(MyStart.jsonSchema).toEqual({
      description: "doc of start",
      properties: {
        topic: { description: "the topic", title: "Topic", type: "string" },
        n: { default: 3, title: "N", type: "integer" },
      },
      required: ["topic"],
      title: "MyStart",
      type: "object",
    });
  });

  test("without required fields lists none", () => {
    const Ask = defineEvent("Ask", { prompt: v.optional(v.string(), "name?") });
    expect(Ask.jsonSchema).toEqual({
      properties: { prompt: { default: "name?", title: "Prompt", type: "string" } },
      title: "Ask",
      type: "object",
    });
  });

  test.each([StartEvent, StopEvent])("that is open shows no fields: %p", (type) => {
    expect(type.jsonSchema).toEqual({
      description: type.description as string,
      properties: {},
      title: type.type,
      type: "object",
    });
  });

  test("shows the fields of the types that it extends, theirs first", () => {
    const Base = defineEvent("Base", { a: v.string() });
    const Child = Base.extend("Child", { b: v.string() });
    expect(Object.keys(Child.jsonSchema["properties"] as object)).toEqual(["a", "b"]);
    expect(Child.jsonSchema["required"]).toEqual(["a", "b"]);
  });

  test("with fields that contain themselves has their definitions, each with its own", () => {
    type Tree = v.GenericSchema<unknown>;
    const tree: Tree = v.object({ sub_trees: v.array(v.lazy(() => tree)) });
    const list: Tree = v.object({ rest: v.optional(v.lazy(() => list)) });
    const items = (id: string) => ({ $ref: `#/$defs/${id}` });
    const subTrees = (id: string) => ({
      sub_trees: { items: items(id), title: "Sub Trees", type: "array" },
    });
    const shown = (id: string) => ({
      properties: subTrees(id),
      required: ["sub_trees"],
      type: "object",
    });
    const rest = {
      anyOf: [items("added1"), { type: "null" }],
      default: null,
      title: "Rest",
    };
    const Grown = defineEvent("Grown", { tree });
    expect(Grown.jsonSchema).toMatchObject({
      $defs: { 0: shown("0") },
      properties: { tree: shown("0") },
    });
    const More = defineEvent("Whole", v.object({ tree })).extend("More", { tree, list });
    expect(More.jsonSchema).toMatchObject({
      $defs: { 0: shown("0"), added0: shown("added0"), added1: { properties: { rest } } },
      required: ["tree", "list"],
    });
  });

  test("is described once: the same object for whoever asks", () => {
    const Asked = defineEvent("Asked", { a: v.string() });
    expect(Asked.jsonSchema).toBe(Asked.jsonSchema);
  });
});

test.each([
  ["topic", "Topic"],
  ["first_name", "First Name"],
  ["firstName", "First Name"],
  ["_private__field", "Private Field"],
  ["utf8Text", "Utf8 Text"],
  ["url", "Url"],
  ["already Titled", "Already Titled"],
  ["élan_vital", "Élan Vital"],
])("the title of %s is %s", (name, title) => {
  expect(titleOf(name)).toBe(title);
});

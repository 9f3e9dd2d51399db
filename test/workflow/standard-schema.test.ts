/** Events that another library describes, by the Standard Schema interface. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { z } from "zod";

import { StartEvent } from "../../src/workflow/builtin.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import type { StandardSchema } from "../../src/workflow/schema.ts";
import { messageOf } from "../base/fixtures.ts";

type Unchecked = (data?: unknown) => unknown;
const unchecked = (type: unknown): Unchecked => type as Unchecked;

/** The smallest schema there is: a function that says what it thinks. */
function schemaOf(validate: (value: unknown) => unknown): StandardSchema<object> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const User = z.object({
  name: z.string(),
  age: z.number().int().default(18),
  tags: z.array(z.string()).optional(),
});

describe("an event described by zod", () => {
  const Signup = defineEvent("Signup", User);

  test("is checked, and gets its defaults", () => {
    expect(Signup({ name: "Ada" })).toEqual({ type: "Signup", data: { name: "Ada", age: 18 } });
  });

  test("keeps or drops unknown fields as its schema says", () => {
    const Loose = defineEvent("Loose", z.looseObject({ a: z.string() }));
    const Strict = defineEvent("Strict", z.strictObject({ a: z.string() }));
    expect(unchecked(Signup)({ name: "Ada", x: 1 })).toEqual({
      type: "Signup",
      data: { name: "Ada", age: 18 },
    });
    expect(unchecked(Loose)({ a: "a", x: 1 })).toEqual({ type: "Loose", data: { a: "a", x: 1 } });
    expect(messageOf(() => unchecked(Strict)({ a: "a", x: 1 }))).toBe(
      'event_invalid: Event `Strict` is not valid. Unrecognized key: "x".',
    );
  });

  test("is refused with the path to each problem", () => {
    expect(messageOf(() => unchecked(Signup)({ name: 1, tags: ["a", 2] }))).toBe(
      "event_invalid: Event `Signup` is not valid. " +
        "`name`: Invalid input: expected string, received number; " +
        "`tags.1`: Invalid input: expected string, received number.",
    );
  });

  test("that is strict can be extended, and stays strict", () => {
    const Strict = defineEvent("Strict", z.strictObject({ a: z.string(), b: z.number() }));
    const More = Strict.extend("More", { b: v.number(), c: v.boolean() });
    const data = { a: "a", b: 1, c: true };
    expect(More(data)).toEqual({ type: "More", data });
    expect(messageOf(() => unchecked(More)({ ...data, d: 1 }))).toBe(
      'event_invalid: Event `More` is not valid. Unrecognized key: "d".',
    );
  });

  test("can be extended with valibot entries", () => {
    const Admin = Signup.extend("Admin", { level: v.optional(v.number(), 1) });
    expect([Admin({ name: "Ada" }), Admin.parents]).toEqual([
      { type: "Admin", data: { name: "Ada", age: 18, level: 1 } },
      ["Signup"],
    ]);
    expect(messageOf(() => unchecked(Admin)({ level: 1 }))).toBe(
      "event_invalid: Event `Admin` is not valid. `name`: Invalid input: expected string, received undefined.",
    );
  });

  test("shows its fields in the same style as any other", () => {
    expect(Signup.jsonSchema).toEqual({
      properties: {
        name: { title: "Name", type: "string" },
        age: {
          default: 18,
          maximum: Number.MAX_SAFE_INTEGER,
          minimum: Number.MIN_SAFE_INTEGER,
          title: "Age",
          type: "integer",
        },
        tags: {
          anyOf: [{ items: { type: "string" }, type: "array" }, { type: "null" }],
          default: null,
          title: "Tags",
        },
      },
      required: ["name"],
      title: "Signup",
      type: "object",
    });
    expect([...Signup.fields]).toEqual(["name", "age", "tags"]);
  });
});

describe("any Standard Schema", () => {
  test("may change what it is given", () => {
    const Doubled = defineEvent(
      "Doubled",
      schemaOf((value) => ({ value: { n: (value as { n: number }).n * 2 } })),
    );
    expect(unchecked(Doubled)({ n: 2 })).toEqual({ type: "Doubled", data: { n: 4 } });
  });

  test("may be a function that is a schema as well", () => {
    const callable = Object.assign(
      () => {},
      schemaOf((value) => ({ value })),
    );
    expect(unchecked(defineEvent("Callable", callable))({ a: 1 })).toEqual({
      type: "Callable",
      data: { a: 1 },
    });
  });

  test("may name a place by keys or by objects with a key", () => {
    const issues = [
      { message: "Bad.", path: ["a", 0] },
      { message: "Worse.", path: [{ key: "b" }, { key: Symbol("s") }] },
      { message: "Whole." },
    ];
    const Refused = defineEvent(
      "Refused",
      schemaOf(() => ({ issues })),
    );
    expect(messageOf(() => unchecked(Refused)({}))).toBe(
      "event_invalid: Event `Refused` is not valid. `a.0`: Bad.; `b.Symbol(s)`: Worse.; Whole..",
    );
  });

  test("shows no fields when it cannot describe itself", () => {
    const Opaque = defineEvent(
      "Opaque",
      schemaOf((value) => ({ value })),
    );
    expect(Opaque.jsonSchema).toEqual({ properties: {}, title: "Opaque", type: "object" });
  });

  test.each([
    ["zod", z.object({ a: z.string().refine(async () => true) })],
    [
      "valibot",
      v.objectAsync({
        a: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ),
      }),
    ],
    ["its own", schemaOf(async (value) => ({ value }))],
  ])("that needs time is refused: %s", (_name, schema) => {
    const Slow = defineEvent("Slow", schema as StandardSchema<object>);
    expect(messageOf(() => unchecked(Slow)({ a: "a" }))).toBe(
      "definition_invalid: Event `Slow` has an asynchronous schema. " +
        "An event is checked at once: check what takes time in a step.",
    );
  });

  test("that makes something else than JSON is refused with the place", () => {
    const Dated = defineEvent("Dated", z.object({ at: z.coerce.date() }) as StandardSchema<object>);
    expect(messageOf(() => unchecked(Dated)({ at: "2020-01-01" }))).toBe(
      "value_not_json: Expected `Dated.data.at` to be JSON, got a Date: " +
        "use plain objects, arrays, strings and numbers.",
    );
  });

  test("takes an object of valibot as a schema like any other", () => {
    const Strict = defineEvent("Strict", v.strictObject({ a: v.string() }));
    expect(Strict({ a: "a" }).data).toEqual({ a: "a" });
    expect(messageOf(() => unchecked(Strict)({ a: "a", b: 1 }))).toBe(
      'event_invalid: Event `Strict` is not valid. `b`: Invalid key: Expected never but received "b".',
    );
  });

  test("shows the fields of an object of valibot as it shows plain ones", () => {
    const fields = { a: v.string(), n: v.optional(v.number(), 3), o: v.optional(v.string()) };
    const plain = defineEvent("Same", fields);
    const whole = defineEvent("Same", v.object(fields));
    expect(whole.jsonSchema).toEqual(plain.jsonSchema);
    expect(whole.jsonSchema["properties"]).toHaveProperty("a");
    expect(whole.fields).toEqual(plain.fields);
  });

  test("is not what a type is extended by", () => {
    const extend = (): unknown => StartEvent.extend("Go", v.object({ a: v.string() }) as never);
    expect(messageOf(extend)).toBe(
      "definition_invalid: Event type `Go`: expected fields, such as `{ text: v.string() }`, " +
        "got a whole schema. What extends a type adds fields to it: pass those of the schema.",
    );
  });
});

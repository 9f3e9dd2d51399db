/** Event types: what they make, what they refuse, and what they know of each other. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { WorkflowError } from "../../src/base/errors.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../src/workflow/builtin.ts";
import { defineEvent, reviveEvent, typeOfEvent } from "../../src/workflow/event.ts";
import { builtinNames } from "../../src/workflow/names.ts";
import { messageOf } from "../base/fixtures.ts";

const Order = defineEvent("Order", {
  sku: v.string(),
  quantity: v.optional(v.number(), 1),
  note: v.optional(v.string()),
  address: v.optional(v.object({ lines: v.array(v.string()) })),
});

/** For calls that the compiler refuses, as a file that is not type-checked may make them. */
type Unchecked = (...args: readonly unknown[]) => unknown;
const unchecked = (type: unknown): Unchecked => type as Unchecked;

test.each([
  ["text", "string", 'the text "string"'],
  ["the class of a value", String, "a function"],
  ["nothing", undefined, "`undefined`"],
])("a field that is described by %s is refused", (_what, schema, got) => {
  const entries = { n: schema } as never;
  const refusal = `Event type \`X\`, field \`n\`: expected a valibot schema, such as \`v.string()\`, got ${got}.`;
  expect(() => defineEvent("X", entries)).toThrow(refusal);
  expect(() => StartEvent.extend("X", entries)).toThrow(refusal);
});

describe("making an event", () => {
  test("fills in defaults, and leaves out what is absent", () => {
    expect(Order({ sku: "a" })).toEqual({ type: "Order", data: { sku: "a", quantity: 1 } });
  });

  test("keeps fields that nobody declared", () => {
    expect(unchecked(Order)({ sku: "a", colour: "red" })).toEqual({
      type: "Order",
      data: { sku: "a", quantity: 1, colour: "red" },
    });
  });

  test("without fields needs no argument", () => {
    expect(defineEvent("Ping")()).toEqual({ type: "Ping", data: {} });
  });

  test("makes it plain data, frozen to its depths and apart from what it was made of", () => {
    const lines = ["1 Main St"];
    const event = Order({ sku: "a", address: { lines } });
    lines.push("changed");
    expect(event.data.address?.lines).toEqual(["1 Main St"]);
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    expect(
      [event, event.data, event.data.address, event.data.address?.lines].every(Object.isFrozen),
    ).toBe(true);
    expect(() => unchecked(Array.prototype.push).call(event.data.address?.lines, "x")).toThrow();
  });

  test("runs the transformations of its schema", () => {
    const Trimmed = defineEvent("Trimmed", { text: v.pipe(v.string(), v.trim()) });
    expect(Trimmed({ text: "  a " }).data).toEqual({ text: "a" });
  });

  test.each([
    ["a field that is missing", {}, '`sku`: Invalid key: Expected "sku" but received undefined'],
    ["a field of another type", { sku: 1 }, "`sku`: Invalid type: Expected string but received 1"],
    [
      "a field deep inside",
      { sku: "a", address: { lines: ["x", 2] } },
      "`address.lines.1`: Invalid type: Expected string but received 2",
    ],
    ["null", null, "Invalid type: Expected Object but received null"],
    ["text", "sku", 'Invalid type: Expected Object but received "sku"'],
    ["a list", [{ sku: "a" }], "Expected Object but got Array"],
  ])("refuses %s, and says where it is wrong", (_what, data, problem) => {
    expect(messageOf(() => unchecked(Order)(data))).toBe(
      `event_invalid: Event \`Order\` is not valid. ${problem}.`,
    );
  });

  test("tells all problems at once, with their paths as data", () => {
    expect.assertions(2);
    try {
      unchecked(Order)({ sku: 1, quantity: "2", address: { lines: 3 } });
    } catch (error) {
      const { message, details } = error as WorkflowError;
      expect(message).toBe(
        "Event `Order` is not valid. `sku`: Invalid type: Expected string but received 1; " +
          '`quantity`: Invalid type: Expected number but received "2"; ' +
          "`address.lines`: Invalid type: Expected Array but received 3.",
      );
      expect(details).toEqual({
        issues: [
          { path: ["sku"], message: "Invalid type: Expected string but received 1" },
          { path: ["quantity"], message: 'Invalid type: Expected number but received "2"' },
          { path: ["address", "lines"], message: "Invalid type: Expected Array but received 3" },
        ],
      });
    }
  });

  test("refuses what is not JSON, declared or not, and names the place", () => {
    expect(messageOf(() => StopEvent({ result: { at: new Date(0) } }))).toBe(
      "value_not_json: Expected `StopEvent.data.result.at` to be JSON, got a Date: " +
        "use plain objects, arrays, strings and numbers.",
    );
  });

  test("keeps fields that are named like parts of every object", () => {
    const data = { constructor: "Ferrari", prototype: "F1-75", toString: 1, a: "x" };
    const Car = defineEvent("Car", { a: v.string() });
    expect([StartEvent.parse(data).data, Car.parse(data).data]).toEqual([data, data]);
  });

  test("lets no field set a prototype, at the top or inside", () => {
    const event = StartEvent.parse(
      JSON.parse('{"__proto__":{"admin":true},"user":{"__proto__":{"admin":true}}}'),
    );
    const { user } = event.data as { user: object };
    expect([event.data, user].map(Object.getPrototypeOf)).toEqual([
      Object.prototype,
      Object.prototype,
    ]);
    expect(["admin" in event.data, "admin" in user, "admin" in {}]).toEqual([false, false, false]);
  });
});

describe("an event type", () => {
  test("knows its own events by their name", () => {
    const other = defineEvent("Other");
    expect([
      Order.is(Order({ sku: "a" })),
      Order.is({ type: "Order", data: {} }),
      Order.is(other()),
      Order.is({ type: "Order" }),
      Order.is("Order"),
      Order.is(null),
      Order.is(undefined),
    ]).toEqual([true, true, false, false, false, false, false]);
  });

  test("does not know the events of a type that extends it", () => {
    const Rush = Order.extend("Rush", {});
    expect([Order.is(Rush({ sku: "a" })), Rush.is(Rush({ sku: "a" }))]).toEqual([false, true]);
  });

  test("parses data of unknown origin as if it were called with it", () => {
    expect(Order.parse({ sku: "a" })).toEqual(Order({ sku: "a" }));
    expect(messageOf(() => Order.parse(undefined))).toBe(
      "event_invalid: Event `Order` is not valid. Invalid type: Expected Object but received undefined.",
    );
  });

  test("shows what it is", () => {
    const Described = defineEvent("Described", { a: v.string() }, { description: "A thing." });
    const { type, family, parents, description } = Described;
    expect({ type, family, parents, description, fields: [...Described.fields] }).toEqual({
      type: "Described",
      family: "event",
      parents: [],
      description: "A thing.",
      fields: ["a"],
    });
    expect(Object.isFrozen(Described)).toBe(true);
  });

  test("is told from a look-alike by who made the event", () => {
    const event = Order({ sku: "a" });
    expect([typeOfEvent(event), typeOfEvent({ ...event }), typeOfEvent(null)]).toEqual([
      Order,
      undefined,
      undefined,
    ]);
  });
});

describe("extending a type", () => {
  const Rush = Order.extend("Rush", { by: v.number() }, { description: "At once." });

  test("adds fields to those that it has", () => {
    expect(Rush({ sku: "a", by: 5 })).toEqual({
      type: "Rush",
      data: { sku: "a", quantity: 1, by: 5 },
    });
    expect([...Rush.fields]).toEqual(["sku", "quantity", "note", "address", "by"]);
  });

  test("replaces a field of the same name", () => {
    const Bulk = Order.extend("Bulk", { quantity: v.pipe(v.number(), v.minValue(100)) });
    expect(messageOf(() => Bulk({ sku: "a", quantity: 1 }))).toBe(
      "event_invalid: Event `Bulk` is not valid. `quantity`: Invalid value: Expected >=100 but received 1.",
    );
  });

  test("names the types on the way, nearest first", () => {
    expect([Rush.parents, Rush.extend("Now", {}).parents]).toEqual([["Order"], ["Rush", "Order"]]);
  });

  test("has a description of its own, or none", () => {
    expect([Rush.description, Rush.extend("Now", {}).description]).toEqual(["At once.", null]);
  });

  test("keeps the family, through any number of types", () => {
    const families = [StartEvent, StopEvent, InputRequiredEvent, HumanResponseEvent].map(
      (type, i) => {
        const child = type.extend(`Child${i}`, {});
        return [child.family, child.extend(`Grandchild${i}`, {}).family];
      },
    );
    expect(families).toEqual([
      ["start", "start"],
      ["stop", "stop"],
      ["input_required", "input_required"],
      ["human_response", "human_response"],
    ]);
  });

  test("leaves the type that it extends as it was", () => {
    expect(Order({ sku: "a" }).data).toEqual({ sku: "a", quantity: 1 });
    expect(Order.fields.has("by")).toBe(false);
  });
});

describe("the open types", () => {
  test("take any field, or none", () => {
    expect([StartEvent(), StartEvent({ a: [1] }), StopEvent({ result: 1, more: "x" })]).toEqual([
      { type: "StartEvent", data: {} },
      { type: "StartEvent", data: { a: [1] } },
      { type: "StopEvent", data: { result: 1, more: "x" } },
    ]);
  });

  test("extended, still keep fields that nobody declared", () => {
    const Start = StartEvent.extend("Start", { topic: v.string() });
    expect<object>(Start.parse({ topic: "a", more: 1 }).data).toEqual({ topic: "a", more: 1 });
  });

  test("know `result` as a field of a stop event, and of its extensions", () => {
    expect([[...StopEvent.fields], [...StopEvent.extend("End", { a: v.string() }).fields]]).toEqual(
      [["result"], ["result", "a"]],
    );
  });
});

describe("names", () => {
  const rule =
    "Expected the name of an event type to start with a letter and go on with letters, digits, " +
    "`_`, `.` or `-`, 128 at most, got";

  test.each(["A", "_a", "Ünï", "日本", "a.b-c_1", "a".repeat(128)])("%s is one", (name) => {
    expect(defineEvent(name).type).toBe(name);
  });

  test.each([
    ["", '""'],
    ["1a", '"1a"'],
    ["a b", '"a b"'],
    ["a/b", '"a/b"'],
    ["a\n", '"a\\n"'],
    ["-a", '"-a"'],
    ["a".repeat(129), `"${"a".repeat(129)}"`],
    [undefined, "undefined"],
    [7, "7"],
  ])("%p is none", (name, shown) => {
    expect(messageOf(() => unchecked(defineEvent)(name))).toBe(
      `definition_invalid: ${rule} ${shown}.`,
    );
    expect(messageOf(() => unchecked(Order.extend)(name, {}))).toBe(
      `definition_invalid: ${rule} ${shown}.`,
    );
  });

  test.each([...builtinNames])("%s is taken", (name) => {
    expect(messageOf(() => defineEvent(name))).toBe(
      `definition_invalid: \`${name}\` is a built-in event type. ` +
        "Import it from `workflows-server`, or choose another name.",
    );
  });
});

describe("an event from the journal", () => {
  test("is frozen as it was when it was made", () => {
    const stored = JSON.parse('{"type":"Order","data":{"sku":"a","address":{"lines":["x"]}}}');
    const event = reviveEvent(stored);
    const data = event.data as { address: { lines: unknown[] } };
    expect(event).toEqual(stored);
    expect([event, data, data.address, data.address.lines].every(Object.isFrozen)).toBe(true);
  });

  test("is given back as it is when it is still the one that was made", () => {
    const event = Order({ sku: "a" });
    expect(reviveEvent(event)).toBe(event);
  });
});

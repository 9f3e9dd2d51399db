/** Events on the wire: where fields stand, in which order, and that they come back. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import type { JsonObject } from "../../src/base/json.ts";
import { encodeEnvelope, type Envelope, envelopeSchema } from "../../src/protocol/envelope.ts";
import { fromWireValue, type WireType } from "../../src/protocol/wire-value.ts";

function wireType(overrides: Partial<WireType> = {}): WireType {
  return { type: "Order", family: "event", parents: [], fields: new Set(["a", "b"]), ...overrides };
}

/** As whoever reads the text will see it. */
function toEnvelope(type: WireType, data: JsonObject, qualifiedName: string): Envelope {
  const text = encodeEnvelope(type, data, qualifiedName);
  return JSON.parse(text) as Envelope;
}

/** Data as a parser makes it, with whatever names. */
const parsed = (json: string): JsonObject => JSON.parse(json) as JsonObject;

describe("an envelope", () => {
  test("has its keys in the order of the wire", () => {
    const envelope = toEnvelope(wireType({ parents: ["Base"] }), { b: 2, a: 1 }, "shop.Order");
    expect(JSON.stringify(envelope)).toBe(
      '{"value":{"b":2,"a":1},"qualified_name":"shop.Order","type":"Order","types":["Base"]}',
    );
    expect(v.is(envelopeSchema, envelope)).toBe(true);
  });

  test("has null for no parents, and not an empty list", () => {
    expect(toEnvelope(wireType(), {}, "x").types).toBeNull();
  });

  test("puts what is not declared under `_data`", () => {
    const { value } = toEnvelope(wireType(), { x: 1, a: 2, y: null }, "x");
    expect(value).toEqual({ a: 2, _data: { x: 1, y: null } });
  });

  test("of a plain stop event shows no result where there is none", () => {
    const stop = wireType({ type: "StopEvent", family: "stop", fields: new Set(["result"]) });
    expect(toEnvelope(stop, { result: null }, "x").value).toEqual({});
    expect(toEnvelope(stop, { result: 0 }, "x").value).toEqual({ result: 0 });
    const rest = { total: null, result: null, x: null };
    const end = wireType({ type: "End", family: "stop", fields: new Set(["result", "total"]) });
    expect(toEnvelope(end, rest, "x").value).toEqual({ total: null, _data: { x: null } });
    // Any other event may well have a field of that name that is null.
    const event = wireType({ fields: new Set(["result"]) });
    expect(toEnvelope(event, { result: null }, "x").value).toEqual({ result: null });
  });

  test("keeps a field called `__proto__` as data", () => {
    const data = parsed('{"a":1,"__proto__":{"polluted":1}}');
    const { value } = toEnvelope(wireType(), data, "x");
    expect(JSON.stringify(value)).toBe('{"a":1,"_data":{"__proto__":{"polluted":1}}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("a value", () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    ['{"a":1,"_data":{"x":2}}', { a: 1, x: 2 }],
    ['{"_data":{}}', {}],
    // What is declared wins over what claims to be extra.
    ['{"a":1,"_data":{"a":2}}', { a: 1 }],
    // A field of that name that is no such thing stays one.
    ['{"a":1,"_data":5}', { a: 1, _data: 5 }],
    ['{"_data":[1]}', { _data: [1] }],
    ['{"_data":null}', { _data: null }],
  ])("%s stands for its fields", (json, data) => {
    expect(fromWireValue(parsed(json))).toEqual(data);
  });

  test("of an envelope stands for the data that was put in", () => {
    for (const data of [{}, { a: 1 }, { x: 1 }, { a: null, x: { _data: 1 }, y: [] }]) {
      expect(fromWireValue(toEnvelope(wireType(), data, "x").value)).toEqual(data);
    }
  });

  test("cannot set a prototype", () => {
    const data = fromWireValue(
      parsed('{"_data":{"__proto__":{"polluted":1}},"__proto__":{"b":1}}'),
    );
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect((data as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

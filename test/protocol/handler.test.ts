/** The record of a handler: its keys, its times, and its bare result. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import {
  type HandlerFacts,
  handlerSchema,
  resultSchema,
  toHandlerBody,
  toHandlerJson,
  unwrapResult,
} from "../../src/protocol/handler.ts";
import { isTerminal, runStatuses } from "../../src/protocol/status.ts";

const startedAt = Date.UTC(2026, 10, 22, 11, 4, 4, 466);

function facts(overrides: Partial<HandlerFacts> = {}): HandlerFacts {
  return {
    handlerId: "h",
    workflowName: "w",
    runId: "r",
    error: null,
    result: null,
    status: "running",
    startedAt,
    updatedAt: startedAt + 4,
    completedAt: null,
    ...overrides,
  };
}

const envelopeOf = (type: string, value: object, qualifiedName: string | null = null): string =>
  JSON.stringify({ value, qualified_name: qualifiedName, type, types: null });

describe("a record as text", () => {
  const odd = ',"result":null,';
  const result = envelopeOf(odd, { a: [odd, "$&", "\ud800"] });

  test.each([
    facts(),
    facts({ status: "completed", result, completedAt: startedAt + 4 }),
    facts({ handlerId: odd, workflowName: odd, error: odd, result }),
    facts({ handlerId: `h"${odd}`, error: "\ud800 \u2028", status: "failed" }),
  ])("is what the record is written as: %#", (run) => {
    expect(toHandlerJson(run)).toBe(JSON.stringify(toHandlerBody(run)));
  });
});

describe("a record", () => {
  test("has its keys in the order of the wire, and times with an offset", () => {
    expect(JSON.stringify(toHandlerBody(facts()))).toBe(
      '{"handler_id":"h","workflow_name":"w","run_id":"r","error":null,"result":null,"status":"running",' +
        '"started_at":"2026-11-22T11:04:04.466+00:00","updated_at":"2026-11-22T11:04:04.470+00:00","completed_at":null}',
    );
  });

  test.each([...runStatuses])("is as its schema says when %s", (status) => {
    const result = status === "completed" ? envelopeOf("StopEvent", { result: 1 }) : null;
    const body = toHandlerBody(
      facts({ status, result, ...(isTerminal(status) && { completedAt: startedAt + 9 }) }),
    );
    expect(v.is(handlerSchema, body)).toBe(true);
    expect(v.is(resultSchema, unwrapResult(body))).toBe(true);
    expect(body.completed_at).toBe(isTerminal(status) ? "2026-11-22T11:04:04.475+00:00" : null);
  });

  test("holds together from the first to the last day that there is", () => {
    expect(toHandlerBody(facts({ startedAt: 0 })).started_at).toBe("1970-01-01T00:00:00.000+00:00");
    const late = toHandlerBody(facts({ startedAt: 253_402_300_799_999 }));
    expect(late.started_at).toBe("9999-12-31T23:59:59.999+00:00");
  });
});

describe("a bare result", () => {
  test.each([
    ["a plain stop event", envelopeOf("StopEvent", { result: { a: 1 } }), { a: 1 }],
    ["a plain stop event without one", envelopeOf("StopEvent", {}), null],
    ["a plain stop event with null", envelopeOf("StopEvent", { result: null }), null],
    ["a plain stop event with false", envelopeOf("StopEvent", { result: false }), false],
    [
      "an event with fields",
      envelopeOf("Shipped", { tracking: "x", result: 1 }),
      { tracking: "x", result: 1 },
    ],
    ["an event without fields", envelopeOf("Shipped", {}), {}],
    ["no event", null, null],
  ])("of %s", (_title, result, bare) => {
    expect(unwrapResult(toHandlerBody(facts({ status: "completed", result }))).result).toEqual(
      bare,
    );
  });

  test("leaves the rest as it was", () => {
    const body = toHandlerBody(facts({ result: envelopeOf("StopEvent", { result: 1 }) }));
    expect({ ...unwrapResult(body), result: null }).toEqual({ ...body, result: null });
    expect(Object.keys(unwrapResult(body))).toEqual(Object.keys(body));
  });
});

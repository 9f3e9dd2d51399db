/** The forms in which clients send events: all that are meant alike are taken alike. */
import { afterAll, describe, expect, test } from "bun:test";

import { refusal } from "../support/bodies.ts";
import { openServer, seen } from "../support/server.ts";
import { titled } from "../support/titles.ts";
import { workflows } from "../wire/workflows.ts";

const host = openServer({}, workflows);
afterAll(() => host.server.close());

const run = (workflow: string, body: unknown) => host.post(`/workflows/${workflow}/run`, body);

describe("a start event", () => {
  test.each(
    titled<object>([
      { start_event: { a: 2, b: 3 } },
      { start_event: '{"a":2,"b":3}' },
      { start_event: { type: "MathStart", value: { a: 2, b: 3 } } },
      { start_event: { type: "MathStart", data: { a: 2, b: 3 }, qualified_name: null } },
      { start_event: { value: { a: 2, b: 3 }, qualified_name: "some.module.MathStart" } },
      { start_event: { type: "Unknown", qualified_name: "x.MathStart", value: { a: 2, b: 3 } } },
      { start_event: { __is_pydantic: true, qualified_name: "MathStart", value: { a: 2, b: 3 } } },
      { start_event: '{"type":"MathStart","value":{"a":2,"b":3}}' },
      { start_event: { a: "2", b: 3.0 } },
      { start_event: { a: 2, b: "3", _data: { c: 1 } } },
      { start_event: { _data: { a: 2, b: 3 } } },
      { kwargs: { a: 2, b: 3 } },
      { start_event: { a: 2, b: 3 }, kwargs: { a: 9, b: 9 }, more: 1 },
    ]),
  )("%s", async (_title, body) => {
    expect(await run("math", body)).toMatchObject({
      status: 200,
      body: { result: { type: "MathStop", value: { sum: 5, product: 6 } } },
    });
  });

  test.each(titled<object>([{}, { start_event: null }, { kwargs: null }, { start_event: {} }]))(
    "of nothing: %s",
    async (_title, body) => {
      expect(await run("greet", body)).toMatchObject({
        status: 200,
        body: { result: { value: { result: "Hello, World!" } } },
      });
    },
  );

  test("may have a field called `type`", async () => {
    expect(await run("greet", { start_event: { type: "x", name: "Ada" } })).toMatchObject({
      body: { result: { value: { result: "Hello, Ada!" } } },
    });
  });

  test("may not be null where a field has a default that is not", async () => {
    expect(await run("math", { start_event: { a: 1, b: null } })).toMatchObject({
      status: 400,
      body: { code: "event_invalid", detail: expect.stringMatching(/^Validation error.*`b`/) },
    });
  });

  const prefix = "Validation error for 'start_event': ";
  test.each(
    titled<readonly [unknown, string, unknown]>([
      [
        { type: "Answer", value: { answer: "x" } },
        "event_type_unknown",
        "Start event must be an instance of `HitlStart`, got `Answer`.",
      ],
      [
        { type: "Nope", value: {} },
        "event_type_unknown",
        `${prefix}Invalid event type: Nope. Expected one of HitlStart, Ask, Answer, StopEvent`,
      ],
      [
        { value: { topic: "x" } },
        "event_invalid",
        `${prefix}Invalid client data. Must have a type or a qualified name, got an object with \`value\`.`,
      ],
      ...["text", "[1]", "5", [1], 5, true, "", '"text"'].map(
        (input) =>
          [
            input,
            "event_invalid",
            `${prefix}Failed to deserialize event. Must be a json object, or stringified json object`,
          ] as const,
      ),
    ]),
  )("%s is refused", async (_title, [input, code, detail]) => {
    expect(seen(await run("hitl", { start_event: input }))).toEqual(refusal(400, code, detail));
  });

  test("with fields that are wrong says which, one by one", async () => {
    const answer = await run("math", { start_event: { a: "x", b: 1.5 } });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: "event_invalid",
        detail: expect.stringMatching(
          /^Validation error for 'start_event': Failed to deserialize event: .*`a`: .*`b`: /,
        ),
        details: { issues: [{ path: ["a"] }, { path: ["b"] }] },
      },
    });
  });
});

describe("an event that is sent", () => {
  test.each(
    titled<unknown>([
      { type: "Answer", value: { answer: "x" } },
      { type: "Answer", data: { answer: "x" } },
      { qualified_name: "corpus.Answer", value: { answer: "x" } },
      { type: "Other", qualified_name: "corpus.Answer", value: { answer: "x" } },
      { type: "Answer", value: { _data: {}, answer: "x" }, types: ["HumanResponseEvent"] },
      '{"type":"Answer","data":{"answer":"x"}}',
      '{"__is_pydantic":true,"qualified_name":"corpus.Answer","value":{"answer":"x"}}',
    ]),
  )("%s", async (_title, event) => {
    const id = await host.start("hitl", { start_event: { topic: "t" } });
    expect((await host.post(`/events/${id}`, { event, step: null })).status).toBe(200);
    await host.ended(id);
    expect((await host.ask(`GET /results/${id}`)).body).toMatchObject({ result: "t: x" });
  });

  test("is not looked at when the run has ended", async () => {
    const { body } = await run("greet", {});
    const { handler_id: id } = body as { handler_id: string };
    for (const event of [{ type: "Nope" }, "no JSON", 5, [1]]) {
      expect(await host.post(`/events/${id}`, { event })).toMatchObject({
        status: 409,
        body: { code: "handler_finished" },
      });
    }
  });
});

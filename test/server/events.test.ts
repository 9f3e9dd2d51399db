/** Reading and sending events: every status, with its exact body. */
import { afterAll, describe, expect, test } from "bun:test";

import { workflows } from "../wire/workflows.ts";
import { openServer, seen } from "../support/server.ts";
import { refusal } from "../support/bodies.ts";
import { serverWorkflows } from "../support/workflows.ts";

const host = openServer({}, [...serverWorkflows, ...workflows]);
const { ask, post } = host;
afterAll(() => host.server.close());

describe("events", () => {
  test("GET /events/{handler_id} 200 with SSE and with NDJSON", async () => {
    const handlerId = await host.start("ticker", { start_event: { ticks: 2 } });
    await host.ended(handlerId);
    const sse = await ask(`GET /events/${handlerId}?after_sequence=-1`);
    expect(sse.status).toBe(200);
    expect(Object.fromEntries(sse.headers)).toEqual({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-accel-buffering": "no",
    });
    const tick = (index: number): string =>
      JSON.stringify({
        value: { index, text: `\n\nid: 0\rdata: \u2028${index}` },
        qualified_name: "ticker.Tick",
        type: "Tick",
        types: null,
      });
    const stop =
      '{"value":{"result":2},"qualified_name":"workflows.events.StopEvent","type":"StopEvent","types":null}';
    const ids = [...sse.text.matchAll(/^id: (\d+)$/gm)].map(([, number]) => number);
    expect(ids).toHaveLength(3);
    expect(sse.text).toBe(
      [tick(0), tick(1), stop].map((data, i) => `id: ${ids[i]}\ndata: ${data}\n\n`).join(""),
    );
    const lines = await ask(`GET /events/${handlerId}?after_sequence=-1&sse=false`);
    expect(lines.headers.get("content-type")).toBe("application/x-ndjson");
    expect(lines.text).toBe(`${tick(0)}\n${tick(1)}\n${stop}\n`);
  });

  test("GET /events/{handler_id} 204 when nothing is left to come", async () => {
    const handlerId = await host.start("echo");
    await host.ended(handlerId);
    for (const query of ["", "?after_sequence=now", "?after_sequence=9999", "?sse=false"]) {
      const answer = await ask(`GET /events/${handlerId}${query}`);
      expect([answer.status, answer.text]).toEqual([204, ""]);
    }
  });

  test.each(["x", "1.5", "1e3", "0x1", "", "--1"])(
    "GET /events/{handler_id}?after_sequence=%s 400",
    async (word) => {
      const handlerId = await host.start("echo");
      const answer = await ask(`GET /events/${handlerId}?after_sequence=${word}`);
      const detail = `Invalid after_sequence: '${word.replace("+", " ")}'`;
      expect(seen(answer)).toEqual(refusal(400, "request_invalid", detail));
    },
  );

  test("POST /events/{handler_id} 200, then 409 when the run has ended", async () => {
    const handlerId = await host.start("waiting");
    const next = { event: { type: "Next", value: {} } };
    expect(seen(await post(`/events/${handlerId}`, next))).toEqual({
      status: 200,
      body: { status: "sent" },
    });
    await host.ended(handlerId);
    expect(seen(await post(`/events/${handlerId}`, next))).toEqual({
      status: 409,
      body: {
        detail: "Workflow already completed",
        code: "handler_finished",
        details: { handlerId },
      },
    });
  });

  test("POST /events/{handler_id} 400 for a body, then 404 for a handler, then 400 for an event", async () => {
    const handlerId = await host.start("waiting");
    const rows = [
      ["nobody", {}, 400, "Event data is required", "request_invalid"],
      ["nobody", { event: "" }, 400, "Event data is required", "request_invalid"],
      ["nobody", { event: [] }, 400, "Event data is required", "request_invalid"],
      ["nobody", { event: {} }, 400, "Event data is required", "request_invalid"],
      ["nobody", { event: { type: "Next" } }, 404, "Handler not found", "handler_not_found"],
      [
        handlerId,
        { event: { type: "Nope", value: {} } },
        400,
        "Invalid event type: Nope. Expected one of StartEvent, StopEvent, Next",
        "event_type_unknown",
      ],
      [
        handlerId,
        { event: "[1]" },
        400,
        "Failed to deserialize event. Must be a json object, or stringified json object",
        "event_invalid",
      ],
      [
        handlerId,
        { event: { type: "Next", value: 5 } },
        400,
        "Failed to deserialize event: expected `value` to be an object with the fields of `Next`, got 5.",
        "event_invalid",
      ],
      [
        handlerId,
        { event: { type: "Next" }, step: "none" },
        400,
        "Expected `step` to be a step of workflow `waiting` (`wait`), got `none`.",
        "step_unknown",
      ],
    ] as const;
    for (const [handler, body, status, detail, code] of rows) {
      expect(seen(await post(`/events/${handler}`, body))).toEqual(refusal(status, code, detail));
    }
    expect((await ask(`POST /events/${handlerId}`, { body: " ".repeat(2 ** 20 + 1) })).status).toBe(
      413,
    );
    // None of it has moved the run.
    expect((await ask(`GET /handlers/${handlerId}`)).status).toBe(202);
  });
});

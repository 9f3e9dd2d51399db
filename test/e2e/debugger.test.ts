/**
 * What the peer's debugger (0.2.42) asks of a server and needs in the answers, as plain HTTP: one
 * test for each of its conversations, with its very requests.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { openServer } from "../support/server.ts";
import { type Frame, readAllFrames, readFramesUntil } from "../support/sse.ts";
import { workflows } from "../wire/workflows.ts";

const host = openServer({}, workflows);
let url: URL;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
});
afterAll(() => host.server.close());

/** As its page does: a browser, at the server's own address. */
function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = {
    accept: "*/*",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    ...(init.method === "POST" && { "content-type": "application/json", origin: url.origin }),
    ...(init.headers as Record<string, string> | undefined),
  };
  return fetch(new URL(path, url), { ...init, headers });
}

async function read(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await ask(path, init);
  return { status: response.status, body: await response.json() };
}

const post = (path: string, body: unknown) =>
  read(path, { method: "POST", body: JSON.stringify(body) });

async function start(workflow: string, startEvent: object = {}): Promise<string> {
  const { body } = await post(`/workflows/${workflow}/run-nowait`, { start_event: startEvent });
  return (body as { handler_id: string }).handler_id;
}

/** As an EventSource asks. */
function subscribe(id: string, more: string = "", lastEventId?: string): Promise<Response> {
  return ask(`/events/${id}?sse=true&include_internal=true${more}`, {
    headers: {
      accept: "text/event-stream",
      "cache-control": "no-cache",
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
  });
}

interface Envelope {
  readonly value: Record<string, unknown>;
  readonly qualified_name: string | null;
  readonly type: string;
  readonly types: readonly string[] | null;
}
const envelopeOf = ({ data }: Frame): Envelope => JSON.parse(data) as Envelope;
const isStop = (frame: Frame): boolean => {
  const { type, types } = envelopeOf(frame);
  return [type, ...(types ?? [])].includes("StopEvent");
};

describe("its page", () => {
  test("1: finds the server well", async () => {
    const { status, body } = await read("/health");
    expect(status).toBe(200);
    expect((body as { status: string }).status).toBeString();
  });

  test("2: lists the workflows, twice alike", async () => {
    const answers = await Promise.all([read("/workflows"), read("/workflows")]);
    expect(answers[0]).toEqual({
      status: 200,
      body: { workflows: workflows.map(([name]) => name) },
    });
    expect(answers[1]).toEqual(answers[0]);
  });

  test("3: lists the runs, each with its id and its workflow", async () => {
    const id = await start("hitl", { topic: "a" });
    const { body } = await read("/handlers");
    const { handlers } = body as { handlers: { handler_id: string; workflow_name: string }[] };
    expect(handlers.filter((handler) => handler.handler_id === id)).toMatchObject([
      { handler_id: id, workflow_name: "hitl" },
    ]);
  });

  test("4: makes a form of the schema of a start event", async () => {
    const { body } = await read("/workflows/math/schema");
    expect(body).toMatchObject({
      start: {
        properties: { a: { type: "integer", title: "A" }, b: { default: 2 } },
        required: ["a"],
      },
    });
    const { body: open } = await read("/workflows/greet/schema");
    // No fields to fill in: it shows a box for JSON instead.
    expect((open as { start: { properties: object } }).start.properties).toEqual({});
  });

  test("5: starts a run with its fields alone", async () => {
    const { status, body } = await post("/workflows/math/run-nowait", { start_event: { a: 1 } });
    expect(status).toBe(200);
    expect((body as { handler_id: string }).handler_id).toMatch(/^[A-Za-z0-9]+$/);
    const refused = await post("/workflows/math/run-nowait", { start_event: {} });
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
  });

  test("6: draws the graph", async () => {
    const { body } = await read("/workflows/hitl/representation");
    const { graph } = body as {
      graph: {
        nodes: { id: string; label: string; node_type: string; event_type?: string }[];
        edges: { source: string; target: string }[];
      };
    };
    const ids = graph.nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, label, node_type: type } of graph.nodes) {
      expect([id, label, type]).toEqual([
        expect.any(String),
        expect.any(String),
        expect.any(String),
      ]);
    }
    // Every edge ends at nodes that are there; an event lights up under its own name.
    for (const { source, target } of graph.edges) {
      expect([ids.includes(source), ids.includes(target)]).toEqual([true, true]);
    }
    const events = graph.nodes.filter(({ node_type: type }) => type === "event");
    expect(events.map(({ id }) => id)).toContain("Ask");
    for (const { id, event_type: type } of events) expect(type).toBe(id);
  });

  test("7: opens a run: the whole record, whatever has become of it", async () => {
    const [running, failed, done] = [
      await start("hitl", { topic: "a" }),
      await start("fail"),
      await start("math", { a: 1 }),
    ];
    await host.ended(failed);
    await host.ended(done);
    const cancelled = await start("wait");
    expect((await read(`/handlers/${cancelled}/cancel`, { method: "POST" })).status).toBe(200);
    const rows = [
      [running, 202, "running", null],
      [done, 200, "completed", null],
      [failed, 500, "failed", "kaboom"],
      [cancelled, 500, "cancelled", null],
    ] as const;
    for (const [id, status, word, error] of rows) {
      expect(await read(`/handlers/${id}`)).toMatchObject({
        status,
        body: { handler_id: id, status: word, error },
      });
    }
  });
});

describe("its stream", () => {
  test("8: has frames of `id` and `data` alone, each an envelope", async () => {
    const id = await start("hitl", { topic: "tea" });
    const response = await subscribe(id, "&after_sequence=-1");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    // The reader refuses any frame that is not of these two lines.
    const frames = await readFramesUntil(response, (frame) => envelopeOf(frame).type === "Ask");
    for (const frame of frames) {
      expect(frame.id).toMatch(/^\d+$/);
      const envelope = envelopeOf(frame);
      expect(Object.keys(envelope)).toEqual(["value", "qualified_name", "type", "types"]);
      expect(envelope.types === null || envelope.types.length > 0).toBe(true);
    }
    const [first] = frames.map(envelopeOf);
    expect(first).toMatchObject({
      type: "StepStateChanged",
      value: { name: "ask", step_state: "running", input_event_name: "HitlStart" },
    });
  });

  test("8: by default begins with what comes", async () => {
    const id = await start("hitl", { topic: "tea" });
    await readFramesUntil(await subscribe(id, "&after_sequence=-1"), (frame) =>
      frame.data.includes("WorkflowIdleEvent"),
    );
    const live = readAllFrames(await subscribe(id));
    await post(`/events/${id}`, { event: '{"type":"Answer","data":{"answer":"green"}}' });
    const types = (await live).map((frame) => envelopeOf(frame).type);
    expect(types).not.toContain("Ask");
    expect(types.at(-1)).toBe("StopEvent");
  });

  test("9: ends after the event that says stop, and then the record says how", async () => {
    for (const [workflow, event, status, last] of [
      ["math", { a: 1 }, "completed", "MathStop"],
      ["fail", {}, "failed", "WorkflowFailedEvent"],
      ["limit", {}, "failed", "WorkflowTimedOutEvent"],
    ] as const) {
      const id = await start(workflow, event);
      const frames = await readAllFrames(await subscribe(id, "&after_sequence=-1"));
      expect(frames.filter(isStop)).toHaveLength(1);
      expect(envelopeOf(frames.at(-1) as Frame)).toMatchObject({
        type: last,
        types: ["StopEvent"],
      });
      const { body } = await read(`/handlers/${id}`);
      expect(body).toMatchObject({ status });
    }
  });

  test("9: of a run that is cancelled ends with that", async () => {
    const id = await start("wait");
    const frames = readAllFrames(await subscribe(id, "&after_sequence=-1"));
    await read(`/handlers/${id}/cancel`, { method: "POST" });
    expect(envelopeOf((await frames).at(-1) as Frame)).toMatchObject({
      type: "WorkflowCancelledEvent",
      value: {},
      types: ["StopEvent"],
    });
  });

  test("10: taken up again after the end is over: 204, so that no browser comes back", async () => {
    const id = await start("math", { a: 1 });
    const frames = await readAllFrames(await subscribe(id, "&after_sequence=-1"));
    const last = frames.at(-1)?.id ?? "";
    for (const answer of [
      await subscribe(id, "", last),
      await subscribe(id, `&after_sequence=${last}`),
      await subscribe(id, "&after_sequence=-1", last),
      await subscribe(id),
    ]) {
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
    }
    // Taken up again before the end, it has the rest.
    const rest = await readAllFrames(await subscribe(id, "", frames[0]?.id));
    expect(rest.map(({ text }) => text)).toEqual(frames.slice(1).map(({ text }) => text));
  });

  test("workers of a step come and go, and none stays in the end", async () => {
    const id = await start("fanout", { n: 6 });
    const frames = await readAllFrames(await subscribe(id, "&after_sequence=-1"));
    const atWork = new Set<string>();
    for (const { type, value } of frames.map(envelopeOf)) {
      if (type !== "StepStateChanged") continue;
      const worker = `${String(value["name"])} ${String(value["worker_id"])}`;
      if (value["step_state"] === "running") atWork.add(worker);
      else if (value["step_state"] === "not_running") atWork.delete(worker);
      else expect(value).toMatchObject({ step_state: "preparing", worker_id: "<enqueued>" });
      expect([...atWork].filter((each) => each.startsWith("work ")).length).toBeLessThanOrEqual(2);
    }
    expect([...atWork]).toEqual([]);
  });
});

describe("its dialog", () => {
  test("11: offers the events of a workflow by their titles, with their fields", async () => {
    const { body } = await read("/workflows/wait/events");
    const { events } = body as {
      events: { title: string; properties: object; required?: string[] }[];
    };
    const approval = events.find(({ title }) => title === "Approval");
    expect(approval).toMatchObject({
      properties: { approved: { type: "boolean" }, by: { type: "string" } },
      required: ["approved", "by"],
    });
  });

  test("12: sends one as a string, with `data` for its fields", async () => {
    const id = await start("wait");
    const send = (data: object) =>
      post(`/events/${id}`, { event: JSON.stringify({ type: "Approval", data }) });
    expect(await send({ approved: "perhaps", by: "ada" })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("approved") },
    });
    expect(await post(`/events/${id}`, { event: '{"type":"Nope","data":{}}' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/^Invalid event type: Nope\. Expected one of /) },
    });
    expect(await send({ approved: true, by: "ada" })).toEqual({
      status: 200,
      body: { status: "sent" },
    });
    await host.ended(id);
    expect(await send({ approved: true, by: "ada" })).toMatchObject({
      status: 409,
      body: { detail: "Workflow already completed" },
    });
  });
});

describe("its page on another origin", () => {
  const origin = "http://localhost:3000";

  test("may do all of it where that origin is listed", async () => {
    await using other = openServer({ corsOrigins: [origin] }, workflows);
    const serving = await other.server.serve({ host: "127.0.0.1", port: 0 });
    const preflight = await fetch(new URL("/workflows/math/run-nowait", serving.url), {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.ok).toBe(true);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type");
    const started = await fetch(new URL("/workflows/math/run-nowait", serving.url), {
      method: "POST",
      headers: { origin, "content-type": "application/json", "sec-fetch-site": "cross-site" },
      body: '{"start_event":{"a":1}}',
    });
    expect(started.status).toBe(200);
    expect(started.headers.get("access-control-allow-origin")).toBe(origin);
    expect(started.headers.get("access-control-allow-credentials")).toBe("true");
    const { handler_id: id } = (await started.json()) as { handler_id: string };
    const stream = await fetch(new URL(`/events/${id}?after_sequence=-1`, serving.url), {
      headers: { origin, accept: "text/event-stream" },
    });
    expect(stream.headers.get("access-control-allow-origin")).toBe(origin);
    expect(await stream.text()).toContain("MathStop");
  });
});

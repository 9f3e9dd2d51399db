/** What the server is and has, and which methods its paths take. */
import { afterAll, describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/index.ts";
import { version } from "../../src/server/version.ts";
import { workflows } from "../wire/workflows.ts";
import { openServer, seen } from "../support/server.ts";
import { jsonHeaders, refusal } from "../support/bodies.ts";
import { serverWorkflows } from "../support/workflows.ts";

const host = openServer({}, [...serverWorkflows, ...workflows]);
const { ask } = host;
afterAll(() => host.server.close());

describe("what there is", () => {
  test("GET /health 200", async () => {
    await host.server.start();
    const answer = await ask("GET /health");
    expect(seen(answer)).toEqual({ status: 200, body: { status: "healthy" } });
    expect(Object.fromEntries(answer.headers)).toEqual({ ...jsonHeaders, "content-length": "20" });
  });

  test("GET /health 503 until the store is open", async () => {
    const opened = Promise.withResolvers<void>();
    class SlowStore extends MemoryStore {
      override async open(): ReturnType<MemoryStore["open"]> {
        await opened.promise;
        return super.open();
      }
    }
    await using slow = openServer({ store: new SlowStore() });
    const before = await slow.ask("GET /health");
    expect(seen(before)).toEqual({ status: 503, body: { status: "unhealthy" } });
    // What needs the store waits for it.
    const list = slow.ask("GET /handlers");
    expect(await Promise.race([list, slow.ask("GET /health")])).toMatchObject({ status: 503 });
    opened.resolve();
    expect(seen(await list)).toEqual({ status: 200, body: { handlers: [] } });
    expect(seen(await slow.ask("GET /health"))).toEqual({
      status: 200,
      body: { status: "healthy" },
    });
  });

  test("GET /workflows 200, in the order of registration", async () => {
    const names = [...serverWorkflows, ...workflows].map(([name]) => name);
    expect(seen(await ask("GET /workflows"))).toEqual({ status: 200, body: { workflows: names } });
  });

  test("GET /workflows/{name}/schema 200", async () => {
    const answer = await ask("GET /workflows/hitl/schema");
    expect(seen(answer)).toEqual({
      status: 200,
      body: {
        start: {
          properties: { topic: { title: "Topic", type: "string" } },
          required: ["topic"],
          title: "HitlStart",
          type: "object",
        },
        stop: expect.objectContaining({ title: "StopEvent", type: "object" }),
      },
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject(jsonHeaders);
  });

  test("GET /workflows/{name}/events 200", async () => {
    const { status, body } = await ask("GET /workflows/hitl/events");
    const titles = (body as { events: { title: string }[] }).events.map(({ title }) => title);
    expect({ status, titles: titles.sort() }).toEqual({
      status: 200,
      titles: ["Answer", "Ask", "HitlStart", "StopEvent"],
    });
  });

  test("GET /workflows/{name}/representation 200", async () => {
    const { status, body } = await ask("GET /workflows/echo/representation");
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        graph: {
          name: "echo",
          edges: [
            { source: "StartEvent", target: "echo", label: null },
            { source: "echo", target: "StopEvent", label: null },
          ],
        },
      },
    });
  });

  test.each([
    ["GET /workflows/none/schema", "Workflow not found"],
    ["GET /workflows/none/representation", "Workflow not found"],
    ["GET /workflows/none/events", "Workflow 'none' not found"],
    ["POST /workflows/none/run", "Workflow not found"],
    ["POST /workflows/none/run-nowait", "Workflow not found"],
  ])("%s 404", async (line, detail) => {
    expect(seen(await ask(line))).toEqual(refusal(404, "workflow_not_found", detail));
  });

  test("GET /openapi.json 200", async () => {
    const { status, body } = await ask("GET /openapi.json");
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: "3.1.0", info: { version } });
  });

  test("GET / 200: the page, which can load nothing from elsewhere and be framed by nobody", async () => {
    const { status, headers, text } = await ask("GET /");
    expect(status).toBe(200);
    expect(text).toStartWith("<!doctype html>");
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });
});

describe("methods", () => {
  test.each([
    ["PUT /workflows/echo/run", "POST"],
    ["GET /workflows/echo/run", "POST"],
    ["DELETE /handlers/x", "GET, HEAD"],
    ["POST /health", "GET, HEAD"],
    ["PATCH /events/x", "GET, HEAD, POST"],
    ["OPTIONS /handlers", "GET, HEAD"],
    ["OPTIONS /workflows/echo/run-nowait", "POST"],
    ["POST /openapi.json", "GET, HEAD"],
  ])("%s 405, and what is allowed", async (line, allow) => {
    const answer = await ask(line);
    expect(seen(answer)).toEqual({
      status: 405,
      body: {
        detail: "Method Not Allowed",
        code: "method_not_allowed",
        details: { allow },
      },
    });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  test.each(["GET /nope", "POST /nope", "DELETE /", "OPTIONS /nope", "GET /index.html"])(
    "%s 404",
    async (line) => {
      expect(seen(await ask(line))).toEqual(refusal(404, "route_not_found", "Not Found"));
    },
  );

  test("HEAD has the status and the headers of GET, and no body", async () => {
    const handlerId = await host.start("fail");
    await host.ended(handlerId);
    const running = await host.start("busy");
    for (const path of [
      "/",
      "/start.js",
      "/health",
      "/workflows",
      "/workflows/math/schema",
      "/workflows/none/schema",
      "/openapi.json",
      "/nope",
      `/handlers/${handlerId}`,
      `/events/${handlerId}`,
    ]) {
      const get = await ask(`GET ${path}`);
      const head = await ask(`HEAD ${path}`);
      expect([path, head.status, head.text]).toEqual([path, get.status, ""]);
      expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    }
    // A stream as well, and at once.
    const head = await ask(`HEAD /events/${running}`);
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  });
});

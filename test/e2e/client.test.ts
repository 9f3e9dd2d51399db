/**
 * The official client for npm, `@llamaindex/workflows-client`, as it is, with our server: all of its
 * functions, in success and in failure. Its streams are in `client-streams`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type Client,
  createClient,
  createConfig,
  getHandlers,
  getHandlersByHandlerId,
  getHealth,
  getResultsByHandlerId,
  getWorkflows,
  getWorkflowsByNameEvents,
  getWorkflowsByNameRepresentation,
  getWorkflowsByNameSchema,
  postEventsByHandlerId,
  postHandlersByHandlerIdCancel,
  postWorkflowsByNameRun,
  postWorkflowsByNameRunNowait,
} from "@llamaindex/workflows-client";

import { openServer } from "../support/server.ts";
import { serverWorkflows } from "../support/workflows.ts";
import { workflows } from "../wire/workflows.ts";
import { collect, type Envelope } from "./collect.ts";

const host = openServer({ heartbeatInterval: 0.05 }, [...workflows, ...serverWorkflows]);
let url: URL;
let client: Client;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
  // A slash at the end, as people write it.
  client = createClient(createConfig({ baseUrl: `${url.origin}/` }));
});
afterAll(() => host.server.close());

/** Status and body of a refusal, as the client hands them out. */
function refused({ error, response }: { error?: unknown; response: Response }): object {
  return { status: response.status, error };
}
const refusal = (status: number, detail: unknown, code: string): object => ({
  status,
  error: { detail, code },
});
const handlerPath = (id: string): { handler_id: string } => ({ handler_id: id });

async function startWith(workflow: string, id: string, event: object = {}): Promise<void> {
  const { error } = await postWorkflowsByNameRunNowait({
    client,
    path: { name: workflow },
    body: { handler_id: id, start_event: { ...event } },
  });
  expect(error).toBeUndefined();
}

/** The fields of the stop event of a run. */
function valueOf(data: { result?: unknown } | undefined): unknown {
  return (data?.result as Envelope | undefined)?.value;
}

describe("what there is", () => {
  test("getHealth", async () => {
    expect((await getHealth({ client })).data).toEqual({ status: "healthy" });
  });

  test("getWorkflows", async () => {
    const { data } = await getWorkflows({ client });
    expect(data?.workflows.slice(0, 3)).toEqual(["greet", "math", "hitl"]);
  });

  test("getWorkflowsByNameSchema", async () => {
    const { data } = await getWorkflowsByNameSchema({ client, path: { name: "math" } });
    expect(data).toMatchObject({
      start: { title: "MathStart", required: ["a"] },
      stop: { title: "MathStop", required: ["sum", "product"] },
    });
    expect(refused(await getWorkflowsByNameSchema({ client, path: { name: "none" } }))).toEqual(
      refusal(404, "Workflow not found", "workflow_not_found"),
    );
  });

  test("getWorkflowsByNameEvents", async () => {
    const { data } = await getWorkflowsByNameEvents({ client, path: { name: "hitl" } });
    expect(data?.events.map((event) => event["title"])).toContain("Answer");
    expect(refused(await getWorkflowsByNameEvents({ client, path: { name: "none" } }))).toEqual(
      refusal(404, "Workflow 'none' not found", "workflow_not_found"),
    );
  });

  test("getWorkflowsByNameRepresentation", async () => {
    const { data } = await getWorkflowsByNameRepresentation({ client, path: { name: "math" } });
    expect(data).toMatchObject({ graph: { name: "Math", edges: expect.any(Array) } });
    expect(
      refused(await getWorkflowsByNameRepresentation({ client, path: { name: "none" } })),
    ).toEqual(refusal(404, "Workflow not found", "workflow_not_found"));
  });
});

describe("starting", () => {
  test("postWorkflowsByNameRun", async () => {
    const { data } = await postWorkflowsByNameRun({
      client,
      path: { name: "math" },
      body: { start_event: { a: 3 }, context: {}, handler_id: "client-run" },
    });
    expect(data).toMatchObject({
      handler_id: "client-run",
      status: "completed",
      result: { type: "MathStop", types: ["StopEvent"], value: { sum: 5, product: 6 } },
    });
  });

  test("postWorkflowsByNameRun with kwargs, and with nothing at all", async () => {
    const { data } = await postWorkflowsByNameRun({
      client,
      path: { name: "greet" },
      body: { kwargs: { name: "Ada" } },
    });
    expect(valueOf(data)).toEqual({ result: "Hello, Ada!" });
    const bare = { client, path: { name: "greet" } } as Parameters<
      typeof postWorkflowsByNameRun
    >[0];
    expect(refused(await postWorkflowsByNameRun(bare))).toEqual(
      refusal(400, expect.stringMatching(/^Invalid JSON body: /), "json_invalid"),
    );
  });

  test("postWorkflowsByNameRun of a run that fails has its record as the error", async () => {
    const { data, error: failed } = await postWorkflowsByNameRun({
      client,
      path: { name: "fail" },
      body: {},
    });
    expect(data).toBeUndefined();
    expect(failed).toMatchObject({ status: "failed", error: "kaboom", result: null });
  });

  test("postWorkflowsByNameRun throws where it is told to", async () => {
    const thrown = postWorkflowsByNameRun({
      client,
      path: { name: "none" },
      body: {},
      throwOnError: true,
    });
    await expect(thrown).rejects.toEqual({
      detail: "Workflow not found",
      code: "workflow_not_found",
    });
  });

  test("postWorkflowsByNameRunNowait, and again while it runs", async () => {
    const start = () =>
      postWorkflowsByNameRunNowait({
        client,
        path: { name: "wait" },
        body: { handler_id: "client-nowait" },
      });
    expect((await start()).data).toMatchObject({
      handler_id: "client-nowait",
      status: "running",
      result: null,
    });
    expect(refused(await start())).toEqual(
      refusal(409, "Handler 'client-nowait' is already running", "handler_active"),
    );
  });

  test("a big number is sent as text, and taken", async () => {
    const { data } = await postWorkflowsByNameRun({
      client,
      path: { name: "math" },
      body: { start_event: { a: 12n, b: 2 } },
    });
    expect(valueOf(data)).toEqual({ sum: 14, product: 24 });
  });
});

describe("handlers", () => {
  test("getHandlers, whole and filtered", async () => {
    await startWith("math", "client-list", { a: 1 });
    await startWith("waiting", "client-list-2");
    const all = await getHandlers({ client });
    expect(all.data?.handlers.map((handler) => handler.handler_id)).toContain("client-list");
    const some = await getHandlers({
      client,
      query: { status: ["running", "failed"], workflow_name: ["waiting", "a b&c"] },
    });
    expect(some.data?.handlers.map((handler) => handler.handler_id)).toEqual(["client-list-2"]);
  });

  test("getHandlersByHandlerId: going on, completed, failed, none", async () => {
    await startWith("waiting", "client-state");
    const look = (id: string) => getHandlersByHandlerId({ client, path: handlerPath(id) });
    const running = await look("client-state");
    expect([running.response.status, running.data]).toMatchObject([202, { status: "running" }]);
    await postEventsByHandlerId({
      client,
      path: handlerPath("client-state"),
      body: { event: { type: "Next", value: {} } },
    });
    await host.ended("client-state");
    expect((await look("client-state")).data).toMatchObject({ status: "completed" });
    await startWith("fail", "client-failed");
    await host.ended("client-failed");
    expect((await look("client-failed")).error).toMatchObject({
      status: "failed",
      error: "kaboom",
    });
    expect(refused(await look("nobody"))).toEqual(
      refusal(404, "Handler not found", "handler_not_found"),
    );
  });

  test("getResultsByHandlerId", async () => {
    await startWith("math", "client-result", { a: 5 });
    await host.ended("client-result");
    const path = handlerPath("client-result");
    expect((await getResultsByHandlerId({ client, path })).data).toMatchObject({
      status: "completed",
      result: { sum: 7, product: 10 },
    });
  });

  test("postHandlersByHandlerIdCancel, without and with purge, and when it is too late", async () => {
    await startWith("busy", "client-cancel");
    const path = handlerPath("client-cancel");
    const cancel = (query?: { purge: boolean }) =>
      postHandlersByHandlerIdCancel({ client, path, ...(query && { query }) });
    expect((await cancel()).data).toEqual({ status: "cancelled" });
    expect(refused(await cancel())).toEqual(refusal(404, "Handler not found", "handler_not_found"));
    expect((await cancel({ purge: true })).data).toEqual({ status: "deleted" });
    expect(await cancel({ purge: true })).toMatchObject({ error: { code: "handler_not_found" } });
  });

  test("ids with blanks, slashes and more reach all of them", async () => {
    for (const id of ["a b/c", "100%", "ü?x=1#y", "a+b&c=d"]) {
      await startWith("waiting", id);
      const path = handlerPath(id);
      expect((await getHandlersByHandlerId({ client, path })).data?.handler_id).toBe(id);
      const stream = collect(client, id, { query: { after_sequence: -1 } });
      const sent = await postEventsByHandlerId({
        client,
        path,
        body: { event: '{"type":"Next","data":{}}' },
      });
      expect(sent.data).toEqual({ status: "sent" });
      expect((await stream).events.map(({ type }) => type)).toEqual(["StopEvent"]);
      expect((await getResultsByHandlerId({ client, path })).data).toMatchObject({
        result: "went on",
      });
      const purged = await postHandlersByHandlerIdCancel({ client, path, query: { purge: true } });
      expect(purged.data).toEqual({ status: "deleted" });
    }
  });
});

describe("events", () => {
  test("postEventsByHandlerId: as object, as text, to a step, and refused", async () => {
    await startWith("hitl", "client-hitl", { topic: "tea" });
    const send = (event: object | string, step?: string) =>
      postEventsByHandlerId({
        client,
        path: handlerPath("client-hitl"),
        body: { event: event as { type: string }, ...(step !== undefined && { step }) },
      });
    expect(refused(await send({ type: "Nope", value: {} }))).toEqual(
      refusal(
        400,
        expect.stringMatching(/^Invalid event type: Nope\. Expected one of /),
        "event_type_unknown",
      ),
    );
    expect(await send({ type: "Answer", value: {} })).toMatchObject({
      error: {
        code: "event_invalid",
        detail: expect.stringMatching(/^Failed to deserialize event: .*`answer`/),
      },
    });
    expect(await send({ type: "Answer", value: { answer: "x" } }, "none")).toMatchObject({
      error: { code: "step_unknown" },
    });
    const answer = { type: "Answer", value: { answer: "green" } };
    expect((await send(answer, "finish")).data).toEqual({ status: "sent" });
    await host.ended("client-hitl");
    expect((await send(answer)).error).toMatchObject({
      detail: "Workflow already completed",
      code: "handler_finished",
    });
    const path = handlerPath("client-hitl");
    expect((await getResultsByHandlerId({ client, path })).data).toMatchObject({
      result: "tea: green",
    });
  });
});

describe("a key", () => {
  test("reaches every call, streams included", async () => {
    await using locked = openServer({ auth: "secret-key" });
    const serving = await locked.server.serve({ host: "127.0.0.1", port: 0 });
    const make = (headers: Record<string, string>): Client =>
      createClient(createConfig({ baseUrl: serving.url.origin, headers }));
    const stranger = make({});
    expect((await getWorkflows({ client: stranger })).error).toMatchObject({
      code: "unauthorized",
    });
    expect((await getHealth({ client: stranger })).data).toEqual({ status: "healthy" });
    const friend = make({ Authorization: "Bearer secret-key" });
    const path = { name: "echo" };
    const body = { handler_id: "h", start_event: { a: 1 } };
    const { data } = await postWorkflowsByNameRun({ client: friend, path, body });
    expect(data?.status).toBe("completed");
    const query = { after_sequence: -1 };
    expect((await collect(friend, "h", { query })).events).toHaveLength(1);
  });
});

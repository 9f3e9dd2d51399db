/**
 * Faults of another server of this protocol that show in HTTP. Each test would fail if we had the
 * fault. How runs go is in `peer-faults.test.ts`.
 */
import { expect, test } from "bun:test";

import { createClient } from "../../src/client/client.ts";
import {
  type AnyWorkflow,
  defineResource,
  MemoryStore,
  StopEvent,
  WorkflowError,
  WorkflowServer,
  type WorkflowServerOptions,
} from "../../src/index.ts";
import type { Store } from "../../src/store/store.ts";
import { Answer, oneStep } from "../runtime/fixtures.ts";
import { until } from "../runtime/process.ts";

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A server in memory that is asked without a socket. */
function serve(
  workflow: AnyWorkflow,
  options: WorkflowServerOptions = {},
): { readonly server: WorkflowServer; ask(line: string, body?: unknown): Promise<Reply> } {
  const server = new WorkflowServer({ store: "memory", ...options });
  server.addWorkflow("w", workflow, { additionalEvents: [Answer] });
  const ask = async (line: string, body?: unknown): Promise<Reply> => {
    const [method = "GET", path = "/"] = line.split(" ");
    const response = await server.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
  };
  return { server, ask };
}

/** Waits for an answer, and gives it. */
const asking = oneStep(async (_event, context) =>
  StopEvent({ result: (await context.waitForEvent(Answer)).data.n }),
);

const answer = (n: number) => ({ event: { type: "Answer", value: { n } } });
const start = "POST /workflows/w/run-nowait";

test("9: a run that was cancelled while it was out of memory stays cancelled", async () => {
  const { server, ask } = serve(asking, { idleTimeout: 0.01 });
  await using _ = server;
  await ask(start, { handler_id: "h" });
  await Bun.sleep(40);
  expect((await ask("POST /handlers/h/cancel")).body).toEqual({ status: "cancelled" });
  expect((await ask("POST /events/h", answer(1))).status).toBe(409);
  expect((await ask("GET /handlers/h")).body["status"]).toBe("cancelled");
});

test("10: a request that waits for a run gets its result, also when that leaves memory", async () => {
  const { server, ask } = serve(asking, { idleTimeout: 0.01 });
  await using _ = server;
  const waiting = ask("POST /workflows/w/run", { handler_id: "h" });
  await Bun.sleep(40);
  expect((await ask("POST /events/h", answer(7))).status).toBe(200);
  expect(await waiting).toMatchObject({
    status: 200,
    body: { status: "completed", result: { value: { result: 7 } } },
  });
});

test("13: a handler that is running is not started again, and goes on undisturbed", async () => {
  const { server, ask } = serve(asking);
  await using _ = server;
  const first = await ask(start, { handler_id: "h" });
  for (const route of ["run-nowait", "run"]) {
    expect(await ask(`POST /workflows/w/${route}`, { handler_id: "h" })).toMatchObject({
      status: 409,
      body: { detail: "Handler 'h' is already running", code: "handler_active" },
    });
  }
  await ask("POST /events/h", answer(1));
  const isCompleted = async () => (await ask("GET /handlers/h")).body["status"] === "completed";
  await until(isCompleted, "the first run completes");
  expect((await ask("GET /handlers/h")).body["run_id"]).toBe(first.body["run_id"]);
});

test("17: the events of a handler that goes on are numbered on, so a reader's place stays good", async () => {
  const { server, ask } = serve(oneStep(() => StopEvent({ result: 1 })));
  await using _ = server;
  const run = () => ask("POST /workflows/w/run", { handler_id: "h" });
  const idsAfter = async (sequence: number) => {
    const { text } = (await ask(`GET /events/h?after_sequence=${sequence}`)).body;
    return [...String(text).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  };
  await run();
  const [last = -1] = (await idsAfter(-1)).slice(-1);
  await run();
  expect([last, await idsAfter(last)]).toEqual([2, [last + 3]]);
});

test("18: a wrong body, event or step is the caller's mistake, told in words", async () => {
  const { server, ask } = serve(asking);
  await using _ = server;
  await ask(start, { handler_id: "h" });
  const replies = await Promise.all([
    ask("POST /events/h", [1, 2]),
    ask("POST /events/h", { event: { value: {} } }),
    ask("POST /events/h", { ...answer(1), step: "nowhere" }),
    ask("POST /events/h", { event: { type: "StartEvent", value: {} }, step: "w" }),
  ]);
  expect(replies.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  expect(JSON.stringify(replies)).not.toContain("{event}");
});

test("19: an event is acknowledged only when it is stored", async () => {
  class ShakyStore extends MemoryStore {
    isBroken = false;
    override commit(...write: Parameters<Store["commit"]>): Promise<void> {
      if (!this.isBroken) return super.commit(...write);
      return Promise.reject(new WorkflowError("store_unavailable", "The disk is full."));
    }
  }
  const store = new ShakyStore();
  const { server, ask } = serve(asking, { store });
  await using _ = server;
  await ask(start, { handler_id: "h" });
  store.isBroken = true;
  expect(await ask("POST /events/h", answer(1))).toMatchObject({ status: 503 });
  store.isBroken = false;
  const { runId } = (await store.getHandler("h"))!;
  expect(JSON.stringify(await store.readTicks(runId))).not.toContain("event_received");
  const isSent = async () => (await ask("POST /events/h", answer(2))).status === 200;
  await until(isSent, "the store takes it");
  expect(JSON.stringify(await store.readTicks(runId))).toContain("event_received");
});

test("20: what is purged is gone: its handler, its events, its ticks, its state", async () => {
  const store = new MemoryStore();
  const { server, ask } = serve(
    oneStep(() => StopEvent()),
    { store },
  );
  await using _ = server;
  await ask("POST /workflows/w/run", { handler_id: "h" });
  const { runId } = (await store.getHandler("h"))!;
  expect((await ask("POST /handlers/h/cancel?purge=true")).body).toEqual({ status: "deleted" });
  expect([
    await store.getHandler("h"),
    await store.getRun(runId),
    await store.readEvents(runId, -1, 100),
    await store.readTicks(runId),
    (await ask("GET /handlers/h")).status,
  ]).toEqual([undefined, undefined, [], [], 404]);
});

test("22: what has become of a run that failed can be read without an exception", async () => {
  const failing = oneStep(() => {
    throw new Error("kaboom");
  });
  const { server, ask } = serve(failing);
  await using _ = server;
  await ask("POST /workflows/w/run", { handler_id: "h" });
  const client = createClient({
    baseUrl: "http://localhost",
    fetch: (url, init) => server.fetch(new Request(url, init)),
  });
  const record = { handler_id: "h", status: "failed", error: "kaboom" };
  expect(await client.getHandler("h")).toMatchObject(record);
  const asked = [["GET /handlers/h"], ["GET /results/h"], ["POST /workflows/w/run", {}]] as const;
  const statuses = asked.map(async ([route, input]) => {
    const { status, body } = await ask(`${route}?failure_status=200`, input);
    return [status, (body as { error?: string }).error];
  });
  expect(await Promise.all(statuses)).toEqual(asked.map(() => [200, "kaboom"]));
  expect(await ask("GET /handlers?status=failed")).toMatchObject({
    status: 200,
    body: { handlers: [record, {}] },
  });
});

test("24: the picture of a workflow shows neither what is in its resources nor where code is", async () => {
  const config = defineResource("config", {}, () => ({ password: "hunter2" }));
  const { server, ask } = serve(oneStep(() => StopEvent(), { resources: { config } }));
  await using _ = server;
  await ask("POST /workflows/w/run", {});
  const { status, body } = await ask("GET /workflows/w/representation");
  expect(status).toBe(200);
  expect(JSON.stringify(body)).not.toMatch(/hunter2|\.ts\b|\/test\/|"source_line":\d/);
});

test("25: the qualified name of an event is looked up, and never imported", async () => {
  const { server, ask } = serve(asking);
  await using _ = server;
  await ask(start, { handler_id: "h" });
  const send = (event: object) => ask("POST /events/h", { event });
  const hostile = ["node:fs.writeFileSync", "subprocess.Popen", "./evil.ts.Answers", "constructor"];
  for (const qualified_name of hostile) {
    expect((await send({ qualified_name, value: {} })).status).toBe(400);
    expect((await send({ qualified_name, type: "Nobody", value: {} })).status).toBe(400);
  }
  expect((await send({ qualified_name: "other.module.Answer", value: { n: 4 } })).status).toBe(200);
});

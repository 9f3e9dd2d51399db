/** The examples do what they say. */
import { expect, test } from "bun:test";

import type { WorkflowServer } from "../../src/index.ts";
import approvals from "./approvals.ts";
import myServer from "./my_server.ts";

type Api = (method: "GET" | "POST", path: string, body?: unknown) => Promise<unknown>;

async function withServer(server: WorkflowServer, use: (api: Api) => Promise<void>): Promise<void> {
  await using _ = server;
  const { url } = await server.serve({ host: "127.0.0.1", port: 0, store: "memory" });
  await use(async (method, path, body) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(new URL(path, url), init);
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return isJson ? response.json() : response.text();
  });
}

test("my_server.ts greets, and ships what was approved", async () => {
  await withServer(myServer, async (api) => {
    expect(await api("GET", "/workflows")).toEqual({ workflows: ["greet", "order"] });

    const greeting = await api("POST", "/workflows/greet/run", { start_event: { name: "Ada" } });
    expect(greeting).toMatchObject({ result: { value: { result: "Hello, Ada!" } } });

    const start_event = { sku: "tea", quantity: 2 };
    await api("POST", "/workflows/order/run-nowait", { handler_id: "order-1", start_event });
    const event = { type: "Approved", value: { by: "ada", ok: true } };
    expect(await api("POST", "/events/order-1", { event })).toEqual({ status: "sent" });
    const stream = await api("GET", "/events/order-1?after_sequence=-1&sse=false");
    const shown = String(stream)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(shown).toMatchObject([
      { type: "Approve", value: { question: "Ship 2 × tea?" } },
      { type: "Shipped", value: { tracking: "TRACK-ADA" } },
    ]);
  });
}, 30_000);

test("approvals.ts asks as many people as it takes, and takes a no", async () => {
  await withServer(approvals, async (api) => {
    const ask = async (handler_id: string, amount: number): Promise<void> => {
      const start_event = { purpose: "tea", amount };
      await api("POST", "/workflows/expense/run-nowait", { handler_id, start_event });
    };
    const answer = (handler: string, by: string, ok: boolean): Promise<unknown> =>
      api("POST", `/events/${handler}`, { event: { type: "Answer", value: { by, ok } } });
    const ended = async (handler: string): Promise<readonly string[]> => {
      const stream = await api("GET", `/events/${handler}?after_sequence=-1&sse=false`);
      return String(stream)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).value.text);
    };

    await ask("small", 10);
    await answer("small", "stranger", true);
    await answer("small", "lead", true);
    expect(await ended("small")).toEqual(["10 € for tea?", expect.stringMatching(/^Paid: 10 €/)]);

    await ask("large", 5000);
    await answer("large", "lead", true);
    await answer("large", "cfo", false);
    expect(await ended("large")).toEqual(["5000 € for tea?", "5000 € for tea?", "cfo said no."]);
  });
}, 30_000);

test("library.ts runs by itself", async () => {
  const file = `${import.meta.dir}/library.ts`;
  await using child = Bun.spawn([process.execPath, file], { stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.trim().split("\n")).toEqual([
    'Length {"word":"steps","length":5}',
    'Length {"word":"accept","length":6}',
    'Length {"word":"and","length":3}',
    'Length {"word":"emit","length":4}',
    'Length {"word":"events","length":6}',
    'Counted {"longest":"accept"}',
    'The longest word is "accept".',
  ]);
}, 30_000);

/** The life of a server: what can be added when, what starts it, and what is left when it closes. */
import { describe, expect, test } from "bun:test";

import { WorkflowServer } from "../../src/index.ts";
import { openServer, seen } from "../support/server.ts";
import { refusal } from "../support/bodies.ts";
import { until } from "../support/until.ts";
import { readAllFrames } from "../support/sse.ts";
import { serverWorkflows } from "../support/workflows.ts";

const loopback = { host: "127.0.0.1", port: 0 };
const closing = refusal(503, "shutting_down", "The server is shutting down.");

describe("workflows", () => {
  const [, echo] = serverWorkflows[0] ?? [];

  test("are added before the start, once each", async () => {
    await using host = openServer();
    if (!echo) throw new Error("There is a first workflow.");
    expect(() => host.server.addWorkflow("echo", echo)).toThrow(/^Two workflows are called `echo`/);
    expect(() => host.server.addWorkflow("x", 5 as unknown as typeof echo)).toThrow(
      /to get a `Workflow`, got `5`/,
    );
    await host.server.start();
    expect(() => host.server.addWorkflow("late", echo)).toThrow(/comes too late/);
    expect(host.server.workflowNames).toEqual(serverWorkflows.map(([name]) => name));
  });
});

describe("listening", () => {
  test("says where, what and how", async () => {
    await using host = openServer({ auth: "key" });
    const { url, ...serving } = await host.server.serve(loopback);
    expect(serving).toMatchObject({
      workflows: host.server.workflowNames,
      store: { kind: "memory", durability: "none" },
      isAuthenticated: true,
    });
    expect(url.port).not.toBe("0");
    expect((await fetch(new URL("/health", url))).status).toBe(200);
  });

  test("on a port that is taken fails in words, and lets go of everything", async () => {
    await using host = openServer();
    const { url } = await host.server.serve(loopback);
    await using second = openServer();
    await expect(second.server.serve({ host: "127.0.0.1", port: url.port })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(`127.0.0.1:${url.port}: the port is in use`),
    });
    expect(seen(await second.ask("GET /workflows"))).toEqual(closing);
  });

  test("on a port that is none fails before anything is opened", async () => {
    const server = new WorkflowServer({ store: "memory" });
    await expect(server.serve({ port: "http" })).rejects.toThrow(/^Expected `port`/);
    await server.close();
  });
});

describe("closing", () => {
  test("ends every open stream as if it had ended, and frees the port", async () => {
    await using host = openServer();
    const { url } = await host.server.serve(loopback);
    const handlerId = await host.start("ticker", { start_event: { rounds: 2, ticks: 3 } });
    const streams = await Promise.all(
      ["true", "false"].map((sse) =>
        fetch(new URL(`/events/${handlerId}?after_sequence=-1&sse=${sse}`, url)),
      ),
    );
    const [frames, lines] = [
      readAllFrames(streams[0] as Response),
      (streams[1] as Response).text(),
    ];
    await until(
      async () => (await host.ask(`GET /handlers/${handlerId}`)).status === 202,
      "the run is going on",
    );
    await host.server.close();
    expect((await frames).length).toBeGreaterThanOrEqual(0); // It ended, and not with an error.
    expect((await lines).endsWith("\n")).toBe(true);
    await expect(fetch(new URL("/health", url))).rejects.toThrow();
  });

  test("answers a `/run` that waits with 503, over a socket as well", async () => {
    await using host = openServer();
    const { url } = await host.server.serve(loopback);
    const body = JSON.stringify({ handler_id: "waits" });
    const answer = fetch(new URL("/workflows/waiting/run", url), { method: "POST", body });
    await until(async () => (await host.handlerIds()).length === 1, "the run has started");
    await host.server.close();
    const response = await answer;
    expect({ status: response.status, body: await response.json() }).toEqual(closing);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  test("turns away what comes after it, and says in `/health` that it does", async () => {
    const host = openServer();
    await host.start("waiting", { handler_id: "waits" });
    await host.server.close();
    for (const line of [
      "GET /handlers",
      "GET /handlers/waits",
      "GET /events/waits?after_sequence=-1",
      "POST /workflows/echo/run",
      "POST /events/waits",
      "POST /handlers/waits/cancel?purge=true",
    ]) {
      const body = line.startsWith("POST") ? "{}" : null;
      expect(seen(await host.ask(line, { body }))).toEqual(closing);
    }
    expect(seen(await host.ask("GET /health"))).toEqual({
      status: 503,
      body: { status: "unhealthy" },
    });
  });

  test("happens once, and for good", async () => {
    const host = openServer();
    await host.server.serve(loopback);
    await Promise.all([host.server.close(), host.server.close()]);
    await host.server[Symbol.asyncDispose]();
    await expect(host.server.serve(loopback)).rejects.toMatchObject({ code: "shutting_down" });
    await expect(host.server.start()).rejects.toMatchObject({ code: "shutting_down" });
  });

  test("before the start leaves nothing to start", async () => {
    const host = openServer();
    await host.server.close();
    await expect(host.server.start()).rejects.toMatchObject({ code: "shutting_down" });
    await expect(host.fetch("GET /health")).rejects.toMatchObject({ code: "shutting_down" });
  });
});

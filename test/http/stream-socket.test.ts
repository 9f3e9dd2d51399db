/**
 * Streams over a real socket: what Bun's server makes of them, with clients that leave, that do not
 * read and that stay. Conditions are awaited, never times.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { sseComment, sseEvent } from "../../src/http/sse.ts";
import type { StreamOptions } from "../../src/http/stream.ts";
import { streamResponse } from "../../src/http/stream.ts";

type Source = StreamOptions["source"];

const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => void unhandled.push(error);
beforeAll(() => void process.on("unhandledRejection", onUnhandled));
afterAll(() => {
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

/** A server with one stream. Counts the sources that are alive. */
function serve(source: Source, options: Partial<StreamOptions> & { gate?: Promise<unknown> } = {}) {
  const facts = { live: 0, requests: 0, left: 0, stalls: 0, errors: [] as unknown[] };
  async function* counted(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    facts.live++;
    try {
      yield* source(signal);
    } finally {
      facts.live--;
    }
  }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    development: false, // Where it is true, Bun prints the error of a stream that breaks.
    async fetch(request) {
      facts.requests++;
      request.signal.addEventListener("abort", () => facts.left++);
      await options.gate;
      return streamResponse({
        source: counted,
        headers: { "content-type": "text/event-stream" },
        signal: request.signal,
        onError: (error) => facts.errors.push(error),
        ...options,
      });
    },
  });
  return { server, facts, url: server.url, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** A client as plain as can be. */
function dial(server: Bun.Server<undefined>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port ?? 0, "127.0.0.1", () => {
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}.`);
    await Bun.sleep(1);
  }
}

async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

const opening = sseComment("open");

describe("headers", () => {
  test("come at once for a silent source, with the opening", async () => {
    await using host = serve(silence, { opening });
    const response = await fetch(host.url);
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(": open\n\n");
    await reader.cancel();
  });

  test("come with the first event when there is a backlog, without the opening", async () => {
    const backlog: Source = async function* () {
      for (let id = 0; id < 3; id++) yield sseEvent(id, "x");
    };
    await using host = serve(backlog, { opening });
    expect(await (await fetch(host.url)).text()).toBe(
      "id: 0\ndata: x\n\nid: 1\ndata: x\n\nid: 2\ndata: x\n\n",
    );
  });
});

test("heartbeats keep coming while the source is silent", async () => {
  const heartbeat = { bytes: sseComment("heartbeat"), intervalMs: 5 };
  await using host = serve(silence, { heartbeat });
  const response = await fetch(host.url);
  let seen = "";
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    seen += Buffer.from(chunk).toString();
    if (seen.split("heartbeat").length > 3) break;
  }
  expect(seen).toStartWith(": heartbeat\n\n: heartbeat\n\n: heartbeat\n\n");
});

describe("a client that leaves", () => {
  test("while the source is silent ends the source", async () => {
    await using host = serve(silence, { opening });
    const socket = await dial(host.server);
    await new Promise((resolve) => socket.once("data", resolve));
    expect(host.facts.live).toBe(1);
    const leftAt = performance.now();
    socket.destroy();
    await until(() => host.facts.live === 0, "the source ends");
    expect(performance.now() - leftAt).toBeLessThan(500);
  });

  test("before the handler returns never starts a source, or ends it", async () => {
    const gate = Promise.withResolvers<void>();
    await using host = serve(silence, { opening, gate: gate.promise });
    const socket = await dial(host.server);
    await until(() => host.facts.requests === 1, "the request arrives");
    socket.destroy();
    await until(() => host.facts.left === 1, "the server knows");
    gate.resolve();
    await until(
      () => host.facts.live === 0 && host.server.pendingRequests === 0,
      "nothing is left",
    );
    expect(host.facts.errors).toEqual([]);
  });

  test("200 times, at every stage, leaves no source alive", async () => {
    await using host = serve(silence, { opening, heartbeat: { bytes: opening, intervalMs: 1 } });
    const visits = Array.from({ length: 200 }, async (_, index) => {
      const socket = await dial(host.server);
      if (index % 3 === 1) await new Promise((resolve) => socket.once("data", resolve));
      if (index % 3 === 2) await new Promise((resolve) => setImmediate(resolve));
      if (index % 2) socket.destroy();
      else socket.resetAndDestroy();
    });
    await Promise.all(visits);
    await until(
      () => host.facts.requests >= 67 && host.server.pendingRequests === 0,
      "all requests end",
    );
    await until(() => host.facts.live === 0, "all sources end");
    expect(host.facts.errors).toEqual([]);
  });

  test("while it is behind ends the source", async () => {
    const flood: Source = async function* () {
      for (;;) yield new Uint8Array(65536);
    };
    await using host = serve(flood);
    const socket = await dial(host.server);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
    socket.destroy();
    await until(() => host.facts.live === 0, "the source ends");
  });

  test("for whose eyes nothing is collected too early", async () => {
    const news = Promise.withResolvers<void>();
    const late: Source = async function* () {
      await news.promise;
      yield sseEvent(1, "late");
    };
    await using host = serve(late, { opening });
    const response = await fetch(host.url);
    Bun.gc(true);
    Bun.gc(true);
    news.resolve();
    expect(await response.text()).toBe(": open\n\nid: 1\ndata: late\n\n");
  });
});

test("a client that does not read stops the source within what the system buffers", async () => {
  const chunkBytes = 16_384;
  let producedBytes = 0;
  const flood: Source = async function* () {
    for (;;) {
      producedBytes += chunkBytes;
      yield new Uint8Array(chunkBytes);
    }
  };
  await using host = serve(flood);
  const socket = await dial(host.server);
  socket.pause();
  // It has stalled when nothing more is asked for in a good while.
  let before = -1;
  while (before !== producedBytes) {
    before = producedBytes;
    await Bun.sleep(100);
  }
  // Measured: 3.9 MB, all in the kernel (`tcp_wmem` allows 4 MiB); Bun itself keeps next to none.
  expect(producedBytes).toBeGreaterThan(0);
  expect(producedBytes).toBeLessThan(16 * 1024 * 1024);
  socket.resume();
  await until(() => producedBytes > before, "the source goes on when the client does");
  socket.destroy();
  await until(() => host.facts.live === 0, "the source ends");
});

test("a client that reads nothing for long is cut off, and one that goes on reading is not", async () => {
  const flood: Source = async function* () {
    for (;;) yield new Uint8Array(65_536);
  };
  await using host = serve(flood, { stallMs: 300, onStall: () => host.facts.stalls++ });
  const stalled = await dial(host.server);
  stalled.pause();
  const steady = await dial(host.server);
  let taken = 0;
  steady.on("data", (data) => (taken += data.length));
  await until(() => host.facts.stalls === 1, "the stalled one is cut off");
  await until(() => host.facts.live === 1, "its source ends");
  // What the system holds for it is let go of as well: the connection is gone.
  let problem = "";
  stalled.on("error", (error: { code?: string }) => (problem = error.code ?? ""));
  stalled.resume();
  await until(() => problem === "ECONNRESET", "its connection breaks");
  const before = taken;
  await until(() => taken > before + 10_000_000, "the other one goes on");
  steady.destroy();
  await until(() => host.facts.live === 0, "its source ends");
  expect(host.facts.stalls).toBe(1);
});

describe("a server that stops", () => {
  test("ends silent streams cleanly, and `stop()` then returns", async () => {
    const shutdown = new AbortController();
    await using host = serve(silence, { opening, shutdown: shutdown.signal });
    const clients = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await dial(host.server);
        const client = { received: "", isClosed: false };
        socket.on("data", (data) => (client.received += data.toString()));
        socket.on("close", () => (client.isClosed = true));
        return client;
      }),
    );
    const isOpen = ({ received }: { received: string }) => received.endsWith(": open\n\n\r\n");
    await until(() => clients.every(isOpen), "all streams are open");
    shutdown.abort();
    await host.server.stop();
    await until(() => clients.every(({ isClosed }) => isClosed), "all connections close");
    for (const { received } of clients) {
      expect(received).toEndWith("\r\n\r\n8\r\n: open\n\n\r\n0\r\n\r\n");
    }
    expect(host.facts).toMatchObject({ live: 0, errors: [] });
  });

  test("cuts no chunk in two for a client that is behind", async () => {
    const shutdown = new AbortController();
    const chunk = Buffer.from(`${"x".repeat(65_535)}\n`);
    const flood: Source = async function* () {
      for (;;) yield chunk;
    };
    await using host = serve(flood, { shutdown: shutdown.signal });
    const response = await fetch(host.url);
    shutdown.abort();
    const bytes = await response.bytes();
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.length % chunk.length).toBe(0);
    await until(() => host.facts.live === 0, "the source ends");
  });
});

test("a source that fails breaks the connection, so that nobody takes it for the end", async () => {
  const boom = new Error("boom");
  const seen = Promise.withResolvers<void>();
  const failing: Source = async function* () {
    yield sseEvent(1, "x");
    await seen.promise; // A reset may overtake bytes on their way through the client's system.
    throw boom;
  };
  await using host = serve(failing);
  const reader = ((await fetch(host.url)).body as ReadableStream<Uint8Array>).getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("id: 1\ndata: x\n\n");
  seen.resolve();
  expect(await reader.read().catch((error: { code?: string }) => error.code)).toBe("ECONNRESET");
  expect(host.facts).toMatchObject({ live: 0, errors: [boom] });
});

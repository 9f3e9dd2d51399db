/** Readers that do not read, and readers that come and go: they cost their place, and nothing stays. */
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";

import { MemoryStore, StartEvent, StopEvent, Workflow } from "../../src/index.ts";
import { openServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { type ServerProcess, startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

const mib = 1024 * 1024;

test("a client that reads nothing of a stream of 200 MB costs a bounded buffer, and others nothing", async () => {
  using scratch = createScratch();
  await using server = await startServer({
    fixture: "streams.ts",
    store: scratch.file("state.db"),
  });
  const client = new Client(server.url);
  const size = { count: 50_000, bytes: 4_000 };
  // Two that read: what as much costs with readers that keep up.
  const [alone] = await Promise.all([readWhole(client, size), readWhole(client, size)]);
  const before = await settledRss(server);
  const slow = await startReading(client, size);
  try {
    const beside = await readWhole(client, size);
    const grown = ((await settledRss(server)) - before) / mib;
    console.info(
      `200 MB: read in ${Math.round(alone)} ms beside one that reads, in ${Math.round(beside)} ms beside one that does not read; ${Math.round(grown)} MiB more`,
    );
    // What a process holds goes up and down by up to 92 MiB; a buffer without bound has 190.
    expect(grown).toBeLessThan(130);
    expect(beside).toBeLessThan(5 * alone + 2_000);
  } finally {
    slow.destroy();
  }
}, 60_000);

test("a hundred readers that read nothing of long events cost little each, and nothing stays", async () => {
  using scratch = createScratch();
  await using server = await startServer({
    fixture: "streams.ts",
    store: scratch.file("state.db"),
  });
  const client = new Client(server.url);
  const size = { count: 200, bytes: 100_000 };
  const { handler_id: id } = await client.start("history", size);
  for await (const { id: sequence } of client.events(id, -1)) {
    if (Number(sequence) >= size.count) break;
  }
  const before = await settledRss(server);
  const sockets: Socket[] = [];
  try {
    for (let index = 0; index < 100; index++) {
      sockets.push(await open(new URL(client.url), id, (socket) => void socket.pause()));
    }
    const grown = ((await settledRss(server)) - before) / mib;
    console.info(`100 readers of 20 MB that read nothing: ${Math.round(grown)} MiB more`);
    // A page of 256 such events each would be 2,000 MiB.
    expect(grown).toBeLessThan(200);
    expect((await client.handler(id)).status).toBe("running");
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}, 60_000);

test("where few files may be open, streams beyond some are refused, and all else is served", async () => {
  using scratch = createScratch();
  await using server = await startServer({
    fixture: "streams.ts",
    store: scratch.file("state.db"),
    before: "ulimit -n 256",
  });
  const client = new Client(server.url);
  const { handler_id: id } = await client.start("history", { count: 1, bytes: 10 });
  const answers = new Map<Socket, string>();
  const count = (status: number): number =>
    [...answers.values()].filter((answer) => answer.startsWith(`HTTP/1.1 ${status} `)).length;
  try {
    for (let index = 0; index < 400; index++) {
      const socket = await open(new URL(client.url), id, (opened) => {
        opened.on("data", (bytes) => answers.set(opened, answers.get(opened) || `${bytes}`));
      });
      answers.set(socket, answers.get(socket) ?? "");
    }
    await until(() => count(200) + count(503) === 400, "all are answered");
    // Those that are asked for in one moment may all find room.
    expect(count(200)).toBeWithin(100, 200);
    const headers = { connection: "close" };
    expect((await fetch(`${client.url}/health`, { headers })).status).toBe(200);
    expect(await client.start("history", { count: 1, bytes: 10 })).toMatchObject({ error: null });
  } finally {
    for (const socket of answers.keys()) socket.destroy();
  }
  await until(
    async () => (await fetch(`${client.url}/events/${id}?after_sequence=0`)).status === 200,
    "there is room again",
  );
}, 30_000);

test("of a thousand readers that are gone before or after the headers, nothing stays", async () => {
  const store = new MemoryStore();
  const busy = new Workflow().step(
    "work",
    { accepts: [StartEvent], emits: [StopEvent] },
    (_event, context) =>
      new Promise<undefined>((resolve) => {
        context.signal.addEventListener("abort", () => resolve(undefined));
      }),
  );
  await using host = openServer({ store }, [["busy", busy]]);
  const { url } = await host.server.serve({ host: "127.0.0.1", port: 0 });
  const id = await host.start("busy");
  await storm(url, id, 100); // What is made once is made.
  await until(() => store.feed.channelCount === 0, "nobody reads");
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  await storm(url, id, 1_000);
  await until(() => store.feed.channelCount === 0, "nobody reads");
  Bun.gc(true);
  const grown = (process.memoryUsage().heapUsed - before) / mib;
  console.info(`1,000 readers that left: ${grown.toFixed(1)} MiB of heap more`);
  expect(grown).toBeLessThan(10);
}, 30_000);

// ---

interface Size {
  readonly count: number;
  readonly bytes: number;
}

/** The least of one second: without what was only passing through. */
async function settledRss(server: ServerProcess): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 5; look++) {
    await Bun.sleep(200);
    least = Math.min(least, server.rssBytes());
  }
  return least;
}

/** Starts a run, and reads all that it says; the time from its start to its end. */
async function readWhole(client: Client, size: Size): Promise<number> {
  const startedAt = performance.now();
  const { handler_id: id } = await client.start("much", size);
  let bytes = 0;
  const response = await fetch(`${client.url}/events/${id}?after_sequence=-1`);
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(size.count * size.bytes);
  return performance.now() - startedAt;
}

/** Asks for the stream of a run that says much, and reads no byte of it. */
async function startReading(client: Client, size: Size): Promise<Socket> {
  const { handler_id: id } = await client.start("much", size);
  return open(new URL(client.url), id, (socket) => void socket.pause());
}

function open(url: URL, id: string, then: (socket: Socket) => void): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`GET /events/${id}?after_sequence=-1 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      then(socket);
      resolve(socket);
    });
    socket.on("error", () => {});
  });
}

/** Connections that are dropped: at once, when the headers have come, or a little later. */
async function storm(url: URL, id: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 25) {
    const some = Array.from({ length: 25 }, async (_, number) => {
      const closed = Promise.withResolvers<void>();
      await open(url, id, (socket) => {
        socket.on("close", () => closed.resolve());
        if (number % 3 === 0) socket.destroy();
        else if (number % 3 === 1) socket.once("data", () => socket.destroy());
        else setTimeout(() => socket.destroy(), number);
      });
      await closed.promise;
    });
    await Promise.all(some);
  }
}

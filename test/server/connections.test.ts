/**
 * What becomes of connections: an answer that leaves a body unread does not go on reading it, and a
 * silence that is allowed is allowed for that request alone.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { createApp } from "../../src/server/app.ts";
import type { Connection } from "../../src/server/endpoint.ts";
import { listen } from "../../src/server/listen.ts";
import { toSettings } from "../../src/server/settings.ts";
import { Streams } from "../../src/server/streams.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { MemoryStore } from "../../src/index.ts";
import { openServer } from "../support/server.ts";
import { dial } from "../support/socket.ts";
import { readAllFrames } from "../support/sse.ts";
import { until } from "../support/until.ts";
import { serverWorkflows } from "../support/workflows.ts";

const host = openServer({ corsOrigins: ["http://a.example"] });
const locked = openServer({ auth: "key" });
let url: URL;
let lockedUrl: URL;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
  lockedUrl = (await locked.server.serve({ host: "127.0.0.1", port: 0 })).url;
});
afterAll(async () => {
  await host.server.close();
  await locked.server.close();
});

describe("a body without end", () => {
  const rows: readonly (readonly [status: number, line: string, ...headers: string[]])[] = [
    [404, "POST /nope"],
    [405, "POST /workflows"],
    [405, "PUT /workflows/echo/run"],
    [405, "DELETE /handlers/x"],
    [404, "POST /workflows/none/run"],
    [413, "POST /workflows/echo/run"],
    [413, "POST /events/x"],
    [400, "POST /workflows/echo/run", "Content-Encoding: gzip"],
    [404, "POST /handlers/x/cancel"],
    [403, "POST /workflows/echo/run", "Origin: http://evil.test"],
    [421, "POST /workflows/echo/run", "Origin: http://evil.test", "Host: evil.test"],
    [400, "POST /workflows/echo/run", "Host: a@b"],
    [204, "OPTIONS /workflows", "Origin: http://a.example", "Access-Control-Request-Method: GET"],
    [403, "OPTIONS /workflows", "Origin: http://b.example", "Access-Control-Request-Method: GET"],
    [405, "OPTIONS /workflows"],
    // A body that nobody asked for.
    [200, "GET /workflows"],
    [200, "GET /"],
    [200, "HEAD /workflows"],
    [404, "GET /nope"],
    [401, "POST /workflows/echo/run", "locked"],
    [401, "GET /workflows", "locked"],
  ];
  // The page is made when it is first asked for: much can be sent until then.
  beforeAll(async () => void (await fetch(new URL("/", url))));
  const endless = Buffer.from(`8000\r\n${" ".repeat(0x8000)}\r\n`);

  test.each(rows)("%d %s %s: answered, and hung up on", async (status, line, ...headers) => {
    const isLocked = headers.includes("locked");
    const client = await dial(isLocked ? lockedUrl : url);
    const fields = headers.filter((header) => header !== "locked");
    if (!fields.some((field) => field.startsWith("Host:"))) fields.push("Host: localhost");
    client.say(
      `${[`${line} HTTP/1.1`, ...fields].join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    let isOver = false;
    void client.closed.then(() => (isOver = true));
    let sentBytes = 0;
    // As fast as it is taken, for as long as it is taken.
    while (!isOver && sentBytes < 2 ** 28) {
      sentBytes += endless.length;
      if (client.socket.write(endless)) await Bun.sleep(0);
      else
        await Promise.race([client.closed, new Promise((go) => client.socket.once("drain", go))]);
    }
    const heard = await client.closed;
    expect(heard).toStartWith(`HTTP/1.1 ${status} `);
    expect(heard.toLowerCase()).toContain("\r\nconnection: close\r\n");
    expect(sentBytes).toBeLessThan(2 ** 28);
  });
});

describe("a body of ten million bytes", () => {
  test("is answered with 413, whoever tells its length, and nothing starts", async () => {
    const before = await host.handlerIds();
    const body = new Uint8Array(10_000_000).fill(32);
    const response = await fetch(new URL("/workflows/echo/run", url), { method: "POST", body });
    expect(response.status).toBe(413);
    const client = await dial(url);
    // One that promises much, and sends nothing of it.
    client.say("POST /events/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n");
    expect(await client.closed).toStartWith("HTTP/1.1 413 ");
    expect(await host.handlerIds()).toEqual(before);
  });
});

describe("a body that was read", () => {
  test("leaves its connection open for the next request, be it of known length or not", async () => {
    const client = await dial(url);
    const head = "POST /workflows/echo/run HTTP/1.1\r\nHost: localhost\r\n";
    client.say(`${head}Content-Length: 2\r\n\r\n{}`);
    await until(() => client.heard.split("HTTP/1.1 200 ").length === 2, "the first answer came");
    client.say(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    await until(() => client.heard.split("HTTP/1.1 200 ").length === 3, "the second answer came");
    // An error is no reason to hang up on whoever said how much would come.
    client.say(`${head}Content-Length: 1\r\n\r\n{`);
    await until(() => client.heard.includes("HTTP/1.1 400 "), "the third answer came");
    client.say("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => client.heard.includes('"healthy"'), "the fourth answer came");
    expect(client.isClosed).toBe(false);
    client.hangUp();
  });
});

describe("requests that are none", () => {
  test.each([
    [
      "a length and chunks",
      "POST /workflows/echo/run HTTP/1.1\nHost: localhost\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n",
    ],
    [
      "two lengths",
      "POST /workflows/echo/run HTTP/1.1\nHost: localhost\nContent-Length: 5\nContent-Length: 6\n\n{}",
    ],
    [
      "a length that is none",
      "POST /workflows/echo/run HTTP/1.1\nHost: localhost\nContent-Length: -5\n\n{}",
    ],
    [
      "an encoding that is none",
      "POST /workflows/echo/run HTTP/1.1\nHost: localhost\nTransfer-Encoding: xchunked\n\n{}",
    ],
    [
      "a chunk that is none",
      "POST /workflows/echo/run HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\nzz\n{}\n",
    ],
    ["another protocol", "\u0016\u0003\u0001\u0002\u0000\u0001"],
    [
      "a header without end",
      `GET /health HTTP/1.1\nHost: localhost\nX: ${"x".repeat(100_000)}\n\n`,
    ],
  ])("%s: refused, hung up on, and nothing starts", async (_title, text) => {
    const before = await host.handlerIds();
    const client = await dial(url);
    client.say(text.replaceAll("\n", "\r\n"));
    client.say("GET /workflows HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const heard = await client.closed;
    expect(heard).not.toContain("HTTP/1.1 200 ");
    expect(await host.handlerIds()).toEqual(before);
    expect((await host.ask("GET /health")).status).toBe(200);
  });
});

test("a failure that nobody caught shows its caller nothing of the sources", async () => {
  const script = `
    import { listen } from ${JSON.stringify(require.resolve("../../src/server/listen.ts"))};
    const server = listen({ host: "127.0.0.1", port: 0 }, () => {
      throw new Error("a secret");
    });
    const answer = await fetch(server.url, { headers: { accept: "text/html" } });
    console.log(answer.status, await answer.text());
    process.exit(0);`;
  // In a process of its own: this one would take it for a failure of the test.
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" });
  const told = await new Response(child.stdout).text();
  expect(told).toStartWith("500 ");
  expect(told).not.toContain("secret");
}, 30_000);

describe("a request that comes in trickles", () => {
  test.each([
    ["in its headers", "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ", "x"],
    [
      "in its body",
      "POST /workflows/echo/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
      " ",
    ],
    [
      "in chunks",
      "POST /workflows/echo/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
      "1\r\n \r\n",
    ],
  ])(
    "%s is hung up on, however it goes on",
    async (_title, start, more) => {
      const server = listen(
        { host: "127.0.0.1", port: 0 },
        async (request) => new Response(await request.text()),
        1,
      );
      const client = await dial(server.url);
      client.say(start);
      const trickle = setInterval(() => client.say(more), 100);
      await client.closed;
      clearInterval(trickle);
      await server.close();
    },
    30_000,
  );
});

describe("silence", () => {
  test("is allowed to a request that asks for it, until it gives that back", async () => {
    const gate = Promise.withResolvers<void>();
    const server = listen(
      { host: "127.0.0.1", port: 0 },
      async (request, connection) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/cut") await gate.promise;
        if (pathname === "/back") connection.keepOpen()[Symbol.dispose]();
        if (pathname === "/kept") {
          using _ = connection.keepOpen();
          await gate.promise;
        }
        return new Response(pathname);
      },
      1,
    );
    const paths = ["/kept", "/cut", "/back"];
    const clients = await Promise.all(paths.map(() => dial(server.url)));
    for (const [index, client] of clients.entries()) {
      client.say(`GET ${paths[index]} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    }
    const [kept, cut, back] = clients;
    // The ones whose silence is not allowed are cut off in the meantime.
    expect(await cut?.closed).toBe("");
    expect(await back?.closed).toEndWith("/back");
    expect(kept?.isClosed).toBe(false);
    gate.resolve();
    await until(() => kept?.heard.endsWith("/kept") === true, "the silent one is answered");
    kept?.hangUp();
    await server.close();
  }, 20_000);

  test("is asked for by what may take long, for as long as it takes, and by nothing else", async () => {
    const { app, connection, kept, runtime } = await openApp();
    const ask = (line: string, body: string | null = null): Promise<Response> => {
      const [method = "", path = ""] = line.split(" ");
      const request = new Request(`http://localhost${path}`, { method, body });
      return app(request, Promise.resolve(), connection);
    };
    const run = ask("POST /workflows/waiting/run", '{"handler_id":"one"}');
    await until(
      async () => (await runtime.store.getHandler("one")) !== undefined,
      "it has started",
    );
    expect(kept).toMatchObject({ opened: 1, closed: 0 });
    for (const line of [
      "GET /workflows",
      "GET /handlers",
      "HEAD /events/one",
      "GET /handlers/one",
      "POST /workflows/none/run",
      "POST /workflows/waiting/run-nowait",
    ]) {
      await ask(line, line.startsWith("POST") ? "{}" : null);
    }
    expect(kept).toMatchObject({ opened: 1, closed: 0 });
    const stream = readAllFrames(await ask("GET /events/one"));
    const leaving = (await ask("GET /events/one")).body?.getReader();
    await leaving?.read();
    expect(kept).toMatchObject({ opened: 3, closed: 0 });
    await leaving?.cancel();
    await until(() => kept.closed === 1, "what was left has given it back");
    await ask("POST /events/one", '{"event":{"type":"Next"}}');
    expect((await run).status).toBe(200);
    await stream;
    expect(kept).toMatchObject({ opened: 3, closed: 3 });
    await runtime.close();
  });
});

describe("many streams", () => {
  test("have a limit, beyond which more are refused until some have ended", async () => {
    const { app, connection, kept, runtime } = await openApp({ streamsMax: 2 });
    const ask = (line: string, body: string | null = null): Promise<Response> => {
      const [method = "", path = ""] = line.split(" ");
      const request = new Request(`http://localhost${path}`, { method, body });
      return app(request, Promise.resolve(), connection);
    };
    await ask("POST /workflows/waiting/run-nowait", '{"handler_id":"one"}');
    const open = async (path: string) => {
      const { status, body } = await ask(`GET ${path}`);
      expect(status).toBe(200);
      const reader = body?.getReader();
      await reader?.read();
      return reader;
    };
    const first = await open("/events/one");
    await open("/debug/handlers/stream");
    for (const path of ["/events/one", "/events/one?sse=false", "/debug/handlers/stream"]) {
      const refused = await ask(`GET ${path}`);
      const { status, headers } = refused;
      const fields = ["retry-after", "connection"].map((name) => headers.get(name));
      expect([status, ...fields]).toEqual([503, "1", "close"]);
      expect(await refused.json()).toEqual({
        detail: "All 2 streams that this server has room for are open: try again later.",
        code: "streams_full",
      });
    }
    expect((await ask("GET /handlers/one")).status).toBe(202);
    await first?.cancel();
    await until(() => kept.closed === 1, "one has ended");
    await open("/events/one");
    expect((await ask("GET /events/one")).status).toBe(503);
    await runtime.close();
  });
});

async function openApp({ streamsMax = 100 } = {}) {
  const definitions = new Map(
    serverWorkflows.map(([name, workflow, more = []]) => [name, workflow.define(name, more)]),
  );
  const runtime = new Runtime({ store: new MemoryStore() });
  for (const [name, workflow] of serverWorkflows) {
    const definition = definitions.get(name);
    if (definition) runtime.register(workflow, definition);
  }
  await runtime.open();
  const app = createApp({
    runtime,
    settings: toSettings({}, {}),
    log: () => {},
    streams: new Streams(streamsMax),
    workflows: definitions,
    isReady: () => true,
    shutdown: new AbortController().signal,
  });
  const kept = { opened: 0, closed: 0 };
  const connection: Connection = {
    isFramed: false,
    keepOpen() {
      kept.opened++;
      return { [Symbol.dispose]: () => void kept.closed++ };
    },
  };
  return { app, connection, kept, runtime };
}

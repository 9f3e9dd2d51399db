/** Which pages may ask for anything, and under which names: other sites, and names not ours. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { changing, lines, openWithRun, reading, statusOf } from "../support/routes.ts";
import { openServer, seen } from "../support/server.ts";
import { dial } from "../support/socket.ts";
import { titled } from "../support/titles.ts";

const evilOrigins = [
  "https://evil.test",
  "null",
  "http://localhost.evil.test",
  "http://localhost:evil",
  "http://evil.test#localhost",
  "http://localhost@evil.test",
  "https://allowed.test.evil",
  "https://evil-allowed.test",
  "https://allowed.test:8443",
  "http://allowed.test",
  "https://sub.allowed.test",
  "http://localhost:8081",
  "http://127.0.0.1",
  "file://",
  "chrome-extension://abcdef",
  "*",
  "",
  "localhost",
  "https://allowed.test, https://evil.test",
];

describe("pages of other sites", () => {
  let host: Awaited<ReturnType<typeof openWithRun>>;
  beforeAll(async () => {
    host = await openWithRun({ corsOrigins: ["https://allowed.test"] });
  });
  afterAll(() => host.server.close());

  test.each(titled(evilOrigins))("of %s may change nothing", async (_title, origin) => {
    for (const headers of [
      { origin },
      { origin, cookie: "session=1", authorization: "Basic eA==" },
    ]) {
      for (const line of changing) {
        const answer = await host.ask(line, { headers, body: "{}" });
        expect([line, ...Object.values(seen(answer))]).toEqual([
          line,
          403,
          { detail: expect.stringContaining("may not use this server"), code: "origin_forbidden" },
        ]);
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      }
    }
    expect(await host.handlerIds()).toEqual(["waits"]);
    expect((await host.ask("GET /handlers/waits")).status).toBe(202);
  });

  test.each(titled(evilOrigins))("of %s may read nothing", async (_title, origin) => {
    for (const line of reading) {
      const { headers, status } = await statusOf(host, line, { headers: { origin } });
      expect([line, status < 400 || status === 404]).toEqual([line, true]);
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test.each(titled(evilOrigins))("of %s get no leave to ask", async (_title, origin) => {
    for (const line of [...changing, "POST /health", "POST /nope"]) {
      const answer = await host.ask(line.replace(/^\w+/, "OPTIONS"), {
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
      expect(answer.status).toBe(403);
      for (const name of answer.headers.keys()) expect(name).not.toStartWith("access-control-");
    }
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json",
    undefined,
  ])("start nothing with a body of type %s", async (type) => {
    const headers = { origin: "https://evil.test", ...(type && { "content-type": type }) };
    const body = new TextEncoder().encode('{"start_event":{}}');
    const answer = await host.ask("POST /workflows/echo/run-nowait", { headers, body });
    expect(answer.status).toBe(403);
    expect(await host.handlerIds()).toEqual(["waits"]);
  });

  test("cancel nothing with a request that has no body", async () => {
    for (const query of ["", "?purge=true"]) {
      const answer = await host.ask(`POST /handlers/waits/cancel${query}`, {
        headers: { origin: "https://evil.test" },
      });
      expect(answer.status).toBe(403);
    }
    expect((await host.ask("GET /handlers/waits")).status).toBe(202);
  });
});

describe("pages of this site", () => {
  test.each([
    ["http://localhost", "http://localhost"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://192.168.1.5:8080", "http://192.168.1.5:8080"],
    // A proxy in front has ended TLS.
    ["http://app.example", "https://app.example"],
    ["http://APP.example:80", "http://app.EXAMPLE"],
  ])("at %s, with the origin %s, may do everything", async (origin, header) => {
    await using host = openServer({ allowedHosts: ["app.example"] });
    const answer = await host.post(
      "/workflows/echo/run",
      {},
      { origin, headers: { origin: header } },
    );
    expect(answer.status).toBe(200);
  });
});

describe("names that are not ours", () => {
  const browsers: readonly Record<string, string>[] = [
    { origin: "http://evil.test" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-mode": "navigate" },
    { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" },
  ];
  const evilHosts = [
    "http://evil.test",
    "http://evil.test:8080",
    "http://localhost.evil.test",
    "http://localhost.",
    "http://127.0.0.1.evil.test",
    "http://127-0-0-1.evil.test",
    "http://sub.app.example",
    "http://app.example.evil.test",
  ];

  test.each(titled(evilHosts))(
    "such as %s: a browser is refused everywhere",
    async (_title, origin) => {
      await using host = await openWithRun({ allowedHosts: ["app.example"] });
      for (const line of lines) {
        for (const headers of browsers) {
          const answer = await host.ask(line, { origin, headers });
          expect([line, ...Object.values(seen(answer))]).toEqual([
            line,
            421,
            { detail: expect.stringContaining("`allowedHosts`"), code: "host_forbidden" },
          ]);
        }
      }
      expect(await host.handlerIds()).toEqual(["waits"]);
    },
  );

  test("do not hinder another service, which knows us by the name it has for us", async () => {
    await using host = openServer();
    const answer = await host.post(
      "/workflows/echo/run",
      {},
      { origin: "http://workflows.internal" },
    );
    expect(answer.status).toBe(200);
  });

  test.each([
    "http://localhost:1234",
    "http://LOCALHOST",
    "http://127.0.0.1",
    "http://0x7f.1",
    "http://2130706433",
    "http://[::1]:80",
    "http://[::ffff:127.0.0.1]",
    "http://10.0.0.7:8080",
    "http://App.Example:8080",
    "http://xn--bcher-kva.example",
  ])("nor a browser that comes to %s", async (origin) => {
    await using host = openServer({ allowedHosts: ["app.example", "bücher.example"] });
    for (const headers of browsers.slice(1)) {
      expect((await host.ask("GET /workflows", { origin, headers })).status).toBe(200);
    }
  });

  test("nor whoever has shown a key", async () => {
    await using host = openServer({ auth: "key" });
    const request = { origin: "http://evil.test", headers: { "sec-fetch-site": "none" } };
    expect((await host.ask("GET /workflows", request)).status).toBe(401);
    // What is open to all without a key is not open to another name.
    expect((await host.ask("GET /", request)).status).toBe(421);
    const headers = { ...request.headers, "x-api-key": "key" };
    expect((await host.ask("GET /workflows", { ...request, headers })).status).toBe(200);
  });
});

describe("a Host header that is none", () => {
  let host: ReturnType<typeof openServer>;
  let url: URL;
  beforeAll(async () => {
    host = openServer();
    ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
  });
  afterAll(() => host.server.close());

  const say = async (request: string): Promise<string> => {
    const client = await dial(url);
    client.say(`${request.replaceAll("\n", "\r\n")}\r\n\r\n`);
    return client.closed;
  };

  test.each(
    titled(["a b", "localhost@evil.test", "localhost/x?y#z", "[::1", "%", "localhost, evil.test"]),
  )("%s is refused", async (_title, name) => {
    const answer = await say(`GET /health HTTP/1.1\nHost: ${name}\nConnection: close`);
    expect(answer).toStartWith("HTTP/1.1 400 ");
    expect(answer).toContain('"code":"request_invalid"');
  });

  test("is told as it came, up to a hundred characters of it", async () => {
    const answer = await say(`GET /health HTTP/1.1\nHost: ${"a b".repeat(50)}\nConnection: close`);
    expect(answer).toContain(
      `Expected \`Host\` to be one name or address, got \`${"a b".repeat(50).slice(0, 100)}\`.`,
    );
  });

  test("two of them are refused", async () => {
    for (const names of [
      ["localhost", "evil.test"],
      ["evil.test", "localhost"],
    ]) {
      const hosts = names.map((name) => `Host: ${name}`).join("\n");
      expect(await say(`GET /workflows HTTP/1.1\n${hosts}\nConnection: close`)).toStartWith(
        "HTTP/1.1 400 ",
      );
    }
  });

  test("none at all is refused by HTTP/1.1, and taken from a probe that speaks HTTP/1.0", async () => {
    expect(await say("GET /health HTTP/1.1\nConnection: close")).toStartWith("HTTP/1.1 400 ");
    expect(await say("GET /health HTTP/1.0")).toStartWith("HTTP/1.1 200 ");
    expect(await say("GET /health HTTP/1.1\nHost:\nConnection: close")).toStartWith(
      "HTTP/1.1 200 ",
    );
    // Nobody who might be a page of another site comes in that way.
    expect(await say("GET /health HTTP/1.0\nOrigin: http://unnamed.invalid")).toStartWith(
      "HTTP/1.1 421 ",
    );
    expect(
      await say("POST /handlers/x/cancel HTTP/1.0\nOrigin: http://unnamed.invalid"),
    ).toStartWith("HTTP/1.1 421 ");
  });

  test("a host in the request line does not stand in for it", async () => {
    const answer = await say(
      "GET http://localhost/workflows HTTP/1.1\nHost: evil.test\nOrigin: http://evil.test\nConnection: close",
    );
    expect(answer).toStartWith("HTTP/1.1 421 ");
  });
});

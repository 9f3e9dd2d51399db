/** Keys: whoever shows none is refused before a body is read and before anything is looked up. */
import { describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/index.ts";
import { lines, openWithRun, statusOf } from "../support/routes.ts";
import { openServer, seen } from "../support/server.ts";
import { titled } from "../support/titles.ts";

describe("keys", () => {
  const keyless = { authorization: "" };
  const wrong: readonly Record<string, string>[] = [
    {},
    keyless,
    { authorization: "Bearer" },
    { authorization: "Bearer " },
    { authorization: "Bearer wrong" },
    { authorization: "Bearer key-onee" },
    { authorization: "Bearer key-on" },
    { authorization: "Bearer KEY-ONE" },
    { authorization: "Bearer key-one, Bearer key-two" },
    { authorization: "key-one" },
    { authorization: "Basic a2V5LW9uZQ==" },
    { authorization: "Basic key-one" },
    { authorization: "Token key-one" },
    { authorization: "Digest key-one" },
    { authorization: "Bearer: key-one" },
    { authorization: "Bearer\tkey-one" },
    { "x-api-key": "wrong" },
    { "x-api-key": "" },
    { "x-api-key": "Bearer key-one" },
    { cookie: "x-api-key=key-one; authorization=Bearer key-one" },
    { "proxy-authorization": "Bearer key-one" },
    { authorization: `Bearer ${"x".repeat(100_000)}` },
  ];

  /** A store that nobody may look into. */
  class SealedStore extends MemoryStore {
    looks = 0;
    override getHandler(id: string): ReturnType<MemoryStore["getHandler"]> {
      this.looks++;
      return super.getHandler(id);
    }
    override listHandlers(filter: object): ReturnType<MemoryStore["listHandlers"]> {
      this.looks++;
      return super.listHandlers(filter);
    }
  }

  test.each(titled(wrong))(
    "%s: 401, with nothing read and nothing looked up",
    async (_title, headers) => {
      const store = new SealedStore();
      await using host = openServer({ auth: ["key-one", "key-two"], store });
      await host.server.start();
      store.looks = 0;
      let pulls = 0;
      const body = (): ReadableStream =>
        new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 });
      for (const line of [
        ...lines.filter((each) => !/^GET \/(health|start\.js|start\.css)?$/.test(each)),
        "GET /workflows/none/schema",
        "POST /workflows/none/run",
        "GET /handlers/nobody",
        "GET /nope",
        "PUT /workflows",
        "OPTIONS /workflows",
      ]) {
        const answer = await host.ask(`${line}?key=key-one&api_key=key-one&token=key-one`, {
          headers,
          body: line.startsWith("POST") ? body() : null,
        });
        expect([line, ...Object.values(seen(answer))]).toEqual([
          line,
          401,
          { detail: expect.stringContaining("X-API-Key"), code: "unauthorized" },
        ]);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
      expect({ pulls, looks: store.looks }).toEqual({ pulls: 0, looks: 0 });
    },
  );

  test.each<Record<string, string>>([
    { authorization: "Bearer key-one" },
    { authorization: "Bearer key-two" },
    { authorization: "bearer key-one" },
    { authorization: "BEARER   key-one" },
    { "x-api-key": "key-two" },
    { "x-api-key": "key-one", authorization: "Basic eA==" },
  ])("%o opens every route", async (headers) => {
    await using host = await openWithRun({ auth: ["key-one", "key-two"] }, headers);
    for (const line of lines) {
      const body = line.startsWith("POST") ? "{}" : null;
      const { status } = await statusOf(host, line, { headers, body });
      expect([line, status === 401]).toEqual([line, false]);
    }
  });

  test("the page, its files and the probe need none; nothing else does without", async () => {
    await using host = openServer({ auth: "key" });
    for (const line of ["GET /", "HEAD /", "GET /start.js", "GET /start.css", "HEAD /health"]) {
      expect([line, (await host.ask(line)).status === 401]).toEqual([line, false]);
    }
    for (const line of ["POST /", "GET /openapi.json", "POST /start.js", "DELETE /health"]) {
      expect([line, (await host.ask(line)).status]).toEqual([line, 401]);
    }
  });

  test("a key does not make another origin ours", async () => {
    await using host = openServer({ auth: "key" });
    const headers = { "x-api-key": "key", origin: "https://evil.test" };
    expect((await host.post("/workflows/echo/run", {}, { headers })).status).toBe(403);
  });
});

describe("a function that decides", () => {
  test("may look at the request, at once or later", async () => {
    const auth = async (request: Request): Promise<boolean> => {
      await Promise.resolve();
      return request.headers.get("x-team") === "a" && new URL(request.url).pathname !== "/handlers";
    };
    await using host = openServer({ auth });
    const headers = { "x-team": "a" };
    expect((await host.ask("GET /workflows", { headers })).status).toBe(200);
    expect((await host.ask("GET /handlers", { headers })).status).toBe(401);
    expect((await host.ask("GET /workflows")).status).toBe(401);
    await using other = openServer({ auth: ({ method }) => method === "GET" });
    expect((await other.ask("GET /workflows")).status).toBe(200);
    expect((await other.post("/workflows/echo/run", {})).status).toBe(401);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("ldap://secret.internal is down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("ldap://secret.internal is down"))],
  ])("that %s lets nobody in, and tells the log alone", async (_title, auth) => {
    await using host = openServer({ auth });
    for (const line of ["GET /workflows", "POST /workflows/echo/run"]) {
      const answer = await host.ask(line);
      expect(answer).toMatchObject({ status: 500, body: { code: "internal" } });
      expect(answer.text).not.toContain("ldap");
    }
    expect(host.log.map(({ level, fields }) => [level, String(fields["error"])])).toEqual([
      ["error", "Error: ldap://secret.internal is down"],
      ["error", "Error: ldap://secret.internal is down"],
    ]);
    // Whoever supervises the process, and the page, are not its business.
    await host.server.start();
    expect((await host.ask("GET /health")).status).toBe(200);
    expect((await host.ask("GET /")).status).toBe(200);
  });
});

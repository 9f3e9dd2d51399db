/** Pages of listed origins: what they are told, and that nobody else is. */
import { afterAll, describe, expect, test } from "bun:test";

import { refusal } from "../support/bodies.ts";
import { openServer, seen } from "../support/server.ts";
import { titled } from "../support/titles.ts";

const origin = "https://app.example";
const host = openServer({ corsOrigins: [origin, "http://localhost:5173"] });
afterAll(() => host.server.close());

const cors = (headers: Headers): object => ({
  vary: headers.get("vary"),
  allowed: headers.get("access-control-allow-origin"),
  credentials: headers.get("access-control-allow-credentials"),
});
const granted = { vary: "Origin", allowed: origin, credentials: "true" };

describe("a listed origin", () => {
  test.each([
    ["GET /workflows", 200],
    ["GET /handlers/nobody", 404],
    ["POST /workflows/echo/run", 200],
    ["POST /workflows/none/run", 404],
    ["POST /workflows/broken/run", 500],
    ["PUT /workflows", 405],
    ["GET /nope", 404],
    ["HEAD /workflows", 200],
  ])("is named in the answer to %s, which is %d", async (line, status) => {
    const body = line.startsWith("POST") ? "{}" : null;
    const answer = await host.ask(line, { headers: { origin }, body });
    expect([answer.status, cors(answer.headers)]).toEqual([status, granted]);
  });

  test("is named on a stream", async () => {
    const handlerId = await host.start("waiting");
    const response = await host.fetch(`GET /events/${handlerId}`, { headers: { origin } });
    expect(cors(response.headers)).toEqual(granted);
    await response.body?.cancel();
  });

  test("is named when a key is missing, so that its page can say so", async () => {
    await using locked = openServer({ corsOrigins: [origin], auth: "key" });
    const answer = await locked.ask("GET /workflows", { headers: { origin } });
    expect([answer.status, cors(answer.headers)]).toEqual([401, granted]);
  });

  test("does not take from a file what else it varies by", async () => {
    const { headers } = await host.ask("GET /start.js", { headers: { origin } });
    expect(headers.get("vary")).toBe("accept-encoding, Origin");
  });

  test.each(["/workflows/echo/run", "/events/x", "/nope", "/"])(
    "may ask first for %s, without a key",
    async (path) => {
      await using locked = openServer({ corsOrigins: [origin], auth: "key" });
      const answer = await locked.ask(`OPTIONS ${path}`, {
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization, content-type",
        },
      });
      expect(answer.status).toBe(204);
      expect(answer.text).toBe("");
      expect(Object.fromEntries(answer.headers)).toEqual({
        vary: "Origin",
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
    },
  );

  test("that asks first without naming headers is told of none", async () => {
    const { headers } = await host.ask("OPTIONS /handlers", {
      headers: { origin, "access-control-request-method": "GET" },
    });
    expect(headers.has("access-control-allow-headers")).toBe(false);
  });
});

describe("everybody else", () => {
  test.each(titled(["", "https://evil.test", "https://app.example.evil", "https://APP.example/"]))(
    "is told no more than that answers differ: %s",
    async (_title, other) => {
      const headers: Record<string, string> = other === "" ? {} : { origin: other };
      const answer = await host.ask("GET /workflows", { headers });
      expect([answer.status, cors(answer.headers)]).toEqual([
        200,
        { vary: "Origin", allowed: null, credentials: null },
      ]);
    },
  );

  test("is told nothing at all where no origin is listed", async () => {
    await using plain = openServer();
    const answer = await plain.ask("GET /workflows", { headers: { origin } });
    expect(cors(answer.headers)).toEqual({ vary: null, allowed: null, credentials: null });
  });

  test("is not answered about methods by an OPTIONS that is no preflight", async () => {
    expect(seen(await host.ask("OPTIONS /handlers"))).toMatchObject({ status: 405 });
    expect(seen(await host.ask("OPTIONS /handlers", { headers: { origin } }))).toMatchObject({
      status: 405,
    });
    const asking = { "access-control-request-method": "POST" };
    expect(seen(await host.ask("OPTIONS /handlers", { headers: asking }))).toMatchObject({
      status: 405,
    });
    expect(
      seen(await host.ask("OPTIONS /nope", { headers: { origin: "https://evil.test" } })),
    ).toEqual(refusal(403, "origin_forbidden", expect.any(String)));
  });
});

/**
 * Paths, names and ids that mean harm: no spelling reaches a file or another route, no name reaches
 * more than what was registered, and whatever id is taken can be used.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { WorkflowServer } from "../../src/index.ts";
import type { HandlerBody } from "../../src/protocol/handler.ts";
import { chanceLength } from "../../src/base/id.ts";
import { anId, handlerNotFound, refusal } from "../support/bodies.ts";
import { openServer, seen } from "../support/server.ts";
import { dial } from "../support/socket.ts";
import { titled } from "../support/titles.ts";
import { serverWorkflows } from "../support/workflows.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
const host = openServer();
const { ask, post } = host;
const locked = openServer({ auth: "key" });
afterAll(async () => {
  await host.server.close();
  await locked.server.close();
});

describe("paths", () => {
  const files = [
    "/my_server.ts",
    "/package.json",
    "/.env",
    "/.git/config",
    "/.workflows/state.db",
    "/node_modules/valibot/package.json",
    "/src/index.ts",
    "/static/start.js",
    "/start.js.map",
    "/start.ts",
    "/index.html",
    "/page.ts",
    "/etc/passwd",
  ];
  const spellings = [
    "//handlers",
    "/handlers/",
    "/handlers//",
    "//",
    "/.%2e/handlers%00",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/..%5c..%5cwindows",
    "/static/..%2f..%2fpackage.json",
    "/start.js%00.html",
    "/start.js/",
    "/start.js/..%2fpackage.json",
    "/%73tart.js",
    "/h%61ndlers/..%2f",
    "/handlers%2Fx",
    "/handlers/%00",
    "/handlers/%c0%ae%c0%ae",
    "/handlers/%ff",
    "/handlers/%",
    "/handlers/%zz",
    "/handlers/..%2f..",
    "/handlers/%2e%2e%5cx",
    "/workflows/%2e%2e%2fecho/schema",
    "/workflows/echo%00/schema",
    "/workflows/echo/schema/",
    "/workflows/echo//schema",
    "/Workflows",
    "/health;x=1",
    "/health%20",
    `/${"a/".repeat(5000)}`,
    `/${"%2e%2e%2f".repeat(500)}`,
  ];

  test.each(titled([...files, ...spellings]))("%s is not found", async (_title, path) => {
    expect(seen(await ask(`GET ${path}`))).toEqual(refusal(404, "route_not_found", "Not Found"));
  });

  test("no spelling gets round the key, but what is open to all", async () => {
    const all = [...files, ...spellings, "/%68ealth", "/health/", "/openapi.json", "/workflows"];
    for (const path of all)
      expect([path, (await locked.ask(`GET ${path}`)).status]).toEqual([path, 401]);
    // A path is what a URL parser makes of it, for the guard and for the routes alike.
    for (const path of [
      "/health",
      "/./health",
      "/x/../health",
      "/x/%2e%2e/health",
      "/health?a#b",
    ]) {
      expect((await locked.ask(`GET ${path}`)).status).not.toBe(401);
    }
    expect((await locked.ask("GET /health/../handlers")).status).toBe(401);
    expect((await locked.ask("POST /health")).status).toBe(401);
  });

  test("nor when they come as bytes that no client library would send", async () => {
    await using other = openServer();
    const { url } = await other.server.serve({ host: "127.0.0.1", port: 0 });
    for (const target of ["/../../etc/passwd", "//etc/passwd", "/..\\..\\etc", "/\\evil.test/x"]) {
      const client = await dial(url);
      client.say(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(await client.closed).toStartWith("HTTP/1.1 404 ");
    }
    // A path alone for a proxy, or for nobody.
    for (const target of ["*", "http//localhost/"]) {
      const client = await dial(url);
      client.say(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(await client.closed).toMatch(/^HTTP\/1\.1 40[04] /);
    }
  });
});

describe("names", () => {
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "prototype",
    "then",
    "ECHO",
    "echo ",
    "e\u0301cho",
    "x'; DROP TABLE runs; --",
    "%",
    "*",
    "echo\u0000",
    "x".repeat(10_000),
  ];

  test.each(titled(names))("a workflow called %s is not found", async (_title, name) => {
    const before = await host.handlerIds();
    const path = encodeURIComponent(name);
    // A NUL is in no name, so such a path has no route.
    const code = name.includes("\0") ? "route_not_found" : "workflow_not_found";
    for (const line of [`GET /workflows/${path}/schema`, `GET /workflows/${path}/events`]) {
      expect(await ask(line)).toMatchObject({ status: 404, body: { code } });
    }
    expect(await post(`/workflows/${path}/run`, {})).toMatchObject({ status: 404, body: { code } });
    expect(await host.handlerIds(`?workflow_name=${path}&status=${path}`)).toEqual([]);
    expect(await host.handlerIds()).toEqual(before);
  });

  test.each(titled(names))("a handler called %s is not there", async (_title, name) => {
    const path = encodeURIComponent(name);
    for (const line of [`GET /handlers/${path}`, `GET /events/${path}`, `GET /results/${path}`]) {
      expect(await ask(line)).toMatchObject({ status: 404 });
    }
  });

  test.each(
    titled([
      ...names,
      "Event",
      "WorkflowCancelledEvent",
      "node:child_process.exec",
      "os.system",
      "builtins.eval",
      "../../evil",
    ]),
  )("an event type called %s is refused, however it is qualified", async (_title, name) => {
    const handlerId = await host.start("waiting");
    const before = await host.handlerIds();
    for (const event of [
      { type: name, value: {} },
      { qualified_name: name, value: {} },
      { type: name, qualified_name: name, value: {}, __is_pydantic: true },
      { type: { toString: name }, qualified_name: name },
    ]) {
      const code = expect.stringMatching(/^event_(type_unknown|invalid)$/);
      expect(await post(`/events/${handlerId}`, { event })).toMatchObject({
        status: 400,
        body: { code },
      });
      expect(
        await post("/workflows/echo/run", { start_event: { value: {}, ...event } }),
      ).toMatchObject({ status: 400, body: { code } });
    }
    expect(await host.handlerIds()).toEqual(before);
    expect((await ask(`GET /handlers/${handlerId}`)).status).toBe(202);
  });

  test("a step called like a property of objects is none", async () => {
    const handlerId = await host.start("waiting");
    for (const step of ["__proto__", "constructor", "", "Wait", "wait "]) {
      expect(await post(`/events/${handlerId}`, { event: { type: "Next" }, step })).toMatchObject({
        status: 400,
        body: { code: "step_unknown" },
      });
    }
  });

  test("text that SQL would read is text to a store that speaks SQL", async () => {
    await using other = openServer({ store: join(folder, "state.db") });
    const texts = ["x'; DROP TABLE runs; --", "' OR '1'='1", "%", "_", "*", '"', "\\", "é"];
    await other.post("/workflows/echo/run", { handler_id: "first" });
    for (const text of texts) {
      const path = encodeURIComponent(text);
      for (const query of [`status=${path}`, `workflow_name=${path}`]) {
        expect(await other.handlerIds(`?${query}`)).toEqual([]);
      }
      expect((await other.ask(`GET /handlers?after=${path}`)).status).toBe(400);
      expect((await other.ask(`GET /handlers/${path}`)).status).toBe(404);
      const body = { handler_id: text, start_event: { [text]: text } };
      expect(await other.post("/workflows/echo/run", body)).toMatchObject({
        status: 200,
        body: { handler_id: text, result: { value: { result: { [text]: text } } } },
      });
      expect((await other.ask(`GET /events/${path}?after_sequence=-1`)).status).toBe(200);
    }
    expect(await other.handlerIds()).toEqual(["first", ...texts]);
    expect(
      (await other.ask(`POST /handlers/${encodeURIComponent("%")}/cancel?purge=true`)).status,
    ).toBe(200);
    expect(await other.handlerIds()).toEqual(["first", ...texts.filter((text) => text !== "%")]);
  });

  test("a workflow is only registered under a name that a path can have", () => {
    const [, echo] = serverWorkflows[0] ?? [];
    const add = (name: string) => () => {
      if (echo) new WorkflowServer({ store: "memory" }).addWorkflow(name, echo);
    };
    for (const name of ["", "a\nb", "\0", "\ud800", "..", ".", "a/../b", "x".repeat(129)]) {
      expect(add(name)).toThrow(/^Expected the name of a workflow to be /);
    }
    for (const name of ["x".repeat(128), "a b/c", "__proto__", "Größe", "a..b", "...", "%2e"]) {
      expect(add(name)).not.toThrow();
    }
  });

  test("a workflow with an odd name works", async () => {
    const [, echo] = serverWorkflows[0] ?? [];
    if (!echo) throw new Error("There is a first workflow.");
    const odd = ["a b/c", "__proto__", "Größe ✓", "%2F", "a?b#c", "..."];
    await using other = openServer(
      {},
      odd.map((name) => [name, echo] as const),
    );
    for (const name of odd) {
      const path = `/workflows/${encodeURIComponent(name)}`;
      expect(await other.post(`${path}/run`, {})).toMatchObject({
        status: 200,
        body: { workflow_name: name },
      });
      expect((await other.ask(`GET ${path}/representation`)).status).toBe(200);
    }
    expect((await other.ask("GET /workflows")).body).toEqual({ workflows: odd });
  });
});

describe("handler ids", () => {
  beforeAll(() => host.server.start());

  test("of ours have 125 random bits and never repeat", async () => {
    const ids = new Set<string>();
    const letters = new Map<string, number>();
    for (let count = 0; count < 200; count++) {
      const { body } = await post("/workflows/echo/run-nowait", {});
      const { handler_id: handlerId, run_id: runId } = body as HandlerBody;
      for (const id of [handlerId, runId]) {
        expect<unknown>(id).toEqual(anId);
        ids.add(String(id));
        for (const letter of String(id).slice(-chanceLength))
          letters.set(letter, (letters.get(letter) ?? 0) + 1);
      }
    }
    expect(ids.size).toBe(400);
    expect(Math.log2(62 ** chanceLength)).toBeGreaterThan(120);
    // 8,400 letters: every one of the 62 is among them, none much more often than the others.
    expect(letters.size).toBe(62);
    expect(Math.max(...letters.values())).toBeLessThan(3 * (8400 / 62));
  });

  test.each(titled([null, ""]))("%s asks for an id of ours", async (_title, handlerId) => {
    const { body } = await post("/workflows/echo/run", { handler_id: handlerId });
    expect(body).toMatchObject({ handler_id: anId });
  });

  test.each(
    titled([
      "mine",
      "a b/c",
      "a+b&c=d?e#f",
      "%2F",
      "__proto__",
      "Ünïcödé 🎉",
      " ",
      "...",
      "..a",
      "-1",
      "now",
      "x".repeat(128),
      "🎉".repeat(64),
    ]),
  )("%s can be chosen, and used everywhere", async (_title, handlerId) => {
    const path = encodeURIComponent(handlerId);
    expect(await post("/workflows/waiting/run-nowait", { handler_id: handlerId })).toMatchObject({
      status: 200,
      body: { handler_id: handlerId },
    });
    expect((await ask(`GET /handlers/${path}`)).body).toMatchObject({ handler_id: handlerId });
    expect((await ask(`GET /results/${path}`)).status).toBe(202);
    expect((await post(`/events/${path}`, { event: { type: "Next" } })).status).toBe(200);
    await host.ended(handlerId);
    expect((await ask(`GET /events/${path}?after_sequence=-1`)).status).toBe(200);
    expect((await ask(`POST /handlers/${path}/cancel?purge=true`)).status).toBe(200);
    expect(seen(await ask(`GET /handlers/${path}`))).toEqual(handlerNotFound);
  });

  const refused: readonly (readonly [unknown, RegExp])[] = [
    [5, /Expected string/],
    [true, /Expected string/],
    [{ id: "a" }, /Expected string/],
    [["a"], /Expected string/],
    ["x".repeat(129), /128/],
    ["🎉".repeat(65), /128/],
    ["a\u0000b", /control characters/],
    ["a\nb", /control characters/],
    ["\u007f", /control characters/],
    ["\u0085", /control characters/],
    ["\ud800", /well-formed/],
    [".", /path/],
    ["..", /path/],
    ["../x", /path/],
    ["a/../b", /path/],
    ["a\\..", /path/],
  ];
  test.each(titled(refused))("%s is refused, and nothing starts", async (_title, row) => {
    const [handlerId, reason] = row;
    const before = await host.handlerIds();
    for (const verb of ["run", "run-nowait"]) {
      expect(seen(await post(`/workflows/echo/${verb}`, { handler_id: handlerId }))).toEqual(
        refusal(400, "request_invalid", expect.stringMatching(reason)),
      );
    }
    expect(await host.handlerIds()).toEqual(before);
  });
});

/**
 * Bodies that mean harm, or that a broken client sends: each is refused in words, or does what it
 * says; none changes anything else.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import { openServer, seen } from "../support/server.ts";
import { refusal, stopEnvelope } from "../support/bodies.ts";
import { titled } from "../support/titles.ts";

const host = openServer();
const { ask, post } = host;
beforeAll(async () => {
  await host.start("waiting", { handler_id: "waits" });
});
afterAll(() => host.server.close());

const bodyRoutes = [
  ["/workflows/waiting/run", "Invalid JSON body", "Error processing request body"],
  ["/workflows/waiting/run-nowait", "Invalid JSON body", "Error processing request body"],
  ["/events/waits", "Error processing request", "Error processing request"],
] as const;

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
const nested = (depth: number): string =>
  `{"event":${'{"a":'.repeat(depth - 1)}1${"}".repeat(depth - 1)}}`;

describe.each(bodyRoutes)("POST %s", (path, notJson, notObject) => {
  let before: readonly string[] = [];
  beforeEach(async () => {
    before = await host.handlerIds();
  });
  afterEach(async () => {
    expect(await host.handlerIds()).toEqual(before);
    expect((await ask("GET /handlers/waits")).status).toBe(202);
  });

  test.each<[string, BodyInit | null]>([
    ["nothing", null],
    ["an empty text", ""],
    ["blanks", " \n\t"],
    ["half an object", '{"event":'],
    ["a comma too many", '{"event":1,}'],
    ["single quotes", "{'event':1}"],
    ["a comment", "{} // no"],
    ["two values", "{}{}"],
    ["NaN", '{"event":NaN}'],
    ["a leading zero", '{"event":01}'],
    ["a word", "undefined"],
    ["a raw control character", '{"event":"\u0001"}'],
    ["a NUL", "\0"],
    ["form fields", new URLSearchParams({ event: "x" })],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0])],
    ["UTF-8 that is overlong", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ["UTF-8 that is cut", new Uint8Array([0x22, 0xe2, 0x82, 0x22])],
    ["a surrogate as UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["bytes that are gzipped", Bun.gzipSync(text("{}"))],
    ["65 levels", nested(65)],
    ["100,000 levels", nested(100_000)],
    ["100,000 open brackets", "[".repeat(100_000)],
  ])("%s: 400, and it is said that it is no JSON", async (_name, body) => {
    expect(seen(await ask(`POST ${path}`, { body }))).toEqual(
      refusal(
        400,
        "json_invalid",
        expect.stringMatching(new RegExp(`^${notJson}: .{5,250}$`, "s")),
      ),
    );
  });

  test.each(titled(["[]", "[{}]", "null", "true", "5", '"text"', `"${"x".repeat(500_000)}"`]))(
    "%s: 400, and it is said that it is no object",
    async (_title, body) => {
      const answer = await ask(`POST ${path}`, { body });
      expect(seen(answer)).toEqual(
        refusal(
          400,
          "request_invalid",
          expect.stringMatching(new RegExp(`^${notObject}: .*(?:object|Object).*\\.$`)),
        ),
      );
      expect(answer.text.length).toBeLessThan(500);
    },
  );

  test("compressed bodies are refused by name", async () => {
    for (const encoding of ["gzip", "br", "zstd", "gzip, identity", "x".repeat(5000)]) {
      const answer = await ask(`POST ${path}`, {
        body: Bun.gzipSync(text("{}")),
        headers: { "content-encoding": encoding },
      });
      expect(seen(answer)).toEqual(
        refusal(400, "json_invalid", expect.stringContaining("not compressed")),
      );
    }
  });

  test("a body above the limit is refused, whether it tells its length or not", async () => {
    const large = `{"event":"${"x".repeat(2 ** 20)}"}`;
    const chunked = (): ReadableStream =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(text("x".repeat(2 ** 16))),
      });
    for (const body of [large, chunked()]) {
      expect(seen(await ask(`POST ${path}`, { body }))).toEqual(
        refusal(413, "body_too_large", expect.stringContaining("at most 1048576 bytes")),
      );
    }
    const lying = await ask(`POST ${path}`, { body: "{}", headers: { "content-length": "9e99" } });
    expect(lying.status).toBe(413);
  });
});

describe("what gets in", () => {
  const run = async (body: BodyInit): Promise<unknown> => {
    const answer = await ask("POST /workflows/echo/run", { body });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return (answer.body as { result: { value: { result?: unknown } } }).result.value.result;
  };

  test("a byte order mark is skipped", async () => {
    expect(
      await run(new Uint8Array([0xef, 0xbb, 0xbf, ...text('{"start_event":{"a":1}}')])),
    ).toEqual({ a: 1 });
  });

  test("64 levels of nesting are data", async () => {
    const depth = 62;
    const value = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    expect(JSON.stringify(await run(`{"start_event":{"a":${value}}}`))).toBe(`{"a":${value}}`);
  });

  test("of two fields with one name, the last counts", async () => {
    expect(await run('{"start_event":{"a":1},"start_event":{"a":2,"a":3}}')).toEqual({ a: 3 });
  });

  test("any content type, and none, will do", async () => {
    for (const type of ["text/plain", "application/octet-stream", "nonsense"]) {
      const answer = await ask("POST /workflows/echo/run", {
        body: "{}",
        headers: { "content-type": type },
      });
      expect(answer.status).toBe(200);
    }
    expect((await ask("POST /workflows/echo/run", { body: text("{}") })).status).toBe(200);
  });

  test.each([
    ["NUL and control characters", '"\\u0000\\u0001\\u001f\\u007f\\u0085"'],
    ["lone surrogates", '"\\ud800 \\udfff x"'],
    ["ends of lines", '"\\r\\n\\u2028\\u2029"'],
    ["emoji and text from right to left", '"👩‍👩‍👧 \\u202e שלום"'],
    ["the smallest number", "5e-324"],
    ["the largest number", "1.7976931348623157e308"],
    ["a number that is nearly nothing", "1e-400"],
    ["the largest safe integer", "9007199254740991"],
    ["names of things that objects have", '{"toString":1,"hasOwnProperty":2,"valueOf":null}'],
    ["empty names", '{"":{"":[]}}'],
    ["a value that looks like an envelope", '{"type":"StopEvent","value":{"result":1}}'],
  ])("%s come back as they went in", async (_name, json) => {
    const value: unknown = JSON.parse(json);
    expect(await run(`{"start_event":{"field":${json}}}`)).toEqual({ field: value });
  });

  test("minus zero is zero", async () => {
    expect(JSON.stringify(await run('{"start_event":{"a":-0,"b":-0.0}}'))).toBe('{"a":0,"b":0}');
  });

  test("a number beyond all numbers is refused", async () => {
    const before = await host.handlerIds();
    for (const json of ["1e400", "-1e400", '{"deep":[1e999]}']) {
      expect(
        seen(await ask("POST /workflows/echo/run", { body: `{"start_event":{"a":${json}}}` })),
      ).toEqual(refusal(400, "value_not_json", expect.stringContaining("Infinity")));
    }
    expect(await host.handlerIds()).toEqual(before);
  });

  test("a million bytes of small fields are taken in reasonable time", async () => {
    const fields = Array.from({ length: 60_000 }, (_, index) => `"k${index}":${index}`).join(",");
    const result = await run(`{"start_event":{${fields}}}`);
    expect(Object.keys(result as object)).toHaveLength(60_000);
  });
});

describe("prototypes", () => {
  const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  const deep = `{"a":${poison},"__proto__":${poison},"list":[${poison}],"prototype":1}`;

  test.each([
    ["a start event", `{"start_event":${deep}}`],
    ["kwargs", `{"kwargs":${deep}}`],
    ["a start event as text", JSON.stringify({ start_event: deep })],
    ["an envelope", `{"start_event":{"type":"StartEvent","value":${deep}}}`],
    [
      "extra fields of an envelope",
      `{"start_event":{"type":"StartEvent","value":{"_data":${deep}}}}`,
    ],
    ["the body", `{"__proto__":{"handler_id":"poisoned"},"constructor":1,"start_event":{}}`],
  ])("nothing is polluted by %s", async (_name, body) => {
    const answer = await ask("POST /workflows/echo/run", { body });
    expect(answer.status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "handler_id")).toBe(false);
    expect(await host.handlerIds()).not.toContain("poisoned");
    // What comes back is data, and inert.
    const { result } = JSON.parse(answer.text) as { result: { value: { result?: object } } };
    expect(result.value.result).not.toHaveProperty("polluted");
  });

  test("nor by a query", async () => {
    await ask("GET /handlers?__proto__[polluted]=1&constructor.prototype.polluted=1");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("text within text", () => {
  const levels = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

  test.each([65, 5_000, 100_000])(
    "%d levels in a JSON string are refused as well",
    async (depth) => {
      const detail = `Failed to deserialize event: expected at most 64 levels of nesting, got ${depth}.`;
      expect(seen(await post("/workflows/echo/run", { start_event: levels(depth) }))).toEqual(
        refusal(400, "event_invalid", `Validation error for 'start_event': ${detail}`),
      );
      expect(seen(await post("/events/waits", { event: levels(depth) }))).toEqual(
        refusal(400, "event_invalid", detail),
      );
    },
  );

  test("a start event as text is taken", async () => {
    const answer = await post("/workflows/echo/run", { start_event: '{"a":1}' });
    expect(answer.body).toMatchObject({ result: stopEnvelope({ a: 1 }) });
  });
});

describe("what an error repeats of what came", () => {
  const long = "x".repeat(500_000);

  test.each<[string, string, unknown]>([
    ["/workflows/echo/run", "a handler id", { handler_id: long }],
    ["/workflows/echo/run", "an event type", { start_event: { type: long, value: {} } }],
    [
      "/workflows/echo/run",
      "a qualified name",
      { start_event: { qualified_name: long, value: 1 } },
    ],
    ["/workflows/echo/run", "a name of a field", { start_event: { [long]: 1, value: 1 } }],
    ["/workflows/echo/run", "a value", { start_event: { type: "StartEvent", value: long } }],
    ["/workflows/echo/run", "a body", long],
    ["/events/waits", "an event", { event: long }],
    ["/events/waits", "an event type", { event: { type: long } }],
    ["/events/waits", "a step", { event: { type: "Next" }, step: long }],
    ["/events/waits", "a step that is none", { event: { type: "Next" }, step: [long] }],
    ["/events/waits", "a body", [long]],
  ])("POST %s with %s of half a megabyte: little", async (path, _name, body) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(1000);
  });

  test("nor does a path, a query or a header come back whole", async () => {
    for (const [line, headers] of [
      [`GET /events/waits?after_sequence=${long}`, {}],
      [`GET /workflows/echo/${long}`, {}],
      [`GET /workflows/${long}/events`, {}],
      [`GET /handlers/${long}`, {}],
      ["POST /workflows/echo/run", { origin: `http://${long}.test` }],
      ["GET /workflows", { origin: "x", host: `${long},` }],
    ] as const) {
      const answer = await ask(line, { headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text.length).toBeLessThan(1000);
    }
  });
});

/** Request bodies: what is read, what is refused and how early. */
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { WorkflowError } from "../../src/base/errors.ts";
import { type BodyLimits, hasEndlessBody, readJsonBody } from "../../src/http/body.ts";

const limits = { bytesMax: 1000, depthMax: 64 };

interface Sent {
  readonly body?: RequestInit["body"];
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function post({ body, headers, signal }: Sent): Request {
  return new Request("http://localhost/", {
    method: "POST",
    ...(body !== undefined && { body }),
    ...(headers && { headers }),
    ...(signal && { signal }),
  });
}

/** The value, or code and message of the refusal. */
function read(sent: Sent, use: BodyLimits = limits): Promise<unknown> {
  return readJsonBody(post(sent), "Bad body", use).catch(
    (error: WorkflowError) => `${error.code}: ${error.message}`,
  );
}

/** Sent in chunks, as its length is not known beforehand. */
function bodyInParts(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytesOf("1"));
      controller.close();
    },
  });
}

function bytesOf(...parts: (string | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([...part]))),
    ),
  );
}

describe("JSON comes through", () => {
  test.each([
    ["an object", '{"a":[1,null,"x"]}', { a: [1, null, "x"] }],
    ["a list", "[]", []],
    ["a string", '"x"', "x"],
    ["null", "null", null],
    ["white space around", " \r\n1\t", 1],
    ["a byte order mark", bytesOf([0xef, 0xbb, 0xbf], "{}"), {}],
    ["letters beyond ASCII", '"Grüße 😀\u2028"', "Grüße 😀\u2028"],
    ["a lone surrogate, escaped", '"\\ud800"', "\ud800"],
    ["brackets in a string", `"${"[".repeat(500)}"`, "[".repeat(500)],
    [
      "the deepest nesting",
      "[".repeat(64) + "]".repeat(64),
      JSON.parse("[".repeat(64) + "]".repeat(64)),
    ],
    ["exactly the limit", `"${"x".repeat(998)}"`, "x".repeat(998)],
  ])("%s", async (_, body, expected) => expect(await read({ body })).toEqual(expected));

  test("a field named `__proto__` is a field", async () => {
    const value = (await read({ body: '{"__proto__":{"isAdmin":true}}' })) as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect("isAdmin" in value).toBe(false);
  });

  test("declared as not compressed", async () => {
    expect(await read({ body: "1", headers: { "content-encoding": " Identity " } })).toBe(1);
  });
});

describe("what is not JSON is refused with the reason", () => {
  test.each([
    ["no body", {}, "Expected a JSON value, got an empty body."],
    ["an empty body", { body: "" }, "Expected a JSON value, got an empty body."],
    ["only white space", { body: " " }, "Unexpected EOF."],
    ["only a byte order mark", { body: bytesOf([0xef, 0xbb, 0xbf]) }, "Unexpected EOF."],
    ["half an object", { body: "{not json" }, "Expected '}'."],
    ["NaN", { body: '{"a":NaN}' }, 'Unexpected identifier "NaN".'],
    ["a long word", { body: "x".repeat(900) }, `Unexpected identifier "${"x".repeat(77)}….`],
    [
      "bytes that are not UTF-8",
      { body: bytesOf('"', [0xff], '"') },
      "Expected UTF-8, got other bytes.",
    ],
    [
      "a surrogate in UTF-8",
      { body: bytesOf('"', [0xed, 0xa0, 0x80], '"') },
      "Expected UTF-8, got other bytes.",
    ],
    [
      "an overlong slash",
      { body: bytesOf('"', [0xc0, 0xaf], '"') },
      "Expected UTF-8, got other bytes.",
    ],
    ["UTF-16", { body: bytesOf([0xff, 0xfe, 0x31, 0x00]) }, "Expected UTF-8, got other bytes."],
    [
      "nesting",
      { body: "[".repeat(65) + "]".repeat(65) },
      "Expected at most 64 levels of nesting, got 65.",
    ],
    [
      "compression",
      { body: Bun.gzipSync("{}"), headers: { "content-encoding": "GZIP" } },
      "Expected a body that is not compressed, got `gzip`.",
    ],
  ])("%s", async (_, sent, reason) =>
    expect(await read(sent)).toBe(`json_invalid: Bad body: ${reason}`),
  );

  test("one bad body does not spoil the next", async () => {
    expect(await read({ body: bytesOf('"', [0xe2, 0x82]) })).toStartWith("json_invalid");
    expect(await read({ body: '"€"' })).toBe("€");
  });

  test("100,000 levels, at once and before the parser", async () => {
    const body = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const before = process.cpuUsage();
    const refusal = await read({ body }, { bytesMax: 1024 * 1024, depthMax: 64 });
    // In microseconds of this process: on a busy machine everything else takes long.
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
    expect(refusal).toBe(
      "json_invalid: Bad body: Expected at most 64 levels of nesting, got 100000.",
    );
  });
});

describe("a body that is too large", () => {
  /** Counts what is taken from an endless body. */
  function endless(): {
    readonly body: ReadableStream<Uint8Array>;
    taken: number;
    isCancelled: boolean;
  } {
    const chunk = bytesOf("x".repeat(100));
    const state = {
      taken: 0,
      isCancelled: false,
      body: new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            state.taken += chunk.length;
            controller.enqueue(chunk);
          },
          cancel: () => void (state.isCancelled = true),
        },
        { highWaterMark: 0 },
      ),
    };
    return state;
  }

  test("is refused by its declared length, unread", async () => {
    const source = endless();
    const headers = { "content-length": "1001" };
    expect(await read({ body: source.body, headers })).toBe(
      "body_too_large: Expected a body of at most 1000 bytes, got 1001: send less at a time.",
    );
    expect(source.taken).toBe(0);
  });

  test("is refused by one byte, and not before", async () => {
    const body = `"${"x".repeat(998)}"`;
    expect(await read({ body, headers: { "content-length": "1000" } })).toHaveLength(998);
    expect(await read({ body: "x".repeat(1001) })).toContain("got at least 1001");
  });

  test.each([
    ["without a length", {}],
    ["with a length that lies", { "content-length": "3" }],
    ["with a length that is none", { "content-length": "many" }],
  ])("is refused %s after the limit, and let go", async (_, headers) => {
    const source = endless();
    expect(await read({ body: source.body, headers })).toContain("body_too_large: ");
    expect(source).toMatchObject({ taken: 1100, isCancelled: true });
  });
});

describe("a caller that goes away", () => {
  const cutOff =
    "json_invalid: Bad body: Expected a whole body, but the connection ended before it did.";

  test("ends the reading of a body that would never end", async () => {
    const abort = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytesOf("{")),
    });
    const reading = read({ body, signal: abort.signal });
    abort.abort();
    expect(await reading).toBe(cutOff);
  });

  test("has nothing left that listens to it", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const request = post({ body: "1" });
    Object.defineProperty(request, "signal", { value: signal });
    signal.addEventListener = () => void listeners++;
    signal.removeEventListener = () => void listeners--;
    await readJsonBody(request, "Bad body", limits);
    expect(listeners).toBe(0);
  });

  test.each([false, true])("fails as the body does, be it framed: %p", async (isFramed) => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("reset")),
    });
    const headers = { "content-length": "5" };
    expect(await read({ body, headers }, { ...limits, isFramed })).toBe(cutOff);
  });
});

describe("over a socket", () => {
  function serve(): {
    readonly server: Bun.Server<undefined>;
    readonly outcomes: AsyncGenerator<string>;
  } {
    const { readable, writable } = new TransformStream<string, string>();
    const writer = writable.getWriter();
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const framed = { ...limits, isFramed: true };
        const outcome = await readJsonBody(request, "Bad body", framed).catch(
          (error: WorkflowError) => error.message,
        );
        void writer.write(JSON.stringify(outcome));
        const isRefused = typeof outcome === "string";
        const status = isRefused ? 413 : 200;
        const headers = { ...(isRefused && hasEndlessBody(request) && { connection: "close" }) };
        return new Response(null, { status, headers });
      },
    });
    async function* read(): AsyncGenerator<string> {
      yield* readable;
    }
    return { server, outcomes: read() };
  }

  /** Sends text and returns all that comes back until the server hangs up. */
  function talk(
    server: Bun.Server<undefined>,
    head: string,
    more?: (write: (text: string) => boolean) => void,
  ) {
    const socket = connect(server.port ?? 0, "127.0.0.1", () => {
      socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${head}`);
      const push = () =>
        !socket.destroyed && more?.((text) => !socket.destroyed && socket.write(text));
      socket.on("drain", push);
      push();
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    let received = "";
    socket.on("data", (data) => (received += data.toString()));
    socket.on("error", () => {}); // The server may hang up while we are writing.
    socket.on("close", () => resolve(received));
    return { socket, closed: promise };
  }

  test("an endless chunked body is cut off", async () => {
    const { server, outcomes } = serve();
    await using _ = server;
    const chunk = `10000\r\n${"x".repeat(65536)}\r\n`;
    let sent = 0;
    const tooMany = 32 * 1024 * 1024;
    const { closed, socket } = talk(server, "Transfer-Encoding: chunked\r\n\r\n", (write) => {
      do sent += chunk.length;
      while (sent < tooMany && write(chunk));
      if (sent >= tooMany) socket.destroy(); // The test has failed, and memory is finite.
    });
    expect((await outcomes.next()).value).toContain(
      "Expected a body of at most 1000 bytes, got at least ",
    );
    await closed;
    expect(sent).toBeLessThan(tooMany);
  });

  test("a declared length is refused before the body comes", async () => {
    const { server, outcomes } = serve();
    await using _ = server;
    const { socket, closed } = talk(server, "Content-Length: 1001\r\n\r\n");
    expect((await outcomes.next()).value).toContain("got 1001");
    socket.end();
    expect(await closed).toStartWith("HTTP/1.1 413 ");
  });

  test("a caller that hangs up in the middle is noticed", async () => {
    const { server, outcomes } = serve();
    await using _ = server;
    const { socket } = talk(server, 'Content-Length: 100\r\n\r\n{"a":');
    socket.once("connect", () => setImmediate(() => socket.destroy()));
    expect((await outcomes.next()).value).toContain("the connection ended before it did.");
  });

  test("only a body of unknown length may have no end", async () => {
    const seen: unknown[] = [];
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen.push(hasEndlessBody(request));
        return new Response(null);
      },
    });
    await fetch(server.url);
    await fetch(server.url, { method: "POST", body: "1" });
    await fetch(server.url, { method: "POST", body: bodyInParts() });
    expect(seen).toEqual([false, false, true]);
  });
});

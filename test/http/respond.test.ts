/** Answers: one assertion on the whole of each. */
import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../src/base/assert.ts";
import { WorkflowError } from "../../src/base/errors.ts";
import { empty, errorResponse, json, withoutBody } from "../../src/http/respond.ts";

async function whole(response: Response): Promise<unknown> {
  return [response.status, Object.fromEntries(response.headers), await response.text()];
}

const safe = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

describe("json", () => {
  test("is compact and says what it is", async () => {
    expect(await whole(json(201, { a: [1, "ü"] }, { location: "/x" }))).toEqual([
      201,
      { ...safe, "content-type": "application/json", "content-length": "14", location: "/x" },
      '{"a":[1,"ü"]}',
    ]);
  });

  test("a caller's header wins", () => {
    const response = json(200, null, { "cache-control": "max-age=5" });
    expect(response.headers.get("cache-control")).toBe("max-age=5");
  });

  test("lone surrogates survive", async () => {
    const value = { "\udc00": "\ud800" };
    expect(await json(200, value).json()).toEqual(value);
  });

  test("no value at all is a bug", () => {
    expect(() => json(200, undefined)).toThrow(AssertionError);
  });
});

test("empty has no body and no type", async () => {
  expect(await whole(empty())).toEqual([204, safe, ""]);
  expect(await whole(empty(304, { etag: '"x"' }))).toEqual([304, { ...safe, etag: '"x"' }, ""]);
});

describe("errors", () => {
  test("say what happened, and the code", async () => {
    const response = errorResponse(new WorkflowError("json_invalid", "No."), 400);
    expect([response.status, await response.text()]).toEqual([
      400,
      '{"detail":"No.","code":"json_invalid"}',
    ]);
  });

  test("carry details and headers when there are any", async () => {
    const error = new WorkflowError("event_invalid", "No.", { details: ["x"] });
    const response = errorResponse(error, 400, { "retry-after": "1" });
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.text()).toBe('{"detail":"No.","code":"event_invalid","details":["x"]}');
  });

  test("never tell the cause or the stack", async () => {
    const error = new WorkflowError("internal", "Id 7.", { cause: new Error("secret") });
    expect(await errorResponse(error, 500).text()).toBe('{"detail":"Id 7.","code":"internal"}');
  });
});

describe("HEAD", () => {
  test("keeps status and headers, and loses the body", async () => {
    const get = json(404, { a: 1 }, { "x-extra": "1" });
    const headers = Object.fromEntries(get.headers);
    expect(await whole(withoutBody(get))).toEqual([404, headers, ""]);
  });

  test("lets go of a stream", async () => {
    let isCancelled = false;
    withoutBody(new Response(new ReadableStream({ cancel: () => void (isCancelled = true) })));
    expect(isCancelled).toBe(true);
  });

  test("answers over a socket with the headers that GET has", async () => {
    const bodies: Record<string, () => Response> = {
      "/json": () => json(200, { a: 1 }),
      "/stream": () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)) }),
        ),
      "/empty": () => empty(),
    };
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => withoutBody(bodies[new URL(request.url).pathname]?.() ?? empty(404)),
    });
    const lengths: unknown[] = [];
    for (const path of Object.keys(bodies)) {
      const response = await fetch(new URL(path, server.url), { method: "HEAD" });
      lengths.push([
        response.status,
        response.headers.get("content-length"),
        await response.text(),
      ]);
    }
    expect(lengths).toEqual([
      [200, "7", ""],
      [200, null, ""],
      [204, null, ""],
    ]);
  });
});

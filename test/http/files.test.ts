/** Static files: what a browser gets first, what the second time, and what for no file. */
import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../src/base/assert.ts";
import { createFiles, serveFile } from "../../src/http/files.ts";

const script = "let answer = 42;\n".repeat(100);
const files = createFiles([
  { path: "/", body: "<!doctype html>", type: "text/html; charset=utf-8" },
  { path: "/app.1a2b.js", body: script, type: "text/javascript; charset=utf-8", immutable: true },
  { path: "/icon.png", body: crypto.getRandomValues(new Uint8Array(500)), type: "image/png" },
]);

function ask(pathname: string, headers: Record<string, string> = {}): Response | undefined {
  const policy = { "content-security-policy": "default-src 'self'" };
  return serveFile(files, pathname, new Request("http://localhost/", { headers }), policy);
}

function must(response: Response | undefined): Response {
  if (!response) throw new Error("There should be a file.");
  return response;
}

function tagOf(headers: Record<string, string>): string {
  return must(ask("/app.1a2b.js", headers)).headers.get("etag") ?? "";
}

const zip = { "accept-encoding": "gzip, br" };

test("a small file comes as it is", async () => {
  const response = must(ask("/", zip));
  expect([response.status, Object.fromEntries(response.headers), await response.text()]).toEqual([
    200,
    {
      "cache-control": "no-cache",
      "content-length": "15",
      "content-security-policy": "default-src 'self'",
      "content-type": "text/html; charset=utf-8",
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      "x-content-type-options": "nosniff",
    },
    "<!doctype html>",
  ]);
});

test("a large one comes zipped to whoever takes that, for ever", async () => {
  const response = must(ask("/app.1a2b.js", zip));
  const bytes = await response.bytes();
  expect(Object.fromEntries(response.headers)).toEqual({
    "cache-control": "public, max-age=31536000, immutable",
    "content-encoding": "gzip",
    "content-length": String(bytes.length),
    "content-security-policy": "default-src 'self'",
    "content-type": "text/javascript; charset=utf-8",
    etag: expect.stringMatching(/^"[\w-]{22}-gzip"$/),
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  expect(bytes.length).toBeLessThan(100);
  expect(Buffer.from(Bun.gunzipSync(bytes)).toString()).toBe(script);
});

test("a real client gets it whole, twice", async () => {
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => must(serveFile(files, new URL(request.url).pathname, request)),
  });
  const url = new URL("/app.1a2b.js", server.url);
  expect(await (await fetch(url)).text()).toBe(script);
  expect(await (await fetch(url)).text()).toBe(script);
});

describe("what a client accepts", () => {
  test.each([
    ["gzip", true],
    ["GZIP", true],
    ["br;q=1.0, gzip;q=0.8", true],
    ["*", true],
    ["gzip;q=0", false],
    ["gzip; q=0.0, *", false],
    ["*;q=0", false],
    ["gzip;q=nonsense", false],
    ["br", false],
    ["x-gzipped", false],
    ["", false],
  ])("%j", (header, expected) => {
    const response = must(ask("/app.1a2b.js", { "accept-encoding": header }));
    expect(response.headers.get("content-encoding")).toBe(expected ? "gzip" : null);
    expect(response.headers.get("vary")).toBe("accept-encoding");
  });

  test("what does not shrink has one form", () => {
    const response = must(ask("/icon.png", zip));
    expect([response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual([
      null,
      null,
    ]);
  });
});

describe("a second visit", () => {
  test("costs no body", async () => {
    const response = must(ask("/app.1a2b.js", { ...zip, "if-none-match": tagOf(zip) }));
    expect([response.status, Object.fromEntries(response.headers), await response.text()]).toEqual([
      304,
      {
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'self'",
        etag: tagOf(zip),
        vary: "accept-encoding",
      },
      "",
    ]);
  });

  test.each([
    ["weak", `W/${tagOf(zip)}`, 304],
    ["one of several", `"a", ${tagOf(zip)} , "b"`, 304],
    ["any", "*", 304],
    ["that of the plain form", tagOf({}), 200],
    ["another", '"a"', 200],
    ["no tag", "a", 200],
    ["none", "", 200],
  ])("with a tag that is %s", (_, header, status) => {
    expect(must(ask("/app.1a2b.js", { ...zip, "if-none-match": header })).status).toBe(status);
  });
});

test.each([
  "",
  "//",
  "/app.1a2b.js/",
  "/APP.1a2b.js",
  "/%61pp.1a2b.js",
  "/..%2fetc/passwd",
  "/../etc/passwd",
  "/constructor",
  "__proto__",
])("%j is no file", (pathname) => expect(ask(pathname)).toBeUndefined());

test("two files of one path are refused", () => {
  const file = { path: "/a", body: "", type: "text/plain" };
  expect(() => createFiles([file, file])).toThrow(AssertionError);
});

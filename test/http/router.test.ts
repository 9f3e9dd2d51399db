/** The router, one case a line; hostile paths have lines of their own. */
import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../src/base/assert.ts";
import type { Method, Route } from "../../src/http/router.ts";
import { createRouter, matchRoute } from "../../src/http/router.ts";

function route(method: Method, path: string): Route<string> {
  return { method, path, target: `${method} ${path}` };
}

const router = createRouter([
  route("GET", "/"),
  route("GET", "/health"),
  route("GET", "/workflows"),
  route("POST", "/workflows/{name}/run"),
  route("GET", "/workflows/{name}/schema"),
  route("GET", "/handlers/{id}"),
  route("DELETE", "/handlers/{id}"),
  route("PUT", "/handlers/{id}"),
  route("POST", "/handlers/{id}/cancel"),
  route("GET", "/handlers/newest"),
  route("GET", "/handlers/newest/events"),
  route("GET", "/odd/{__proto__}/{constructor}"),
]);

/** What a request reaches, on one line. */
function reach(method: string, pathname: string): string {
  const match = matchRoute(router, method, pathname);
  if (match.kind === "method_not_allowed") return `405 ${match.allow.join(" ")}`;
  if (match.kind === "not_found") return "404";
  return [match.target, ...Object.values(match.params).map((value) => JSON.stringify(value))].join(
    " ",
  );
}

describe("a path reaches its route", () => {
  test.each([
    ["GET", "/", "GET /"],
    ["GET", "/health", "GET /health"],
    ["HEAD", "/health", "GET /health"],
    ["GET", "/workflows", "GET /workflows"],
    ["POST", "/workflows/greet/run", 'POST /workflows/{name}/run "greet"'],
    ["HEAD", "/workflows/greet/schema", 'GET /workflows/{name}/schema "greet"'],
    ["GET", "/handlers/abc", 'GET /handlers/{id} "abc"'],
    ["DELETE", "/handlers/abc", 'DELETE /handlers/{id} "abc"'],
    ["PUT", "/handlers/abc", 'PUT /handlers/{id} "abc"'],
    // A literal wins over a parameter, but only where it leads to the method or the rest.
    ["GET", "/handlers/newest", "GET /handlers/newest"],
    ["GET", "/handlers/newes%74", "GET /handlers/newest"],
    ["DELETE", "/handlers/newest", 'DELETE /handlers/{id} "newest"'],
    ["POST", "/handlers/newest/cancel", 'POST /handlers/{id}/cancel "newest"'],
    ["GET", "/handlers/newest/events", "GET /handlers/newest/events"],
  ])("%s %s", (method, pathname, expected) => expect(reach(method, pathname)).toBe(expected));
});

describe("a method that a path does not have", () => {
  test.each([
    ["POST", "/health", "405 GET HEAD"],
    ["OPTIONS", "/health", "405 GET HEAD"],
    ["get", "/health", "405 GET HEAD"],
    ["constructor", "/health", "405 GET HEAD"],
    ["GET", "/workflows/greet/run", "405 POST"],
    ["HEAD", "/workflows/greet/run", "405 POST"],
    ["POST", "/handlers/abc", "405 GET HEAD DELETE PUT"],
    ["POST", "/handlers/newest", "405 GET HEAD DELETE PUT"],
  ])("%s %s", (method, pathname, expected) => expect(reach(method, pathname)).toBe(expected));
});

describe("parameters are decoded once, after the path is split", () => {
  test.each([
    ["/workflows/gr%65et/run", 'POST /workflows/{name}/run "greet"'],
    ["/workflows/greet/r%75n", 'POST /workflows/{name}/run "greet"'],
    ["/w%6Frkflows/greet/run", 'POST /workflows/{name}/run "greet"'],
    ["/workflows/a%20b/run", 'POST /workflows/{name}/run "a b"'],
    ["/workflows/a+b/run", 'POST /workflows/{name}/run "a+b"'],
    ["/workflows/a%2Fb/run", 'POST /workflows/{name}/run "a/b"'],
    ["/workflows/a%5Cb/run", 'POST /workflows/{name}/run "a\\\\b"'],
    ["/workflows/%2565/run", 'POST /workflows/{name}/run "%65"'],
    ["/workflows/%252e%252e%252f/run", 'POST /workflows/{name}/run "%2e%2e%2f"'],
    ["/workflows/%E2%82%AC/run", 'POST /workflows/{name}/run "€"'],
    ["/workflows/%F0%9F%98%80/run", 'POST /workflows/{name}/run "😀"'],
    ["/workflows/__proto__/run", 'POST /workflows/{name}/run "__proto__"'],
    ["/workflows/..a/run", 'POST /workflows/{name}/run "..a"'],
    ["/workflows/{name}/run", 'POST /workflows/{name}/run "{name}"'],
  ])("%s", (pathname, expected) => expect(reach("POST", pathname)).toBe(expected));
});

describe("hostile and misspelt paths reach nothing", () => {
  test.each([
    "",
    "*",
    "health",
    "//",
    "//health",
    "/health/",
    "/Health",
    "/health;a=b",
    "/workflows/",
    "/workflows//run",
    "/workflows/greet/run/",
    "/workflows/greet//run",
    "/workflows/greet",
    "/workflows%2Fgreet%2Frun",
    "/workflows/greet%2Frun",
    "/workflows/greet\\run",
    "/%2Fhealth",
    "/health%2F",
    "/health%00",
    "/workflows/gr%00eet/run",
    "/workflows/gr\0eet/run",
    "/workflows/%/run",
    "/workflows/%4/run",
    "/workflows/%zz/run",
    "/workflows/%ff/run",
    "/workflows/%c0%ae/run", // An overlong dot.
    "/workflows/%ed%a0%80/run", // A lone surrogate.
    "/workflows/../run",
    "/workflows/./run",
    "/workflows/%2e%2e/run",
    "/workflows/..%2f/run",
    "/workflows/..%2fhealth/run",
    "/workflows/a%2f..%2fb/run",
    "/workflows/..%5chealth/run",
    "/..%2f..%2f..%2fetc/passwd",
    "/static/..%2f..%2f..%2fetc/passwd",
    "/handlers/..%2fhealth",
  ])("%j", (pathname) => {
    expect(["GET", "POST"].map((method) => reach(method, pathname))).toEqual(["404", "404"]);
  });
});

test("parameters named like parts of `Object` are plain values", () => {
  const match = matchRoute(router, "GET", "/odd/a/b");
  if (match.kind !== "match") throw new Error("It should match.");
  expect(Object.getPrototypeOf(match.params)).toBeNull();
  expect(Object.entries(match.params)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
});

describe("routes that contradict each other are refused", () => {
  test.each([
    ["the same twice", ["/a/{x}", "/a/{x}"], "`GET /a/{x}` is already taken"],
    ["the same literals twice", ["/a", "/a"], "`GET /a` is already taken"],
    ["two names for a parameter", ["/a/{x}", "/a/{y}/b"], "parameter `y`, elsewhere `x`"],
    ["one name twice", ["/a/{x}/{x}"], "two parameters `x`"],
    ["no slash", ["a"], "must start with a slash"],
    ["an empty segment", ["/a//b"], "empty segment"],
    ["a trailing slash", ["/a/"], "empty segment"],
    ["half a parameter", ["/a/{x"], "odd segment `{x`"],
    ["a prefixed parameter", ["/a/b{x}"], "odd segment `b{x}`"],
    ["an encoded literal", ["/a%20b"], "odd segment `a%20b`"],
  ])("%s", (_, paths, message) => {
    const create = () => createRouter(paths.map((path) => route("GET", path)));
    expect(create).toThrow(AssertionError);
    expect(create).toThrow(message);
  });
});

test("no path costs more than its length", () => {
  // A tree in which each level offers a literal and a parameter for the same segment.
  const paths = Array.from({ length: 256 }, (_, bits) =>
    Array.from({ length: 8 }, (_, level) => ((bits >> level) & 1 ? `/{p${level}}` : "/a")).join(""),
  );
  const deep = createRouter(paths.map((path) => ({ method: "GET" as const, path, target: path })));
  const hostile = [
    "/a".repeat(100_000),
    "/a/a/a/a/a/a/a/b",
    `/${"a".repeat(1_000_000)}`,
    `/workflows/${"%2e".repeat(300_000)}/run`,
    `/workflows/${"../".repeat(300_000)}/run`,
    `/workflows/${"..%2f".repeat(200_000)}/run`,
  ];
  const startedAt = performance.now();
  for (const pathname of hostile) {
    matchRoute(deep, "GET", pathname);
    matchRoute(router, "POST", pathname);
  }
  expect(performance.now() - startedAt).toBeLessThan(250);
});

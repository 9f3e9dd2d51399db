/** The words of the command: the start page and the lines of the log, with and without colour. */
import { expect, test } from "bun:test";

import { createLog } from "../../cli/log.ts";
import { toStartText, toWarnings } from "../../cli/print.ts";
import type { Serving } from "../../src/index.ts";

const plain = (_style: unknown, text: string): string => text;

function serving(url: string, overrides: Partial<Serving> = {}): Serving {
  return {
    url: new URL(url),
    workflows: ["greet"],
    store: { kind: "sqlite", location: "/var/lib/w.db", durability: "full" },
    retention: { keepMs: null, keepMax: null },
    isAuthenticated: false,
    ...overrides,
  };
}

test("how long runs are kept is said where it is not for ever", () => {
  const line = (keepMs: number | null, keepMax: number | null): string | undefined =>
    toStartText(serving("http://[::1]:1", { retention: { keepMs, keepMax } }), plain)
      .split("\n")
      .find((text) => text.includes("Ended runs"));
  expect(line(null, null)).toBe(undefined);
  expect(line(7 * 86_400_000, null)).toBe("  Ended runs are kept for 7 days");
  expect(line(5_400_000, 1000)).toBe("  Ended runs are kept for 90 minutes, the newest 1000 only");
  expect(line(1500, 0)).toBe("  Ended runs are kept for 1500 ms, the newest 0 only");
});

test("an address that means all addresses is shown as one that can be opened", () => {
  for (const [url, shown] of [
    ["http://0.0.0.0:8080", "http://localhost:8080  on all addresses of this machine"],
    ["http://[::]:80", "http://localhost  on all addresses of this machine"],
    ["http://192.0.2.7:8080", "http://192.0.2.7:8080"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ] as const) {
    expect(toStartText(serving(url), plain).split("\n")).toContain(`  Address    ${shown}`);
  }
});

test("a server without workflows says how to add one", () => {
  expect(toStartText(serving("http://[::1]:1", { workflows: [] }), plain)).toContain(
    "  Workflows  none  add one with `server.addWorkflow(name, workflow)`\n",
  );
});

test("without a key, an address that others can reach is warned of, with both cures", () => {
  for (const url of ["http://0.0.0.0:8080", "http://[::]:8080", "http://192.0.2.7:8080"]) {
    const [warning, ...others] = toWarnings(serving(url), {});
    expect(warning).toContain("WORKFLOWS_SERVER_API_KEY");
    expect(warning).toContain("--host 127.0.0.1");
    expect(others).toEqual([]);
    expect(toWarnings(serving(url, { isAuthenticated: true }), {})).toEqual([]);
  }
  for (const url of ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]) {
    expect(toWarnings(serving(url), {})).toEqual([]);
  }
});

test("options that had their effect are not warned of, however they are spelled", () => {
  for (const asked of [
    { host: "localhost", port: "0", store: "/var/lib/../lib/w.db" },
    { host: "LOCALHOST", port: "08080" },
  ]) {
    expect(toWarnings(serving("http://localhost:8080"), asked)).toEqual([]);
  }
  expect(toWarnings(serving("http://[::1]"), { host: "::1", port: "80" })).toEqual([]);
  expect(toWarnings(serving("http://127.0.0.1:1"), { store: "memory" })).toEqual([
    expect.stringContaining("`--store` has no effect"),
  ]);
});

test("a line of the log has its time, its level, its message and its facts", () => {
  expect(
    lines("warn", "Something was odd.", { run: "r1", why: "two words", count: 2, none: null }),
  ).toEqual(['TIME warn  Something was odd. run=r1 why="two words" count=2 none=null']);
});

test("whatever is logged stays on its line", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  expect(
    lines("info", "a\nb\x1b[31m\x9b", { text: "c\r\nd", cycle, big: 1n, not: undefined }),
  ).toEqual([
    expect.stringMatching(
      /^TIME info {2}a\\nb\\x1b\[31m\\x9b text="c\\r\\nd" cycle=\S.*Circular.* big=1n? not=undefined$/,
    ),
  ]);
});

test("so do the names of what is logged, and errors with all that they say", () => {
  const error = new Error("a\n    at b\x1b[2J\x9b");
  expect(lines("info", "x", { "a\nTIME error y": 1 })).toEqual(["TIME info  x a\\nTIME error y=1"]);
  expect(lines("error", "x", { error }).join("\n")).not.toMatch(/[^\P{Cc}\n]/u);
});

test("an error shows where it comes from, and what caused it", () => {
  const error = new TypeError("outer", { cause: new Error("inner\nline") });
  const [first, ...rest] = lines("error", "It broke.", { error });
  expect(first).toBe('TIME error It broke. error="TypeError: outer"');
  expect(rest[0]).toMatch(/^ {4}at .*print\.test\.ts:\d+/);
  expect(rest).toContain("  caused by Error: inner\\nline");
});

test("debug lines are shown to whoever asks", () => {
  expect(lines("debug", "Small.", {})).toEqual([]);
  expect(lines("debug", "Small.", {}, { isVerbose: true })).toEqual(["TIME debug Small."]);
});

test("colour is for terminals only", () => {
  const written: string[] = [];
  const stream = { isTTY: true, write: (text: string) => written.push(text) };
  createLog(stream, { isVerbose: false })("error", "Red.");
  expect(written.join("").includes("\x1b[")).toBe(!process.env["NO_COLOR"]);
  expect(Bun.stripANSI(written.join(""))).toMatch(/^\S+Z error Red\.\n$/);
});

// ---

function lines(
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields: Readonly<Record<string, unknown>>,
  { isVerbose = false }: { readonly isVerbose?: boolean } = {},
): string[] {
  let written = "";
  const stream = { write: (text: string) => (written += text) };
  createLog(stream, { isVerbose })(level, message, fields);
  return written
    .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z/gm, "TIME")
    .split("\n")
    .slice(0, -1);
}

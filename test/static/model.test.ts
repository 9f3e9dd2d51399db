/** Rows in view, filters, differences, routes, words, commands for a shell. */
import { expect, test } from "bun:test";

import { toCurl } from "../../static/model/curl.ts";
import { diffJson } from "../../static/model/diff.ts";
import {
  extendFiltered,
  type Filtered,
  parseFilter,
  type Searchable,
  timesOf,
  withTimes,
} from "../../static/model/filter.ts";
import { formatRoute, parseRoute } from "../../static/model/route.ts";
import { parseRunFile, toNdjson } from "../../static/model/run-file.ts";
import { literal } from "../../static/model/typescript.ts";
import { isAtEnd, scrollToRow, visibleRows } from "../../static/model/virtual.ts";
import { formatMs, preview } from "../../static/model/words.ts";

test("only rows in view are drawn, and a few around them", () => {
  const view = { scrollTop: 3_000, height: 300, rowHeight: 30, count: 10_000 };
  expect(visibleRows(view)).toEqual({ from: 94, to: 116 });
  expect(visibleRows({ ...view, count: 3 })).toEqual({ from: 0, to: 3 });
  expect(visibleRows({ ...view, count: 0 })).toEqual({ from: 0, to: 0 });
});

test("a row is scrolled to no farther than needed", () => {
  const view = { scrollTop: 300, height: 300, rowHeight: 30, count: 100 };
  expect(scrollToRow(view, 12)).toBe(300);
  expect(scrollToRow(view, 5)).toBe(150);
  expect(scrollToRow(view, 30)).toBe(630);
  expect(isAtEnd({ ...view, scrollTop: 2_700 })).toBe(true);
  expect(isAtEnd({ ...view, scrollTop: 2_600 })).toBe(false);
});

const item = (type: string, text: string, step?: string, ms?: number): Searchable => ({
  type,
  step,
  ms,
  text: () => text.toLowerCase(),
});

test.each([
  ["", true],
  ["chunk", true],
  ["hello chunk", true],
  ["-hello", false],
  ["/h.llo/", true],
  ["-/^x/", true],
  ["step:pour", true],
  ["step:other", false],
  ["type:chunk", true],
  ["type:chun", false],
  ["/(/", true],
])("the filter %s", (query, isShown) => {
  expect(parseFilter(query).test(item("Chunk", "Hello there", "pour"))).toBe(isShown);
});

test.each([
  ["from:2s", false],
  ["from:1500ms", true],
  ["to:1.5s", true],
  ["from:1 to:1m30s", true],
  ["to:1400ms", false],
  ["-to:1400ms", true],
])("the filter %s of what came after 1.5 s", (query, isShown) => {
  expect(parseFilter(query).test(item("Chunk", "", undefined, 1_500))).toBe(isShown);
});

test("a time in a filter is said to be none, and is changed beside the words", () => {
  expect(parseFilter("from:soon").problem).toBe("from:soon has no time: write 2s, 200ms or 1m30s.");
  expect(timesOf("hello from:2s to:1h5m -x")).toEqual({ from: "2s", to: "1h5m" });
  expect(withTimes("hello from:2s -x", { from: "", to: "3 s" })).toBe("to:3s hello -x");
  expect(withTimes("a to:1s", { from: "", to: "" })).toBe("a");
});

test("a pattern that is none is said to be none", () => {
  expect(parseFilter("/(/").problem).toBe("/(/ is not a pattern.");
});

test("a filtered list is kept up with what is added", () => {
  const filtered: Filtered = { indexes: [], seen: 0 };
  const all = [1, 2, 3, 4];
  extendFiltered(filtered, all, (value) => value % 2 === 0);
  all.push(5, 6);
  extendFiltered(filtered, all, (value) => value % 2 === 0);
  expect(filtered.indexes).toEqual([1, 3, 5]);
});

test("differences say where, and what there was on each side", () => {
  const a = { same: 1, list: [1, { x: 1 }], gone: true };
  const b = { same: 1, list: [1, { x: 2 }, 3] };
  expect(diffJson(a, b)).toEqual([
    { path: "list[1].x", a: 1, b: 2 },
    { path: "list[2]", a: undefined, b: 3 },
    { path: "gone", a: true, b: undefined },
  ]);
  expect(diffJson({ toString: 1 }, {})).toHaveLength(1);
});

test("a link shows the same again", () => {
  const hash = "#/run/a%2Fb?tab=steps&event=12&step=x+y&at=3&with=other&q=-%2Fa%2F";
  expect(formatRoute(parseRoute(hash))).toBe(hash);
  expect(parseRoute("#/run/%").run).toBe("%");
  expect(parseRoute("#/workflow/greet")).toMatchObject({ workflow: "greet", run: undefined });
  expect(parseRoute("#/run/x?event=-1&tab=no")).toMatchObject({ event: undefined, tab: undefined });
});

test("times are short", () => {
  expect([0, 12.4, 1_234, 61_000, 3_700_000, 90_000_000].map(formatMs)).toEqual([
    "0 ms",
    "12 ms",
    "1.23 s",
    "1 min 1 s",
    "1 h 2 min",
    "1 d 1 h",
  ]);
});

test("a preview is one line of bounded length, whatever it shows", () => {
  expect(preview({ a: 1, b: [1, "x"], c: {} })).toBe('{ a: 1, b: [1, "x"], c: {} }');
  expect(preview({ text: "x".repeat(1e6) }).length).toBeLessThan(100);
  expect(preview(Array.from({ length: 1e5 }, (_, index) => index)).length).toBeLessThan(200);
});

test("a file of a run is taken as it was exported, and no other", () => {
  const definition = {
    steps: [],
    eventTypes: [],
    joins: [],
    routes: {},
    catchers: {},
  };
  const file = {
    handler: { handler_id: "a", workflow_name: "b", started_at: "2026-01-01T00:00:00Z" },
    workflow: { graph: { nodes: [], edges: [] }, schema: {}, definition },
    first_sequence: 0,
    events: [{ sequence: 0, type: "StopEvent", value: {} }],
    ticks: [{ kind: "run_started" }],
  };
  expect(parseRunFile(JSON.stringify(file), "x.json")).toEqual(file as never);
  const refusals = [
    ["[1]", "to be one JSON object"],
    ["not", "to be one JSON object"],
    ['{"sequence":0}\n{"sequence":1}\n', "Lines of events have no story"],
    [JSON.stringify({ ...file, handler: {} }), "no `handler`"],
    [JSON.stringify({ ...file, workflow: null }), "no `graph`"],
    [JSON.stringify({ ...file, ticks: [1] }), "no `ticks`"],
    [JSON.stringify({ ...file, events: [{ type: 1 }] }), "no `events`"],
  ] as const;
  for (const [text, problem] of refusals) {
    expect(() => parseRunFile(text, "x.json")).toThrow(problem);
  }
  expect(toNdjson(file.events as never)).toBe('{"sequence":0,"type":"StopEvent","value":{}}\n');
});

test("values are written as TypeScript has them", () => {
  expect(literal({ a: 1, "b-c": [null, "x"], $d: {} })).toBe(
    '{ a: 1, "b-c": [null, "x"], $d: {} }',
  );
  expect(literal({ text: "x".repeat(70), n: 1 })).toBe(
    `{\n  text: "${"x".repeat(70)}",\n  n: 1,\n}`,
  );
  expect(literal(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{ ["__proto__"]: { a: 1 } }');
});

test("a quote in data does not end the command", () => {
  expect(toCurl("http://h/x", { text: "it's" }, true)).toBe(
    `curl -X POST 'http://h/x' \\\n  -H "authorization: Bearer $WORKFLOWS_SERVER_API_KEY" \\\n  -H 'content-type: application/json' \\\n  -d '{"text":"it'\\''s"}'`,
  );
});

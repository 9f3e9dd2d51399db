/** Stories of runs, told by their ticks: jobs, looks back, questions, comparisons, time. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { createClient } from "../../src/client/client.ts";
import type { JsonObject } from "../../src/client/bodies.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { WorkflowServer } from "../../src/index.ts";
import { compareTraces } from "../../static/model/compare.ts";
import { toDefinition } from "../../static/model/definition.ts";
import { describeCounts, phaseOf, toGraphState } from "../../static/model/graph-state.ts";
import { describeDifference, differenceLine, toOverlay } from "../../static/model/overlay.ts";
import { openQuestions } from "../../static/model/questions.ts";
import { busySpans, createTimeScale, ticksOf } from "../../static/model/timeline.ts";
import { addTick, createTrace, stateAt, tickOfSequence } from "../../static/model/trace.ts";
import type { Trace } from "../../static/model/trace-parts.ts";
import { until } from "../support/until.ts";
import { createServer } from "./workflows.ts";

let server: WorkflowServer;
const client = createClient({
  baseUrl: "http://localhost",
  fetch: (url, init) => server.fetch(new Request(url, init)),
});

beforeAll(() => void (server = createServer()));
afterAll(() => server.close());

async function traceOf(workflow: string, event: JsonObject): Promise<Trace> {
  const { handler_id: id } = await client.start(workflow, event);
  await until(async () => {
    const entries = await client.listEntries({ limit: 100 });
    const entry = entries.find(({ handler }) => handler.handler_id === id);
    return entry?.is_asking || entry?.handler.status !== "running";
  }, "it has ended, or waits");
  const [journal, body] = await Promise.all([
    client.getJournal(id, 0),
    client.getDefinition(workflow),
  ]);
  const trace = createTrace(toDefinition(body), journal.first_sequence);
  for (const tick of journal.ticks) addTick(trace, tick as unknown as Tick); // As the engine wrote it.
  return trace;
}

test("a replay in the page has the events of the stream, one for one", async () => {
  const { handler_id: id } = await client.start("echo", {});
  const sequences: number[] = [];
  for await (const batch of client.followEvents(id, new AbortController().signal)) {
    sequences.push(...batch.map(({ sequence }) => sequence));
  }
  const trace = await traceOf("echo", {});
  expect(trace.ends.at(-1)).toBe(sequences.at(-1) ?? -1);
});

test("a failed job says why, and where it was at any time", async () => {
  const trace = await traceOf("echo", { fail: true });
  const [job] = trace.jobs;
  expect(job).toMatchObject({ step: "echo", nth: 1, end: { value: "failed" } });
  const log = { level: "info", fields: { customer: "Ada" } };
  expect(job?.attempts[0]?.logs).toMatchObject([{ value: log }]);
  const last = toGraphState(trace, trace.ticks.length).steps.get("echo");
  expect(phaseOf(last)).toBe("failed");
  expect(last?.failure?.message).toContain("<script>");
  expect(describeCounts(toGraphState(trace, 0).steps.get("echo"))).toBe("1 running");
});

test("a look back gives the state as it was", async () => {
  const trace = await traceOf("burst", { count: 200 });
  expect(stateAt(trace, 0).status).toBe("running");
  expect(stateAt(trace, trace.ticks.length).status).toBe("completed");
  expect(tickOfSequence(trace, -1)).toBe(-1);
  for (const sequence of [0, 1, 100, 202]) {
    const index = tickOfSequence(trace, sequence);
    expect(trace.ends[index]).toBeGreaterThanOrEqual(sequence);
    expect(trace.ends[index - 1] ?? -1).toBeLessThan(sequence);
  }
});

test("what a step returned as a question is open until it is answered", async () => {
  const trace = await traceOf("order", { customer: "Ada", express: true, size: "small" });
  expect(openQuestions(trace)).toMatchObject([
    { answers: ["Confirmed"], prompt: { type: "Confirm" } },
  ]);
  const at = trace.state.at + 1;
  const event = { type: "Confirmed", data: { yes: true, by: "x" } };
  addTick(trace, { kind: "event_received", event, target: null, at });
  expect(openQuestions(trace)).toEqual([]);
});

test("two runs are matched step by step, and the first difference is found", async () => {
  const [a, b] = [await traceOf("burst", { count: 2 }), await traceOf("burst", { count: 3 })];
  expect(compareTraces(a, a).first).toBe(-1);
  const { pairs, first } = compareTraces(a, b);
  expect(first).toBe(0);
  expect(pairs[0]?.input).toEqual([{ path: "[0].data.count", a: 2, b: 3 }]);
});

test("two runs over one graph: who went where, and what took longer", async () => {
  const slow = await traceOf("ways", { pauseMs: 30 });
  const other = await traceOf("ways", { isDetour: true });
  const { steps, events, flows } = toOverlay(slow, other);
  const verdicts = [...steps].map(([step, { verdict }]) => `${step} ${verdict}`);
  expect(verdicts).toEqual(["choose faster", "straight only-a", "around only-b"]);
  expect(differenceLine(steps.get("choose"))).toMatch(/^▼ \d+ ms → \d+ ms$/);
  expect(differenceLine(steps.get("straight"))).toStartWith("only in A");
  expect(describeDifference(steps.get("around"))).toBe("only in B, 1 time");
  expect(describeDifference(undefined)).toBe("reached in neither run");
  expect([flows.get("choose>Branch"), flows.get("choose>Detour")]).toEqual(["only-a", "only-b"]);
  expect(flows.get("ForkStart>choose")).toBe("both");
  expect(events.get("Detour")).toEqual({ a: 0, b: 1 });
});

test("a night in which nothing happened takes no room", () => {
  const hour = 3_600_000;
  const busy = [
    { from: 0, to: 1_000 },
    { from: 8 * hour, to: 8 * hour + 1_000 },
  ];
  const scale = createTimeScale({ from: 0, to: 8 * hour + 1_000 }, busy);
  expect(scale.stretches.map(({ isGap }) => isGap)).toEqual([false, true, false]);
  expect(scale.place(1_000)).toBeCloseTo(0.485);
  expect(scale.place(8 * hour)).toBeCloseTo(0.515);
  expect(scale.time(scale.place(500))).toBeCloseTo(500);
  expect(ticksOf({ from: 0, to: 1_000 }, 5)).toEqual([0, 200, 400, 600, 800, 1_000]);
});

test("a run without a pause is one stretch", async () => {
  const trace = await traceOf("echo", {});
  const spans = busySpans(trace.jobs, 0);
  expect(createTimeScale({ from: 0, to: 10 }, spans).stretches).toHaveLength(1);
});

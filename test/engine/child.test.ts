/** Runs that a step has started: known to their parent, and shown on its stream once. */
import { describe, expect, test } from "bun:test";

import type { TickOf } from "../../src/engine/tick.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineOne, newJob, newState, reduced, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = defineOne();
const of = { step: "s", job: 1, attempt: 1 } as const;
const started: TickOf<"child_started"> = {
  kind: "child_started",
  at: t0,
  runId: "r1",
  handlerId: "h1",
  workflowName: "flow.child",
  ...of,
};
const child = { runId: "r1", handlerId: "h1", workflowName: "flow.child", cursor: -1 };

function startChild(): Run {
  const run = new Run(definition);
  run.start();
  run.do(started);
  return run;
}

function show(run: Run, sequence: number, overrides: Partial<TickOf<"child_shown">> = {}): void {
  const envelope = `{"n":${sequence}}`;
  run.do({ kind: "child_shown", runId: "r1", sequence, envelope, ...of, ...overrides });
}

test("a child that is started is known from then on", () => {
  const before = newState(definition, {
    nextJob: 2,
    steps: { s: { running: [newJob("s", StartEvent())] } },
  });
  const { state, events, commands } = reduced(definition, before, started);
  expect([state, events, commands]).toEqual([{ ...before, children: [child] }, [], []]);
});

test("a step that runs again finds the child that it had started", () => {
  const run = startChild();
  const { state } = run;
  run.do(started);
  expect(run.state).toBe(state);
});

test("children are known in the order in which they were started", () => {
  const run = startChild();
  run.do({ ...started, runId: "r2", handlerId: "h2" });
  expect(run.state.children).toEqual([child, { ...child, runId: "r2", handlerId: "h2" }]);
});

describe("an event of a child", () => {
  test("is shown as the child's own readers got it, and ends nothing", () => {
    const run = startChild();
    show(run, 4);
    expect([run.words, run.state.children[0]?.cursor]).toEqual([['{"n":4}'], 4]);
  });

  test("is shown once, however often it is told", () => {
    const run = startChild();
    for (const sequence of [0, 1, 1, 0, 3]) show(run, sequence);
    expect(run.words).toEqual(['{"n":0}', '{"n":1}', '{"n":3}']);
  });

  test("is not shown when nobody knows the child, or its step has ended", () => {
    const run = startChild();
    show(run, 1, { runId: "r9" });
    show(run, 2, { attempt: 2 });
    run.succeed("s", 1);
    show(run, 3);
    expect(run.words.filter((word) => word.startsWith("{"))).toEqual([]);
  });
});

test("a run that has ended still knows its children, which end with it", () => {
  const run = startChild();
  run.succeed("s", 1, StopEvent());
  expect([run.state.status, run.state.children]).toEqual(["completed", [child]]);
});

/** A run that goes on from a point in the story of another, and one that is given up. */
import { describe, expect, test } from "bun:test";

import { reduce } from "../../src/engine/reduce.ts";
import { nextTimerAt, resume } from "../../src/engine/resume.ts";
import { fromSnapshot, toSnapshot } from "../../src/engine/snapshot.ts";
import type { TickOf } from "../../src/engine/tick.ts";
import { StartEvent } from "../../src/workflow/builtin.ts";
import { A, Answer, define, newState, placesOf, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = define(
  {
    s: { accepts: [StartEvent], emits: [A], waits: [Answer] },
    t: { accepts: [A], workers: 1 },
  },
  { timeout: 60 },
);

/** `s` waits, `t` works on one, has one queued and one that is delayed. */
function busyRun(): Run {
  const run = new Run(definition);
  run.start();
  for (const n of [1, 2, 3]) run.send("s", 1, A({ n }));
  run.at = t0 + 1_000;
  run.fail("t", 2, t0 + 5_000);
  run.wait("s", 1, Answer, { deadlineAt: t0 + 6_000 });
  return run;
}

const forked: TickOf<"run_forked"> = {
  kind: "run_forked",
  at: t0 + 101_000,
  from: { runId: "r", handlerId: "h", sequence: 7 },
  edited: null,
};

describe("a fork", () => {
  test("goes on with what was under way, and says where it has come from", () => {
    const { state, events, commands } = reduce(definition, busyRun().state, forked);
    expect(placesOf(state)).toEqual({
      s: { waiting: [1] },
      t: { queue: [4], running: [3], delayed: [2] },
    });
    expect<object>(events).toEqual([
      {
        isTerminal: false,
        event: {
          type: "WorkflowForkedEvent",
          data: { handler_id: "h", run_id: "r", sequence: 7 },
        },
      },
    ]);
    expect(commands).toEqual(resume(state));
  });

  test("has as much time left as the other run had", () => {
    const { state } = reduce(definition, busyRun().state, forked);
    const shift = 100_000;
    expect([
      state.startedAt,
      state.deadlineAt,
      state.steps["t"]?.delayed[0]?.retryAt,
      state.steps["s"]?.waiting[0]?.waits[0]?.deadlineAt,
      nextTimerAt(state),
    ]).toEqual([
      t0 + shift,
      t0 + 60_000 + shift,
      t0 + 5_000 + shift,
      t0 + 6_000 + shift,
      t0 + 5_000 + shift,
    ]);
  });

  test("may have another input for one of its jobs", () => {
    const edited = { step: "t", job: 3, event: A({ n: 9 }) };
    const { state } = reduce(definition, busyRun().state, { ...forked, edited });
    expect(state.steps["t"]?.running[0]?.events).toEqual([A({ n: 9 })]);
    expect(state.steps["t"]?.queue[0]?.events).toEqual([A({ n: 3 })]);
  });

  test("starts its own children, and belongs to nobody", () => {
    const run = busyRun();
    const child = { runId: "c", handlerId: "c", workflowName: "w", cursor: 3 };
    const before = { ...run.state, children: [child], parent: { runId: "p", handlerId: "p" } };
    const { state } = reduce(definition, before, forked);
    expect([state.children, state.parent]).toEqual([[], null]);
  });
});

test("the next timer is the earliest of all; a run without timers has none", () => {
  expect([nextTimerAt(busyRun().state), nextTimerAt(newState(definition))]).toEqual([
    t0 + 5_000,
    null,
  ]);
});

test("a run that takes the process down with it again and again fails, and says why", () => {
  const run = busyRun();
  const { events } = run.do({ kind: "run_quarantined", crashes: 3 });
  const message = "A step of this run has ended the process 3 times, so it is not tried again.";
  expect<object>(events).toEqual([
    {
      isTerminal: true,
      event: {
        type: "WorkflowFailedEvent",
        data: {
          step_name: "t",
          exception: { exception_type: "QuarantineError", exception_message: message },
          attempts: 1,
          elapsed_seconds: 1,
        },
      },
    },
  ]);
  expect([run.state.status, run.state.failure]).toEqual([
    "failed",
    { name: "QuarantineError", message },
  ]);
});

describe("a snapshot", () => {
  test("is the state, after a round trip through JSON", () => {
    const { state } = busyRun();
    const stored = JSON.parse(JSON.stringify(toSnapshot(state)));
    expect(fromSnapshot(definition, stored)).toEqual(state);
  });

  test("knows steps that the workflow has got since", () => {
    const more = define({
      s: { accepts: [StartEvent], emits: [A], waits: [Answer] },
      t: { accepts: [A] },
      late: { accepts: [A] },
    });
    const state = fromSnapshot(more, toSnapshot(busyRun().state));
    expect(Object.keys(state?.steps ?? {})).toEqual(["s", "t", "late"]);
  });

  test.each([[null], [1], [[]], [{}], [{ version: 2, state: {} }]])(
    "that says %j is left aside",
    (json) => {
      expect(fromSnapshot(definition, json)).toBeUndefined();
    },
  );
});

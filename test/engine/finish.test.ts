/** The end of a run: one terminal event, the last; a status that agrees; and nothing after it. */
import { describe, expect, test } from "bun:test";

import { reduce } from "../../src/engine/reduce.ts";
import { resume } from "../../src/engine/resume.ts";
import type { TickBody } from "../../src/engine/tick.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  A,
  Answer,
  define,
  newFailure,
  newJob,
  newState,
  placesOf,
  reduced,
  t0,
} from "./fixtures.ts";
import { Run } from "./run.ts";

const End = StopEvent.extend("End", {});
const definition = define(
  {
    s: { accepts: [StartEvent], emits: [A, End], waits: [Answer] },
    t: { accepts: [A], emits: [End], workers: 1 },
  },
  { timeout: 10 },
);
const deadline = { kind: "deadline" } as const;

/** `s` waits, `t` works on one, has one queued and one delayed. */
function busyRun(): Run {
  const run = new Run(definition);
  run.start(StartEvent(), { store: { n: 1 } });
  for (const n of [1, 2, 3]) run.send("s", 1, A({ n }));
  run.fail("t", 2, t0 + 5_000);
  run.wait("s", 1, Answer, { deadlineAt: t0 + 6_000 });
  run.receive({ type: "C", data: {} });
  expect(placesOf(run.state)).toEqual({
    s: { waiting: [1] },
    t: { queue: [4], running: [3], delayed: [2] },
  });
  return run;
}

const over = {
  at: t0 + 20,
  nextJob: 2,
  startedAt: t0,
  store: { n: 1 },
  deadlineAt: null,
} as const;

test("a stop event ends everything, and is the last that is seen", () => {
  const before = newState(definition, {
    ...over,
    deadlineAt: t0 + 10_000,
    steps: { s: { running: [newJob("s", StartEvent())] } },
  });
  const end = End({});
  const tick = {
    kind: "step_succeeded",
    at: t0 + 20,
    step: "s",
    job: 1,
    attempt: 1,
    events: [end],
    isFanOut: false,
  } as const;
  const told = { name: "s", step_state: "not_running", worker_id: "0" };
  const names = { input_event_name: "StartEvent", output_event_name: "End" };
  expect<object>(reduced(definition, before, tick)).toEqual({
    state: newState(definition, { ...over, status: "completed", result: end }),
    events: [
      { event: { type: "StepStateChanged", data: { ...told, ...names } }, isTerminal: false },
      { event: end, isTerminal: true },
    ],
    commands: [{ kind: "finish_run" }],
  });
});

test("of several stop events that a step returns, the first is the end", () => {
  const run = busyRun();
  run.fanOut("t", 3, [A(), End({ result: 1 }), End({ result: 2 })]);
  expect([run.state.result, run.words.at(-1)]).toEqual([End({ result: 1 }), "End!"]);
  expect(run.words.filter((word) => word.startsWith("End"))).toEqual(["End!"]);
});

const endings: readonly (readonly [how: string, end: (run: Run) => void, status: string])[] = [
  ["a stop event", (run) => run.succeed("t", 3, End({})), "completed"],
  ["a failure", (run) => run.fail("t", 3, null), "failed"],
  ["its timeout", (run) => run.fire(deadline, t0 + 10_000), "failed"],
  ["a cancellation", (run) => run.cancel(), "cancelled"],
];

describe.each(endings)("a run that ends by %s", (_how, end, status) => {
  test("drops all that was under way, and keeps the shared state", () => {
    const run = busyRun();
    end(run);
    const { deadlineAt, unclaimed, store } = run.state;
    expect<object>({
      status: run.state.status,
      places: placesOf(run.state),
      deadlineAt,
      unclaimed,
      store,
    }).toEqual({ status, places: {}, deadlineAt: null, unclaimed: [], store: { n: 1 } });
  });

  test("has one terminal event, the last", () => {
    const run = busyRun();
    end(run);
    expect(run.stream.filter((word) => word.endsWith("!"))).toEqual(run.stream.slice(-1));
  });

  test("is changed by no tick any more, and orders nothing", () => {
    const run = busyRun();
    end(run);
    const of = { step: "t", job: 3, attempt: 1 };
    const late: readonly TickBody[] = [
      { kind: "run_started", event: StartEvent(), store: {}, isQueued: false, parent: null },
      { kind: "run_admitted" },
      { kind: "event_received", event: A(), target: null },
      { kind: "event_received", event: Answer(), target: "s" },
      { kind: "event_sent", event: A(), target: null, ...of },
      { kind: "event_written", event: A(), ...of },
      { kind: "event_collected", event: A(), buffer: "b", expected: ["A"], ...of },
      {
        kind: "wait_opened",
        wait: "w",
        type: "Answer",
        where: null,
        prompt: A(),
        deadlineAt: t0,
        ...of,
      },
      { kind: "effect_returned", key: "k", value: 1, ...of },
      { kind: "state_changed", changes: [{ path: ["n"], value: 2 }], ...of },
      { kind: "child_started", runId: "r", handlerId: "h", workflowName: "w", ...of },
      { kind: "child_shown", runId: "r", sequence: 1, envelope: "{}", ...of },
      { kind: "step_succeeded", events: [End({})], isFanOut: false, ...of },
      { kind: "step_failed", failure: newFailure(), retryAt: null, ...of },
      { kind: "timer_fired", timer: deadline },
      { kind: "timer_fired", timer: { kind: "retry", step: "t", job: 2 } },
      { kind: "timer_fired", timer: { kind: "wait", step: "s", job: 1, wait: "Answer" } },
      { kind: "cancel_requested" },
    ];
    for (const body of late) {
      const { state, events, commands } = reduce(definition, run.state, {
        ...body,
        at: t0 + 99_999,
      });
      expect([body.kind, state === run.state, events, commands]).toEqual([body.kind, true, [], []]);
    }
  });

  test("has nothing left to do but to be finished", () => {
    const run = busyRun();
    end(run);
    expect(resume(run.state)).toEqual([{ kind: "finish_run" }]);
  });
});

describe("the timeout of a workflow", () => {
  test("tells after how long, and which steps were at work", () => {
    const run = busyRun();
    expect(run.fire(deadline, t0 + 10_005).events).toEqual([
      {
        isTerminal: true,
        event: { type: "WorkflowTimedOutEvent", data: { timeout: 10, active_steps: ["t"] } },
      },
    ]);
    expect(run.state.failure).toEqual({
      name: "TimeoutError",
      message: "Workflow timed out after 10s",
    });
  });

  test("is never early", () => {
    const run = busyRun();
    const { state } = run;
    run.fire(deadline, t0 + 9_999);
    expect(run.state).toBe(state);
  });

  test("does not come to a workflow that has none", () => {
    const run = new Run(define({ s: { accepts: [StartEvent] } }));
    run.start();
    const { state } = run;
    run.fire(deadline, t0 + 1e9);
    expect(run.state).toBe(state);
  });
});

test("a cancelled run has neither a result nor a failure", () => {
  const run = busyRun();
  expect(run.cancel().events).toEqual([
    { isTerminal: true, event: { type: "WorkflowCancelledEvent", data: {} } },
  ]);
  expect([run.state.result, run.state.failure]).toEqual([null, null]);
});

test("a step that nobody knows, or a job that is over, changes nothing", () => {
  const run = busyRun();
  const { state } = run;
  const events = [End({})];
  for (const of of [
    { step: "nowhere", job: 1, attempt: 1 },
    { step: "t", job: 99, attempt: 1 },
    { step: "t", job: 3, attempt: 2 },
    { step: "t", job: 4, attempt: 1 },
  ]) {
    run.do({ kind: "step_succeeded", events, isFanOut: false, ...of });
    run.do({ kind: "step_failed", failure: newFailure(), retryAt: null, ...of });
  }
  expect(run.state).toBe(state);
});

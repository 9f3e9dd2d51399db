/** A step that fails: tried again at once, later, or not; what the next attempt is left. */
import { describe, expect, test } from "bun:test";

import { elapsedSeconds } from "../../src/engine/steps.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  A,
  define,
  defineOne,
  newFailure,
  newJob,
  newState,
  placesOf,
  reduced,
  t0,
} from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = defineOne();
const timer = { kind: "retry", step: "s", job: 1 } as const;

test("a failure that is to be tried again later sets a clock", () => {
  const job = newJob("s", StartEvent(), { effects: [{ key: "paid", value: 1 }] });
  const before = newState(definition, { nextJob: 2, steps: { s: { running: [job] } } });
  const failure = newFailure({ message: "busy", code: "EBUSY" });
  const tick = {
    kind: "step_failed",
    at: t0 + 10,
    step: "s",
    job: 1,
    attempt: 1,
    failure,
    retryAt: t0 + 1_010,
  } as const;
  const delayed = {
    ...job,
    attempt: 2,
    lastFailure: failure,
    worker: null,
    retryAt: t0 + 1_010,
    isStarted: false,
  };
  const told = { name: "s", step_state: "not_running", worker_id: "0" };
  const names = { input_event_name: "StartEvent", output_event_name: null };
  expect<object>(reduced(definition, before, tick)).toEqual({
    state: newState(definition, { at: t0 + 10, nextJob: 2, steps: { s: { delayed: [delayed] } } }),
    events: [
      { event: { type: "StepStateChanged", data: { ...told, ...names } }, isTerminal: false },
    ],
    commands: [{ kind: "set_timer", timer, at: t0 + 1_010 }],
  });
});

test.each<readonly [what: string, act: (run: Run) => void]>([
  ["sent", (run) => run.send("s", 1, A({ n: 1 }))],
  ["shown", (run) => run.do({ kind: "event_written", event: A(), step: "s", job: 1, attempt: 1 })],
  [
    "changed",
    (run) => run.do({ kind: "state_changed", changes: [], step: "s", job: 1, attempt: 1 }),
  ],
])("that an attempt has %s something is known when it starts again, not to the next", (_, act) => {
  const run = new Run(
    define({ s: { accepts: [StartEvent], emits: [A, StopEvent] }, t: { accepts: [A] } }),
  );
  run.start();
  expect(run.job("s", 1)).toMatchObject({ hasActed: false });
  act(run);
  expect(run.job("s", 1)).toMatchObject({ attempt: 1, hasActed: true });
  run.fail("s", 1, t0);
  expect(run.job("s", 1)).toMatchObject({ attempt: 2, hasActed: false });
});

describe("a delayed job", () => {
  function delay(): Run {
    const run = new Run(definition);
    run.start();
    run.at = t0 + 10;
    run.fail("s", 1, t0 + 1_010);
    return run;
  }

  test("is tried again when it is due, as the next attempt of the same job", () => {
    const run = delay();
    expect(run.fire(timer, t0 + 1_010).commands).toEqual([{ kind: "run_step", step: "s", job: 1 }]);
    const { attempt, firstAttemptAt, lastFailure, retryAt, worker } = run.job("s", 1) ?? {};
    expect<object>({ attempt, firstAttemptAt, lastFailure, retryAt, worker }).toEqual({
      attempt: 2,
      firstAttemptAt: t0,
      lastFailure: newFailure(),
      retryAt: null,
      worker: 0,
    });
    expect(run.stream).toEqual(["s running 0", "s not_running 0", "s running 0"]);
  });

  test("is not tried before it is due", () => {
    const run = delay();
    const { state } = run;
    run.fire(timer, t0 + 1_009);
    expect(run.state).toBe(state);
  });

  test("is tried once, however often its clock fires", () => {
    const run = delay();
    run.fire(timer, t0 + 1_010);
    const { state } = run;
    run.fire(timer, t0 + 1_020);
    expect(run.state).toBe(state);
  });

  test("waits for a slot like any other when it is due", () => {
    const busy = define({
      s: { accepts: [StartEvent], emits: [A, StopEvent] },
      t: { accepts: [A], workers: 1 },
    });
    const run = new Run(busy);
    run.start();
    for (const n of [1, 2]) run.send("s", 1, A({ n }));
    run.fail("t", 2, t0 + 50);
    run.fire({ ...timer, step: "t", job: 2 }, t0 + 50);
    expect(placesOf(run.state)["t"]).toEqual({ queue: [2], running: [3] });
  });

  test("is not heard: its last attempt is over", () => {
    const run = delay();
    const { state } = run;
    const late = { step: "s", job: 1, attempt: 1 };
    run.do({ kind: "step_succeeded", events: [StopEvent()], isFanOut: false, ...late });
    run.do({ kind: "effect_returned", key: "k", value: 1, ...late });
    run.do({ kind: "event_sent", event: A(), target: null, ...late });
    run.do({ kind: "step_succeeded", events: [StopEvent()], isFanOut: false, ...late, attempt: 2 });
    expect(run.state).toBe(state);
  });
});

test("a failure that is to be tried again at once needs no clock", () => {
  const run = new Run(definition);
  run.start();
  expect(run.fail("s", 1, t0).commands).toEqual([{ kind: "run_step", step: "s", job: 1 }]);
  expect(run.job("s", 1)).toMatchObject({ attempt: 2, worker: 0, retryAt: null });
});

test("a failure for good ends the run, and tells how often and how long it was tried", () => {
  const run = new Run(definition);
  run.start();
  run.fail("s", 1, t0);
  run.at = t0 + 2_500;
  const failure = newFailure({ name: "Refused", message: "by him", stack: "…" });
  const { events, commands } = run.fail("s", 1, null, failure);
  expect(events.at(-1)).toEqual({
    isTerminal: true,
    event: {
      type: "WorkflowFailedEvent",
      data: {
        step_name: "s",
        exception: { exception_type: "Refused", exception_message: "by him" },
        attempts: 2,
        elapsed_seconds: 2.5,
      },
    },
  });
  expect([commands, run.state.status, run.state.failure, run.state.result]).toEqual([
    [{ kind: "finish_run" }],
    "failed",
    failure,
    null,
  ]);
});

describe("what a job has done stays with it through its attempts", () => {
  test("what `ctx.run` returned", () => {
    const run = new Run(definition);
    run.start();
    const of = { step: "s", job: 1 };
    run.do({ kind: "effect_returned", key: "pay", value: { id: 7 }, attempt: 1, ...of });
    run.fail("s", 1, t0);
    run.do({ kind: "effect_returned", key: "mail", value: null, attempt: 2, ...of });
    expect(run.job("s", 1)?.effects).toEqual([
      { key: "pay", value: { id: 7 } },
      { key: "mail", value: null },
    ]);
  });

  test("once told, it is not told anew", () => {
    const run = new Run(definition);
    run.start();
    const tick = {
      kind: "effect_returned",
      key: "constructor",
      step: "s",
      job: 1,
      attempt: 1,
    } as const;
    run.do({ ...tick, value: 1 });
    const { state } = run;
    run.do({ ...tick, value: 2 });
    expect([run.state === state, run.job("s", 1)?.effects[0]?.value]).toEqual([true, 1]);
  });
});

test("time counts from the start of the first attempt, not of the wait before it", () => {
  const run = new Run(
    define({
      s: { accepts: [StartEvent], emits: [A, StopEvent] },
      t: { accepts: [A], workers: 1 },
    }),
  );
  run.start();
  for (const n of [1, 2]) run.send("s", 1, A({ n }));
  run.at = t0 + 4_000;
  run.succeed("t", 2);
  const job = run.job("t", 3);
  expect(job && elapsedSeconds(job, t0 + 5_000)).toBe(1);
});

/** A run starts, at once or when its turn has come, and what its first step is given. */
import { describe, expect, test } from "bun:test";

import { initialState, isIdle } from "../../src/engine/state.ts";
import type { TickOf } from "../../src/engine/tick.ts";
import { StartEvent } from "../../src/workflow/builtin.ts";
import { A, define, defineOne, newJob, newState, placesOf, reduced, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const started: TickOf<"run_started"> = {
  kind: "run_started",
  at: t0,
  event: StartEvent({ name: "Ada" }),
  store: { n: 1 },
  isQueued: false,
  parent: null,
};

test("a run that starts gives its event to the step that accepts it", () => {
  const definition = defineOne();
  expect<object>(reduced(definition, initialState(definition), started)).toEqual({
    state: newState(definition, {
      store: { n: 1 },
      nextJob: 2,
      steps: { s: { running: [newJob("s", started.event)] } },
    }),
    events: [
      {
        isTerminal: false,
        event: {
          type: "StepStateChanged",
          data: {
            name: "s",
            step_state: "running",
            worker_id: "0",
            input_event_name: "StartEvent",
            output_event_name: null,
          },
        },
      },
    ],
    commands: [{ kind: "run_step", step: "s", job: 1 }],
  });
});

test.each([
  ["at once", false],
  ["when it has its turn", true],
])("a run that starts %s starts once", (_when, isQueued) => {
  const definition = defineOne();
  const { state } = reduced(definition, initialState(definition), { ...started, isQueued });
  expect(reduced(definition, state, started)).toEqual({ state, events: [], commands: [] });
});

test("a run with a timeout sets its clock before it does anything else", () => {
  const definition = defineOne({}, { timeout: 2 });
  const { state, commands } = reduced(definition, initialState(definition), started);
  expect(state.deadlineAt).toBe(t0 + 2_000);
  expect(commands).toEqual([
    { kind: "set_timer", timer: { kind: "deadline" }, at: t0 + 2_000 },
    { kind: "run_step", step: "s", job: 1 },
  ]);
});

test("a run knows the run that it belongs to", () => {
  const run = new Run(defineOne());
  run.start(StartEvent(), { parent: { runId: "r", handlerId: "h" } });
  expect(run.state.parent).toEqual({ runId: "r", handlerId: "h" });
});

test("steps that accept the start event get it one after another, in the order of definition", () => {
  const run = new Run(define({ z: { accepts: [StartEvent] }, a: { accepts: [StartEvent] } }));
  run.start();
  expect(run.stream).toEqual(["z running 0", "a running 0"]);
});

describe("a run that has to wait for its turn", () => {
  const definition = defineOne({}, { timeout: 2 });

  test("says so, keeps its event, and does nothing", () => {
    const queued = { ...started, isQueued: true };
    expect<object>(reduced(definition, initialState(definition), queued)).toEqual({
      state: newState(definition, { startedAt: null, store: { n: 1 }, queued: started.event }),
      events: [{ event: { type: "WorkflowQueuedEvent", data: {} }, isTerminal: false }],
      commands: [],
    });
  });

  test("starts when its turn has come, and its time counts from there", () => {
    const run = new Run(definition);
    run.start(StartEvent(), { isQueued: true });
    run.at = t0 + 60_000;
    const { commands } = run.do({ kind: "run_admitted" });
    expect(commands).toEqual([
      { kind: "set_timer", timer: { kind: "deadline" }, at: t0 + 62_000 },
      { kind: "run_step", step: "s", job: 1 },
    ]);
    const { startedAt, queued } = run.state;
    expect({ startedAt, queued }).toEqual({ startedAt: t0 + 60_000, queued: null });
    expect(run.job("s", 1)?.firstAttemptAt).toBe(t0 + 60_000);
  });

  test("starts once, however often its turn comes", () => {
    const run = new Run(definition);
    run.start(StartEvent(), { isQueued: true });
    run.do({ kind: "run_admitted" });
    const { state } = run;
    expect(run.do({ kind: "run_admitted" })).toMatchObject({ events: [], commands: [] });
    expect(run.state).toBe(state);
  });

  test("is not idle: it will go on by itself", () => {
    const run = new Run(definition);
    run.start(StartEvent(), { isQueued: true });
    expect(isIdle(run.state)).toBe(false);
    run.receive(A());
    expect(run.stream).toEqual(["WorkflowQueuedEvent", "UnhandledEvent"]);
  });

  test("can be cancelled, and then never starts", () => {
    const run = new Run(definition);
    run.start(StartEvent(), { isQueued: true });
    run.cancel();
    run.do({ kind: "run_admitted" });
    expect([run.state.status, run.state.startedAt, placesOf(run.state)]).toEqual([
      "cancelled",
      null,
      {},
    ]);
    expect(run.stream).toEqual(["WorkflowQueuedEvent", "WorkflowCancelledEvent!"]);
  });
});

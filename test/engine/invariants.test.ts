/** What is asserted of a state after it was loaded: a state that was spoilt is not driven on. */
import { expect, test } from "bun:test";

import { checkInvariants } from "../../src/engine/invariants.ts";
import type { RunState, StepState } from "../../src/engine/state.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { collect } from "../../src/workflow/join.ts";
import { A, define, newJob, newState } from "./fixtures.ts";

const definition = define({
  s: { accepts: [StartEvent], emits: [A, StopEvent], workers: 2 },
  t: { accepts: [A] },
});
const joined = define({
  s: { accepts: [StartEvent], emits: [A] },
  t: { accepts: [collect(A)] },
});

const job = newJob("s", StartEvent());
const scope = { id: 0, outer: [], step: null, jobs: 0, joining: {} };

const broken: readonly (readonly [
  what: string,
  state: Partial<Omit<RunState, "steps">> & { steps?: Record<string, Partial<StepState>> },
  message: string,
  of?: typeof definition,
])[] = [
  [
    "a job is in two places",
    { steps: { s: { running: [job], waiting: [job] } } },
    "Job 1 is in one place only.",
  ],
  [
    "a job is with another step",
    { steps: { t: { running: [job] } } },
    "Job 1 is kept with its step.",
  ],
  [
    "a job has a number to come",
    { nextJob: 1, steps: { s: { running: [job] } } },
    "Job 1 was numbered by this run.",
  ],
  [
    "a step works on too many",
    { steps: { s: { running: [1, 2, 3].map((id) => ({ ...job, id, worker: id })) } } },
    "Step `s` works on 2 jobs at most.",
  ],
  [
    "two jobs share a slot",
    { steps: { s: { running: [1, 2].map((id) => ({ ...job, id })) } } },
    "Step `s` gives a slot to one job.",
  ],
  [
    "a job runs without a slot",
    { steps: { s: { running: [{ ...job, worker: null }] } } },
    "A running job of step `s` has a slot.",
  ],
  [
    "a job waits for a slot that is free",
    { steps: { s: { running: [job], queue: [{ ...job, id: 2, worker: null }] } } },
    "Step `s` queues only while its slots are taken.",
  ],
  [
    "a delayed job is never due",
    { steps: { s: { delayed: [{ ...job, worker: null }] } } },
    "A delayed job of step `s` is due some time.",
  ],
  [
    "a job waits for nothing",
    { steps: { s: { waiting: [{ ...job, worker: null }] } } },
    "A waiting job of step `s` waits for something.",
  ],
  [
    "a run that has ended works on",
    { status: "failed", steps: { s: { running: [job] } } },
    "A run that has ended does nothing.",
  ],
  ["a completed run has no result", { status: "completed" }, "A completed run has a result."],
  ["a run has a result before its end", { result: StopEvent() }, "A completed run has a result."],
  [
    "a scope counts wrongly",
    { scopes: [{ ...scope, jobs: 2 }], steps: { s: { running: [{ ...job, scopes: [0] }] } } },
    "Scope 0 has 1 jobs, and counts 2.",
    joined,
  ],
  [
    "a scope outlives its jobs",
    { scopes: [scope, { ...scope, id: 1 }] },
    "Scope 1 ends with its last job.",
    joined,
  ],
  ["a scope is out of place", { scopes: [scope, scope] }, "Scope 0 is in its place.", joined],
];

for (const [what, state, message, of = definition] of broken) {
  test(`a state is refused where ${what}`, () => {
    const spoilt = newState(of, { nextJob: 9, ...state });
    expect(() => checkInvariants(of, spoilt)).toThrow(message);
  });
}

test("a state that is well is let pass", () => {
  const running = [job, { ...job, id: 2, worker: 1 }];
  const queue = [{ ...job, id: 3, worker: null }];
  expect(() =>
    checkInvariants(
      definition,
      newState(definition, { nextJob: 9, steps: { s: { running, queue } } }),
    ),
  ).not.toThrow();
});

/** What the tests of the engine are written with: one builder per noun, each with overrides. */
import * as v from "valibot";

import type { Failure } from "../../src/base/errors.ts";
import type { Published } from "../../src/engine/change.ts";
import { reduce, type Reduction } from "../../src/engine/reduce.ts";
import { initialState, type Job, type RunState, type StepState } from "../../src/engine/state.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../src/workflow/builtin.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { WorkflowOptions } from "../../src/workflow/draft.ts";
import {
  type AnyEventType,
  defineEvent,
  type Event,
  type EventType,
} from "../../src/workflow/event.ts";

/** When everything happens, unless a test says otherwise. */
export const t0 = 1_000_000;

type Numbered<
  Name extends string,
  Family extends "event" | "human_response" | "input_required",
> = EventType<Name, { n: number; by?: string | undefined }, { n?: number; by?: string }, Family>;

const fields = { n: v.optional(v.number(), 0), by: v.optional(v.string()) } as const;

export const A: Numbered<"A", "event"> = defineEvent("A", fields);
export const B: Numbered<"B", "event"> = defineEvent("B", fields);
export const C: Numbered<"C", "event"> = defineEvent("C", fields);
export const Ask: Numbered<"Ask", "input_required"> = InputRequiredEvent.extend("Ask", fields);
export const Answer: Numbered<"Answer", "human_response"> = HumanResponseEvent.extend(
  "Answer",
  fields,
);

/** The options of steps, by their names: the engine never calls their functions. */
export type Steps = Readonly<Record<string, object>>;

/** A workflow as the engine sees it. */
export function define(
  steps: Steps,
  options: WorkflowOptions = {},
  extend: (workflow: Workflow) => Pick<Workflow, "define"> = (workflow) => workflow,
  additionalEvents: readonly AnyEventType[] = [],
): Definition {
  const workflow = new Workflow(options);
  for (const [name, step] of Object.entries(steps)) {
    workflow.step(name, { accepts: [], emits: [StopEvent], ...step }, () => {});
  }
  return extend(workflow).define("flow", additionalEvents);
}

/** One step that starts and stops, with what a test adds to it. */
export function defineOne(step: object = {}, options: WorkflowOptions = {}): Definition {
  return define({ s: { accepts: [StartEvent], ...step } }, options);
}

/** What a tick leads to, and nothing else that the reducer may hand out. */
export function reduced(definition: Definition, before: RunState, tick: Tick): Reduction {
  const { state, events, commands } = reduce(definition, before, tick);
  return { state, events, commands };
}

/** A job that is under way in slot 0. */
export function newJob(step: string, event: Event, overrides: Partial<Job> = {}): Job {
  return {
    id: 1,
    step,
    events: [event],
    isBatch: false,
    scopes: [],
    attempt: 1,
    firstAttemptAt: t0,
    lastFailure: null,
    worker: 0,
    retryAt: null,
    isStarted: true,
    hasActed: false,
    effects: [],
    batches: {},
    waits: [],
    recoveries: {},
    ...overrides,
  };
}

/** A state that differs from the initial one in this. */
export function newState(
  definition: Definition,
  {
    steps = {},
    ...overrides
  }: Partial<Omit<RunState, "steps">> & {
    readonly steps?: Readonly<Record<string, Partial<StepState>>>;
  } = {},
): RunState {
  const initial = initialState(definition);
  const merged = Object.entries(initial.steps).map(([name, step]) => [
    name,
    { ...step, ...steps[name] },
  ]);
  return { ...initial, at: t0, startedAt: t0, ...overrides, steps: Object.fromEntries(merged) };
}

export function newFailure(overrides: Partial<Failure> = {}): Failure {
  return { name: "Error", message: "no", ...overrides };
}

/** An event of the stream in a word, or a few. */
export function labelOf(published: Published): string {
  if ("envelope" in published) return published.envelope;
  const { type, data } = published.event;
  const { name, step_state, worker_id } = data as Readonly<Record<string, unknown>>;
  const end = published.isTerminal ? "!" : "";
  return type === "StepStateChanged" ? `${name} ${step_state} ${worker_id}` : type + end;
}

/** Where each job is, by its number: of the steps that have any. */
export function placesOf({ steps }: RunState): Readonly<Record<string, object>> {
  const places = Object.entries(steps).map(([name, step]) => {
    const jobs = (["queue", "running", "delayed", "waiting"] as const).map((place) => [
      place,
      step[place].map((job) => job.id),
    ]);
    return [name, Object.fromEntries(jobs.filter(([, ids]) => ids?.length))];
  });
  return Object.fromEntries(places.filter(([, jobs]) => Object.keys(jobs as object).length > 0));
}

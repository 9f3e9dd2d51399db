/**
 * The state of a run: JSON, rebuilt from its ticks at any time, never changed in place.
 *
 * A job is in exactly one place of its step:
 *
 *     queue ──admit──▶ running ──wait──▶ waiting
 *       ▲                 │                 │
 *       ├──── retry ── delayed              │
 *       └────────────── answer ─────────────┘
 */
import type { Failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { memo } from "../base/memo.ts";
import { createPlaces, type Places } from "../base/places.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";

/** A later event that a step function is waiting for. */
export interface Wait {
  readonly id: string;
  readonly type: string;
  readonly where: JsonObject | null;
  readonly deadlineAt: number | null;
  readonly answer: Event | null;
  readonly isTimedOut: boolean;
}

export const waitPlaces: Places<Wait> = createPlaces(({ id }) => id);

/** What `ctx.run` returned for a key. */
export interface Effect {
  readonly key: string;
  readonly value: Json;
}

export const effectPlaces: Places<Effect> = createPlaces(({ key }) => key);

/** What a step is to work on, or works on: one event, or what a join brought together. */
export interface Job {
  readonly id: number;
  readonly step: string;
  readonly events: readonly Event[];
  /** Whether the function gets the list, and not the one event in it. */
  readonly isBatch: boolean;
  /** The fan-outs that it is a branch of, outermost first. Empty in a workflow without joins. */
  readonly scopes: readonly number[];
  /** The attempt under way, or the next one. From 1. */
  readonly attempt: number;
  readonly firstAttemptAt: number | null;
  readonly lastFailure: Failure | null;
  /** Slot, while running. */
  readonly worker: number | null;
  /** When a delayed job may be tried again. */
  readonly retryAt: number | null;
  /** Whether the step function is under way, so that admitting it again resumes it. */
  readonly isStarted: boolean;
  /** A list, for adding to it has to copy it: an object of 8,000 keys takes 400 µs. */
  readonly effects: readonly Effect[];
  /**
   * Whether this attempt has sent or shown an event, or changed the shared state. A function that
   * was interrupted does none of it again when it starts again: its ticks tell what it was.
   */
  readonly hasActed: boolean;
  /** Events that it brought to buffers of its step, by buffer. */
  readonly collected?: Readonly<Record<string, readonly Event[]>>;
  /** Batches that this job completed, by buffer. */
  readonly batches: Readonly<Record<string, readonly Event[]>>;
  readonly waits: readonly Wait[];
  /** How often each catching step has taken a failure along this line of events. */
  readonly recoveries: Readonly<Record<string, number>>;
}

/** An event put aside by `collectEvents`, and the job that brought it. */
export interface Collected {
  readonly job: number;
  readonly event: Event;
}

/** A fan-out whose branches a join waits for. Scope 0 is the whole run. */
export interface Scope {
  readonly id: number;
  /** The scopes around it, outermost first. */
  readonly outer: readonly number[];
  /** The step that fanned out; null for the whole run. */
  readonly step: string | null;
  /** Jobs that are in it now. */
  readonly jobs: number;
  /** Events that joins have of it so far, by step. */
  readonly joining: Readonly<Record<string, readonly Event[]>>;
  /** Steps that have fanned out in it. */
  readonly split?: readonly string[];
  /** Joins that have had as many of it as they take at a time. */
  readonly served?: readonly string[];
}

/** A run that a step of this one has started. */
export interface Child {
  readonly runId: string;
  readonly handlerId: string;
  readonly workflowName: string;
  /** The last of its events that was shown on this run's stream. */
  readonly cursor: number;
}

export const childPlaces: Places<Child> = createPlaces(({ runId }) => runId);

/** The run that a child belongs to. */
export interface Parent {
  readonly runId: string;
  readonly handlerId: string;
}

export interface StepState {
  readonly queue: readonly Job[];
  readonly running: readonly Job[];
  readonly delayed: readonly Job[];
  readonly waiting: readonly Job[];
  readonly buffers: Readonly<Record<string, readonly Collected[]>>;
}

export type JobPlace = "queue" | "running" | "delayed" | "waiting";
export const jobPlaces: readonly JobPlace[] = ["queue", "running", "delayed", "waiting"];

/** An event that is kept, and the step that it is meant for; null: any. */
export interface Kept {
  readonly event: Event;
  readonly target: string | null;
}

export interface RunState {
  readonly status: "running" | "completed" | "failed" | "cancelled";
  /** When it changed last. */
  readonly at: number;
  readonly startedAt: number | null;
  /** When the workflow's timeout is over. */
  readonly deadlineAt: number | null;
  readonly steps: Readonly<Record<string, StepState>>;
  /** The start event of a run that waits for its turn. */
  readonly queued: Event | null;
  /** What came from outside while it waited for its turn, oldest first. */
  readonly early: readonly Kept[];
  readonly nextJob: number;
  /** How many waits are open, by the type of event that they are for. */
  readonly waitedFor: Readonly<Record<string, number>>;
  /** In the order of their ids. */
  readonly scopes: readonly Scope[];
  readonly nextScope: number;
  readonly children: readonly Child[];
  readonly parent: Parent | null;
  /** What the steps share: `ctx.store`. */
  readonly store: JsonObject;
  /** Events that nobody took yet, oldest first, kept for a wait that opens later. */
  readonly unclaimed: readonly Kept[];
  /** Of a completed run. */
  readonly result: Event | null;
  /** Of a failed run. */
  readonly failure: Failure | null;
}

const emptyStep: StepState = {
  queue: [],
  running: [],
  delayed: [],
  waiting: [],
  buffers: {},
};

/** One for all runs of a workflow, since no state is ever changed in place. */
export const initialState: (definition: Definition) => RunState = memo(({ steps }) => ({
  status: "running",
  at: 0,
  startedAt: null,
  deadlineAt: null,
  steps: Object.fromEntries([...steps.keys()].map((name) => [name, emptyStep])),
  queued: null,
  early: [],
  nextJob: 1,
  waitedFor: {},
  scopes: [{ id: 0, outer: [], step: null, jobs: 0, joining: {} }],
  nextScope: 1,
  children: [],
  parent: null,
  store: {},
  unclaimed: [],
  result: null,
  failure: null,
}));

/**
 * Nothing is running or due for a retry, and so nothing is queued: only the outside, or the timer
 * of a wait, can move the run.
 */
export function isIdle(state: RunState): boolean {
  if (state.queued) return false; // It is to start as soon as there is room.
  for (const step in state.steps) {
    const { running, delayed } = state.steps[step] ?? emptyStep;
    if (running.length > 0 || delayed.length > 0) return false;
  }
  return true;
}

/** Whether a step works. */
export function isAtWork({ steps }: RunState): boolean {
  for (const step in steps) if (steps[step]?.running.length) return true;
  return false;
}

/** Whether a step works, or has something to work on. */
export function isWorking({ steps }: RunState): boolean {
  return Object.values(steps).some(({ queue, running }) => queue.length > 0 || running.length > 0);
}

/** Where a job that somebody asks for most likely is: a queue may be long. */
const placesByUse: readonly JobPlace[] = ["running", "waiting", "delayed", "queue"];

export function findJob(
  state: RunState,
  step: string,
  id: number,
): { readonly job: Job; readonly place: JobPlace } | undefined {
  const stepState = state.steps[step];
  if (!stepState) return undefined;
  for (const place of placesByUse) {
    for (const job of stepState[place]) if (job.id === id) return { job, place };
  }
  return undefined;
}

/** All jobs of a run, wherever they are. */
export function jobsOf(state: RunState): readonly Job[] {
  return Object.values(state.steps).flatMap((step) => jobPlaces.flatMap((place) => step[place]));
}

/** The steps with each of their jobs replaced. */
export function mapJobs(state: RunState, map: (job: Job) => Job): RunState["steps"] {
  const mapStep = (step: StepState): StepState => {
    const places = jobPlaces.map((place) => [place, step[place].map(map)]);
    return { ...step, ...Object.fromEntries(places) };
  };
  return Object.fromEntries(
    Object.entries(state.steps).map(([name, step]) => [name, mapStep(step)]),
  );
}

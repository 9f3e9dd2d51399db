/**
 * A change under way: the next state with what it publishes and orders. The tick functions share
 * one, and replace only the branches of the state that they touch.
 *
 * Lists may be long, and each change of one copies it: with `concat`, `with` and `toSpliced`, which
 * copy 8,000 items in some 5 µs. Spreading them, or asking each, takes ten times as long.
 */
import { assert, must } from "../base/assert.ts";
import type { JsonObject } from "../base/json.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import type { Command } from "./command.ts";
import {
  findJob,
  type Job,
  type JobPlace,
  type RunState,
  type Scope,
  type StepState,
} from "./state.ts";

/** An event that users see. The terminal one is the last of its run. */
export type Published =
  | { readonly event: Event; readonly isTerminal: boolean }
  /** The event of a child, in the envelope that the child's own readers got. */
  | { readonly envelope: string; readonly isTerminal: false };

export interface Change {
  readonly definition: Definition;
  readonly at: number;
  state: RunState;
  readonly events: Published[];
  readonly commands: Command[];
}

export function publish(change: Change, type: string, data: object): void {
  change.events.push({ event: { type, data }, isTerminal: false });
}

export function stepState(change: Change, step: string): StepState {
  return must(change.state.steps[step], "A job belongs to a step of the workflow.");
}

export function setStep(change: Change, step: string, patch: Partial<StepState>): void {
  const steps = { ...change.state.steps, [step]: { ...stepState(change, step), ...patch } };
  change.state = { ...change.state, steps };
}

export function findScope(change: Change, id: number): Scope | undefined {
  return change.state.scopes[placeOfScope(change.state.scopes, id)];
}

/** A scope that is open, as it is while it has jobs. */
export function scopeOf(change: Change, id: number): Scope {
  return must(findScope(change, id), "The scope is open.");
}

export function setScope(change: Change, id: number, patch: Partial<Scope>): void {
  const { scopes } = change.state;
  const scope = { ...scopeOf(change, id), ...patch };
  change.state = { ...change.state, scopes: scopes.with(placeOfScope(scopes, id), scope) };
}

export function closeScope(change: Change, id: number): void {
  const { scopes } = change.state;
  change.state = { ...change.state, scopes: scopes.toSpliced(placeOfScope(scopes, id), 1) };
}

/** -1: it is not there. There may be thousands, and they are in the order of their ids. */
function placeOfScope(scopes: readonly Scope[], id: number): number {
  let [low, high] = [0, scopes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scopes[middle]?.id ?? id) < id) low = middle + 1;
    else high = middle;
  }
  return scopes[low]?.id === id ? low : -1;
}

/** The job that a tick tells of, if the attempt that it tells of is under way. */
export function activeJob(
  change: Change,
  tick: { readonly step: string; readonly job: number; readonly attempt: number },
): { readonly job: Job; readonly place: JobPlace } | undefined {
  const found = findJob(change.state, tick.step, tick.job);
  return found?.job.isStarted && found.job.attempt === tick.attempt ? found : undefined;
}

export function takeJob(change: Change, job: Job, place: JobPlace): void {
  const jobs = stepState(change, job.step)[place];
  setStep(change, job.step, { [place]: jobs.toSpliced(placeOf(jobs, job), 1) });
}

export function putJob(change: Change, job: Job, place: JobPlace): void {
  setStep(change, job.step, { [place]: stepState(change, job.step)[place].concat(job) });
}

/** Replaces a job where it is. */
export function updateJob(change: Change, job: Job, place: JobPlace): void {
  const jobs = stepState(change, job.step)[place];
  setStep(change, job.step, { [place]: jobs.with(placeOf(jobs, job), job) });
}

function placeOf(jobs: readonly Job[], { id }: Job): number {
  let place = 0;
  while (place < jobs.length && jobs[place]?.id !== id) place++;
  assert(place < jobs.length, "A job is where it was found.");
  return place;
}

export function publishStepState(
  change: Change,
  job: Job,
  state: "preparing" | "running" | "not_running",
  output: string | null = null,
): void {
  // An empty batch is called after what it would have held.
  const input = job.events[0]?.type ?? change.definition.steps.get(job.step)?.accepts[0];
  publish(change, "StepStateChanged", {
    name: job.step,
    step_state: state,
    worker_id: job.worker === null ? "<enqueued>" : String(job.worker),
    input_event_name: input ?? "NoneType",
    output_event_name: output,
  } satisfies JsonObject);
}

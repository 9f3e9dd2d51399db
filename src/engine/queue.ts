/**
 * Jobs on their way into a step: queued in the order of their events, admitted as slots are free.
 */
import { must } from "../base/assert.ts";
import type { Event } from "../workflow/event.ts";
import {
  type Change,
  publishStepState,
  putJob,
  scopeOf,
  setScope,
  setStep,
  stepState,
} from "./change.ts";
import type { Job } from "./state.ts";

/** Where a job comes from: what its events inherit along their line. */
export interface Lineage {
  readonly scopes: readonly number[];
  readonly recoveries: Job["recoveries"];
}

export function newJob(
  change: Change,
  step: string,
  input: { readonly events: readonly Event[]; readonly isBatch: boolean },
  { scopes, recoveries }: Lineage,
): void {
  const id = change.state.nextJob;
  change.state = { ...change.state, nextJob: id + 1 };
  countJob(change, scopes, 1);
  enqueue(change, {
    id,
    step,
    ...input,
    scopes,
    attempt: 1,
    firstAttemptAt: null,
    lastFailure: null,
    isStarted: false,
    hasActed: false,
    effects: [],
    batches: {},
    waits: [],
    recoveries,
  });
}

/** Counts a job in or out of the scopes that it is in. */
export function countJob(change: Change, scopes: readonly number[], by: 1 | -1): void {
  for (const id of scopes) {
    const scope = scopeOf(change, id);
    setScope(change, id, { jobs: scope.jobs + by });
  }
}

/** Puts a job at the end of its queue, and lets it in at once if a slot is free. */
export function enqueue(change: Change, job: Omit<Job, "worker" | "retryAt">): void {
  const queued: Job = { ...job, worker: null, retryAt: null };
  const { queue, running } = stepState(change, job.step);
  if (queue.length === 0 && running.length < slotsOf(change, job.step)) {
    start(change, queued, queue);
    return;
  }
  putJob(change, queued, "queue");
  admit(change, job.step);
  if (stepState(change, job.step).queue.at(-1)?.id === job.id) {
    publishStepState(change, queued, "preparing");
  }
}

/** Fills the free slots of a step from its queue. */
export function admit(change: Change, step: string): void {
  for (;;) {
    const { queue, running } = stepState(change, step);
    const next = queue[0];
    if (!next || running.length >= slotsOf(change, step)) return;
    start(change, next, queue.slice(1));
  }
}

// ---

function slotsOf({ definition }: Change, step: string): number {
  return must(definition.steps.get(step), "A queue belongs to a step.").workers;
}

/** Lets a job in, and leaves `queue` behind it. */
function start(change: Change, next: Job, queue: readonly Job[]): void {
  const { step, id } = next;
  const { running } = stepState(change, step);
  const job: Job = {
    ...next,
    worker: freeSlot(running),
    firstAttemptAt: next.firstAttemptAt ?? change.at,
    isStarted: true,
  };
  setStep(change, step, { queue, running: running.concat(job) });
  publishStepState(change, job, "running");
  change.commands.push({ kind: "run_step", step, job: id });
}

function freeSlot(running: readonly Job[]): number {
  const taken = new Uint8Array(running.length + 1);
  // A number beyond the array is ignored: it leaves a slot within it free.
  for (const { worker } of running) taken[worker ?? 0] = 1;
  return taken.indexOf(0);
}

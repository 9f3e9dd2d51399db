/** A step function has ended: with an event, with nothing, or with a failure. */
import type { Failure } from "../base/errors.ts";
import { activeJob, type Change, publish, publishStepState, putJob, takeJob } from "./change.ts";
import { failWith, finish } from "./finish.ts";
import { endScopes, openScope } from "./join.ts";
import { admit, countJob, enqueue, newJob } from "./queue.ts";
import { route } from "./route.ts";
import type { Event, EventFamily } from "../workflow/event.ts";
import { findJob, type Job, type JobPlace } from "./state.ts";
import type { TickOf, TimerOf } from "./tick.ts";
import { answeredWaits, dropWaits } from "./wait.ts";

export function stepSucceeded(change: Change, tick: TickOf<"step_succeeded">): void {
  const found = activeJob(change, tick);
  if (!found) return;
  const { job } = found;
  const { events } = tick;
  leave(change, job, found.place, nameOf(events));
  for (const event of events) {
    if (familyOf(change, event) === "stop") return finish(change, "completed", event);
  }
  admit(change, tick.step);
  const scopes = tick.isFanOut ? openScope(change, job.step, job.scopes) : job.scopes;
  const lineage = { scopes, recoveries: job.recoveries };
  for (const event of events) {
    if (familyOf(change, event) === "input_required") publish(change, event.type, event.data);
    route(change, event, null, lineage);
  }
  endScopes(change, scopes, lineage);
}

export function stepFailed(change: Change, tick: TickOf<"step_failed">): void {
  const found = activeJob(change, tick);
  if (!found) return;
  const { job, place } = found;
  if (tick.retryAt !== null) return retry(change, job, place, tick.failure, tick.retryAt);
  leave(change, job, place, null);
  giveUp(change, job, tick.failure);
}

export function retryDue(change: Change, { step, job }: TimerOf<"retry">): void {
  const found = findJob(change.state, step, job);
  if (found?.place !== "delayed" || (found.job.retryAt ?? 0) > change.at) return;
  takeJob(change, found.job, "delayed");
  enqueue(change, found.job);
}

/** From the start of a job's first attempt. */
export function elapsedSeconds(job: Pick<Job, "firstAttemptAt">, at: number): number {
  return (at - (job.firstAttemptAt ?? at)) / 1000;
}

// ---

/** Takes a job out for good. */
function leave(change: Change, job: Job, place: JobPlace, output: string | null): void {
  takeJob(change, job, place);
  countJob(change, job.scopes, -1);
  dropWaits(change, job);
  publishStepState(change, job, "not_running", output);
}

/** What a step that has ended put out, in a word. */
function nameOf(events: readonly Event[]): string {
  if (events.length === 1 && events[0]) return events[0].type;
  return [...new Set(events.map((event) => event.type))].join(", ") || "NoneType";
}

function familyOf(change: Change, event: Event): EventFamily | undefined {
  return change.definition.eventTypes.get(event.type)?.family;
}

function retry(change: Change, job: Job, place: JobPlace, failure: Failure, retryAt: number): void {
  takeJob(change, job, place);
  dropWaits(change, job);
  publishStepState(change, job, "not_running");
  const next: Job = {
    ...job,
    attempt: job.attempt + 1,
    lastFailure: failure,
    worker: null,
    isStarted: false,
    hasActed: false, // A new attempt is for doing again what the failed one did.
    waits: answeredWaits(job),
  };
  if (retryAt <= change.at) enqueue(change, next);
  else {
    putJob(change, { ...next, retryAt }, "delayed");
    const timer = { kind: "retry", step: job.step, job: job.id } as const;
    change.commands.push({ kind: "set_timer", timer, at: retryAt });
  }
  admit(change, job.step);
}

/** The failure goes to the step that catches it, if that has not caught too often on this line. */
function giveUp(change: Change, job: Job, failure: Failure): void {
  const { catchers, steps } = change.definition;
  const catcher = catchers.get(job.step);
  const count = catcher === undefined ? 0 : (job.recoveries[catcher] ?? 0) + 1;
  const of = { attempts: job.attempt, elapsedSeconds: elapsedSeconds(job, change.at) };
  if (catcher !== undefined && count <= (steps.get(catcher)?.recoveriesMax ?? 0)) {
    const [input = null] = job.events;
    const about = { stepName: job.step, input, inputs: job.events, failure };
    const data = { ...about, ...of, failedAt: change.at };
    admit(change, job.step);
    const recoveries = { ...job.recoveries, [catcher]: count };
    const events = [{ type: "StepFailedEvent", data }];
    newJob(change, catcher, { events, isBatch: false }, { scopes: job.scopes, recoveries });
    return;
  }
  failWith(change, failure, { step: job.step, ...of });
}

/**
 * Waits: a step function that goes on when a later event has come. A wait is data on its job, so it
 * outlives the process; a job whose waits are all open holds no slot of its step.
 */
import { isEqualJson, type Json, ownField } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import {
  activeJob,
  type Change,
  publishStepState,
  putJob,
  stepState,
  takeJob,
  updateJob,
} from "./change.ts";
import { admit, enqueue } from "./queue.ts";
import {
  findJob,
  isIdle,
  type Job,
  type JobPlace,
  type RunState,
  type Wait,
  waitPlaces,
} from "./state.ts";
import type { TickBody, TickOf, TimerOf } from "./tick.ts";

export function isOpen(wait: Wait): boolean {
  return wait.answer === null && !wait.isTimedOut;
}

/**
 * Whether the run wants something from outside: a step waits for it, or nothing else is left to do.
 */
export function isAsking(state: RunState): boolean {
  if (state.status !== "running" || state.startedAt === null) return false;
  return isIdle(state) || isWaitedFor(state);
}

/** Whether a step waits for an event. */
export function isWaitedFor({ waitedFor }: RunState): boolean {
  for (const _ in waitedFor) return true;
  return false;
}

export function waitOpened(change: Change, tick: TickOf<"wait_opened">): void {
  const found = activeJob(change, tick);
  if (!found) return;
  const known = found.job.waits[waitPlaces.find(found.job.waits, tick.wait)];
  // A step function that runs again comes to waits which it has opened before, and asks no twice.
  if (known) {
    if (isOpen(known)) suspend(change, found.job, found.place);
    return;
  }
  const wait: Wait = {
    id: tick.wait,
    type: tick.type,
    where: tick.where,
    deadlineAt: tick.deadlineAt,
    answer: null,
    isTimedOut: false,
  };
  const job: Job = { ...found.job, waits: waitPlaces.added(found.job.waits, wait) };
  updateJob(change, job, found.place);
  countWait(change, wait, 1);
  const early = claim(change, tick.step, wait);
  if (!early) suspend(change, job, found.place);
  if (tick.prompt) change.events.push({ event: tick.prompt, isTerminal: false });
  if (early) settle(change, job, found.place, { ...wait, answer: early });
  else if (wait.deadlineAt !== null) {
    const timer = { kind: "wait", step: tick.step, job: job.id, wait: wait.id } as const;
    change.commands.push({ kind: "set_timer", timer, at: wait.deadlineAt });
  }
}

/**
 * Answers the oldest open wait that matches, of each job of each step, or of `target` only; returns
 * the steps of these jobs.
 */
export function answerWaits(
  change: Change,
  event: Event,
  target: string | null,
): ReadonlySet<string> {
  const answered = new Set<string>();
  // Most events are waited for by nobody, and there may be many jobs.
  if (!Object.hasOwn(change.state.waitedFor, event.type)) return answered;
  for (const step of Object.keys(change.state.steps)) {
    if (target !== null && step !== target) continue;
    const { waiting, running, queue } = stepState(change, step);
    for (const [place, jobs] of Object.entries({ waiting, running, queue })) {
      for (const job of jobs) {
        const wait = job.waits.find((candidate) => isOpen(candidate) && isMatch(candidate, event));
        if (!wait) continue;
        settle(change, job, place as JobPlace, { ...wait, answer: event });
        answered.add(step);
      }
    }
  }
  return answered;
}

export function waitDue(change: Change, timer: TimerOf<"wait">): void {
  const found = findJob(change.state, timer.step, timer.job);
  const waits = found?.job.waits ?? [];
  const wait = waits[waitPlaces.find(waits, timer.wait)];
  if (!found || !wait || !isOpen(wait) || (wait.deadlineAt ?? Infinity) > change.at) return;
  settle(change, found.job, found.place, { ...wait, isTimedOut: true });
}

/**
 * Of jobs that are at work although a wait of theirs is open, that wait as it was opened. Empty if
 * any job is at work without one.
 */
export function waitsAtWork({ steps }: RunState): readonly TickBody[] {
  const running = Object.values(steps).flatMap((step) => step.running);
  if (!running.every((job) => job.waits.some(isOpen))) return [];
  return running.flatMap(({ id: job, step, attempt, waits }): readonly TickBody[] => {
    const open = waits.find(isOpen);
    if (!open) return [];
    const { id: wait, type, where, deadlineAt } = open;
    const of = { step, job, attempt };
    return [{ kind: "wait_opened", ...of, wait, type, where, prompt: null, deadlineAt }];
  });
}

/** A job goes, or tries again, and asks no more. */
export function dropWaits(change: Change, job: Job): void {
  for (const wait of job.waits) if (isOpen(wait)) countWait(change, wait, -1);
}

/** The waits that an attempt leaves to the next: what was answered need not be asked again. */
export function answeredWaits(job: Job): readonly Wait[] {
  return job.waits.filter((wait) => wait.answer !== null);
}

// ---

function countWait(change: Change, { type }: Wait, by: 1 | -1): void {
  const { [type]: _, ...others } = change.state.waitedFor;
  const count = (ownField(change.state.waitedFor, type) ?? 0) + by;
  const waitedFor = count > 0 ? { ...others, [type]: count } : others;
  change.state = { ...change.state, waitedFor };
}

function isMatch(wait: Wait, event: Event): boolean {
  if (wait.type !== event.type) return false;
  const { where } = wait;
  const data = event.data as Readonly<Record<string, Json>>; // Events of a run are JSON.
  // Thousands may wait, each for an event of its own, and all of them are asked.
  for (const field in where) {
    const expected = where[field];
    if (data[field] === expected) continue;
    if (typeof expected !== "object" || !isEqualJson(data[field], expected)) return false;
  }
  return true;
}

/** Takes the oldest event for the step that came before its wait, if there is one. */
function claim(change: Change, step: string, wait: Wait): Event | undefined {
  const { unclaimed } = change.state;
  const index = unclaimed.findIndex(
    ({ event, target }) => (target === null || target === step) && isMatch(wait, event),
  );
  if (index < 0) return undefined;
  // By its place, not by identity: an event that was sent twice is one object in the list twice.
  change.state = { ...change.state, unclaimed: unclaimed.toSpliced(index, 1) };
  return unclaimed[index]?.event;
}

function suspend(change: Change, job: Job, place: JobPlace): void {
  if (place !== "running") return; // Another wait of the same function has given up the slot.
  takeJob(change, job, "running");
  putJob(change, { ...job, worker: null }, "waiting");
  publishStepState(change, job, "not_running");
  admit(change, job.step);
}

/** Records how a wait ended, and lets its job go on: in its slot, or through the queue for one. */
function settle(change: Change, job: Job, place: JobPlace, ended: Wait): void {
  const at = waitPlaces.find(job.waits, ended.id);
  const next: Job = { ...job, waits: waitPlaces.replaced(job.waits, at, ended) };
  countWait(change, ended, -1);
  if (place === "waiting") {
    takeJob(change, job, "waiting");
    enqueue(change, next);
    return;
  }
  updateJob(change, next, place);
  if (place === "running") {
    change.commands.push({ kind: "run_step", step: job.step, job: job.id });
  }
}

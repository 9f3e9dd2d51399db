/**
 * Waits: a step function that goes on when a later event has come. A wait is data on its job, so it
 * outlives the process; a job whose waits are all open holds no slot of its step.
 */
import { isEqualJson, type Json } from "../base/json.ts";
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
  type StepState,
  type Wait,
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
  return isIdle(state) || Object.values(state.steps).some(hasOpenWait);
}

export function waitOpened(change: Change, tick: TickOf<"wait_opened">): void {
  const found = activeJob(change, tick);
  if (!found) return;
  const known = found.job.waits.find((wait) => wait.id === tick.wait);
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
  const job: Job = { ...found.job, waits: [...found.job.waits, wait] };
  updateJob(change, job, found.place);
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
  for (const step of Object.keys(change.state.steps)) {
    if (target !== null && step !== target) continue;
    const { waiting, running, queue } = stepState(change, step);
    if (waiting.length === 0 && running.length === 0 && queue.length === 0) continue;
    for (const [place, jobs] of Object.entries({ waiting, running, queue })) {
      for (const job of jobs) {
        if (job.waits.length === 0) continue; // A queue may be long, and few jobs of it have any.
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
  const wait = found?.job.waits.find((candidate) => candidate.id === timer.wait);
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
  return running.flatMap(({ id: job, step, attempt, waits }) =>
    waits
      .filter(isOpen)
      .slice(0, 1)
      .map(({ id: wait, type, where, deadlineAt }): TickBody => {
        return {
          ...{ kind: "wait_opened", step, job, attempt },
          ...{ wait, type, where, prompt: null, deadlineAt },
        };
      }),
  );
}

/** The waits that an attempt leaves to the next: what was answered need not be asked again. */
export function answeredWaits(job: Job): readonly Wait[] {
  return job.waits.filter((wait) => wait.answer !== null);
}

// ---

/** Also in the queue: a job that one answer has brought back may be in want of another. */
function hasOpenWait({ queue, running, waiting }: StepState): boolean {
  return [queue, running, waiting].some((jobs) => jobs.some(({ waits }) => waits.some(isOpen)));
}

function isMatch(wait: Wait, event: Event): boolean {
  if (wait.type !== event.type) return false;
  const data = event.data as Readonly<Record<string, Json>>; // Events of a run are JSON.
  return Object.entries(wait.where ?? {}).every(([field, value]) =>
    isEqualJson(data[field], value),
  );
}

/** Takes the oldest event for the step that came before its wait, if there is one. */
function claim(change: Change, step: string, wait: Wait): Event | undefined {
  const { unclaimed } = change.state;
  const index = unclaimed.findIndex(
    ({ event, target }) => (target === null || target === step) && isMatch(wait, event),
  );
  if (index < 0) return undefined;
  // By its place: the same event may have been sent twice, and is two after a restart.
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
  const next: Job = {
    ...job,
    waits: job.waits.map((wait) => (wait.id === ended.id ? ended : wait)),
  };
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

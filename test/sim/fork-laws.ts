/** Laws of forks: what they are made of, what is asked for with them, and what they leave alone. */
import type { Tick, TickOf } from "../../src/engine/tick.ts";
import { isIdle, type Job, type RunState } from "../../src/engine/state.ts";
import { nextTimerAt } from "../../src/engine/resume.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Event } from "../../src/workflow/event.ts";
import { first, jobsOf, type Law } from "./laws.ts";
import { isTrusty } from "./recovery-laws.ts";
import type { EntryOf, Scene, Tale } from "./story.ts";

/**
 * A fork is what was asked for: it begins after that event, or where that step began to work, with
 * the event of the request in place of the input of one job, or sent in. The store knows whence.
 */
export const forksAreAsAsked: Law = ({ runs, trace }) => {
  const wanted = trace.entries.filter((entry) => entry.kind === "branched");
  return first(runs.values(), (run) => {
    const fork = ownFork(run);
    if (!fork) return undefined;
    const { from } = fork.tick;
    const record = trace.stored.get(run.run)?.record;
    const { runId, sequence } = from;
    if (record && !Bun.deepEquals(record.forkedFrom, { runId, sequence })) {
      return `${run.run} is stored as a fork of ${JSON.stringify(record.forkedFrom)}`;
    }
    const asked = wanted.filter((entry) => entry.run === runId && entry.handler === run.handler);
    const origin = runs.get(runId);
    const isKnown = origin && !origin.isDeleted && !origin.isAgain;
    // Others fork, too, and do not say what they want.
    if (trace.plan.weights.fork > 0) return undefined;
    const reasons = asked.map((entry) => {
      const index = trace.entries.indexOf(entry);
      const story = isKnown ? origin.scenes.filter((scene) => scene.index < index) : [];
      return differsFrom(run, fork, entry, story);
    });
    return reasons.includes(undefined) ? undefined : reasons.at(-1);
  });
};

/** A handler has one run at a time that goes on, whoever starts or forks the next. */
export const handlersHaveOneRun: Law = ({ trace, scenes }) => {
  const active = new Map<string, string>();
  const after = new Map(scenes.map((scene) => [scene.index, scene.after]));
  return first(trace.entries.entries(), ([index, entry]) => {
    if (entry.kind === "deleted") for (const run of entry.runs) active.delete(run);
    if (entry.kind !== "committed") return undefined;
    const { run, created } = entry;
    const other = created && [...active].find(([, handler]) => handler === created.handler);
    if (other) return `${run} was created beside ${other[0]}`;
    if (created) active.set(run, created.handler);
    if ((after.get(index)?.status ?? "running") !== "running") active.delete(run);
    return undefined;
  });
};

/** Nothing happens to a run that rests because it is forked: it is not even brought to memory. */
export const originsAreLeftAlone: Law = ({ trace, scenes }) => {
  // What could not be written or read is tried again.
  if (!isTrusty(trace.plan)) return undefined;
  const states = new Map<string, RunState>();
  const after = new Map(scenes.map((scene) => [scene.index, scene.after]));
  /** Runs that nothing but a fork is wanted of. */
  const quiet = new Set<string>();
  const open = new Map<number, string>();
  const isAskedFor = (run: string): boolean => [...open.values()].includes(run);
  return first(trace.entries.entries(), ([index, entry]) => {
    switch (entry.kind) {
      case "asked":
        if (entry.what !== "fork") {
          open.set(entry.request, entry.run);
          quiet.delete(entry.run);
        }
        return undefined;
      case "answered":
        open.delete(entry.request);
        return undefined;
      case "branched": {
        const state = states.get(entry.run);
        // A child may be ended by its parent.
        if (state?.status !== "running" || state.parent || isAskedFor(entry.run)) return undefined;
        if (isIdle(state) && nextTimerAt(state) === null) quiet.add(entry.run);
        return undefined;
      }
      case "booted":
      case "died":
        // Whoever takes up what was left behind may take up any.
        quiet.clear();
        return undefined;
      case "claimed":
        return quiet.has(entry.run) ? `${entry.run} was taken up for a fork of it` : undefined;
      case "committed": {
        const state = after.get(index);
        if (state) states.set(entry.run, state);
        return quiet.has(entry.run) ? `${entry.run} was changed by a fork of it` : undefined;
      }
      default:
        return undefined;
    }
  });
};

/** Whether a fork was given something else to work on than its origin had. */
export function isMisled({ scenes, definition, workload }: Tale): boolean {
  const { outside } = workload;
  const isInner = (type: string): boolean =>
    [...definition.steps.values()].some(({ accepts }) => accepts.includes(type)) &&
    !outside.some((other) => other.type === type);
  const forkedAt = scenes.findIndex(({ tick }) => tick.kind === "run_forked");
  if (forkedAt < 0) return false;
  return scenes.slice(forkedAt).some(({ tick, before }) => {
    if (tick.kind === "event_received") return isInner(tick.event.type);
    if (tick.kind !== "run_forked" || !tick.edited) return false;
    const { job, event } = tick.edited;
    const input = jobsOf(before).find(({ id }) => id === job)?.events[0];
    return !Bun.deepEquals(unmarked(input), unmarked(event));
  });
}

// ---

function unmarked(event: Event | undefined): unknown {
  const { n: _, ...data } = (event?.data ?? {}) as JsonObject;
  return data;
}

interface ForkScene extends Scene {
  readonly tick: TickOf<"run_forked">;
}

/** Where a run was forked from another: the last time that it says so, if that one was a fork too. */
function ownFork({ scenes }: Tale): ForkScene | undefined {
  const fork = scenes.findLast(({ tick }) => tick.kind === "run_forked");
  return fork as ForkScene | undefined; // By the kind of its tick.
}

function differsFrom(
  run: Tale,
  fork: ForkScene,
  { point, event }: EntryOf<"branched">,
  known: readonly Scene[],
): string | undefined {
  const { scenes } = run;
  const place = scenes.indexOf(fork);
  const { sequence } = fork.tick.from;
  const last = scenes[place - 1];
  if (!last) return `${run.run} has no story`;
  if ("sequence" in point) {
    const isThere = point.sequence <= sequence && point.sequence > sequence - last.events.length;
    if (!isThere) return `${run.run} begins after ${sequence}, not ${point.sequence}`;
  } else {
    const { step, attempt } = point;
    const begun = startsOf(step, scenes.slice(0, place - 1));
    const now = startsOf(step, [last]);
    // The last time, as of then or later.
    const wanted = attempt ?? Math.max(startsOf(step, known), begun + now);
    const isThere = wanted > begun && wanted <= begun + now;
    if (!isThere) return `${run.run} does not begin where \`${step}\` does`;
  }
  return differsInEvent(run, fork, event);
}

function startsOf(step: string, scenes: readonly Scene[]): number {
  return scenes
    .flatMap(({ events }) => events)
    .filter((published) => {
      if (!("event" in published) || published.event.type !== "StepStateChanged") return false;
      const { name, step_state: state } = published.event.data as Readonly<Record<string, unknown>>;
      return name === step && state === "running";
    }).length;
}

function differsInEvent(
  { run, scenes }: Tale,
  fork: ForkScene,
  event: EntryOf<"branched">["event"],
): string | undefined {
  const { before, after } = fork;
  const { edited } = fork.tick;
  const others = jobsOf(after).filter((job) => {
    const was = jobsOf(before).find(({ id }) => id === job.id);
    return job.id !== edited?.job && !Bun.deepEquals(job.events, was?.events);
  });
  if (others.length > 0) return `${run} has other inputs than its origin`;
  if (!event) return edited === null ? undefined : `${run} has an input that nobody asked for`;
  const isTaker = ({ events, isBatch }: Job): boolean => !isBatch && events[0]?.type === event.type;
  // Those at work come first.
  const takers = Object.values(before.steps).flatMap(({ running, queue }) => {
    const atWork = running.filter(isTaker);
    return atWork.length > 0 ? atWork : queue.filter(isTaker);
  });
  if (takers.length === 0) {
    const isIn = scenes.some(({ tick }) => isReceived(tick, event));
    return edited === null && isIn ? undefined : `${run} has not got the event of its fork`;
  }
  const job = takers.find(({ id }) => id === edited?.job);
  const now = jobsOf(after).find(({ id }) => id === job?.id);
  return now && Bun.deepEquals(now.events, [event])
    ? undefined
    : `${run} works on something else than was asked for`;
}

function isReceived(tick: Tick, event: unknown): boolean {
  return tick.kind === "event_received" && Bun.deepEquals(tick.event, event);
}

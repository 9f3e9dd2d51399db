/**
 * The laws of the engine and the runtime: what holds of every run, whatever goes wrong around it.
 * Each is a pure function of what was seen; it returns how it is broken, or nothing.
 */
import { nextTimerAt, resume } from "../../src/engine/resume.ts";
import { reduce } from "../../src/engine/reduce.ts";
import { type Job, jobPlaces, type RunState } from "../../src/engine/state.ts";
import type { Command } from "../../src/engine/command.ts";
import { isOpen } from "../../src/engine/wait.ts";
import { toNewEvent } from "../../src/runtime/publication.ts";
import { sightsOf, type Story } from "./story.ts";
import { hashOf, type Trace } from "./trace.ts";

export type Law = (story: Story) => string | undefined;

/** 1. A run in memory is in the state that its journal leads to. */
export const replayIsLive: Law = (story) =>
  first(sightsOf(story, "settled"), ({ entry, run }) => {
    const stored = run.states[entry.commits - 1];
    if (stored && Bun.deepEquals(entry.state, stored, true)) return undefined;
    return `${run.run} after ${entry.commits} commits is not what its ticks lead to`;
  });

/** 2. States are JSON, and so is all that is stored. */
export const stateIsJson: Law = ({ runs }) =>
  first(runs.values(), ({ run, states, commits }) => {
    // Now and then: it costs more than all other laws together.
    const some = states.filter((_, index) => index % 6 === 5 || index === states.length - 1);
    const lossy = some.find((state) => !Bun.deepEquals(asJson(state), state, true));
    if (lossy) return `a state of ${run} is not what comes back from JSON`;
    const index = commits.findIndex(({ isFaithful }) => !isFaithful);
    return index < 0
      ? undefined
      : `commit ${index} of ${run} lost something on its way to the disk`;
  });

/** 3. A job is in exactly one of queued, running, delayed, waiting, and of the step that it is for. */
export const jobsAreInOnePlace: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after }) => {
    if (before.steps === after.steps) return undefined;
    const seen = new Set<number>();
    for (const [step, state] of Object.entries(after.steps)) {
      for (const job of jobPlaces.flatMap((place) => state[place])) {
        if (seen.has(job.id) || job.id >= after.nextJob) return `job ${job.id} of ${run.run} twice`;
        if (job.step !== step) return `job ${job.id} of ${run.run} is with \`${step}\``;
        seen.add(job.id);
      }
    }
    return undefined;
  });

/** 4. A step works on as many jobs as it has workers, each in a slot of its own, and no fewer. */
export const workersAreUsed: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after }) =>
    first(Object.entries(after.steps), ([step, places]) => {
      if (places === before.steps[step]) return undefined;
      const { queue, running } = places;
      const workers = run.definition.steps.get(step)?.workers ?? 0;
      const slots = new Set(running.map((job) => job.worker));
      const isRight =
        running.length <= workers &&
        slots.size === running.length &&
        [...slots].every((slot) => slot !== null && slot >= 0 && slot < workers) &&
        (queue.length === 0 || running.length === workers);
      return isRight ? undefined : `\`${step}\` of ${run.run} has ${running.length} of ${workers}`;
    }),
  );

/** 5. Nobody is tried more often than the policy says, or catches more often than agreed. */
export const policiesAreKept: Law = ({ scenes }) =>
  first(scenes, ({ run, tick, before, after }) => {
    if (before.steps === after.steps) return undefined;
    for (const job of jobsOf(after)) {
      const most = run.workload.attemptsMax?.[job.step] ?? 3;
      if (job.attempt > most) return `job ${job.id} of ${run.run} is tried ${job.attempt} times`;
      for (const [catcher, count] of Object.entries(job.recoveries)) {
        const budget = run.definition.steps.get(catcher)?.recoveriesMax ?? 0;
        if (count > budget) return `\`${catcher}\` of ${run.run} catches ${count} times`;
      }
    }
    if (tick.kind !== "step_failed" || tick.retryAt === null) return undefined;
    const job = jobsOf(after).find(({ id }) => id === tick.job);
    if (!job || job.attempt === tick.attempt + 1) return undefined;
    return `attempt ${tick.attempt} of ${run.run} was followed by ${job.attempt}`;
  });

/** 6. The feed is what `reduce` has made of the journal: none lost, none twice, numbered densely. */
export const feedIsComplete: Law = ({ runs, trace }) =>
  first(runs.values(), (run) => {
    const stored = trace.stored.get(run.run);
    if (!stored) return run.isDeleted ? undefined : `${run.run} is not there any more`;
    const { eventTypes } = run.definition;
    const shown = (run.workload.shown ?? []).map((type) => [type.type, type] as const);
    const definition = { ...run.definition, eventTypes: new Map([...eventTypes, ...shown]) };
    const made = run.scenes.flatMap(({ events, tick }) =>
      events.map((event) => toNewEvent(definition, event, tick.at)),
    );
    const { firstSequence, lastSequence } = stored.record;
    const kept = stored.events.map(({ sequence: _, ...event }) => event);
    if (!Bun.deepEquals(kept, made)) return `the feed of ${run.run} is not what its ticks made`;
    const gap = stored.events.findIndex(({ sequence }, at) => sequence !== firstSequence + at);
    if (gap >= 0) return `the feed of ${run.run} has a gap at ${gap}`;
    const isLast = lastSequence === firstSequence + made.length - 1;
    return isLast ? undefined : `the feed of ${run.run} ends at ${lastSequence}`;
  });

/** 7. Of each run that has ended there is one terminal event, the last, and the status agrees. */
export const endIsOne: Law = ({ runs, trace }) =>
  first(runs.values(), (run) => {
    const stored = trace.stored.get(run.run);
    if (!stored) return undefined;
    const { record, events } = stored;
    if (record.status !== run.state.status) return `${run.run} is shown as ${record.status}`;
    const ends = events.flatMap((event, index) => (event.isTerminal ? [index] : []));
    if (record.status === "running")
      return ends.length ? `${run.run} goes on after its end` : undefined;
    if (ends.length !== 1 || ends[0] !== events.length - 1)
      return `${run.run} ends at ${ends.join()}`;
    const last = events.at(-1)?.json ?? "{}";
    const { type } = JSON.parse(last) as { readonly type?: string };
    if ((endings[type ?? ""] ?? "completed") !== record.status)
      return `${run.run} ended with ${type}`;
    const result = record.status === "completed" ? last : null;
    const error = run.state.failure?.message ?? null;
    const isShown = record.result === result && record.error === error;
    return isShown ? undefined : `${run.run} shows ${record.result} and ${record.error}`;
  });

const endings: Readonly<Record<string, string>> = {
  WorkflowFailedEvent: "failed",
  WorkflowTimedOutEvent: "failed",
  WorkflowCancelledEvent: "cancelled",
};

/** 8. After its end no tick moves a run, shows anything or orders anything. */
export const endIsFinal: Law = ({ runs }) =>
  first(runs.values(), ({ run, state, definition, scenes }) => {
    if (state.status === "running") return undefined;
    const end = scenes.findIndex(({ after }) => after.status !== "running");
    if (end !== scenes.length - 1) return `${run} has ticks after its end`;
    const late = [...scenes.map(({ tick }) => tick), { kind: "cancel_requested" } as const];
    return first(late, (tick) => {
      const { state: next, events, commands } = reduce(definition, state, { at: 0, ...tick });
      const isQuiet = next === state && events.length === 0 && commands.length === 0;
      return isQuiet ? undefined : `${run} is moved after its end by ${tick.kind}`;
    });
  });

/** 9. `resume` gives exactly the commands that were issued and are not answered yet. */
export const resumeIsOutstanding: Law = ({ runs }) =>
  first(runs.values(), ({ run, scenes }) => {
    const outstanding = new Map<string, Command>();
    return first(scenes, ({ after, commands, tick }) => {
      for (const command of commands) outstanding.set(keyOf(command), command);
      for (const [key, command] of outstanding) {
        if (!isOutstanding(command, after)) outstanding.delete(key);
      }
      const expected = [...outstanding.values()].map(show).toSorted();
      const resumed = [...new Set(resume(after).map(show))].toSorted();
      const times = [...outstanding.values()].flatMap((command) =>
        command.kind === "set_timer" ? [command.at] : [],
      );
      const next = times.toSorted((a, b) => a - b)[0] ?? null;
      if (nextTimerAt(after) !== next) return `${run} after ${tick.kind} is not due at ${next}`;
      if (Bun.deepEquals(resumed, expected)) return undefined;
      return `${run} after ${tick.kind}: ${resumed.join()} for ${expected.join()}`;
    });
  });

/** 10. Nobody writes to a run that somebody else has claimed since. */
export const staleEpochsAreRefused: Law = ({ runs }) =>
  first(runs.values(), ({ run, commits }) =>
    first(commits, ({ epoch, newest }) =>
      epoch === newest ? undefined : `${run} was written to under epoch ${epoch}, not ${newest}`,
    ),
  );

/** 11. A reader, over all its comings and goings, sees every event once, in order, as it is stored. */
export const readersSeeAll: Law = (story) => {
  const { entries, stored } = story.trace;
  const cursors = new Map<number, number>();
  return first(entries, (entry) => {
    // A child that was deleted is started again under its name by the parent that goes on.
    if ("run" in entry && story.runs.get(entry.run)?.isAgain) return undefined;
    if (entry.kind === "reader_attached") {
      const expected = cursors.get(entry.reader) ?? entry.after;
      cursors.set(entry.reader, expected);
      return entry.after === expected ? undefined : `reader ${entry.reader} came back elsewhere`;
    }
    if (entry.kind !== "read" && entry.kind !== "reader_ended") return undefined;
    const run = stored.get(entry.run);
    const cursor = cursors.get(entry.reader) ?? -1;
    if (entry.kind === "read") cursors.set(entry.reader, entry.event.sequence);
    if (!run) return undefined; // It was deleted.
    if (entry.kind === "reader_ended") {
      const isOver = run.record.status !== "running" && cursor >= run.record.lastSequence;
      return isOver ? undefined : `reader ${entry.reader} was sent away at ${cursor}`;
    }
    const { sequence } = entry.event;
    if (sequence !== Math.max(cursor + 1, run.record.firstSequence)) {
      return `reader ${entry.reader} of ${entry.run} saw ${sequence} after ${cursor}`;
    }
    const isSame = Bun.deepEquals(run.events[sequence - run.record.firstSequence], entry.event);
    return isSame ? undefined : `reader ${entry.reader} saw another event ${sequence}`;
  });
};

/** 12. Once faults stop, every run ends, and nothing stands still or stays behind. */
export const everythingEnds: Law = ({ trace }) =>
  first(trace.entries, (entry) =>
    entry.kind === "stuck" ? `${entry.run}: ${entry.reason}` : undefined,
  );

/** 13. The same seed gives the same trace. */
export function sameSeedSameTrace(one: Trace, other: Trace): string | undefined {
  if (one.seed !== other.seed) return `seeds ${one.seed} and ${other.seed} are not the same`;
  return hashOf(one) === hashOf(other) ? undefined : `seed ${one.seed} went two ways`;
}

// ---

export function first<T>(
  items: Iterable<T>,
  broken: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const reason = broken(item);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The jobs of a state, in all places. Many laws ask, so it is looked up once. */
export function jobsOf(state: RunState): readonly Job[] {
  const known = jobs.get(state);
  if (known) return known;
  const found: Job[] = [];
  for (const name in state.steps) {
    const step = state.steps[name];
    if (step) found.push(...step.queue, ...step.running, ...step.delayed, ...step.waiting);
  }
  jobs.set(state, found);
  return found;
}

const jobs = new WeakMap<RunState, readonly Job[]>();

/** All that names a command; setting a timer again replaces it. */
function keyOf(command: Command): string {
  return command.kind === "set_timer" ? JSON.stringify(command.timer) : JSON.stringify(command);
}

function isOutstanding(command: Command, state: RunState): boolean {
  if (command.kind === "finish_run") return true;
  if (state.status !== "running") return false;
  if (command.kind === "run_step") {
    return state.steps[command.step]?.running.some(({ id }) => id === command.job) ?? false;
  }
  const { timer, at } = command;
  if (timer.kind === "deadline") return state.deadlineAt === at;
  const places = state.steps[timer.step];
  if (timer.kind === "retry") {
    return places?.delayed.some(({ id, retryAt }) => id === timer.job && retryAt === at) ?? false;
  }
  return [...(places?.queue ?? []), ...(places?.running ?? []), ...(places?.waiting ?? [])].some(
    ({ id, waits }) =>
      id === timer.job &&
      waits.some((wait) => wait.id === timer.wait && isOpen(wait) && wait.deadlineAt === at),
  );
}

function show(command: Command): string {
  if (command.kind === "finish_run") return command.kind;
  if (command.kind === "run_step") return `run_step ${command.step} ${command.job}`;
  return `set_timer ${JSON.stringify(command.timer)} ${command.at}`;
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

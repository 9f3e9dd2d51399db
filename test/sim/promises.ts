/**
 * Laws that are promises: what this project gives its users to rely on, as far as a simulation can
 * see it.
 */
import { snapshotTicks } from "../../src/base/limits.ts";
import { reduce } from "../../src/engine/reduce.ts";
import type { Command } from "../../src/engine/command.ts";
import { nextTimerAt, resume } from "../../src/engine/resume.ts";
import { fromSnapshot } from "../../src/engine/snapshot.ts";
import { findJob, isIdle } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { Rest } from "../../src/store/store.ts";
import type { Event } from "../../src/workflow/event.ts";
import { isMisled } from "./fork-laws.ts";
import { first, jobsOf, type Law } from "./laws.ts";
import { sightsOf, type Tale } from "./story.ts";
import type { JsonObject } from "../../src/base/json.ts";

/** Nobody has seen what must not be. */
export const nothingBroke: Law = ({ trace, runs }) =>
  first(trace.entries, (entry) => {
    if (entry.kind !== "broke") return undefined;
    const run = runs.get(entry.run ?? "");
    return run && isMisled(run) ? undefined : entry.reason;
  });

/** A request that is refused says why, by a code: whatever else comes back is a mistake. */
export const refusalsHaveCodes: Law = ({ trace }) =>
  first(trace.entries, (entry) => {
    if (entry.kind !== "answered" || entry.error === null) return undefined;
    const isCode = /^[a-z_]+$/.test(entry.error);
    return isCode ? undefined : `request ${entry.request} was refused with ${entry.error}`;
  });

/** Accepted: what was granted is on disk. */
export const grantedIsStored: Law = (story) => {
  const asked = new Map(
    story.trace.entries.flatMap((entry) =>
      entry.kind === "asked" ? [[entry.request, entry]] : [],
    ),
  );
  const granted = new Map<string, number>();
  return first(story.trace.entries.entries(), ([index, answer]) => {
    if (answer.kind !== "answered" || answer.error !== null) return undefined;
    const request = asked.get(answer.request);
    if (!request) return "nobody asked";
    const isNew = request.what === "start" || request.what === "fork";
    const run = story.runs.get(isNew ? String(answer.value) : request.run);
    if (run?.isAgain) return undefined; // It may have been the one before.
    const stored = run?.scenes.filter((scene) => scene.index < index) ?? [];
    const isOver = stored.at(-1)?.after.status !== "running";
    switch (request.what) {
      case "start":
      case "fork":
        return stored.length > 0 ? undefined : `${request.run} was started and is not there`;
      case "cancel":
      case "end":
        return isOver || run?.isDeleted ? undefined : `${request.run} was to be over, and is not`;
      case "delete":
        return run?.isDeleted || !answer.value ? undefined : `${request.run} was to be deleted`;
      default: {
        const key = `${request.run}:${request.mark}`;
        const count = (granted.get(key) ?? 0) + 1;
        granted.set(key, count);
        const came = stored.filter(({ tick }) => {
          return tick.kind === "event_received" && markOf(tick.event) === request.mark;
        });
        return came.length >= count ? undefined : `event ${key} was accepted and is not there`;
      }
    }
  });
};

/** Whoever waits for the end of a run is told of it, by a process that lives on. */
export const endsAreTold: Law = ({ trace }) => {
  const { entries } = trace;
  const calm = entries.findIndex(({ kind }) => kind === "calmed");
  const answered = new Set(
    entries.flatMap((entry) => (entry.kind === "answered" ? [entry.request] : [])),
  );
  if (calm < 0 || entries.some(({ kind }) => kind === "stuck")) return undefined;
  return first(entries.slice(calm), (entry) =>
    entry.kind === "asked" && !answered.has(entry.request)
      ? `request ${entry.request} (${entry.what} ${entry.run}) was never answered`
      : undefined,
  );
};

/** Timers: never early, and one that is early all the same is not heeded. */
export const timersAreNeverEarly: Law = ({ runs }) =>
  first(runs.values(), ({ run, definition, scenes }) => {
    const set = new Map<string, number>();
    return first(scenes, ({ tick, after, commands }) => {
      if (tick.kind === "timer_fired") {
        const at = set.get(JSON.stringify(tick.timer)) ?? Infinity;
        if (tick.at < at) return `${run}: ${tick.timer.kind} fired ${at - tick.at} ms early`;
      }
      for (const command of commands) {
        if (command.kind !== "set_timer") continue;
        const { timer, at } = command;
        set.set(JSON.stringify(timer), at);
        const early = reduce(definition, after, { kind: "timer_fired", timer, at: at - 1 });
        if (early.state !== after) return `${run}: ${timer.kind} is heeded before its time`;
      }
      return undefined;
    });
  });

/** What a run knows as the time never goes back, wherever the clock of the process goes. */
export const timeGoesOn: Law = ({ runs }) =>
  first(runs.values(), ({ run, scenes }) =>
    first(scenes.keys(), (index) => {
      const at = scenes[index]?.tick.at ?? 0;
      return at < (scenes[index - 1]?.tick.at ?? at)
        ? `tick ${index} of ${run} goes back`
        : undefined;
    }),
  );

/** Results are what they would have been had nothing gone wrong. */
export const resultsAreRight: Law = (story) => {
  const calls = new Map<string, number>();
  const repeated = new Map<string, Set<string>>();
  for (const { entry } of sightsOf(story, "entered")) {
    const key = `${entry.run}:${entry.job}`;
    if (calls.has(key)) {
      const steps = repeated.get(entry.run) ?? new Set();
      repeated.set(entry.run, steps.add(entry.step));
    }
    calls.set(key, 1);
  }
  return first(story.runs.values(), (tale) => {
    const { run, workload, definition, state, scenes } = tale;
    if (state.status !== "completed" || !state.result || isMisled(tale)) return undefined;
    if (workload.parts.at(-1)?.definition !== definition) return undefined; // A child.
    const ticks = scenes.map(({ tick }) => tick);
    const [started] = ticks;
    const input = started?.kind === "run_started" ? (started.event.data as JsonObject) : {};
    const { result = null } = state.result.data as JsonObject;
    // A fork calls again what was under way in the other run.
    const isFork = ticks.some(({ kind }) => kind === "run_forked");
    const again = isFork ? new Set(definition.steps.keys()) : (repeated.get(run) ?? new Set());
    const wrong = workload.check?.({ input, result, ticks, repeated: again });
    return wrong && `${run}: ${wrong}`;
  });
};

/** A run shows of its children what their own readers see, but for the end, each event once. */
export const childrenAreShown: Law = ({ runs }) =>
  first(runs.values(), (run) =>
    first(shownBy(run), ([name, shown]) => {
      const child = runs.get(name);
      if (!child || child.isDeleted || child.isAgain) return undefined;
      const own = child.commits
        .flatMap(({ commit }) => commit.events)
        .flatMap((event, sequence) =>
          event.isInternal || event.isTerminal ? [] : [{ sequence, event }],
        );
      for (const [index, { sequence, envelope }] of shown.entries()) {
        const expected = own[index];
        if (expected?.sequence === sequence && expected.event.json === envelope) continue;
        return `${run.run} shows event ${sequence} of ${name} at place ${index}`;
      }
      // Whoever shows a child goes on when all of it is shown.
      const isAwaited = run.scenes.some(({ tick }) => childOf(run.run, tick) === name);
      const isShort = isAwaited && child.state.status === "completed" && shown.length < own.length;
      if (isShort) return `${run.run} shows ${name} in part`;
      return undefined;
    }),
  );

/** Children end with their parent, without being asked. */
export const childrenEndWithParents: Law = ({ runs, trace }) =>
  first(runs.values(), ({ run, state, isDeleted }) => {
    if (isDeleted || state.status !== "running" || state.parent === null) return undefined;
    const parent = runs.get(state.parent.runId);
    if (!parent || parent.state.status === "running") return undefined;
    return trace.entries.some(({ kind }) => kind === "calmed")
      ? `${run} outlives its parent`
      : undefined;
  });

/** No more runs are under way than agreed. */
export const turnsAreWaitedFor: Law = ({ scenes, trace }) => {
  const { plan, entries } = trace;
  // Processes beside each other count for themselves; a start that fails has not failed for sure.
  // Whoever forks is not made to wait.
  const isCountable =
    plan.weights.fork === 0 &&
    plan.weights.branch === 0 &&
    plan.ambiguous === 0 &&
    plan.forgets === 0 &&
    plan.weights.steal === 0 &&
    plan.weights.delete === 0;
  if (!isCountable || entries.length === 0) return undefined;
  const inside = new Map<string, string>();
  return first(scenes, ({ run, after }) => {
    if (after.queued && jobsOf(after).length > 0) return `${run.run} works before its turn`;
    const isInside = after.status === "running" && after.startedAt !== null && !after.parent;
    if (isInside) inside.set(run.run, run.definition.name);
    else inside.delete(run.run);
    const { name, concurrency } = run.definition;
    const ofName = [...inside.values()].filter((other) => other === name).length;
    if (ofName > (concurrency ?? Infinity)) return `${ofName} runs of \`${name}\` are under way`;
    return inside.size > (plan.concurrency ?? Infinity)
      ? `${inside.size} runs are under way`
      : undefined;
  });
};

/** A start that is asked for again under its key starts nothing, and gives the first run. */
export const repeatsStartNothing: Law = ({ trace }) => {
  const keys = new Map<number, string>();
  const runs = new Map<string, unknown>();
  if (trace.entries.some(({ kind }) => kind === "deleted")) return undefined;
  return first(trace.entries, (entry) => {
    if (entry.kind === "asked" && entry.key !== null) keys.set(entry.request, entry.key);
    const key = entry.kind === "answered" && keys.get(entry.request);
    if (!key || entry.kind !== "answered" || entry.error !== null) return undefined;
    const before = runs.get(key) ?? entry.value;
    runs.set(key, before);
    return before === entry.value ? undefined : `${key} gave ${before}, and then ${entry.value}`;
  });
};

/**
 * A fork has the story of the other run up to its point, tick for tick, and what was timed there is
 * as far off as it was.
 */
export const forksBeginAlike: Law = ({ runs }) =>
  first(runs.values(), ({ run, scenes }) => {
    const fork = scenes.findLast(({ tick }) => tick.kind === "run_forked");
    if (fork?.tick.kind !== "run_forked") return undefined;
    const story = scenes.slice(0, scenes.indexOf(fork));
    const origin = runs.get(fork.tick.from.runId);
    const isKnown = origin && !origin.isDeleted && !origin.isAgain;
    const isAlike =
      !isKnown ||
      story.every((scene, index) => Bun.deepEquals(scene.tick, origin.scenes[index]?.tick));
    if (!isAlike) return `${run} does not begin as ${origin?.run}`;
    const { before, after } = fork;
    const there = resume(before).flatMap((command) => timeLeft(command, before.at));
    const here = resume(after).flatMap((command) => timeLeft(command, after.at));
    return Bun.deepEquals(there, here) ? undefined : `${run} has other times left than its origin`;
  });

function timeLeft(command: Command, at: number): readonly string[] {
  if (command.kind !== "set_timer") return [];
  return [`${JSON.stringify(command.timer)} in ${(command.at - at).toFixed(3)}`];
}

/** The store knows which runs rest, and until when: those that only a timer or the outside moves. */
export const restIsKnown: Law = ({ runs }) =>
  first(runs.values(), ({ run, commits, states }) => {
    let rest: Rest | null = null;
    return first(commits.keys(), (index) => {
      const { commit } = commits[index] ?? {};
      const state = states[index];
      if (!commit || !state) return undefined;
      if (commit.rest !== undefined) rest = commit.rest;
      // Set aside by a process that does not know its workflow, for the next start to take up.
      const isSetAside = commit.rest === null && commit.ticks.length === 0;
      if (state.status !== "running" || isSetAside) return undefined;
      const isResting = isIdle(state) && state.startedAt !== null;
      const expected = isResting ? { wakeAt: nextTimerAt(state) } : null;
      if (Bun.deepEquals(rest, expected)) return undefined;
      return `${run} rests as ${JSON.stringify(rest)}, not ${JSON.stringify(expected)}`;
    });
  });

/**
 * A run that has nothing to do leaves memory as soon as it was not asked for, and had no tick, for
 * `idleMs`: also one that was brought there for somebody who came for nothing.
 */
export const restLeavesMemory: Law = ({ trace }) => {
  const { idleMs } = trace.plan;
  return first(trace.entries, (entry) =>
    entry.kind === "kept" && idleMs !== null && entry.ms >= idleMs
      ? `${entry.run} has nothing to do, and was still in memory after ${entry.ms} ms`
      : undefined,
  );
};

/**
 * A commit in which a step or an effect has ended says that its run gets on. But after an attempt
 * that has ended a process, nothing else of its run says so before that has come to an end.
 */
export const progressIsTold: Law = ({ runs, trace }) => {
  const culprits = new Map(
    trace.entries.flatMap((entry) =>
      entry.kind === "booted" && entry.culprit ? [[entry.process, entry.culprit]] : [],
    ),
  );
  return first(runs.values(), ({ run, commits, states }) =>
    first(commits.entries(), ([index, { commit, created, process }]) => {
      const before = states[index - 1];
      const culprit = culprits.get(process);
      const isAccused =
        culprit?.runId === run &&
        before !== undefined &&
        findJob(before, culprit.step ?? "", culprit.job ?? 0)?.job.attempt === culprit.attempt;
      const ticks = commit.ticks as unknown as readonly Tick[];
      // The story that a fork brings along is none of its own.
      const isOwn = !created || !ticks.some(({ kind }) => kind === "run_forked");
      const isEnd = ticks.some(
        (tick) =>
          (tick.kind === "effect_returned" && !isAccused) ||
          ((tick.kind === "step_succeeded" || tick.kind === "step_failed") &&
            (!isAccused || tick.job === culprit.job)),
      );
      const isRight = (commit.isProgress ?? false) === isEnd;
      return isRight || !isOwn
        ? undefined
        : `commit ${index} of ${run} does not say how it gets on`;
    }),
  );
};

/** Whoever drives a run stores its state whole every so many ticks: not later, and no more often. */
export const snapshotsAreInTime: Law = ({ runs }) =>
  first(runs.values(), ({ run, commits }) => {
    let [epoch, count] = [0, 0];
    return first(commits.entries(), ([index, entry]) => {
      if (entry.epoch !== epoch) [epoch, count] = [entry.epoch, 0];
      const { snapshot } = entry.commit;
      const ticks = entry.commit.ticks as unknown as readonly Tick[];
      // Of a fork, what comes before it was another's to count.
      const since = entry.created ? ticks.findLastIndex(({ kind }) => kind === "run_forked") : 0;
      count += ticks.length - Math.max(0, since);
      const isDue = count >= snapshotTicks;
      if (isDue) count = 0;
      return isDue === (snapshot !== undefined)
        ? undefined
        : `commit ${index} of ${run} stores the state ${isDue ? "not " : ""}whole`;
    });
  });

/** A snapshot is the state that the ticks before it have led to. */
export const snapshotsAreTrue: Law = ({ runs }) =>
  first(runs.values(), ({ run, definition, commits, states }) =>
    first(commits.keys(), (index) => {
      const snapshot = commits[index]?.commit.snapshot;
      if (snapshot === undefined) return undefined;
      const isTrue = Bun.deepEquals(fromSnapshot(definition, snapshot), states[index]);
      return isTrue ? undefined : `snapshot ${index} of ${run} is another state`;
    }),
  );

/** A process that was closed in good order leaves nothing that would go on. */
export const closedIsClosed: Law = ({ trace }) => {
  const closed = new Set<number>();
  return first(trace.entries, (entry) => {
    if (entry.kind === "closed") {
      closed.add(entry.process);
      const { process, timers } = entry;
      return timers > 0 ? `process ${process} left ${timers} timers when it closed` : undefined;
    }
    if (entry.kind !== "entered" || !closed.has(entry.process)) return undefined;
    return `process ${entry.process} called \`${entry.step}\` after it was closed`;
  });
};

// ---

function markOf(event: Event): number | undefined {
  return (event.data as { readonly n?: number }).n;
}

/** The child whose result a tick keeps, if it does that. */
function childOf(run: string, tick: Tick): string | undefined {
  if (tick.kind !== "effect_returned" || !tick.key.startsWith("child:")) return undefined;
  const name = tick.key.slice("child:".length).replace(/[^\w-]/g, "-");
  return [run, tick.job, tick.attempt, name].join(".");
}

interface Shown {
  readonly sequence: number;
  readonly envelope: string;
}

/** The events of children that a run has shown, by child. */
function shownBy({ scenes }: Tale): ReadonlyMap<string, readonly Shown[]> {
  const shown = new Map<string, Shown[]>();
  for (const { tick, events } of scenes) {
    if (tick.kind !== "child_shown" || events.length === 0) continue;
    shown.set(tick.runId, [...(shown.get(tick.runId) ?? []), tick]);
  }
  return shown;
}

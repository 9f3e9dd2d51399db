/**
 * Laws of the engine alone: what it must do with events, waits, joins and buffers, said a second
 * time and in other words.
 */
import type { JsonObject } from "../../src/base/json.ts";
import { checkInvariants } from "../../src/engine/invariants.ts";
import { reduce } from "../../src/engine/reduce.ts";
import type { Wait } from "../../src/engine/state.ts";
import { isAsking, isOpen, waitsAtWork } from "../../src/engine/wait.ts";
import type { Event } from "../../src/workflow/event.ts";
import { first, jobsOf, type Law } from "./laws.ts";
import type { Scene } from "./story.ts";

/** What the engine asserts of its states holds. */
export const invariantsHold: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after, tick }) => {
    if (before.steps === after.steps && before.status === after.status) return undefined;
    try {
      checkInvariants(run.definition, after);
      return undefined;
    } catch (error) {
      return `${run.run} after ${tick.kind}: ${String(error)}`;
    }
  });

/** A fact that is told twice changes nothing the second time. */
export const factsCountOnce: Law = ({ scenes }) =>
  first(scenes, ({ run, tick, after }) => {
    switch (tick.kind) {
      case "run_started":
      case "step_succeeded":
      case "step_failed":
      case "effect_returned":
      case "child_started":
      case "child_shown":
      case "wait_opened":
      case "timer_fired":
      case "run_admitted": {
        const { state, events } = reduce(run.definition, after, tick);
        const isSame = state === after && events.length === 0;
        return isSame ? undefined : `${run.run} counts ${tick.kind} twice`;
      }
      default:
        return undefined;
    }
  });

/** A job that nobody was told to work on is not listened to: what ends it is not true. */
export const nobodyAnswersUnasked: Law = ({ runs }) =>
  first(runs.values(), ({ run, definition, scenes }) => {
    const told = new Set<string>();
    return first(scenes, ({ before, after, commands }) => {
      for (const command of commands) {
        if (command.kind !== "run_step") continue;
        const job = jobsOf(after).find(({ id }) => id === command.job);
        told.add(`${command.job}:${job?.attempt}`);
      }
      if (before.steps === after.steps) return undefined;
      const untold = Object.values(after.steps)
        .flatMap(({ queue, delayed }) => [...queue, ...delayed])
        .filter(({ id, attempt }) => !told.has(`${id}:${attempt}`));
      return first(untold, ({ step, id: job, attempt }) => {
        const of = { step, job, attempt, at: after.at };
        const body = { kind: "step_succeeded", events: [], isFanOut: false } as const;
        const isHeard = reduce(definition, after, { ...body, ...of }).state !== after;
        return isHeard ? `job ${job} of ${run} was ended before it was begun` : undefined;
      });
    });
  });

/** Failures that were caught are counted along the line of events that follow from them. */
export const catchesAreCounted: Law = ({ scenes }) =>
  first(scenes, ({ run, tick, before, after }) => {
    if (before.steps === after.steps || tick.kind === "run_forked") return undefined;
    const origin = "job" in tick ? jobsOf(before).find(({ id }) => id === tick.job) : undefined;
    const inherited = origin?.recoveries ?? {};
    const fresh = jobsOf(after).filter(({ id }) => id >= before.nextJob);
    return first(fresh, ({ id, step, recoveries }) => {
      const isCaught = tick.kind === "step_failed";
      const expected = isCaught ? { ...inherited, [step]: (inherited[step] ?? 0) + 1 } : inherited;
      if (Bun.deepEquals(recoveries, expected)) return undefined;
      return `job ${id} of ${run.run} has ${JSON.stringify(recoveries)} behind it`;
    });
  });

/** An event reaches every wait that it answers and every other step that takes it, and only those. */
export const eventsReachTheirTakers: Law = ({ scenes }) =>
  first(scenes, (scene) => {
    const { tick, run, before, after } = scene;
    if (tick.kind !== "event_received" && tick.kind !== "event_sent") return undefined;
    if (before.status !== "running" || after === before) return undefined;
    const { event, target } = tick;
    if (before.queued && after.early.length > before.early.length) {
      const isKept = Bun.deepEquals(after.early.at(-1), { event, target });
      return isKept ? undefined : `${run.run}: ${event.type} came early, and is lost`;
    }
    const isAimedAt = (step: string): boolean => target === null || step === target;
    const answered = new Set<string>();
    const unanswered = first(jobsOf(before), (job) => {
      const wait = job.waits.find(
        (candidate) => isOpen(candidate) && isAnsweredBy(candidate, event),
      );
      if (!wait || !isAimedAt(job.step)) return undefined;
      answered.add(job.step);
      const now = jobsOf(after).find(({ id }) => id === job.id);
      const answer = now?.waits.find(({ id }) => id === wait.id)?.answer;
      return Bun.deepEquals(answer, event) ? undefined : `wait ${wait.id} was not answered`;
    });
    if (unanswered) return `${run.run}: ${unanswered}`;
    const accepting = run.definition.routes.get(event.type) ?? [];
    const takers = accepting.filter((step) => isAimedAt(step) && !answered.has(step));
    return wrongTakers(scene, event, takers, answered.size > 0);
  });

/** What a join has, it keeps until it hands it over, once, or its fan-out is over. */
export const joinsLoseNothing: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after, tick }) => {
    if (after.status !== "running" || run.definition.joins.length === 0) return undefined;
    return first(run.definition.joins, (step) => {
      const join = run.definition.steps.get(step)?.join;
      const isWhole = join?.kind === "collect" && join.take === null;
      const handed = jobsOf(after).filter((job) => job.step === step && job.id >= before.nextJob);
      const given = handed.flatMap((job) => job.events);
      return first(before.scopes, (scope) => {
        const now = after.scopes.find(({ id }) => id === scope.id);
        if (!now && !isWhole) return undefined;
        const left = [...(now?.joining[step] ?? []), ...given];
        const lost = (scope.joining[step] ?? []).find((event) => !take(left, event));
        return lost ? `${run.run}: \`${step}\` lost ${lost.type} at ${tick.kind}` : undefined;
      });
    });
  });

/** Where nothing more can come, no join keeps what it has, and waits for more. */
export const joinsKnowTheEnd: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after, tick }) => {
    if (before.steps === after.steps || after.status !== "running") return undefined;
    return first(run.definition.joins, (step) => {
      const join = run.definition.steps.get(step)?.join;
      if (join?.kind !== "collect" || join.take !== null) return undefined;
      const over = after.scopes.find(({ jobs, joining }) => jobs === 0 && step in joining)?.id;
      return over === undefined
        ? undefined
        : `${run.run}: \`${step}\` waits for more in scope ${over} after ${tick.kind}`;
    });
  });

/** What came before its run had its turn comes to the steps that it is for when the turn is there. */
export const earlyEventsArrive: Law = ({ scenes }) =>
  first(scenes, ({ run, before, after }) => {
    if (!before.queued || after.queued || after.status !== "running") return undefined;
    const joining = after.scopes.flatMap((scope) => Object.values(scope.joining).flat());
    const here = [...jobsOf(after).flatMap((job) => job.events), ...joining];
    const lost = before.early.find(
      ({ event }) => !here.some((other) => Bun.deepEquals(other, event)),
    );
    return lost && `${run.run}: ${lost.event.type} came early, and did not arrive`;
  });

/** A buffer takes what is missing, and gives a batch of all in the order that was asked for. */
export const buffersAddUp: Law = ({ scenes }) =>
  first(scenes, ({ run, tick, before, after }) => {
    if (tick.kind !== "event_collected" || before === after) return undefined;
    const { buffer, event } = tick;
    const expected = tick.expected.flatMap((type) =>
      typeof type === "string" ? [type] : Array<string>(type.count).fill(type.type),
    );
    const had = own(before.steps[tick.step]?.buffers, buffer) ?? [];
    const has = own(after.steps[tick.step]?.buffers, buffer) ?? [];
    const batch = own(jobsOf(after).find(({ id }) => id === tick.job)?.batches, buffer);
    const left = [...had.map((entry) => entry.event), event];
    const kept = [...has.map((entry) => entry.event), ...(batch ?? [])];
    const isAll = kept.every((item) => take(left, item)) && left.length === 0;
    const rest = has.map((entry) => entry.event.type);
    const isShort = expected.some((type) => {
      return (
        rest.filter((other) => other === type).length < expected.filter((e) => e === type).length
      );
    });
    const isRight = batch
      ? Bun.deepEquals(
          batch.map(({ type }) => type),
          expected,
        )
      : isShort;
    return isAll && isRight ? undefined : `${run.run}: buffer ${buffer} does not add up`;
  });

/** A run asks while a step waits, or while nothing is left to do but what the outside brings. */
export const askingIsSeen: Law = ({ scenes }) =>
  first(scenes, ({ run, tick, before, after }) => {
    if (before.steps === after.steps && before.status === after.status) return undefined;
    const jobs = jobsOf(after);
    const isWaitedFor = jobs.some(({ waits }) => waits.some(isOpen));
    const isUnderWay = after.status === "running" && after.startedAt !== null;
    const isLeft = Object.values(after.steps).some(
      ({ queue, running, delayed }) => queue.length + running.length + delayed.length > 0,
    );
    const expected = isUnderWay && (isWaitedFor || (!isLeft && after.queued === null));
    if (isAsking(after) !== expected) {
      return `${run.run} after ${tick.kind} is ${expected ? "not " : ""}said to ask`;
    }
    const atWork = Object.values(after.steps).flatMap(({ running }) => running);
    const waits = atWork.map(({ waits: own }) => own.find(isOpen)?.id);
    const held = waits.includes(undefined) ? [] : atWork.map(({ id }, at) => `${id}: ${waits[at]}`);
    const told = waitsAtWork(after).map((wait) =>
      wait.kind === "wait_opened" ? `${wait.job}: ${wait.wait}` : wait.kind,
    );
    return Bun.deepEquals(told, held) ? undefined : `${run.run} holds ${told.join()} at work`;
  });

// ---

function isAnsweredBy({ type, where }: Wait, event: Event): boolean {
  const data = event.data as JsonObject;
  return (
    type === event.type &&
    Object.entries(where ?? {}).every(([field, value]) => Bun.deepEquals(data[field], value))
  );
}

/** A field by any name, also one that objects have by themselves. */
function own<T>(fields: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Takes an equal item out of a list. */
function take(items: Event[], item: Event): boolean {
  const index = items.findIndex((other) => Bun.deepEquals(other, item));
  if (index >= 0) items.splice(index, 1);
  return index >= 0;
}

function wrongTakers(
  { run, before, after, events }: Scene,
  event: Event,
  takers: readonly string[],
  isAnswer: boolean,
): string | undefined {
  const { definition } = run;
  const isNew = ({ id }: { readonly id: number }): boolean => id >= before.nextJob;
  const fresh = jobsOf(after).filter(isNew);
  const missed = takers.find((step) => {
    const kept = after.scopes.flatMap(({ joining }) => joining[step] ?? []);
    const given = fresh.filter((job) => job.step === step).flatMap((job) => job.events);
    return ![...kept, ...given].some((other) => Bun.deepEquals(other, event));
  });
  if (missed !== undefined) return `${run.run}: \`${missed}\` did not get ${event.type}`;
  const stray = fresh.find((job) => !takers.includes(job.step) && !job.isBatch);
  if (stray) return `${run.run}: \`${stray.step}\` got ${event.type}, which was not for it`;
  const family = definition.eventTypes.get(event.type)?.family;
  if (isAnswer || takers.length > 0 || family === "input_required") return undefined;
  const isTold = events.some((item) => "event" in item && item.event.type === "UnhandledEvent");
  // Only a step ends a run: nobody can wait for a stop event.
  const isKept =
    family === "stop"
      ? after.unclaimed === before.unclaimed
      : Bun.deepEquals(after.unclaimed.at(-1)?.event, event);
  const isRight = isTold && isKept;
  return isRight ? undefined : `${run.run}: ${event.type}, which nobody takes, is lost`;
}

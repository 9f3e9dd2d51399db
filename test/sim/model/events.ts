/** Where events go in the model: to those who wait, to steps, to joins, or aside. */
import { unclaimedEventsMax } from "../../../src/base/limits.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Wait } from "../../../src/engine/state.ts";
import type { TickOf } from "../../../src/engine/tick.ts";
import { qualifiedName } from "../../../src/workflow/definition.ts";
import type { Event } from "../../../src/workflow/event.ts";
import type { Line, ModelJob, ModelRun } from "./run.ts";

/** The line of an event that comes from outside. Without joins nobody counts. */
export function outside({ definition }: ModelRun): Line {
  return { scopes: definition.joins.length > 0 ? [0] : [], recoveries: {} };
}

export function receive(run: ModelRun, event: Event, target: string | null): void {
  const line = outside(run);
  route(run, event, target, line);
  endScopes(run, line);
}

export function route(run: ModelRun, event: Event, target: string | null, line: Line): void {
  const { definition } = run;
  const isFor = (step: string): boolean => target === null || target === step;
  const candidates = run.steps
    .filter(isFor)
    .flatMap((step) =>
      (["waiting", "running", "queue"] as const).flatMap((place) => run.jobsIn(place, step)),
    );
  const answered = new Set<string>();
  for (const job of candidates) {
    const wait = job.waits.find((open) => isUnanswered(open) && isAnswer(open, event));
    if (!wait) continue;
    answered.add(job.step);
    endWait(run, job, { ...wait, answer: event });
  }
  const accepting = definition.routes.get(event.type) ?? [];
  const takers = accepting.filter((step) => isFor(step) && !answered.has(step));
  for (const step of takers) {
    if (definition.steps.get(step)?.join) join(run, step, event, line);
    else run.add(step, [event], false, line);
  }
  if (answered.size + takers.length === 0) keep(run, event, target);
}

/** One that nobody takes now. */
function keep(run: ModelRun, event: Event, target: string | null): void {
  const { definition, facts, isIdle: idle } = run;
  const family = run.familyOf(event.type);
  if (family === "input_required") return;
  const named = qualifiedName(definition, event.type);
  const about = { event_type: event.type, qualified_name: named, step_name: target, idle };
  run.tell("UnhandledEvent", about);
  if (family === "stop") return;
  const kept = [...facts.unclaimed, { event, target }];
  facts.unclaimed = kept.slice(Math.max(0, kept.length - unclaimedEventsMax));
}

// --- waits

export function openWait(run: ModelRun, job: ModelJob, tick: TickOf<"wait_opened">): void {
  const { type, where, deadlineAt } = tick;
  const { facts } = run;
  const known = job.waits.find(({ id }) => id === tick.wait);
  if (known) return isUnanswered(known) ? suspend(run, job) : undefined;
  const wait = { id: tick.wait, type, where, deadlineAt, answer: null, isTimedOut: false };
  job.waits = [...job.waits, wait];
  const place = facts.unclaimed.findIndex(
    ({ event, target }) => [null, job.step].includes(target) && isAnswer(wait, event),
  );
  const early = facts.unclaimed[place];
  if (!early) suspend(run, job);
  if (tick.prompt) run.events.push({ event: tick.prompt, isTerminal: false });
  if (early) {
    facts.unclaimed = facts.unclaimed.filter((_, index) => index !== place);
    endWait(run, job, { ...wait, answer: early.event });
  } else if (deadlineAt !== null) {
    run.setTimer({ kind: "wait", step: job.step, job: job.id, wait: wait.id }, deadlineAt);
  }
}

export function endWait(run: ModelRun, job: ModelJob, ended: Wait): void {
  job.waits = job.waits.map((wait) => (wait.id === ended.id ? ended : wait));
  if (job.place === "waiting") run.queue(job);
  else if (job.place === "running") run.order(job);
}

export function isUnanswered({ answer, isTimedOut }: Wait): boolean {
  return !answer && !isTimedOut;
}

function suspend(run: ModelRun, job: ModelJob): void {
  if (job.place !== "running") return;
  run.tellStep(job, "not_running");
  run.move(job, "waiting");
  run.fillSlots(job.step);
}

function isAnswer({ type, where }: Wait, event: Event): boolean {
  const data = event.data as JsonObject;
  const fields = Object.entries(where ?? {});
  return event.type === type && fields.every(([name, value]) => Bun.deepEquals(data[name], value));
}

// --- joins

/** The scopes of what a fan-out gives. */
export function openScope(run: ModelRun, { step, scopes }: ModelJob): readonly number[] {
  if (joinsOf(run, step, []).length === 0) return scopes;
  const id = run.nextScope++;
  for (const outer of scopes) {
    const around = run.scopes.get(outer);
    if (around && outer !== 0) around.split = [...new Set([...(around.split ?? []), step])];
  }
  run.scopes.set(id, { outer: scopes, step });
  return [...scopes, id];
}

/** Whatever was last in its scopes has left: from the innermost on, they may be over. */
export function endScopes(run: ModelRun, { scopes, recoveries }: Line): void {
  const { definition } = run;
  for (const id of scopes.toReversed()) {
    const scope = run.scopes.get(id);
    if (!scope || run.jobs.some((job) => job.scopes.includes(id))) return;
    const { step: source, split = [], served = [] } = scope;
    const told = source === null ? [] : joinsOf(run, source, split);
    const due = definition.joins
      .map((step) => ({ step, events: keptFor(run, step, id) }))
      .filter(({ step, events }) => {
        const wants = definition.steps.get(step)?.join;
        if (wants?.kind !== "collect") return false;
        const isWhole = wants.take === null;
        if (events.length === 0 && !told.includes(step)) return false;
        return isWhole || (id > 0 && !served.includes(step));
      });
    // Of the whole run, only those who get it let go of what they have.
    run.joining = run.joining.filter((kept) => {
      return kept.scope !== id || (id === 0 && !due.some(({ step }) => step === kept.step));
    });
    for (const { step, events } of due) {
      run.add(step, events, true, { scopes: outOf(run, id), recoveries });
    }
    if (id !== 0) run.scopes.delete(id);
  }
}

/** Joins that are to hear of it when a fan-out of `source` is over. */
function joinsOf(run: ModelRun, source: string, split: readonly string[]): readonly string[] {
  const { definition } = run;
  const isJoin = (step: string): boolean => definition.steps.get(step)?.join?.kind === "collect";
  const caught = (step: string): string[] => [definition.catchers.get(step) ?? []].flat();
  const fed = (step: string): string[] =>
    (definition.steps.get(step)?.emits ?? []).flatMap((type) => definition.routes.get(type) ?? []);
  const spread = (steps: readonly string[], follow: (step: string) => string[]): string[] => {
    const all = [...new Set([...steps, ...steps.flatMap(follow)])];
    return all.length === steps.length ? all : spread(all, follow);
  };
  /** Who takes what comes out of a step at last, lists being brought together on the way. */
  const out = (step: string, above: readonly string[]): string[] => {
    if (!split.includes(step)) return fed(step);
    if (above.includes(step)) return [];
    const inner = within(step, [...above, step]).filter(isJoin);
    return inner.flatMap((join) => [...caught(join), ...out(join, [...above, step])]);
  };
  const within = (step: string, above: readonly string[]): string[] =>
    spread([...new Set(fed(step))], (next) =>
      isJoin(next) ? [] : [...caught(next), ...out(next, above)],
    );
  const level = within(source, []);
  const joins = level.filter(isJoin);
  const onward = (join: string): string[] =>
    spread([...new Set(fed(join))], (step) =>
      level.includes(step) && !isJoin(step) ? [] : fed(step),
    );
  const outermost = joins.filter((join) => {
    const others = joins.filter((other) => other !== join);
    return !onward(join).some((step) => others.includes(step));
  });
  return outermost.length > 0 ? outermost : joins;
}

function join(run: ModelRun, step: string, event: Event, line: Line): void {
  const { kind, types = [], take = null } = run.definition.steps.get(step)?.join ?? {};
  const scope = line.scopes.at(-1) ?? 0;
  run.joining.push({ step, scope, event });
  const has = keptFor(run, step, scope);
  const isPair = kind === "each";
  const wanted = isPair ? types : has.slice(0, take ?? 0).map(({ type }) => type);
  const left = [...has];
  const batch = wanted.flatMap((type) => {
    const index = left.findIndex((kept) => kept.type === type);
    return index < 0 ? [] : left.splice(index, 1);
  });
  if (batch.length < (isPair ? types.length : (take ?? Infinity))) return;
  run.joining = [
    ...run.joining.filter((kept) => kept.step !== step || kept.scope !== scope),
    ...left.map((kept) => ({ step, scope, event: kept })),
  ];
  const { recoveries, scopes } = line;
  const open = run.scopes.get(scope);
  if (open && scope !== 0 && !isPair) {
    open.served = [...new Set([...(open.served ?? []), step])];
  }
  run.add(step, batch, true, { recoveries, scopes: isPair ? scopes : outOf(run, scope) });
}

function keptFor({ joining }: ModelRun, step: string, scope: number): readonly Event[] {
  return joining
    .filter((kept) => kept.step === step && kept.scope === scope)
    .map((kept) => kept.event);
}

function outOf({ scopes }: ModelRun, id: number): readonly number[] {
  return id === 0 ? [0] : (scopes.get(id)?.outer ?? []);
}

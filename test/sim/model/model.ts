/**
 * The engine, said a second time and in other words. What the model says of a tick, `reduce` has to
 * say too: the same events in the same order, the same commands, the same state. So a slip in the
 * engine is found wherever a simulation comes by, also where no other law looks.
 *
 * When the engine is to behave differently, this changes with it, by hand: that is what it is for.
 */
import type { Json } from "../../../src/base/json.ts";
import type { Kept } from "../../../src/engine/state.ts";
import type { Tick, TickOf } from "../../../src/engine/tick.ts";
import type { Event } from "../../../src/workflow/event.ts";
import {
  endScopes,
  endWait,
  isUnanswered,
  openScope,
  openWait,
  outside,
  receive,
  route,
} from "./events.ts";
import type { ModelJob, ModelRun, OfJob } from "./run.ts";

/** `isNews`: the engine has something to say, and so the time of the run goes on. */
export function take(run: ModelRun, tick: Tick, isNews: boolean, said: string): void {
  Object.assign(run, { events: [], commands: [] });
  const { facts, isIdle: wasIdle, definition } = run;
  if (facts.status !== "running") return;
  Object.assign(run, { now: tick.at, said });
  apply(run, tick);
  if (!isNews) return;
  facts.at = tick.at;
  if (facts.status !== "running" || !run.isIdle) return;
  if (!wasIdle || tick.kind === "event_received") run.tell("WorkflowIdleEvent", {});
  // Idle, with nobody waiting, no limit of time and nothing to come from outside: for ever.
  const isHopeless = run.jobs.length === 0 && facts.deadlineAt === null && !definition.isOpen;
  if (isHopeless) run.fail("StalledError");
}

// ---

function apply(run: ModelRun, tick: Tick): void {
  switch (tick.kind) {
    case "run_started":
      return start(run, tick);
    case "run_admitted":
      return admit(run);
    case "run_forked":
      return fork(run, tick);
    case "run_quarantined":
      return run.fail("QuarantineError");
    case "cancel_requested":
      return run.end("cancelled", { type: "WorkflowCancelledEvent", data: {} });
    case "event_received":
      return receiveInTurn(run, tick);
    case "timer_fired":
      return timerFired(run, tick);
    default: {
      const job = run.atWork(tick);
      if (job) applyTo(run, job, tick);
    }
  }
}

function applyTo(run: ModelRun, job: ModelJob, tick: Extract<Tick, OfJob>): void {
  switch (tick.kind) {
    case "event_sent":
      job.hasActed = true;
      return route(run, tick.event, tick.target, job);
    case "event_written":
      job.hasActed = true;
      return void run.events.push({ event: tick.event, isTerminal: false });
    case "event_collected":
      return collect(run, job, tick);
    case "wait_opened":
      return openWait(run, job, tick);
    case "effect_returned":
      if (!job.effects.some(({ key }) => key === tick.key)) {
        job.effects = [...job.effects, { key: tick.key, value: tick.value }];
      }
      return;
    case "state_changed":
      job.hasActed = true;
      return changeStore(run, tick);
    case "child_started":
    case "child_shown":
      return tellOfChild(run, tick);
    case "step_succeeded":
      return succeed(run, job, tick);
    case "step_failed":
      return fail(run, job, tick);
    default:
  }
}

// --- runs

function start(run: ModelRun, tick: TickOf<"run_started">): void {
  const { event, store, isQueued, parent } = tick;
  if (run.facts.queued || run.facts.startedAt !== null) return;
  Object.assign(run.facts, { queued: event, store, parent });
  if (isQueued) run.tell("WorkflowQueuedEvent", {});
  else admit(run);
}

function admit(run: ModelRun): void {
  const { facts, definition, now } = run;
  const { queued, early } = facts;
  if (!queued) return;
  Object.assign(facts, { queued: null, early: [], startedAt: now });
  if (definition.timeoutMs !== null) {
    facts.deadlineAt = now + definition.timeoutMs;
    run.setTimer({ kind: "deadline" }, facts.deadlineAt);
  }
  route(run, queued, null, outside(run));
  for (const { event, target } of early) receive(run, event, target);
}

function fork(run: ModelRun, { from, edited }: TickOf<"run_forked">): void {
  const { facts } = run;
  const by = run.now - facts.at;
  const later = (at: number | null): number | null => (at === null ? null : at + by);
  for (const job of run.jobs) {
    job.firstAttemptAt = later(job.firstAttemptAt);
    job.retryAt = later(job.retryAt);
    job.waits = job.waits.map((wait) => ({ ...wait, deadlineAt: later(wait.deadlineAt) }));
    if (edited?.job === job.id && edited.step === job.step) job.events = [edited.event];
  }
  const { startedAt, deadlineAt } = facts;
  Object.assign(facts, { startedAt: later(startedAt), deadlineAt: later(deadlineAt) });
  Object.assign(facts, { children: [], parent: null });
  const { runId, handlerId, sequence } = from;
  run.tell("WorkflowForkedEvent", { handler_id: handlerId, run_id: runId, sequence });
}

function receiveInTurn(run: ModelRun, { event, target }: Kept): void {
  const takers = run.definition.routes.get(event.type) ?? [];
  const isWork = target === null ? takers.length > 0 : takers.includes(target);
  const { facts } = run;
  if (facts.queued && isWork) facts.early = [...facts.early, { event, target }];
  else receive(run, event, target);
}

function timerFired(run: ModelRun, { timer }: TickOf<"timer_fired">): void {
  const { now } = run;
  if (timer.kind === "deadline") return overdue(run);
  const job = run.find(timer.step, timer.job);
  if (timer.kind === "retry") {
    if (job?.place === "delayed" && now >= (job.retryAt ?? 0)) run.queue(job);
    return;
  }
  const wait = job?.waits.find(({ id }) => id === timer.wait);
  if (!job || !wait || wait.deadlineAt === null || now < wait.deadlineAt) return;
  if (isUnanswered(wait)) endWait(run, job, { ...wait, isTimedOut: true });
}

function overdue(run: ModelRun): void {
  const { deadlineAt, startedAt } = run.facts;
  if (deadlineAt === null || run.now < deadlineAt) return;
  const data = {
    timeout: (deadlineAt - (startedAt ?? deadlineAt)) / 1000,
    active_steps: run.steps.filter((step) => run.jobsIn("running", step).length > 0),
  };
  const failure = { name: "TimeoutError", message: run.said };
  run.end("failed", { type: "WorkflowTimedOutEvent", data }, failure);
}

// --- steps

function succeed(run: ModelRun, job: ModelJob, tick: TickOf<"step_succeeded">): void {
  const { events, isFanOut } = tick;
  const names = new Set(events.map(({ type }) => type));
  run.remove(job, names.size > 0 ? [...names].join(", ") : "NoneType");
  const stop = events.find(({ type }) => run.familyOf(type) === "stop");
  if (stop) return run.end("completed", stop);
  run.fillSlots(job.step);
  const scopes = isFanOut ? openScope(run, job) : job.scopes;
  const line = { scopes, recoveries: job.recoveries };
  for (const event of events) {
    if (run.familyOf(event.type) === "input_required") run.tell(event.type, event.data);
    route(run, event, null, line);
  }
  endScopes(run, line);
}

function fail(run: ModelRun, job: ModelJob, tick: TickOf<"step_failed">): void {
  const { failure, retryAt } = tick;
  if (retryAt === null) return giveUp(run, job, tick);
  run.tellStep(job, "not_running");
  run.move(job, "nowhere");
  const waits = job.waits.filter(({ answer }) => answer !== null);
  const attempt = job.attempt + 1;
  Object.assign(job, { attempt, lastFailure: failure, waits, isStarted: false, hasActed: false });
  if (retryAt <= run.now) run.queue(job);
  else {
    run.move(job, "delayed");
    job.retryAt = retryAt;
    run.setTimer({ kind: "retry", step: job.step, job: job.id }, retryAt);
  }
  run.fillSlots(job.step);
}

function giveUp(run: ModelRun, job: ModelJob, { failure }: TickOf<"step_failed">): void {
  run.remove(job, null);
  const { step, events, attempt: attempts, scopes } = job;
  const elapsed = (run.now - (job.firstAttemptAt ?? run.now)) / 1000;
  const catcher = run.definition.catchers.get(step);
  const before = job.recoveries[catcher ?? ""] ?? 0;
  const most = run.definition.steps.get(catcher ?? "")?.recoveriesMax ?? 0;
  if (catcher !== undefined && before < most) {
    run.fillSlots(step);
    const about = { stepName: step, input: events[0] ?? null, inputs: events };
    const data = { ...about, failure, attempts, elapsedSeconds: elapsed, failedAt: run.now };
    const recoveries = { ...job.recoveries, [catcher]: before + 1 };
    const failed: Event = { type: "StepFailedEvent", data };
    return run.add(catcher, [failed], false, { scopes, recoveries });
  }
  const exception = { exception_type: failure.name, exception_message: failure.message };
  const data = { step_name: step, exception, attempts, elapsed_seconds: elapsed };
  run.end("failed", { type: "WorkflowFailedEvent", data }, failure);
}

// --- what steps do

function collect(run: ModelRun, job: ModelJob, tick: TickOf<"event_collected">): void {
  const { buffer, event } = tick;
  const expected = tick.expected.flatMap((run) =>
    typeof run === "string" ? [run] : Array<string>(run.count).fill(run.type),
  );
  const collected = job.collected ?? {};
  const brought = Object.hasOwn(collected, buffer) ? (collected[buffer] ?? []) : [];
  const here = run.buffers.filter((entry) => entry.step === job.step && entry.buffer === buffer);
  const wanted = expected.filter((type) => type === event.type).length;
  const present = here.filter((entry) => entry.event.type === event.type).length;
  if (Object.hasOwn(job.batches, buffer) || present >= wanted) return;
  if (brought.some((other) => Bun.deepEquals(other, event))) return;
  job.collected = { ...collected, [buffer]: [...brought, event] };
  const entry = { step: job.step, buffer, job: job.id, event };
  run.buffers.push(entry);
  const left = [...here, entry];
  const batch = expected.flatMap((type) => {
    const index = left.findIndex((one) => one.event.type === type);
    return index < 0 ? [] : left.splice(index, 1);
  });
  if (batch.length < expected.length) return;
  run.buffers = run.buffers.filter((one) => !batch.includes(one));
  job.batches = { ...job.batches, [buffer]: batch.map((one) => one.event) };
}

function tellOfChild(run: ModelRun, tick: TickOf<"child_started" | "child_shown">): void {
  const { facts } = run;
  const known = facts.children.find((child) => child.runId === tick.runId);
  if (tick.kind === "child_started") {
    const { runId, handlerId, workflowName } = tick;
    const child = { runId, handlerId, workflowName, cursor: -1 };
    if (!known) facts.children = [...facts.children, child];
  } else if (known && known.cursor < tick.sequence) {
    facts.children = facts.children.map((child) =>
      child === known ? { ...child, cursor: tick.sequence } : child,
    );
    run.events.push({ envelope: tick.envelope, isTerminal: false });
  }
}

function changeStore({ facts }: ModelRun, { changes }: TickOf<"state_changed">): void {
  const store = structuredClone(facts.store);
  for (const { path, value } of changes) put(store, path, value);
  facts.store = store;
}

type Holder = Json[] | { [name: string]: Json };

/** Changes the value at a path; without one it goes, or leaves an empty item in a list. */
function put(holder: Holder, path: readonly string[], value: Json | undefined): void {
  const [name = "", ...rest] = path;
  const key = Array.isArray(holder) && Number(name) < 0 ? holder.length + Number(name) : name;
  const isItem = Array.isArray(holder) && holder[Number(key)] !== undefined;
  if (Array.isArray(holder) && !isItem) return;
  if (rest.length === 0 && value === undefined && !isItem) {
    Reflect.deleteProperty(holder, key);
    return;
  }
  const inner = Reflect.getOwnPropertyDescriptor(holder, key)?.value as Json | undefined;
  const made = rest.length === 0 ? (value ?? null) : isHolder(inner) ? inner : {};
  const next = rest.length === 0 && value === undefined ? {} : made;
  // Defined, for a field may have any name, `__proto__` as well.
  const field = { value: next, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(holder, key, field);
  if (rest.length > 0) put(next as Holder, rest, value);
}

function isHolder(value: Json | undefined): value is Holder & Json {
  return typeof value === "object" && value !== null;
}

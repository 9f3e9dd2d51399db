/** The context that a step function is handed: its verbs become ticks of its job. */
import { toMilliseconds } from "../base/clock.ts";
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { type Json, type JsonObject, toJson } from "../base/json.ts";
import type { Log, LogFields } from "../base/log.ts";
import { toExpected } from "../engine/collect.ts";
import { waitPlaces } from "../engine/state.ts";
import { elapsedSeconds } from "../engine/steps.ts";
import { isOpen } from "../engine/wait.ts";
import type { Attempt, StateStore, StepContext, WaitOptions } from "../workflow/context.ts";
import { checkTarget } from "../workflow/definition.ts";
import { StepLogged } from "../workflow/builtin.ts";
import {
  type AnyEventType,
  type Event,
  isEventType,
  reviveEvent,
  typeOfEvent,
} from "../workflow/event.ts";
import { createRunWorkflow } from "./child.ts";
import type { Invocation, JobTickBody } from "./invocation.ts";
import { createStateStore } from "./state-store.ts";

export function createStepContext(
  invocation: Invocation,
  resources: Readonly<Record<string, unknown>>,
): StepContext {
  const { ports, step } = invocation;
  const { loop, runId, handlerId } = ports;
  let store: StateStore | undefined;
  const context: Record<keyof StepContext, unknown> = {
    runId,
    handlerId,
    workflowName: loop.definition.name,
    stepName: step.name,
    attempt: attemptOf(invocation),
    get signal() {
      return invocation.signal;
    },
    // Made for those who ask for it: most functions share nothing.
    get store() {
      return (store ??= createStateStore(invocation));
    },
    resources,
    log: createLog(invocation),
    writeEventToStream(event: Event): void {
      const shown = checked(invocation, event, "write");
      if (invocation.past?.isShown(shown)) return;
      invocation.tell({ kind: "event_written", event: shown });
    },
    sendEvent(event: Event, { step: target = null }: { readonly step?: string | null } = {}): void {
      const sent = checked(invocation, event, "send");
      if (target !== null) checkTarget(loop.definition, target, sent.type);
      if (invocation.past?.isSent(sent, target)) return;
      invocation.tell({ kind: "event_sent", event: sent, target });
    },
    collectEvents: createCollect(invocation),
    waitForEvent: createWait(invocation),
    run: createRun(invocation),
    runWorkflow: createRunWorkflow(invocation),
  };
  // What the author's types promise of these verbs is checked where steps are declared.
  return context as unknown as StepContext;
}

// ---

function attemptOf({ job, ports }: Invocation): Attempt {
  return {
    number: job.attempt,
    elapsedSeconds: elapsedSeconds(job, ports.clock.now()),
    lastFailure: job.lastFailure,
    key: `${ports.runId}:${job.id}`,
  };
}

/** A line goes to the operator's log and, for whoever looks at the run, into its story. */
function createLog(invocation: Invocation): Log {
  const { job, ports, step } = invocation;
  return (level, message, fields = {}) => {
    ports.log(level, message, { run: ports.runId, step: step.name, job: job.id, ...fields });
    if (invocation.isOver) return;
    const line = { name: step.name, job: job.id, level, message, fields: toPlain(fields) };
    const event = StepLogged(line);
    if (!invocation.past?.isShown(event)) invocation.tell({ kind: "event_written", event });
  };
}

/** What cannot be told as data is told as text: a log line must not fail its step. */
function toPlain(fields: LogFields): JsonObject {
  const entries = Object.entries(fields).map(([name, value]): [string, Json] => {
    try {
      return [name, toJson(value ?? null, name)];
    } catch {
      return [name, String(value)];
    }
  });
  return Object.fromEntries(entries);
}

/** An event that may enter the run: of a type that is known, its data checked. */
function checked(invocation: Invocation, event: Event, verb: "write" | "send" | "collect"): Event {
  const { definition } = invocation.ports.loop;
  const made = typeOfEvent(event);
  const known = isEventLike(event) ? definition.eventTypes.get(event.type) : undefined;
  // What is only shown needs no place in the graph; what is sent must find somebody to take it.
  if (made && (known || verb === "write")) return event;
  if (known) return known.parse(event.data);
  const step = `Step \`${invocation.step.name}\` cannot ${verb}`;
  if (!isEventLike(event)) {
    throw new WorkflowError(
      "event_invalid",
      `${step} ${describeValue(event)}: expected an event, which is what calling its type returns.`,
    );
  }
  const cure =
    verb === "write"
      ? "Make it by calling its type, or list the type in `additionalEvents`."
      : "Name it in the `emits` of the step and the `accepts` of another.";
  throw new WorkflowError(
    "event_undeclared",
    `${step} \`${event.type}\`: workflow \`${definition.name}\` does not know this event type. ${cure}`,
  );
}

function createCollect(invocation: Invocation) {
  return (
    event: Event,
    types: readonly AnyEventType[],
    { buffer = "default" }: { readonly buffer?: string } = {},
  ): readonly Event[] | undefined => {
    checkTypes(invocation, types);
    if (types.length === 0) return [];
    const expected = toExpected(types);
    const collected = checked(invocation, event, "collect");
    invocation.tell({ kind: "event_collected", event: collected, buffer, expected });
    const { batches } = invocation.currentJob;
    return Object.hasOwn(batches, buffer) ? batches[buffer]?.map(reviveEvent) : undefined;
  };
}

/** Waits that a function has opened: how many of each type, and under which ids. */
interface OpenedWaits {
  readonly counts: Map<string, number>;
  readonly ids: Set<string>;
}

function createWait(invocation: Invocation) {
  let opened: OpenedWaits | undefined;
  return (type: AnyEventType, options: WaitOptions<object> = {}): Promise<Event> => {
    opened ??= { counts: new Map(), ids: new Set() };
    const answer = wait(invocation, opened, type, options);
    // A function that does not look at its answer must not end the process when the run ends.
    answer.catch(() => {});
    return answer;
  };
}

async function wait(
  invocation: Invocation,
  { counts, ids }: OpenedWaits,
  type: AnyEventType,
  options: WaitOptions<object>,
): Promise<Event> {
  checkWait(invocation, type, options);
  const count = (counts.get(type.type) ?? 0) + 1;
  counts.set(type.type, count);
  const id = options.id ?? `${type.type}#${count}`;
  if (ids.has(id)) throw keyReused(invocation, "waitForEvent", id);
  ids.add(id);
  const answer = invocation.answerTo(id);
  const { waits } = invocation.currentJob;
  const known = waits[waitPlaces.find(waits, id)];
  // Answered before a restart: given back, and asked no more.
  if (known && !isOpen(known)) invocation.settle(known);
  else {
    invocation.pauseTimer();
    invocation.tell(toWaitOpened(invocation, id, type, options));
  }
  return answer;
}

function toWaitOpened(
  invocation: Invocation,
  wait: string,
  type: AnyEventType,
  { where, prompt, timeout }: WaitOptions<object>,
): JobTickBody {
  const { clock } = invocation.ports;
  return {
    kind: "wait_opened",
    wait,
    type: type.type,
    where: where === undefined ? null : (toJson(where, "where") as JsonObject), // Of an object.
    prompt: prompt === undefined ? null : checked(invocation, prompt, "write"),
    deadlineAt: timeout === undefined ? null : clock.now() + toMilliseconds(timeout),
  };
}

function checkWait(
  invocation: Invocation,
  type: AnyEventType,
  { timeout = 0 }: WaitOptions<object>,
): void {
  const { ports, step } = invocation;
  const { definition } = ports.loop;
  checkTypes(invocation, [type]);
  if (typeof timeout !== "number" || !(timeout >= 0)) {
    throw new WorkflowError(
      "request_invalid",
      `Step \`${step.name}\` waits for \`${type.type}\`: expected \`timeout\` to be seconds of at least 0, got ${describeValue(timeout)}.`,
    );
  }
  if (definition.eventTypes.has(type.type)) return;
  throw new WorkflowError(
    "event_undeclared",
    `Step \`${step.name}\` waits for \`${type.type}\`, which nobody can send: workflow \`${definition.name}\` does not know it. Name it in the \`waits\` of the step, or in \`additionalEvents\`.`,
  );
}

function createRun(invocation: Invocation) {
  let keys: Set<string> | undefined;
  return async (key: string, effect: () => unknown): Promise<Json> => {
    const { name } = invocation.step;
    // A function whose step has ended goes on unheard: the effect is for the next attempt to do.
    if (invocation.isOver) throw invocation.signal.reason;
    if (typeof key !== "string" || typeof effect !== "function") {
      throw new WorkflowError(
        "request_invalid",
        `Step \`${name}\`: expected \`ctx.run\` to get a key and a function, got ${describeValue(key)} and ${describeValue(effect)}.`,
      );
    }
    keys ??= new Set();
    if (keys.has(key)) throw keyReused(invocation, "run", key);
    keys.add(key);
    const kept = invocation.effectOf(key);
    if (kept) return kept.value;
    const value = toJson((await effect()) ?? null, `ctx.run("${key}")`);
    // Only what is stored counts as done: a caller that goes on may rely on it.
    await invocation.submit({ kind: "effect_returned", key, value });
    return value;
  };
}

function keyReused({ step }: Invocation, verb: "run" | "waitForEvent", key: string): WorkflowError {
  const [word, meaning] =
    verb === "run" ? ["key", "A key stands for one effect"] : ["id", "An id stands for one wait"];
  return new WorkflowError(
    "key_reused",
    `Step \`${step.name}\` called \`ctx.${verb}\` twice with the ${word} \`${key}\`. ${meaning}: number them, as in \`${key}-1\`.`,
  );
}

function checkTypes({ step }: Invocation, types: readonly AnyEventType[]): void {
  const isList = Array.isArray(types);
  // A long list is mostly of one type.
  if (isList && types.every((type, at) => type === types[at - 1] || isEventType(type))) return;
  const wrong: unknown = isList ? types.find((type) => !isEventType(type)) : types;
  throw new WorkflowError(
    "request_invalid",
    `Step \`${step.name}\` expects events: they are told by a list of event types (what \`defineEvent\` returns), got ${describeValue(wrong)}.`,
  );
}

function isEventLike(value: unknown): value is Event {
  return (
    typeof (value as Partial<Event> | null | undefined)?.type === "string" &&
    typeof value === "object"
  );
}

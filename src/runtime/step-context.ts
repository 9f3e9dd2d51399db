/** The context that a step function is handed: its verbs become ticks of its job. */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { type Json, type JsonObject, toJson } from "../base/json.ts";
import type { LogFields, LogLevel } from "../base/log.ts";
import { toExpected } from "../engine/collect.ts";
import { elapsedSeconds } from "../engine/steps.ts";
import { StepLogged } from "../workflow/builtin.ts";
import type {
  Attempt,
  ChildOptions,
  StateStore,
  StepContext,
  WaitOptions,
} from "../workflow/context.ts";
import { type AnyWorkflow, checkTarget } from "../workflow/definition.ts";
import { type AnyEventType, type Event, reviveEvent } from "../workflow/event.ts";
import { runWorkflow } from "./child.ts";
import type { Invocation } from "./invocation.ts";
import { createStateStore } from "./state-store.ts";
import { checked, checkTypes, keyReused } from "./step-checks.ts";
import { OpenedWaits, waitForEvent } from "./wait-for-event.ts";

/**
 * All its verbs are closures of this one function: each that made them would take room for itself,
 * in every call of every step.
 */
export function createStepContext(
  invocation: Invocation,
  resources: Readonly<Record<string, unknown>>,
): StepContext {
  const { ports, step } = invocation;
  const { runId, handlerId } = ports;
  // Made for those who ask for it: most functions share nothing, and wait for nothing.
  let store: StateStore | undefined;
  let keys: Set<string> | undefined;
  let waits: OpenedWaits | undefined;
  let children: Map<AnyWorkflow, number> | undefined;
  const context: Record<keyof StepContext, unknown> = {
    runId,
    handlerId,
    workflowName: ports.loop.definition.name,
    stepName: step.name,
    attempt: attemptOf(invocation),
    get signal() {
      return invocation.signal;
    },
    get store() {
      return (store ??= createStateStore(invocation));
    },
    resources,
    log: (level: LogLevel, message: string, fields: LogFields = {}): void =>
      writeLog(invocation, level, message, fields),
    writeEventToStream: (event: Event): void => writeEvent(invocation, event),
    sendEvent: (event: Event, options: { readonly step?: string | null } = {}): void =>
      sendEvent(invocation, event, options.step ?? null),
    collectEvents: (
      event: Event,
      types: readonly AnyEventType[],
      options: { readonly buffer?: string } = {},
    ) => collectEvents(invocation, event, types, options.buffer ?? "default"),
    waitForEvent: (type: AnyEventType, options: WaitOptions<object> = {}) =>
      waitForEvent(invocation, (waits ??= new OpenedWaits()), type, options),
    run: (key: string, effect: () => unknown) =>
      runEffect(invocation, (keys ??= new Set()), key, effect),
    runWorkflow: (workflow: AnyWorkflow, input: unknown, options: ChildOptions = {}) =>
      runWorkflow(invocation, (children ??= new Map()), workflow, input, options),
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
function writeLog(
  invocation: Invocation,
  level: LogLevel,
  message: string,
  fields: LogFields,
): void {
  const { job, ports, step } = invocation;
  ports.log(level, message, { run: ports.runId, step: step.name, job: job.id, ...fields });
  if (invocation.isOver) return;
  const line = { name: step.name, job: job.id, level, message, fields: toPlain(fields) };
  const event = StepLogged(line);
  if (!invocation.past?.isShown(event)) invocation.tell({ kind: "event_written", event });
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

function writeEvent(invocation: Invocation, event: Event): void {
  const shown = checked(invocation, event, "write");
  if (invocation.past?.isShown(shown)) return;
  invocation.tell({ kind: "event_written", event: shown });
}

function sendEvent(invocation: Invocation, event: Event, target: string | null): void {
  const sent = checked(invocation, event, "send");
  if (target !== null) checkTarget(invocation.ports.loop.definition, target, sent.type);
  if (invocation.past?.isSent(sent, target)) return;
  invocation.tell({ kind: "event_sent", event: sent, target });
}

function collectEvents(
  invocation: Invocation,
  event: Event,
  types: readonly AnyEventType[],
  buffer: string,
): readonly Event[] | undefined {
  checkTypes(invocation, types);
  if (types.length === 0) return [];
  const expected = toExpected(types);
  const collected = checked(invocation, event, "collect");
  invocation.tell({ kind: "event_collected", event: collected, buffer, expected });
  const { batches } = invocation.currentJob;
  return Object.hasOwn(batches, buffer) ? batches[buffer]?.map(reviveEvent) : undefined;
}

/** `keys` are those that the function has used so far. */
async function runEffect(
  invocation: Invocation,
  keys: Set<string>,
  key: string,
  effect: () => unknown,
): Promise<Json> {
  const { name } = invocation.step;
  // A function whose step has ended goes on unheard: the effect is for the next attempt to do.
  if (invocation.isOver) throw invocation.signal.reason;
  if (typeof key !== "string" || typeof effect !== "function") {
    throw new WorkflowError(
      "request_invalid",
      `Step \`${name}\`: expected \`ctx.run\` to get a key and a function, got ${describeValue(key)} and ${describeValue(effect)}.`,
    );
  }
  if (keys.has(key)) throw keyReused(invocation, "run", key);
  keys.add(key);
  const kept = invocation.effectOf(key);
  if (kept) return kept.value;
  // What was left behind may have been done by the next call, and the run may have ended.
  if (invocation.isLetGo) await invocation.bringBack();
  const value = toJson((await effect()) ?? null, `ctx.run("${key}")`);
  // Only what is stored counts as done: a caller that goes on may rely on it.
  await invocation.submit({ kind: "effect_returned", key, value });
  return value;
}

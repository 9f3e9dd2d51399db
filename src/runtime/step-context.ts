/** The context that a step function is handed: its verbs become ticks of its job. */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { type Json, type JsonObject, toJson } from "../base/json.ts";
import type { Log, LogFields } from "../base/log.ts";
import { toExpected } from "../engine/collect.ts";
import { elapsedSeconds } from "../engine/steps.ts";
import { StepLogged } from "../workflow/builtin.ts";
import type { Attempt, StateStore, StepContext } from "../workflow/context.ts";
import { checkTarget } from "../workflow/definition.ts";
import { type AnyEventType, type Event, reviveEvent } from "../workflow/event.ts";
import { createRunWorkflow } from "./child.ts";
import type { Invocation } from "./invocation.ts";
import { createStateStore } from "./state-store.ts";
import { checked, checkTypes, keyReused } from "./step-checks.ts";
import { createWait } from "./wait-for-event.ts";

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
    // What was left behind may have been done by the next call, and the run may have ended.
    if (invocation.isLetGo) await invocation.bringBack();
    const value = toJson((await effect()) ?? null, `ctx.run("${key}")`);
    // Only what is stored counts as done: a caller that goes on may rely on it.
    await invocation.submit({ kind: "effect_returned", key, value });
    return value;
  };
}

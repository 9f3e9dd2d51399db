/**
 * Runs an author's step function, from its start to the tick that tells how it ended. What a policy
 * decides about a failure is decided here, once, and recorded.
 */
import { must } from "../base/assert.ts";
import { toMilliseconds } from "../base/clock.ts";
import { describeValue } from "../base/describe.ts";
import { FatalError, RetryError, toFailure, WorkflowError } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { elapsedSeconds } from "../engine/steps.ts";
import type { StepDefinition } from "../workflow/definition.ts";
import { type Event, reviveEvent, typeOfEvent } from "../workflow/event.ts";
import { retryPolicy } from "../workflow/retry.ts";
import { chanceOf } from "./chance.ts";
import type { Invocation } from "./invocation.ts";
import { outlast } from "./outlast.ts";
import { Past } from "./past.ts";
import { ResourcePool } from "./resources.ts";
import { createStepContext } from "./step-context.ts";
import { asStep } from "./step-under-way.ts";

/**
 * Undefined when the function is over at once, as one is that has nothing to wait for. A promise
 * never rejects: how the function ends becomes a tick.
 */
export function runStep(invocation: Invocation): Promise<void> | undefined {
  invocation.startTimer();
  try {
    const returned = call(invocation);
    if (isThenable(returned)) return outwait(invocation, returned);
    succeed(invocation, returned);
  } catch (thrown) {
    fail(invocation, thrown);
  }
  return undefined;
}

// ---

async function outwait(invocation: Invocation, returning: Promise<unknown>): Promise<void> {
  try {
    succeed(invocation, await returning);
  } catch (thrown) {
    fail(invocation, thrown);
  }
}

/** Throws what is wrong with what was returned. */
function succeed(invocation: Invocation, returned: unknown): void {
  if (!invocation.isOver) {
    const events = checkReturned(invocation, toList(returned));
    const isFanOut = Array.isArray(returned);
    invocation.tell({ kind: "step_succeeded", events, isFanOut });
  }
  invocation.end(hasEnded(invocation.step));
}

function fail(invocation: Invocation, thrown: unknown): void {
  if (!invocation.isOver) {
    const retryAt = decideRetry(invocation, thrown);
    invocation.tell({ kind: "step_failed", failure: toFailure(thrown), retryAt });
  }
  invocation.end(hasEnded(invocation.step));
}

/** One for all calls of a step: it says nothing of a single one, and a stack is slow to take. */
const hasEnded: (step: StepDefinition) => WorkflowError = memo(
  ({ name }) => new WorkflowError("step_ended", `Step \`${name}\` has ended.`),
);

function call(invocation: Invocation): unknown {
  return invocation.job.hasActed ? callAgain(invocation) : callOnce(invocation);
}

/** A function that was interrupted is called with its past. */
async function callAgain(invocation: Invocation): Promise<unknown> {
  const { job, ports } = invocation;
  const ticks = await invocation.orOver(outlast(invocation, () => ports.readTicks()));
  // The run may have ended while its story was read: no function of it is called any more.
  if (!ports.loop.job(job.step, job.id)) return undefined;
  invocation.past = new Past(ticks, job);
  return callOnce(invocation);
}

function callOnce(invocation: Invocation): unknown {
  // If it names any: found out without a list of their names.
  for (const _ in invocation.step.resources) return callWithResources(invocation);
  return callFunction(invocation, {});
}

async function callWithResources(invocation: Invocation): Promise<unknown> {
  const { ports, step } = invocation;
  // What is made for the function is given back, also when the function itself never ends.
  const pool = new ResourcePool("step", ports.resources, ports.log);
  invocation.pool = pool;
  try {
    const resources = await invocation.orOver(pool.useAll(step.resources));
    return await callFunction(invocation, resources);
  } finally {
    await pool.end();
  }
}

function callFunction(
  invocation: Invocation,
  resources: Readonly<Record<string, unknown>>,
): unknown {
  const { job, ports, step } = invocation;
  const input = job.isBatch
    ? job.events.map(reviveEvent)
    : reviveEvent(must(job.events[0], "A job has an event."));
  const { id, attempt } = job;
  const culprit = { runId: ports.runId, step: step.name, job: id, attempt };
  const returned = asStep(culprit, step.run, input, createStepContext(invocation, resources));
  // A function that does not look at its signal must not hold the run.
  return isThenable(returned) ? invocation.orOver(returned) : returned;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

function toList(returned: unknown): readonly unknown[] {
  if (returned === undefined || returned === null) return [];
  return Array.isArray(returned) ? returned : [returned];
}

function checkReturned(invocation: Invocation, returned: readonly unknown[]): readonly Event[] {
  const { eventTypes } = invocation.ports.loop.definition;
  const events: Event[] = [];
  let hasStop = false;
  for (const value of returned) {
    const event = checkEvent(invocation, value);
    if (eventTypes.get(event.type)?.family === "stop") hasStop = true;
    events.push(event);
  }
  if (hasStop && events.length > 1) {
    throw new WorkflowError(
      "event_undeclared",
      `Expected step \`${invocation.step.name}\` to return a stop event by itself, got it in a list of ${events.length}. The run ends with it: return it alone.`,
    );
  }
  return events;
}

function checkEvent({ ports, step }: Invocation, returned: unknown): Event {
  const { type: name } = (returned ?? {}) as { readonly type?: unknown };
  const type = ports.loop.definition.eventTypes.get(String(name));
  const isUncalled = typeof returned === "function";
  if (type && !isUncalled && step.emits.includes(type.type)) {
    const event = returned as Event; // It has the type of one; what it carries is checked.
    return typeOfEvent(event) === type ? event : type.parse(event.data);
  }
  const isEvent = typeof name === "string" && typeof returned === "object";
  const declared = step.emits.map((emit) => `\`${emit}\``).join(" or ") || "nothing";
  const expected = `Expected step \`${step.name}\` to return ${declared}, as its \`emits\` says`;
  const [got, advice] =
    type && isUncalled
      ? [`the event type \`${type.type}\` itself`, "Call it: it makes the event."]
      : [isEvent ? `event \`${name}\`` : describeValue(returned), adviceFor(returned, isEvent)];
  throw new WorkflowError("event_undeclared", `${expected}, got ${got}. ${advice}`);
}

function adviceFor(returned: unknown, isEvent: boolean): string {
  if (isEvent) return "Return one of these, or add it to `emits`.";
  return describeValue(returned) === "a generator"
    ? "Return events, do not `yield` them: for several, return a list."
    : "Return one of these, which is what calling its type makes, or nothing.";
}

/** When to try again, or null: not at all. */
function decideRetry({ job, ports, step }: Invocation, thrown: unknown): number | null {
  if (thrown instanceof FatalError) return null;
  const isRetryError = thrown instanceof RetryError;
  const policy = step.retry ?? (isRetryError ? retryPolicy({}) : null);
  const now = ports.clock.now();
  try {
    const wait = policy?.({
      failure: toFailure(thrown),
      attempt: job.attempt,
      elapsedSeconds: elapsedSeconds(job, now),
      chance: chanceOf(`${ports.runId}:${job.id}:${job.attempt}`),
    });
    if (wait === undefined || wait === null) return null;
    const seconds = isRetryError ? thrown.after : wait;
    if (Number.isFinite(seconds)) return now + toMilliseconds(seconds);
    throw new TypeError(`Expected seconds until the next attempt, got ${String(seconds)}.`);
  } catch (error) {
    // A policy is the author's code too. The failure that it was asked about has to be told.
    ports.log("error", `Step \`${step.name}\` is not tried again: its retry policy fails.`, {
      run: ports.runId,
      error,
    });
    return null;
  }
}

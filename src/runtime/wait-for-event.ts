/** `ctx.waitForEvent`: a wait becomes a tick of its job, and its answer comes by the invocation. */
import { toMilliseconds } from "../base/clock.ts";
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { type JsonObject, toJson } from "../base/json.ts";
import { waitPlaces } from "../engine/state.ts";
import type { JobTickBody } from "../engine/tick.ts";
import { isOpen } from "../engine/wait.ts";
import type { WaitOptions } from "../workflow/context.ts";
import type { AnyEventType, Event } from "../workflow/event.ts";
import type { Invocation } from "./invocation.ts";
import { checked, checkTypes, keyReused } from "./step-checks.ts";

/** Waits that a function has opened: how many of each type, and under which ids. */
export class OpenedWaits {
  readonly counts: Map<string, number> = new Map();
  readonly ids: Set<string> = new Set();
}

export function waitForEvent(
  invocation: Invocation,
  opened: OpenedWaits,
  type: AnyEventType,
  options: WaitOptions<object>,
): Promise<Event> {
  const answer = wait(invocation, opened, type, options);
  // A function that does not look at its answer must not end the process when the run ends.
  answer.catch(() => {});
  return answer;
}

// ---

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

/** Mistakes in what a step function asks of its context, told in words that name the step. */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { type AnyEventType, type Event, isEventType, typeOfEvent } from "../workflow/event.ts";
import type { Invocation } from "./invocation.ts";

/** An event that may enter the run: of a type that is known, its data checked. */
export function checked(
  invocation: Invocation,
  event: Event,
  verb: "write" | "send" | "collect",
): Event {
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

export function checkTypes({ step }: Invocation, types: readonly AnyEventType[]): void {
  const isList = Array.isArray(types);
  // A long list is mostly of one type.
  if (isList && types.every((type, at) => type === types[at - 1] || isEventType(type))) return;
  const wrong: unknown = isList ? types.find((type) => !isEventType(type)) : types;
  throw new WorkflowError(
    "request_invalid",
    `Step \`${step.name}\` expects events: they are told by a list of event types (what \`defineEvent\` returns), got ${describeValue(wrong)}.`,
  );
}

/** `ctx.run` or `ctx.waitForEvent` was called twice with a key that stands for one call. */
export function keyReused(
  { step }: Invocation,
  verb: "run" | "waitForEvent",
  key: string,
): WorkflowError {
  const [word, meaning] =
    verb === "run" ? ["key", "A key stands for one effect"] : ["id", "An id stands for one wait"];
  return new WorkflowError(
    "key_reused",
    `Step \`${step.name}\` called \`ctx.${verb}\` twice with the ${word} \`${key}\`. ${meaning}: number them, as in \`${key}-1\`.`,
  );
}

// ---

function isEventLike(value: unknown): value is Event {
  return (
    typeof (value as Partial<Event> | null | undefined)?.type === "string" &&
    typeof value === "object"
  );
}

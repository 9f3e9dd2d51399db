/** Names of event types, and which of them are taken. */
import { WorkflowError } from "../base/errors.ts";
import { nameLengthMax } from "../base/limits.ts";

/** The types of `builtin.ts`, and the wire's names for what they have in common. */
export const builtinNames: ReadonlySet<string> = new Set([
  "Event",
  "StartEvent",
  "StopEvent",
  "InputRequiredEvent",
  "HumanResponseEvent",
  "StepFailedEvent",
  "InternalDispatchEvent",
  "StepStateChanged",
  "StepLogged",
  "WorkflowIdleEvent",
  "WorkflowQueuedEvent",
  "WorkflowForkedEvent",
  "UnhandledEvent",
  "WorkflowTimedOutEvent",
  "WorkflowCancelledEvent",
  "WorkflowFailedEvent",
]);

/** An author's name for an event type; it is printed, put into graphs and used as a key. */
export function checkTypeName(name: string): void {
  const isName = typeof name === "string" && /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name);
  if (!isName || name.length > nameLengthMax) {
    throw new WorkflowError(
      "definition_invalid",
      `Expected the name of an event type to start with a letter and go on with letters, digits, \`_\`, \`.\` or \`-\`, ${nameLengthMax} at most, got ${JSON.stringify(name)}.`,
    );
  }
  if (builtinNames.has(name)) {
    throw new WorkflowError(
      "definition_invalid",
      `\`${name}\` is a built-in event type. Import it from \`workflows-server\`, or choose another name.`,
    );
  }
}

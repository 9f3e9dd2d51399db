/** The event types that every workflow knows. Their names and fields are the wire's. */
import * as v from "valibot";

import type { Failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { toTimestamp } from "../protocol/handler.ts";
import {
  type AnyEventType,
  createEventType,
  type Event,
  type EventFamily,
  type EventType,
  type OpenEventType,
} from "./event.ts";
import type { Entries } from "./schema.ts";

/** Starts a run. Extend it to say what a workflow takes; by itself it takes any field. */
export const StartEvent: OpenEventType<"StartEvent", "start"> = builtin(
  "StartEvent",
  "start",
  [],
  "Starts a run; takes any field.",
);

/**
 * Ends a run. `result` is what the caller gets; of an extension, the event itself is the result.
 */
export const StopEvent: OpenEventType<"StopEvent", "stop", { readonly result?: unknown }> = builtin(
  "StopEvent",
  "stop",
  [],
  "Ends a run with its result.",
  ["result"],
);

/** Asks for input. It is shown on the stream as soon as a step returns it. */
export const InputRequiredEvent: OpenEventType<"InputRequiredEvent", "input_required"> = builtin(
  "InputRequiredEvent",
  "input_required",
  [],
  "Asks for input from outside.",
);

/** The answer to a request for input, sent into the run from outside. */
export const HumanResponseEvent: OpenEventType<"HumanResponseEvent", "human_response"> = builtin(
  "HumanResponseEvent",
  "human_response",
  [],
  "Answers a request for input.",
);

export interface StepFailed {
  readonly stepName: string;
  /** The event that the step was given; null for an empty list. */
  readonly input: Event | null;
  /** The same as a list, for a step that takes several. */
  readonly inputs: readonly Event[];
  readonly failure: Failure;
  readonly attempts: number;
  /** From the start of the first attempt to the end of the last. */
  readonly elapsedSeconds: number;
  /** When the last attempt ended: milliseconds since 1970. */
  readonly failedAt: number;
}

/** A step has failed for good; given to the step that catches it. */
export const StepFailedEvent: Builtin<"StepFailedEvent", StepFailed, "event"> = builtin(
  "StepFailedEvent",
  "event",
  [],
  "A step has failed for good.",
  ["stepName", "input", "inputs", "failure", "attempts", "elapsedSeconds", "failedAt"],
  {
    step_name: v.string(),
    input_event: v.unknown(),
    exception: v.unknown(),
    attempts: v.pipe(v.number(), v.integer()),
    elapsed_seconds: v.number(),
    failed_at: v.pipe(v.string(), v.isoTimestamp()),
  },
);

/** What it carries, in the words of the wire: a step may show it on the stream. */
export function toWireStepFailed(data: StepFailed): JsonObject {
  const { stepName, input, failure, attempts, elapsedSeconds, failedAt } = data;
  return {
    step_name: stepName,
    input_event: input && { type: input.type, value: input.data as JsonObject }, // Of a run: JSON.
    exception: { exception_type: failure.name, exception_message: failure.message },
    attempts,
    elapsed_seconds: elapsedSeconds,
    failed_at: toTimestamp(failedAt),
  };
}

export interface StepState {
  readonly name: string;
  readonly step_state: "preparing" | "running" | "not_running";
  /** The slot that works on it, or `<enqueued>`. */
  readonly worker_id: string;
  readonly input_event_name: string;
  readonly output_event_name: string | null;
}

export const StepStateChanged: Builtin<"StepStateChanged", StepState, "internal"> = builtin(
  "StepStateChanged",
  "internal",
  ["InternalDispatchEvent"],
  "A step begins or ends its work on an event.",
  ["name", "step_state", "worker_id", "input_event_name", "output_event_name"],
);

/** Only the outside, or a timer, can move the run. */
export const WorkflowIdleEvent: Builtin<"WorkflowIdleEvent", object, "internal"> = builtin(
  "WorkflowIdleEvent",
  "internal",
  ["InternalDispatchEvent"],
  "Only the outside, or a timer, can move the run.",
);

/** As many runs as may are under way: this one waits for its turn. */
export const WorkflowQueuedEvent: Builtin<"WorkflowQueuedEvent", object, "internal"> = builtin(
  "WorkflowQueuedEvent",
  "internal",
  ["InternalDispatchEvent"],
  "The run waits for its turn.",
);

export interface StepLine {
  readonly name: string;
  readonly job: number;
  readonly level: string;
  readonly message: string;
  readonly fields: JsonObject;
}

export const StepLogged: Builtin<"StepLogged", StepLine, "internal"> = builtin(
  "StepLogged",
  "internal",
  ["InternalDispatchEvent"],
  "A step has logged a line.",
  ["name", "job", "level", "message", "fields"],
);

export interface WorkflowForked {
  readonly handler_id: string;
  readonly run_id: string;
  readonly sequence: number;
}

/** The run goes on from a point in the story of another. */
export const WorkflowForkedEvent: Builtin<"WorkflowForkedEvent", WorkflowForked, "internal"> =
  builtin(
    "WorkflowForkedEvent",
    "internal",
    ["InternalDispatchEvent"],
    "The run goes on from a point in the story of another.",
    ["handler_id", "run_id", "sequence"],
  );

export interface Unhandled {
  readonly event_type: string;
  readonly qualified_name: string;
  readonly step_name: string | null;
  readonly idle: boolean;
}

export const UnhandledEvent: Builtin<"UnhandledEvent", Unhandled, "internal"> = builtin(
  "UnhandledEvent",
  "internal",
  ["InternalDispatchEvent"],
  "An event came that no step and no wait takes.",
  ["event_type", "qualified_name", "step_name", "idle"],
);

export interface WorkflowTimedOut {
  /** Seconds. */
  readonly timeout: number;
  readonly active_steps: readonly string[];
}

export const WorkflowTimedOutEvent: Builtin<"WorkflowTimedOutEvent", WorkflowTimedOut, "stop"> =
  builtin("WorkflowTimedOutEvent", "stop", ["StopEvent"], "The run took too long.", [
    "timeout",
    "active_steps",
  ]);

export const WorkflowCancelledEvent: Builtin<"WorkflowCancelledEvent", object, "stop"> = builtin(
  "WorkflowCancelledEvent",
  "stop",
  ["StopEvent"],
  "The run was cancelled.",
);

export interface WorkflowFailed {
  readonly step_name: string;
  readonly exception: { readonly exception_type: string; readonly exception_message: string };
  readonly attempts: number;
  readonly elapsed_seconds: number;
}

export const WorkflowFailedEvent: Builtin<"WorkflowFailedEvent", WorkflowFailed, "stop"> = builtin(
  "WorkflowFailedEvent",
  "stop",
  ["StopEvent"],
  "A step failed for good, and the run with it.",
  ["step_name", "exception", "attempts", "elapsed_seconds"],
);

// ---

type Builtin<N extends string, Data extends object, F extends EventFamily> = EventType<
  N,
  Data,
  Data,
  F
>;

/** What built-in types carry is fixed by their TypeScript types; most schemas show no fields. */
function builtin<T>(
  type: string,
  family: EventFamily,
  parents: readonly string[],
  description: string,
  hiddenFields: readonly string[] = [],
  shownEntries: Entries | null = null,
): T {
  const schema = { foreign: null, entries: {} };
  return createEventType({
    ...{ type, schema, family, parents, description, hiddenFields, shownEntries },
  }) as T;
}

/** What the engine itself publishes, for whoever has to show it. */
export const engineEventTypes: readonly AnyEventType[] = [
  StepStateChanged,
  StepLogged,
  WorkflowIdleEvent,
  WorkflowQueuedEvent,
  WorkflowForkedEvent,
  UnhandledEvent,
  WorkflowTimedOutEvent,
  WorkflowCancelledEvent,
  WorkflowFailedEvent,
];

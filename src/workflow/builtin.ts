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
export const StartEvent: OpenEventType<"StartEvent", "start"> = builtin("StartEvent", {
  family: "start",
  description: "Starts a run; takes any field.",
});

/**
 * Ends a run. `result` is what the caller gets; of an extension, the event itself is the result.
 */
export const StopEvent: OpenEventType<"StopEvent", "stop", { readonly result?: unknown }> = builtin(
  "StopEvent",
  { family: "stop", description: "Ends a run with its result.", fields: ["result"] },
);

/** Asks for input. It is shown on the stream as soon as a step returns it. */
export const InputRequiredEvent: OpenEventType<"InputRequiredEvent", "input_required"> = builtin(
  "InputRequiredEvent",
  { family: "input_required", description: "Asks for input from outside." },
);

/** The answer to a request for input, sent into the run from outside. */
export const HumanResponseEvent: OpenEventType<"HumanResponseEvent", "human_response"> = builtin(
  "HumanResponseEvent",
  { family: "human_response", description: "Answers a request for input." },
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
  {
    family: "event",
    description: "A step has failed for good.",
    fields: ["stepName", "input", "inputs", "failure", "attempts", "elapsedSeconds", "failedAt"],
    shownEntries: {
      step_name: v.string(),
      input_event: v.unknown(),
      exception: v.unknown(),
      attempts: v.pipe(v.number(), v.integer()),
      elapsed_seconds: v.number(),
      failed_at: v.pipe(v.string(), v.isoTimestamp()),
    },
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

export const StepStateChanged: Internal<"StepStateChanged", StepState> = internal(
  "StepStateChanged",
  "A step begins or ends its work on an event.",
  ["name", "step_state", "worker_id", "input_event_name", "output_event_name"],
);

export const WorkflowIdleEvent: Internal<"WorkflowIdleEvent", object> = internal(
  "WorkflowIdleEvent",
  "Only the outside, or a timer, can move the run.",
);

/** As many runs as may are under way: this one waits for its turn. */
export const WorkflowQueuedEvent: Internal<"WorkflowQueuedEvent", object> = internal(
  "WorkflowQueuedEvent",
  "The run waits for its turn.",
);

export interface StepLine {
  readonly name: string;
  readonly job: number;
  readonly level: string;
  readonly message: string;
  readonly fields: JsonObject;
}

export const StepLogged: Internal<"StepLogged", StepLine> = internal(
  "StepLogged",
  "A step has logged a line.",
  ["name", "job", "level", "message", "fields"],
);

export interface WorkflowForked {
  readonly handler_id: string;
  readonly run_id: string;
  readonly sequence: number;
}

export const WorkflowForkedEvent: Internal<"WorkflowForkedEvent", WorkflowForked> = internal(
  "WorkflowForkedEvent",
  "The run goes on from a point in the story of another.",
  ["handler_id", "run_id", "sequence"],
);

export interface Unhandled {
  readonly event_type: string;
  readonly qualified_name: string;
  readonly step_name: string | null;
  readonly idle: boolean;
}

export const UnhandledEvent: Internal<"UnhandledEvent", Unhandled> = internal(
  "UnhandledEvent",
  "An event came that no step and no wait takes.",
  ["event_type", "qualified_name", "step_name", "idle"],
);

export interface WorkflowTimedOut {
  /** Seconds. */
  readonly timeout: number;
  readonly active_steps: readonly string[];
}

export const WorkflowTimedOutEvent: Ending<"WorkflowTimedOutEvent", WorkflowTimedOut> = ending(
  "WorkflowTimedOutEvent",
  "The run took too long.",
  ["timeout", "active_steps"],
);

export const WorkflowCancelledEvent: Ending<"WorkflowCancelledEvent", object> = ending(
  "WorkflowCancelledEvent",
  "The run was cancelled.",
);

export interface WorkflowFailed {
  readonly step_name: string;
  readonly exception: { readonly exception_type: string; readonly exception_message: string };
  readonly attempts: number;
  readonly elapsed_seconds: number;
}

export const WorkflowFailedEvent: Ending<"WorkflowFailedEvent", WorkflowFailed> = ending(
  "WorkflowFailedEvent",
  "A step failed for good, and the run with it.",
  ["step_name", "exception", "attempts", "elapsed_seconds"],
);

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

// ---

type Builtin<N extends string, Data extends object, F extends EventFamily> = EventType<
  N,
  Data,
  Data,
  F
>;
type Internal<N extends string, Data extends object> = Builtin<N, Data, "internal">;
type Ending<N extends string, Data extends object> = Builtin<N, Data, "stop">;

interface BuiltinParts {
  readonly family: EventFamily;
  readonly description: string;
  readonly parents?: readonly string[];
  /** Names of its fields, whose types are those of TypeScript. */
  readonly fields?: readonly string[];
  /** Fields that its JSON Schema shows. Most show none. */
  readonly shownEntries?: Entries;
}

function builtin<T>(type: string, parts: BuiltinParts): T {
  const { family, description, parents = [], fields: hiddenFields = [] } = parts;
  const { shownEntries = null } = parts;
  const schema = { foreign: null, entries: {} };
  const made = { type, schema, family, parents, description, hiddenFields, shownEntries };
  return createEventType(made) as T;
}

/** What happens in a run, for whoever looks into it. */
function internal<T>(type: string, description: string, fields: readonly string[] = []): T {
  const parents = ["InternalDispatchEvent"];
  return builtin(type, { family: "internal", description, parents, fields });
}

/** The end of a run that came to no result. */
function ending<T>(type: string, description: string, fields: readonly string[] = []): T {
  return builtin(type, { family: "stop", description, parents: ["StopEvent"], fields });
}

/**
 * A workflow as the engine and the server see it: checked, named and frozen. `define.ts` makes it
 * from what the author wrote.
 */
import { WorkflowError } from "../base/errors.ts";
import type { StepContext } from "./context.ts";
import { builtinNames } from "./names.ts";
import { type AnyEventType, type Event, typeOfEvent } from "./event.ts";
import type { Resource } from "./resource.ts";
import type { RetryFunction } from "./retry.ts";
import { quoteAll } from "./words.ts";

/** An author's function, its types checked where it was written and forgotten here. */
export type StepFunction = (input: Event | readonly Event[], context: StepContext) => unknown;

/** What an author has made of steps: told from others by its identity. */
export interface AnyWorkflow {
  define(name: string, additionalEvents?: readonly AnyEventType[]): Definition;
  /** The name that it goes by where it is given none. */
  readonly title: string;
}

/** How events are brought together for a step that takes several at once. */
export interface JoinDefinition {
  readonly kind: "collect" | "each";
  /** Names of event types, in the author's order. */
  readonly types: readonly string[];
  readonly take: number | null;
}

export interface StepDefinition {
  readonly name: string;
  readonly description: string | null;
  /** Names of event types, subtypes included where it takes them. */
  readonly accepts: readonly string[];
  readonly join: JoinDefinition | null;
  /** What it returns or sends. */
  readonly emits: readonly string[];
  /** What it waits for. */
  readonly waits: readonly string[];
  /** What it shows when it waits. */
  readonly prompts: readonly string[];
  readonly children: readonly AnyWorkflow[];
  readonly resources: Readonly<Record<string, Resource>>;
  /** Jobs that it works on at a time, per run. */
  readonly workers: number;
  readonly retry: RetryFunction | null;
  readonly timeoutMs: number | null;
  /** For a step that catches failures: how often it may do so along one line of events. */
  readonly recoveriesMax: number | null;
  readonly run: StepFunction;
}

export interface Definition {
  /** The name that it is registered under. */
  readonly name: string;
  /** The name that its graph shows. */
  readonly title: string;
  readonly description: string | null;
  readonly timeoutMs: number | null;
  /** Runs at a time. */
  readonly concurrency: number | null;
  readonly isVerbose: boolean;
  readonly steps: ReadonlyMap<string, StepDefinition>;
  /** Event type to the steps that accept it, in the order of their definition. */
  readonly routes: ReadonlyMap<string, readonly string[]>;
  /** Step to the step that catches its failures. */
  readonly catchers: ReadonlyMap<string, string>;
  /** Steps with a join. */
  readonly joins: readonly string[];
  /** Whether a step takes events that come from outside: a human's answers, additional events. */
  readonly isOpen: boolean;
  /** Every event type that the workflow knows, additional ones included. */
  readonly eventTypes: ReadonlyMap<string, AnyEventType>;
  readonly startType: AnyEventType;
  readonly stopType: AnyEventType;
  /** Default values of the state, checked against its schema. */
  readonly initialState: () => Readonly<Record<string, unknown>>;
  /** Throws `state_invalid` when a state does not fit its schema. */
  readonly checkState: (state: unknown) => Readonly<Record<string, unknown>>;
}

/** Whether an event of a type may be sent to a step by name. Throws `step_unknown`. */
export function checkTarget(definition: Definition, step: string, type: string): void {
  const target = definition.steps.get(step);
  if (!target) {
    throw new WorkflowError(
      "step_unknown",
      `Expected \`step\` to be a step of workflow \`${definition.name}\` (${quoteAll(definition.steps.keys())}), got \`${step}\`.`,
    );
  }
  if (target.accepts.includes(type) || target.waits.includes(type)) return;
  throw new WorkflowError(
    "step_unknown",
    `Step \`${step}\` of workflow \`${definition.name}\` does not accept \`${type}\`. It accepts ${quoteAll(target.accepts)}.`,
  );
}

/** The start event of a run: `input` itself, or made of its fields. Throws `event_invalid`. */
export function toStartEvent({ startType }: Definition, input: unknown): Event {
  const isMade = typeOfEvent(input) === startType;
  return isMade ? (input as Event) : startType.parse(input ?? {});
}

/** An event of a type that the workflow knows, with valid data. Throws if it cannot be one. */
export function checkEvent(definition: Definition, event: Event): Event {
  const type = definition.eventTypes.get(event.type);
  if (type) return typeOfEvent(event) === type ? event : type.parse(event.data);
  throw new WorkflowError(
    "event_type_unknown",
    `Workflow \`${definition.name}\` does not know the event type \`${event.type}\`. It knows ${quoteAll(definition.eventTypes.keys())}.`,
  );
}

/** How an event type is called on the wire. */
export function qualifiedName(definition: Definition, type: string): string {
  return builtinNames.has(type) ? `workflows.events.${type}` : `${definition.name}.${type}`;
}

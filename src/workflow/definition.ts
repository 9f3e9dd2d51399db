/**
 * A workflow as the engine and the server see it: checked, named and frozen. `define.ts` makes it
 * from what the author wrote.
 */
import { WorkflowError } from "../base/errors.ts";
import type { StepContext } from "./context.ts";
import { builtinNames } from "./names.ts";
import type { AnyEventType, Event } from "./event.ts";
import type { RetryFunction } from "./retry.ts";

/** An author's function, its types checked where it was written and forgotten here. */
export type StepFunction = (event: Event, context: StepContext) => unknown;

export interface StepDefinition {
  readonly name: string;
  readonly description: string | null;
  /** Names of event types. */
  readonly accepts: readonly string[];
  /** What it returns or sends. */
  readonly emits: readonly string[];
  /** What it waits for. */
  readonly waits: readonly string[];
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
  readonly steps: ReadonlyMap<string, StepDefinition>;
  /** Event type to the steps that accept it, in the order of their definition. */
  readonly routes: ReadonlyMap<string, readonly string[]>;
  /** Step to the step that catches its failures. */
  readonly catchers: ReadonlyMap<string, string>;
  /** Every event type that the workflow knows, additional ones included. */
  readonly eventTypes: ReadonlyMap<string, AnyEventType>;
  readonly startType: AnyEventType;
  readonly stopType: AnyEventType;
  /** Default values of the state, checked against its schema. */
  readonly initialState: () => Readonly<Record<string, unknown>>;
  /** Throws `event_invalid`-like errors when a state does not fit its schema. */
  readonly checkState: (state: unknown) => Readonly<Record<string, unknown>>;
}

/** Whether an event of a type may be sent to a step by name. Throws `step_unknown`. */
export function checkTarget(definition: Definition, step: string, type: string): void {
  const target = definition.steps.get(step);
  if (!target) {
    const known = [...definition.steps.keys()].map((name) => `\`${name}\``).join(", ");
    throw new WorkflowError(
      "step_unknown",
      `Expected \`step\` to be a step of workflow \`${definition.name}\` (${known}), got \`${step}\`.`,
    );
  }
  if (target.accepts.includes(type) || target.waits.includes(type)) return;
  throw new WorkflowError(
    "step_unknown",
    `Step \`${step}\` of workflow \`${definition.name}\` does not accept \`${type}\`. It accepts ${target.accepts.map((name) => `\`${name}\``).join(", ")}.`,
  );
}

/** How an event type is called on the wire. */
export function qualifiedName(definition: Definition, type: string): string {
  return builtinNames.has(type) ? `workflows.events.${type}` : `${definition.name}.${type}`;
}

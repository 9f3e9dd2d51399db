/**
 * What a workload is: workflows with step functions that wait only for the simulator, what comes to
 * them from outside, and what their results have to be, whatever went wrong on the way.
 */
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import type { AnyWorkflow, Definition } from "../../src/workflow/definition.ts";
import type { AnyEventType } from "../../src/workflow/event.ts";
import type { Chance } from "./prng.ts";

/** A run that has completed. */
export interface Completed {
  readonly input: JsonObject;
  /** `result` of its stop event. */
  readonly result: Json;
  readonly ticks: readonly Tick[];
  /** Steps that were called again for a job: what they send, they may have sent before. */
  readonly repeated: ReadonlySet<string>;
}

export interface Part {
  readonly workflow: AnyWorkflow;
  readonly definition: Definition;
}

export interface Workload {
  readonly name: string;
  /** How often it is chosen, where others are chosen once. */
  readonly weight?: number;
  /** The workflow that is started, last; before it the children that it runs. */
  readonly parts: readonly Part[];
  /** What a run is started with. */
  readonly input: (chance: Chance) => JsonObject;
  /** What may come from outside. */
  readonly outside: readonly AnyEventType[];
  /** What its steps only show, and its definition does not name. */
  readonly shown?: readonly AnyEventType[];
  /** By step; a step without a policy is tried three times at most, when it asks for that itself. */
  readonly attemptsMax?: Readonly<Record<string, number>>;
  /** What is wrong with the result, if something is. */
  readonly check?: (run: Completed) => string | undefined;
}

/** What step functions of workloads have beside their context. */
export interface Simulated {
  /** Waits until the simulator lets the function go on, or makes it fail. */
  gate(label?: string): Promise<void>;
  /** A number that no other call ever gets. */
  mark(): number;
  /** Tells of something that must not be. */
  report(reason: string): void;
}

/** The simulator hands its own context to every step function. */
export function sim(context: object): Simulated {
  return context as StepContext & Simulated;
}

/** What a gate rejects with to make its step function return something odd. */
export class Detour {
  readonly returned: unknown;

  constructor(returned: unknown) {
    this.returned = returned;
  }
}

export function part(
  workflow: AnyWorkflow,
  name: string,
  additionalEvents: readonly AnyEventType[] = [],
): Part {
  return { workflow, definition: workflow.define(name, additionalEvents) };
}

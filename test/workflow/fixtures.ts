/** What the tests of definitions are written with: workflows, and what is wrong with them. */
import { WorkflowError } from "../../src/base/errors.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { StepOptions, WorkflowOptions } from "../../src/workflow/draft.ts";
import { type AnyEventType, defineEvent, type EventType } from "../../src/workflow/event.ts";

/** An event type without fields of its own. */
type Plain<Name extends string> = EventType<Name, {}, {}, "event">;

export const A: Plain<"A"> = defineEvent("A");
export const B: Plain<"B"> = defineEvent("B");
export const C: Plain<"C"> = defineEvent("C");

/** Steps as a file may give them that is not type-checked. */
export type Steps = Readonly<Record<string, Partial<Record<keyof StepOptions, unknown>>>>;

/** A workflow of these steps, whose functions do nothing. */
export function workflowOf(steps: Steps, options: WorkflowOptions = {}): Workflow {
  const workflow = new Workflow(options);
  for (const [name, step] of Object.entries(steps)) addStep(workflow, name, step);
  return workflow;
}

/** Adds a step without regard to types. */
export function addStep(workflow: unknown, ...step: readonly unknown[]): Workflow {
  const { step: add } = workflow as { step(...step: readonly unknown[]): Workflow };
  return add.apply(workflow, step.length < 3 ? [...step, () => {}] : [...step]);
}

/** The steps between which the others of a test stand, so that nothing else is wrong. */
export const startToStop: Steps = {
  first: { accepts: [StartEvent], emits: [StopEvent] },
};

/** Every mistake that a workflow is refused with; none if it is not. */
export function mistakesOf(
  workflow: Pick<Workflow, "define">,
  additionalEvents: readonly AnyEventType[] = [],
): readonly string[] {
  try {
    workflow.define("flow", additionalEvents);
    return [];
  } catch (error) {
    if (!(error instanceof WorkflowError) || error.code !== "definition_invalid") throw error;
    return (error.details as { readonly mistakes: readonly string[] }).mistakes;
  }
}

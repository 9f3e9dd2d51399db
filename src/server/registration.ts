/** What may be registered: a workflow, under a name that a URL can carry, with a list of events. */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { nameLengthMax } from "../base/limits.ts";
import type { AnyWorkflow } from "../workflow/definition.ts";
import { type AnyEventType, isEventType } from "../workflow/event.ts";
import { pathNameProblem } from "./path-name.ts";

export interface AddWorkflowOptions {
  /** Event types that no step names, but that come from outside or are shown on the stream. */
  readonly additionalEvents?: readonly AnyEventType[];
}

/** Throws `definition_invalid` for what a file that was not type-checked may have passed. */
export function checkRegistration(
  name: string,
  workflow: AnyWorkflow,
  options: AddWorkflowOptions,
): void {
  if (typeof name !== "string" || name === "") {
    const got = JSON.stringify(name)?.slice(0, 80);
    throw unregistered(
      `Expected the name of a workflow to be a string of some length, got ${got}.`,
    );
  }
  const problem = pathNameProblem(name, nameLengthMax);
  if (problem) throw unregistered(`Expected the name of a workflow to be ${problem}.`);
  if (typeof workflow?.define !== "function") {
    throw unregistered(
      `Expected \`addWorkflow("${name}", …)\` to get a \`Workflow\`, got ${describeValue(workflow)}.`,
    );
  }
  const { additionalEvents = [], ...others } = Object(options) as AddWorkflowOptions;
  const isList = Array.isArray(additionalEvents) && additionalEvents.every(isEventType);
  if (isList && Object.keys(others).length === 0) return;
  throw unregistered(
    `Expected the options of \`addWorkflow("${name}", …)\` to be \`{ additionalEvents: […] }\`, a list of event types (what \`defineEvent\` returns), got ${describeValue(options)}.`,
  );
}

export function unregistered(message: string): WorkflowError {
  return new WorkflowError("definition_invalid", message);
}

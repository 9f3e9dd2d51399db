/**
 * The rules of a workflow, checked before anything of it runs. Every rule that is broken is found
 * at once; each finding names the step and the event, and says what to do.
 */
import { StepFailedEvent } from "./builtin.ts";
import { flowMistakes, reachMistakes } from "./check-flow.ts";
import { stepMistakes } from "./check-step.ts";
import { allEventTypes, typesOf, type WorkflowDraft } from "./draft.ts";
import { hint, quote, quoteAll, repeated } from "./words.ts";

export function findMistakes(draft: WorkflowDraft): readonly string[] {
  if (draft.steps.length === 0) {
    return ["It has no steps. Add one with `.step(name, options, fn)`."];
  }
  const duplicates = repeated(draft.steps.map((step) => step.name)).map(
    (name) => `Two steps are called ${quote(name)}. Rename one.`,
  );
  const steps = draft.steps.flatMap(stepMistakes);
  // What follows would only repeat that a step is broken.
  if (steps.length > 0) return [...duplicates, ...steps];
  return [
    ...duplicates,
    ...typeMistakes(draft),
    ...startAndStopMistakes(draft),
    ...catchMistakes(draft),
    ...flowMistakes(draft),
    ...reachMistakes(draft),
  ];
}

// ---

function typeMistakes(draft: WorkflowDraft): readonly string[] {
  return repeated(allEventTypes(draft).map((type) => type.type)).map(
    (name) =>
      `Two different event types are called ${quote(name)}. Rename one: the name is how events are told apart.`,
  );
}

function startAndStopMistakes(draft: WorkflowDraft): readonly string[] {
  const starts = typesOf(draft, "accepts", "start").map((type) => type.type);
  const stops = typesOf(draft, "emits", "stop").map((type) => type.type);
  const mistakes: string[] = [];
  if (starts.length === 0) {
    mistakes.push(
      "No step accepts a start event. Put `StartEvent`, or a type that extends it, in the `accepts` of the first step.",
    );
  }
  if (starts.length > 1) {
    mistakes.push(
      `Steps accept several start events: ${quoteAll(starts)}. A run has one: keep one of them.`,
    );
  }
  if (stops.length === 0) {
    mistakes.push(
      "No step emits a stop event, so no run could end. Put `StopEvent`, or a type that extends it, in the `emits` of the last step.",
    );
  }
  if (stops.length > 1) {
    mistakes.push(
      `Steps emit several stop events: ${quoteAll(stops)}. A run has one: keep one of them.`,
    );
  }
  for (const step of draft.steps) {
    for (const type of step.accepts.filter(({ family }) => family === "stop")) {
      mistakes.push(
        `Step ${quote(step.name)} accepts ${quote(type.type)}, which ends the run. Use another event type between steps.`,
      );
    }
  }
  return mistakes;
}

function catchMistakes({ steps }: WorkflowDraft): readonly string[] {
  const claims = steps.flatMap(({ name, catches }) =>
    (catches?.steps ?? []).map((caught) => ({ name, caught })),
  );
  const mistakes = repeated(claims.map(({ caught }) => caught)).map(
    (name) => `Step ${quote(name)} is caught by two steps. Leave it to one of them.`,
  );
  const wildcards = steps.filter((step) => step.catches?.steps === null);
  if (wildcards.length > 1) {
    mistakes.push(
      `Several steps catch all failures: ${quoteAll(wildcards.map(({ name }) => name))}. Give \`steps\` to all but one.`,
    );
  }
  const names = steps.map((step) => step.name);
  for (const { name, caught } of claims) {
    const target = steps.find((step) => step.name === caught);
    if (!target) {
      mistakes.push(
        `Step ${quote(name)} catches ${quote(caught)}, which is no step.${hint(caught, names)}`,
      );
    } else if (target.catches) {
      mistakes.push(
        `Step ${quote(name)} catches ${quote(caught)}, which catches failures itself. That cannot be caught.`,
      );
    }
  }
  for (const { name, catches, accepts } of steps) {
    if (!catches && accepts.some((type) => type.type === StepFailedEvent.type)) {
      mistakes.push(
        `Step ${quote(name)} accepts \`StepFailedEvent\`. Declare it with \`.catchError(name, options, fn)\`.`,
      );
    }
  }
  return mistakes;
}

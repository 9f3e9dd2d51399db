/** Whether events find their way: each to a step that takes it, and from each step to an end. */
import { StepFailedEvent } from "./builtin.ts";
import { acceptedBy, allEventTypes, type StepDraft, type WorkflowDraft } from "./draft.ts";
import type { AnyEventType, EventFamily } from "./event.ts";
import { hint, quote } from "./words.ts";

export function flowMistakes(draft: WorkflowDraft): readonly string[] {
  const { steps, additionalEvents } = draft;
  const all = allEventTypes(draft);
  const accepted = namesOf(steps.flatMap((step) => acceptedBy(step, all)));
  const emitted = namesOf(steps.flatMap((step) => step.options.emits));
  const waited = namesOf(steps.flatMap((step) => step.options.waits ?? []));
  const additional = namesOf(additionalEvents);
  const isMade = ({ type, family }: AnyEventType, withSubtypes: boolean): boolean =>
    emitted.has(type) ||
    additional.has(type) ||
    fromOutside.has(family) ||
    type === StepFailedEvent.type ||
    (withSubtypes && all.some((other) => emitted.has(other.type) && other.parents.includes(type)));
  return steps.flatMap((step) => {
    const { emits, subtypes = false } = step.options;
    const unmade = step.accepts.filter((type) => !isMade(type, subtypes));
    const untaken = emits.filter(
      ({ type, family }) => !accepted.has(type) && !waited.has(type) && !forOutside.has(family),
    );
    return [
      ...unmade.map(
        ({ type }) =>
          `Step ${quote(step.name)} accepts ${quote(type)}, which no step emits. Put it in the \`emits\` of the step that makes it, extend \`HumanResponseEvent\` if it comes from outside, or list it in \`additionalEvents\`.${hint(type, [...emitted])}`,
      ),
      ...untaken.map(
        (type) =>
          `Step ${quote(step.name)} emits ${quote(type.type)}, which no step accepts. ${cureForUntaken(type, accepted)}${hint(type.type, [...accepted])}`,
      ),
    ];
  });
}

export function reachMistakes(draft: WorkflowDraft): readonly string[] {
  const { steps, additionalEvents } = draft;
  const all = allEventTypes(draft);
  const isFromOutside = (type: AnyEventType): boolean =>
    type.family === "start" || type.family === "human_response" || additionalEvents.includes(type);
  const reached = closure(
    steps,
    (step, names) =>
      step.catches !== null ||
      acceptedBy(step, all).some((type) => isFromOutside(type) || names.has(type.type)),
    (step) => step.options.emits,
  );
  const ending = closure(
    steps,
    ({ options: { emits } }, names) =>
      emits.length === 0 ||
      emits.some((type) => forOutside.has(type.family) || names.has(type.type)),
    (step) => [...acceptedBy(step, all), ...(step.options.waits ?? [])],
  );
  return [
    ...steps
      .filter((step) => !reached.has(step))
      .map(
        ({ name }) =>
          `Step ${quote(name)} can never run: no way leads to it from the start event, or from outside.`,
      ),
    ...steps
      .filter((step) => !ending.has(step))
      .map(
        ({ name }) =>
          `Step ${quote(name)} leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.`,
      ),
  ];
}

// ---

/** Families whose events no step has to emit, and no step has to take. */
const fromOutside: ReadonlySet<EventFamily> = new Set([
  "start",
  "stop",
  "human_response",
  "internal",
]);
const forOutside: ReadonlySet<EventFamily> = new Set(["stop", "input_required"]);

function namesOf(types: readonly AnyEventType[]): ReadonlySet<string> {
  return new Set(types.map((type) => type.type));
}

function cureForUntaken(type: AnyEventType, accepted: ReadonlySet<string>): string {
  const parent = type.parents.find((name) => accepted.has(name));
  return parent === undefined
    ? "Put it in the `accepts` of the step that takes it; what is only shown on the stream does not belong in `emits`."
    : `A step accepts its parent ${quote(parent)}, but steps take exactly the types that they name: add ${quote(type.type)} to its \`accepts\`, or set \`subtypes: true\`.`;
}

/**
 * All steps that `isIn` admits, where each admitted step adds names of types for the next round.
 */
function closure(
  steps: readonly StepDraft[],
  isIn: (step: StepDraft, names: ReadonlySet<string>) => boolean,
  adds: (step: StepDraft) => readonly AnyEventType[],
): ReadonlySet<StepDraft> {
  const members = new Set<StepDraft>();
  const names = new Set<string>();
  for (let size = -1; size !== members.size;) {
    size = members.size;
    for (const step of steps) {
      if (members.has(step) || !isIn(step, names)) continue;
      members.add(step);
      for (const type of adds(step)) names.add(type.type);
    }
  }
  return members;
}

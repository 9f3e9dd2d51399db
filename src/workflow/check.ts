/**
 * The rules of a workflow, checked before anything of it runs. Every rule that is broken is found
 * at once; each finding names the step and the event, and says what to do.
 */
import { nameLengthMax } from "../base/limits.ts";
import { StepFailedEvent } from "./builtin.ts";
import { resourceMistakes, unknownOptions } from "./check-options.ts";
import type { StepDraft, WorkflowDraft } from "./draft.ts";
import { type AnyEventType, type EventFamily, isEventType } from "./event.ts";
import { retryMistakes } from "./retry.ts";
import { hint, quote } from "./words.ts";

export function findMistakes(draft: WorkflowDraft): readonly string[] {
  if (draft.steps.length === 0)
    return ["It has no steps. Add one with `.step(name, options, fn)`."];
  const steps = draft.steps.flatMap(stepMistakes);
  // What follows would only repeat that a step is broken.
  if (steps.length > 0) return [...duplicateSteps(draft), ...steps];
  return [
    ...duplicateSteps(draft),
    ...typeMistakes(draft),
    ...startAndStopMistakes(draft),
    ...catchMistakes(draft),
    ...flowMistakes(draft),
    ...reachMistakes(draft),
  ];
}

/** Every event type that a workflow mentions. */
export function allEventTypes(draft: WorkflowDraft): readonly AnyEventType[] {
  const mentioned = draft.steps.flatMap(({ accepts, options }) => [
    ...accepts,
    ...options.emits,
    ...(options.waits ?? []),
    ...(options.prompts ?? []),
  ]);
  return [...new Set([...mentioned, ...draft.additionalEvents])];
}

// --- one step

function stepMistakes(draft: StepDraft): readonly string[] {
  const { name, accepts, options, catches, run } = draft;
  const step = `Step ${quote(name)}`;
  const mistakes: string[] = [];
  const positive = (value: unknown): boolean => typeof value === "number" && value > 0;
  if (typeof name !== "string" || name.length === 0 || name.length > nameLengthMax) {
    mistakes.push(`${step}: expected its name to be a string of 1 to ${nameLengthMax} characters.`);
  }
  // A file that is run without being type-checked may leave out anything.
  if (typeof options !== "object" || options === null) {
    return [
      ...mistakes,
      `${step} has no options. Pass \`{ accepts, emits }\` before its function.`,
    ];
  }
  if (typeof run !== "function")
    mistakes.push(`${step} has no function. Pass one as the last argument.`);
  for (const list of ["accepts", "emits", "waits", "prompts"] as const) {
    const given: unknown = options[list];
    if (given === undefined && (list === "waits" || list === "prompts")) continue;
    const types: unknown = list === "accepts" ? accepts : given;
    if (Array.isArray(given) && Array.isArray(types) && types.every(isEventType)) continue;
    mistakes.push(
      `${step}: expected \`${list}\` to be a list of event types (what \`defineEvent\` returns).`,
    );
  }
  if (!catches && Array.isArray(options.accepts) && accepts.length === 0) {
    mistakes.push(
      `${step} accepts nothing, so it can never run. Put an event type in \`accepts\`.`,
    );
  }
  mistakes.push(...joinMistakes(draft));
  mistakes.push(
    ...[...unknownOptions(options, "step"), ...resourceMistakes(options.resources ?? {})].map(
      (mistake) => `${step}: ${mistake}`,
    ),
  );
  const { workers = 1, timeout = 1 } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    mistakes.push(
      `${step}: expected \`workers\` to be a whole number of at least 1, got ${quote(workers)}.`,
    );
  }
  if (!positive(timeout)) {
    mistakes.push(`${step}: expected \`timeout\` to be seconds above 0, got ${quote(timeout)}.`);
  }
  if (options.retry !== undefined) {
    const named = typeof options.retry === "object" ? (options.retry ?? {}) : {};
    const unknown = unknownOptions(named, "retry").map((mistake) => `in its \`retry\` ${mistake}`);
    const wrong = [...unknown, ...retryMistakes(options.retry)];
    mistakes.push(...wrong.map((mistake) => `${step}: ${mistake}`));
  }
  if (catches && (!Number.isInteger(catches.recoveries) || catches.recoveries < 1)) {
    mistakes.push(
      `${step}: expected \`recoveries\` to be a whole number of at least 1, got ${quote(catches.recoveries)}.`,
    );
  }
  return mistakes;
}

function joinMistakes({ name, join, options }: StepDraft): readonly string[] {
  const step = `Step ${quote(name)}`;
  if (!join) return [];
  if (options.accepts.length > 1) {
    return [
      `${step} accepts a join and something else. Let it accept the join alone, and put the rest into another step.`,
    ];
  }
  if (join.kind === "each") {
    return join.types.length < 2 || repeated(join.types.map((type) => type.type)).length > 0
      ? [`${step}: expected \`each\` to get two or more different event types.`]
      : [];
  }
  const isCount = join.take === null || (Number.isInteger(join.take) && join.take >= 1);
  return isCount
    ? []
    : [`${step}: expected \`take\` to be a whole number of at least 1, got ${quote(join.take)}.`];
}

function duplicateSteps(draft: WorkflowDraft): readonly string[] {
  return repeated(draft.steps.map((step) => step.name)).map(
    (name) => `Two steps are called ${quote(name)}. Rename one.`,
  );
}

// --- event types

function typeMistakes(draft: WorkflowDraft): readonly string[] {
  return repeated(allEventTypes(draft).map((type) => type.type)).map(
    (name) =>
      `Two different event types are called ${quote(name)}. Rename one: the name is how events are told apart.`,
  );
}

function startAndStopMistakes(draft: WorkflowDraft): readonly string[] {
  const starts = typesOf(draft, "accepts", "start");
  const stops = typesOf(draft, "emits", "stop");
  const mistakes: string[] = [];
  if (starts.length === 0) {
    mistakes.push(
      "No step accepts a start event. Put `StartEvent`, or a type that extends it, in the `accepts` of the first step.",
    );
  }
  if (starts.length > 1) {
    mistakes.push(
      `Steps accept several start events: ${list(starts)}. A run has one: keep one of them.`,
    );
  }
  if (stops.length === 0) {
    mistakes.push(
      "No step emits a stop event, so no run could end. Put `StopEvent`, or a type that extends it, in the `emits` of the last step.",
    );
  }
  if (stops.length > 1) {
    mistakes.push(
      `Steps emit several stop events: ${list(stops)}. A run has one: keep one of them.`,
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

// --- steps that catch

function catchMistakes(draft: WorkflowDraft): readonly string[] {
  const catchers = draft.steps.filter((step) => step.catches);
  const wildcards = catchers.filter((step) => step.catches?.steps === null);
  const claims = catchers.flatMap((step) => step.catches?.steps ?? []);
  const mistakes = repeated(claims).map(
    (name) => `Step ${quote(name)} is caught by two steps. Leave it to one of them.`,
  );
  if (wildcards.length > 1) {
    mistakes.push(
      `Several steps catch all failures: ${list(wildcards.map(({ name }) => name))}. Give \`steps\` to all but one.`,
    );
  }
  for (const { name, catches } of catchers) {
    for (const caught of catches?.steps ?? []) {
      const target = draft.steps.find((step) => step.name === caught);
      if (!target)
        mistakes.push(
          `Step ${quote(name)} catches ${quote(caught)}, which is no step.${hint(
            caught,
            draft.steps.map((step) => step.name),
          )}`,
        );
      else if (target.catches)
        mistakes.push(
          `Step ${quote(name)} catches ${quote(caught)}, which catches failures itself. That cannot be caught.`,
        );
    }
  }
  for (const { name, catches, accepts } of draft.steps) {
    if (!catches && accepts.some((type) => type.type === StepFailedEvent.type)) {
      mistakes.push(
        `Step ${quote(name)} accepts \`StepFailedEvent\`. Declare it with \`.catchError(name, options, fn)\`.`,
      );
    }
  }
  return mistakes;
}

// --- the flow of events

function flowMistakes(draft: WorkflowDraft): readonly string[] {
  const accepted = acceptedNames(draft);
  const emitted = namesOf(draft, "emits");
  const waited = namesOf(draft, "waits");
  const additional = new Set(draft.additionalEvents.map((type) => type.type));
  const mistakes: string[] = [];
  const all = allEventTypes(draft);
  const isEmitted = (name: string, withSubtypes = false): boolean =>
    emitted.has(name) ||
    (withSubtypes && all.some((type) => emitted.has(type.type) && type.parents.includes(name)));
  for (const { name, accepts, options } of draft.steps) {
    for (const type of accepts) {
      const isFromOutside = ["start", "stop", "human_response", "internal"].includes(type.family);
      if (isFromOutside || isEmitted(type.type, options.subtypes) || additional.has(type.type))
        continue;
      if (type.type === StepFailedEvent.type) continue;
      mistakes.push(
        `Step ${quote(name)} accepts ${quote(type.type)}, which no step emits. Put it in the \`emits\` of the step that makes it, extend \`HumanResponseEvent\` if it comes from outside, or list it in \`additionalEvents\`.${hint(type.type, [...emitted])}`,
      );
    }
    for (const type of options.emits) {
      const isForOutside = ["stop", "input_required"].includes(type.family);
      if (isForOutside || accepted.has(type.type) || waited.has(type.type)) continue;
      mistakes.push(
        `Step ${quote(name)} emits ${quote(type.type)}, which no step accepts. ${cureForUntaken(type, accepted)}${hint(type.type, [...accepted])}`,
      );
    }
  }
  return mistakes;
}

/** What some step takes, extensions included where it takes them. */
export function acceptedBy(
  { accepts, options }: StepDraft,
  all: readonly AnyEventType[],
): readonly AnyEventType[] {
  if (!options.subtypes) return accepts;
  const names = accepts.map((type) => type.type);
  return all.filter((type) => [type.type, ...type.parents].some((name) => names.includes(name)));
}

function acceptedNames(draft: WorkflowDraft): ReadonlySet<string> {
  const all = allEventTypes(draft);
  return new Set(draft.steps.flatMap((step) => acceptedBy(step, all)).map((type) => type.type));
}

function cureForUntaken(type: AnyEventType, accepted: ReadonlySet<string>): string {
  const parent = type.parents.find((name) => accepted.has(name));
  return parent === undefined
    ? "Put it in the `accepts` of the step that takes it; what is only shown on the stream does not belong in `emits`."
    : `A step accepts its parent ${quote(parent)}, but steps take exactly the types that they name: add ${quote(type.type)} to its \`accepts\`, or set \`subtypes: true\`.`;
}

function reachMistakes(draft: WorkflowDraft): readonly string[] {
  const all = allEventTypes(draft);
  const fromOutside = (type: AnyEventType): boolean =>
    type.family === "start" ||
    type.family === "human_response" ||
    draft.additionalEvents.includes(type);
  const reached = closure(
    draft.steps,
    (step, names) =>
      step.catches !== null ||
      acceptedBy(step, all).some((type) => fromOutside(type) || names.has(type.type)),
    (step) => step.options.emits,
  );
  const ending = closure(
    draft.steps,
    (step, names) =>
      step.options.emits.some(
        (type) => ["stop", "input_required"].includes(type.family) || names.has(type.type),
      ) || step.options.emits.length === 0,
    (step) => [...acceptedBy(step, all), ...(step.options.waits ?? [])],
  );
  return [
    ...draft.steps
      .filter((step) => !reached.has(step))
      .map(
        (step) =>
          `Step ${quote(step.name)} can never run: no way leads to it from the start event, or from outside.`,
      ),
    ...draft.steps
      .filter((step) => !ending.has(step))
      .map(
        (step) =>
          `Step ${quote(step.name)} leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.`,
      ),
  ];
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

// --- words

function typesOf(
  draft: WorkflowDraft,
  side: "accepts" | "emits",
  family: EventFamily,
): readonly string[] {
  const types = draft.steps.flatMap((step) =>
    side === "accepts" ? step.accepts : step.options.emits,
  );
  return [...new Set(types.filter((type) => type.family === family).map((type) => type.type))];
}

function namesOf(draft: WorkflowDraft, side: "emits" | "waits"): ReadonlySet<string> {
  return new Set(draft.steps.flatMap((step) => step.options[side] ?? []).map((type) => type.type));
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function list(names: readonly string[]): string {
  return names.map(quote).join(", ");
}

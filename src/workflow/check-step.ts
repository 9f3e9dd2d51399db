/** What is wrong with a step by itself, whatever the others are. */
import { describeValue } from "../base/describe.ts";
import { nameLengthMax } from "../base/limits.ts";
import {
  countMistakes,
  resourceMistakes,
  retryMistakes,
  timeoutMistakes,
  unknownOptions,
} from "./check-options.ts";
import type { StepDraft } from "./draft.ts";
import { isEventType } from "./event.ts";
import { quote, repeated } from "./words.ts";

export function stepMistakes(draft: StepDraft): readonly string[] {
  const { name, options, catches, run } = draft;
  const step = `Step ${quote(name)}`;
  const mistakes: string[] = [];
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
  if (typeof run !== "function") {
    mistakes.push(`${step} has no function. Pass one as the last argument.`);
  }
  const ofOptions = [
    ...unknownOptions(options, catches ? "catch" : "step"),
    ...resourceMistakes(options.resources ?? {}),
    ...countMistakes("workers", options.workers),
    ...timeoutMistakes(options.timeout),
    ...retryMistakes(options.retry),
    ...catchMistakes(catches?.steps ?? []),
    ...countMistakes("recoveries", catches?.recoveries),
  ];
  return [
    ...mistakes,
    ...typeListMistakes(draft),
    ...joinMistakes(draft),
    ...ofOptions.map((mistake) => `${step}: ${mistake}`),
  ];
}

// ---

function typeListMistakes({ name, accepts, options, catches }: StepDraft): readonly string[] {
  const step = `Step ${quote(name)}`;
  const { emits, waits = [], prompts = [] } = options;
  // A join stands in `options.accepts`, and its types in `accepts`.
  const lists = { accepts: Array.isArray(options.accepts) && accepts, emits, waits, prompts };
  const mistakes = Object.entries<unknown>(lists)
    .filter(([, types]) => !Array.isArray(types) || !types.every(isEventType))
    .map(
      ([list]) =>
        `${step}: expected \`${list}\` to be a list of event types (what \`defineEvent\` returns).`,
    );
  if (!catches && Array.isArray(options.accepts) && accepts.length === 0) {
    mistakes.push(
      `${step} accepts nothing, so it can never run. Put an event type in \`accepts\`.`,
    );
  }
  return mistakes;
}

function catchMistakes(steps: unknown): readonly string[] {
  if (Array.isArray(steps) && steps.every((name) => typeof name === "string")) return [];
  return [`expected \`steps\` to be a list of names of steps, got ${describeValue(steps)}.`];
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
  return countMistakes("take", join.take ?? undefined).map((mistake) => `${step}: ${mistake}`);
}

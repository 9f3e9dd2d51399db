/** From what an author wrote to a `Definition`: checked whole, then frozen. */
import * as v from "valibot";

import { must } from "../base/assert.ts";
import { toMilliseconds } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";
import { workersDefault } from "../base/limits.ts";
import { findMistakes } from "./check.ts";
import { countMistakes, timeoutMistakes, unknownOptions } from "./check-options.ts";
import type { Definition, StepDefinition } from "./definition.ts";
import { acceptedBy, allEventTypes, type StepDraft, typesOf, type WorkflowDraft } from "./draft.ts";
import type { AnyEventType } from "./event.ts";
import { retryPolicy } from "./retry.ts";
import { type Entries, entryMistakes, withPassedOver } from "./schema.ts";

/** Throws `definition_invalid` with every mistake that there is. */
export function define(name: string, draft: WorkflowDraft): Definition {
  const mistakes = [...findMistakes(draft), ...optionMistakes(draft)];
  if (mistakes.length > 0) {
    throw new WorkflowError(
      "definition_invalid",
      `Workflow \`${name}\` cannot run:\n${mistakes.map((mistake) => `  - ${mistake}`).join("\n")}`,
      { details: { workflow: name, mistakes } },
    );
  }
  const { options, steps } = draft;
  const types = allEventTypes(draft);
  const [startType] = typesOf(draft, "accepts", "start");
  const [stopType] = typesOf(draft, "emits", "stop");
  return Object.freeze({
    name,
    title: options.name ?? name,
    description: options.description ?? null,
    timeoutMs: options.timeout === undefined ? null : toMilliseconds(options.timeout),
    concurrency: options.concurrency ?? null,
    isVerbose: options.verbose ?? false,
    steps: new Map(steps.map((step) => [step.name, defineStep(step, types)])),
    routes: defineRoutes(steps, types),
    isOpen: steps.some((step) =>
      acceptedBy(step, types).some(
        (type) => type.family === "human_response" || draft.additionalEvents.includes(type),
      ),
    ),
    joins: steps.filter((step) => step.join).map((step) => step.name),
    catchers: defineCatchers(steps),
    eventTypes: new Map(types.map((type) => [type.type, type])),
    startType: must(startType, "It was checked that there is one."),
    stopType: must(stopType, "It was checked that there is one."),
    ...defineState(options.state ?? {}),
  });
}

// ---

function defineStep(step: StepDraft, types: readonly AnyEventType[]): StepDefinition {
  const { name, join, options, catches, run } = step;
  const { retry = null, timeout } = options;
  return Object.freeze({
    name,
    description: options.description ?? null,
    accepts: namesOf(acceptedBy(step, types)),
    join: join && {
      kind: join.kind,
      types: namesOf(join.types),
      take: join.kind === "collect" ? join.take : null,
    },
    emits: namesOf(options.emits),
    waits: namesOf(options.waits),
    prompts: namesOf(options.prompts),
    children: options.children ?? [],
    resources: options.resources ?? {},
    // Failures are caught one at a time, as the peer does.
    workers: catches ? 1 : (options.workers ?? workersDefault),
    retry: typeof retry === "object" && retry !== null ? retryPolicy(retry) : retry,
    timeoutMs: timeout === undefined ? null : toMilliseconds(timeout),
    recoveriesMax: catches?.recoveries ?? null,
    run,
  });
}

function namesOf(types: readonly AnyEventType[] = []): readonly string[] {
  return types.map((type) => type.type);
}

function defineRoutes(
  steps: readonly StepDraft[],
  types: readonly AnyEventType[],
): ReadonlyMap<string, readonly string[]> {
  const routes = new Map<string, string[]>();
  for (const step of steps) {
    if (step.catches) continue; // Failures are given to a step by the engine, never routed.
    for (const type of namesOf(acceptedBy(step, types))) {
      const takers = routes.get(type) ?? [];
      if (!takers.includes(step.name)) routes.set(type, [...takers, step.name]);
    }
  }
  return routes;
}

function defineCatchers(steps: readonly StepDraft[]): ReadonlyMap<string, string> {
  const catchers = new Map<string, string>();
  const wildcard = steps.find((step) => step.catches?.steps === null);
  for (const { name, catches } of steps) {
    if (wildcard && !catches) catchers.set(name, wildcard.name);
  }
  for (const { name, catches } of steps) {
    for (const caught of catches?.steps ?? []) catchers.set(caught, name);
  }
  return catchers;
}

function defineState(entries: Entries): Pick<Definition, "initialState" | "checkState"> {
  if (Object.keys(entries).length === 0) {
    // Nothing is declared, so whatever is in it is right.
    return { initialState: () => ({}), checkState: (state) => state as Record<string, unknown> };
  }
  const schema = v.looseObject(entries);
  return {
    initialState: () => v.parse(schema, {}),
    checkState: (state) => {
      const result = v.safeParse(schema, state);
      if (result.success) return withPassedOver(result.output, state);
      const problems = result.issues.map((issue) => `\`${v.getDotPath(issue)}\`: ${issue.message}`);
      throw new WorkflowError("state_invalid", `The state is not valid. ${problems.join("; ")}.`);
    },
  };
}

function optionMistakes({ options }: WorkflowDraft): readonly string[] {
  const { concurrency, state = {}, timeout } = options;
  const mistakes = [
    ...unknownOptions(options, "workflow"),
    ...timeoutMistakes(timeout),
    ...countMistakes("concurrency", concurrency),
  ].map((mistake) => `${mistake[0]?.toUpperCase()}${mistake.slice(1)}`);
  const wrong = entryMistakes(state);
  if (wrong.length > 0) return [...mistakes, ...wrong.map((mistake) => `State ${mistake}`)];
  const { issues = [] } = v.safeParse(v.looseObject(state), {});
  const withoutDefault = issues.map(
    (issue) =>
      `State field \`${v.getDotPath(issue)}\` has no default: use \`v.optional(schema, value)\`.`,
  );
  return [...mistakes, ...withoutDefault];
}

/** What is wrong with options that are no event types: words that nobody knows, and resources. */
import { describeValue } from "../base/describe.ts";
import type { StepOptions, WorkflowOptions } from "./draft.ts";
import type { Resource } from "./resource.ts";
import type { RetryOptions } from "./retry.ts";
import { hint, quote } from "./words.ts";

const ofStep: Readonly<Record<keyof StepOptions, true>> = {
  accepts: true,
  emits: true,
  waits: true,
  prompts: true,
  children: true,
  resources: true,
  subtypes: true,
  description: true,
  workers: true,
  retry: true,
  timeout: true,
};

const ofWorkflow: Readonly<Record<keyof WorkflowOptions, true>> = {
  name: true,
  description: true,
  timeout: true,
  concurrency: true,
  state: true,
  verbose: true,
};

const ofRetry: Readonly<Record<keyof RetryOptions, true>> = {
  attempts: true,
  backoff: true,
  delay: true,
  maxDelay: true,
  jitter: true,
  within: true,
  retryIf: true,
};

const known: Readonly<Record<"step" | "workflow" | "retry", readonly string[]>> = {
  step: Object.keys(ofStep),
  workflow: Object.keys(ofWorkflow),
  retry: Object.keys(ofRetry),
};

/** A word that is written wrong would be passed over, and what it asks for be missing. */
export function unknownOptions(
  given: object,
  of: keyof typeof known | readonly string[],
): readonly string[] {
  const names = typeof of === "string" ? known[of] : of;
  return Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `there is no option ${quote(name)}.${hint(name, names)}`);
}

export function resourceMistakes(resources: Readonly<Record<string, Resource>>): readonly string[] {
  if (typeof resources !== "object" || resources === null) {
    return [`expected \`resources\` to be an object, got ${describeValue(resources)}.`];
  }
  return Object.entries(resources).flatMap(([name, resource]) => mistakesOf(name, resource, []));
}

// ---

/** `around`: the resources that it is needed for, outermost first. */
function mistakesOf(
  name: string,
  resource: Resource,
  around: readonly Resource[],
): readonly string[] {
  if (typeof resource?.make !== "function") {
    return [
      `expected resource ${quote(name)} to be what \`defineResource\` returns, got ${describeValue(resource)}.`,
    ];
  }
  if (around.includes(resource)) {
    const ring = [...around.slice(around.indexOf(resource)), resource].map((it) => quote(it.name));
    return [
      `its resources need each other in a ring, ${ring.join(" → ")}. Take one out of the \`needs\` of another.`,
    ];
  }
  return Object.entries(resource.needs).flatMap(([need, needed]) =>
    mistakesOf(need, needed, [...around, resource]),
  );
}

/** What is wrong with options that are no event types. Those that are left out are right. */
import { describeValue } from "../base/describe.ts";
import type { CatchOptions, StepOptions, WorkflowOptions } from "./draft.ts";
import type { Resource } from "./resource.ts";
import type { RetryOptions, RetryPolicy } from "./retry.ts";
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

/** Of a step that catches. What such a step accepts goes without saying. */
const ofCatch: Readonly<Record<keyof CatchOptions | "accepts", true>> = {
  accepts: true,
  emits: true,
  steps: true,
  recoveries: true,
  description: true,
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

const known: Readonly<Record<"step" | "catch" | "workflow" | "retry", readonly string[]>> = {
  step: Object.keys(ofStep),
  catch: Object.keys(ofCatch),
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

export function countMistakes(name: string, count: unknown): readonly string[] {
  if (count === undefined || (Number.isInteger(count) && Number(count) >= 1)) return [];
  return [`expected \`${name}\` to be a whole number of at least 1, got ${quote(count)}.`];
}

export function timeoutMistakes(seconds: unknown): readonly string[] {
  if (seconds === undefined || (typeof seconds === "number" && seconds > 0)) return [];
  return [`expected \`timeout\` to be seconds above 0, got ${quote(seconds)}.`];
}

/** Found before a failure asks for the policy. */
export function retryMistakes(policy: RetryPolicy | undefined): readonly string[] {
  if (policy === undefined || typeof policy === "function") return [];
  if (typeof policy !== "object" || policy === null) {
    return [`expected \`retry\` to be options or a function, got ${quote(policy)}.`];
  }
  const { attempts, backoff = "fixed", retryIf } = policy;
  const mistakes = [
    ...unknownOptions(policy, "retry").map((mistake) => `in its \`retry\` ${mistake}`),
    ...countMistakes("retry.attempts", attempts),
  ];
  if (!["fixed", "linear", "exponential"].includes(backoff)) {
    mistakes.push(
      `expected \`retry.backoff\` to be \`fixed\`, \`linear\` or \`exponential\`, got ${quote(backoff)}.`,
    );
  }
  for (const name of ["delay", "maxDelay", "jitter", "within"] as const) {
    const seconds = policy[name];
    if (seconds === undefined || (typeof seconds === "number" && seconds >= 0)) continue;
    mistakes.push(`expected \`retry.${name}\` to be seconds of at least 0, got ${quote(seconds)}.`);
  }
  if (retryIf !== undefined && typeof retryIf !== "function") {
    mistakes.push(`expected \`retry.retryIf\` to be a function, got ${quote(retryIf)}.`);
  }
  return mistakes;
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

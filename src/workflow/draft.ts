/** What an author has written so far: the steps of a workflow, not yet checked. */
import type { AnyWorkflow, StepFunction } from "./definition.ts";
import type { AnyEventType, EventFamily } from "./event.ts";
import type { Acceptable, Join } from "./join.ts";
import type { Resource } from "./resource.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Entries } from "./schema.ts";

export interface WorkflowOptions<State extends Entries = Entries> {
  /** The title of its graph. Default: the name that it is registered under. */
  readonly name?: string;
  readonly description?: string;
  /** Seconds a run may take in all, waiting included. Default: no limit. */
  readonly timeout?: number;
  /** Runs at a time; further ones wait their turn. Default: no limit. */
  readonly concurrency?: number;
  /** The fields of `ctx.store`, each with a default. Default: any field, untyped. */
  readonly state?: State;
  /** Logs every tick in words. Default false. */
  readonly verbose?: boolean;
}

export interface StepOptions<
  Accepts extends readonly Acceptable[] = readonly Acceptable[],
  Emits extends readonly AnyEventType[] = readonly AnyEventType[],
  Resources extends Readonly<Record<string, Resource>> = Readonly<Record<string, Resource>>,
> {
  /** Event types that start it, each by itself; or one join, such as `collect(Done)`. */
  readonly accepts: Accepts;
  /** Event types that it may return or send. It may always return nothing. */
  readonly emits: Emits;
  /** Event types that it waits for with `ctx.waitForEvent`. */
  readonly waits?: readonly AnyEventType[];
  /** Event types that it shows as the prompts of its waits. */
  readonly prompts?: readonly AnyEventType[];
  /** Workflows that it runs with `ctx.runWorkflow`. */
  readonly children?: readonly AnyWorkflow[];
  /** Found in `ctx.resources`, made before the step starts. */
  readonly resources?: Resources;
  /** Whether it also takes types that extend those in `accepts`. Default false. */
  readonly subtypes?: boolean;
  readonly description?: string;
  /** Events that it works on at a time, per run. Default 4. */
  readonly workers?: number;
  /** What to do when it fails. Default: the run fails. */
  readonly retry?: RetryPolicy;
  /** Seconds that one attempt may take, the time of its waits apart. Default: no limit. */
  readonly timeout?: number;
}

export interface CatchOptions<Emits extends readonly AnyEventType[] = readonly AnyEventType[]> {
  readonly emits: Emits;
  /** The steps whose failures it takes. Default: all that no other step catches. */
  readonly steps?: readonly string[];
  /** How often it may do so along one line of events. Default 1. */
  readonly recoveries?: number;
  readonly description?: string;
}

export interface StepDraft {
  readonly name: string;
  /** As in its options, joins resolved to their types. */
  readonly accepts: readonly AnyEventType[];
  readonly join: Join | null;
  readonly options: StepOptions;
  /** For a step that catches failures. */
  readonly catches: {
    readonly steps: readonly string[] | null;
    readonly recoveries: number;
  } | null;
  readonly run: StepFunction;
}

export interface WorkflowDraft {
  readonly options: WorkflowOptions;
  readonly steps: readonly StepDraft[];
  /** Event types that come from outside, or are only written to the stream. */
  readonly additionalEvents: readonly AnyEventType[];
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

/** Those of a family that steps name. */
export function typesOf(
  { steps }: WorkflowDraft,
  side: "accepts" | "emits",
  family: EventFamily,
): readonly AnyEventType[] {
  const types = steps
    .flatMap((step) => (side === "accepts" ? step.accepts : step.options.emits))
    .filter((type) => type.family === family);
  return [...new Map(types.map((type) => [type.type, type])).values()];
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

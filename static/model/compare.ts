/** Two runs side by side: steps matched by name and by which time they ran. */
import type { Json } from "../../src/client/bodies.ts";
import { diffJson, type Difference } from "./diff.ts";
import type { JobTrace, Trace } from "./trace-parts.ts";

export interface Pair {
  readonly step: string;
  readonly nth: number;
  readonly a: JobTrace | undefined;
  readonly b: JobTrace | undefined;
  readonly aMs: number | null;
  readonly bMs: number | null;
  readonly input: readonly Difference[];
  readonly output: readonly Difference[];
}

export interface Comparison {
  readonly pairs: readonly Pair[];
  /** The first pair in which anything but time is different. */
  readonly first: number;
}

export function compareTraces(a: Trace, b: Trace): Comparison {
  const others = new Map(b.jobs.map((job) => [keyOf(job), job]));
  const pairs = a.jobs.map((job) => toPair(job, others.get(keyOf(job))));
  const known = new Set(a.jobs.map(keyOf));
  for (const job of b.jobs) if (!known.has(keyOf(job))) pairs.push(toPair(undefined, job));
  pairs.sort((left, right) => orderOf(left) - orderOf(right));
  return { pairs, first: pairs.findIndex(isDifferent) };
}

export function isDifferent({ a, b, input, output }: Pair): boolean {
  const isOneSided = a === undefined || b === undefined;
  return isOneSided || input.length > 0 || output.length > 0 || a.end?.value !== b.end?.value;
}

/** From its beginning to its end, without the time in the queue; null while it goes on. */
export function workMs(job: JobTrace): number | null {
  if (!job.end) return null;
  const worked = job.segments.filter(({ place }) => place !== "queue");
  return worked.reduce((sum, { fromAt, toAt }) => sum + ((toAt ?? fromAt) - fromAt), 0);
}

export function inputOf(job: JobTrace): Json {
  return job.events.map((event) => ({ type: event.type, data: event.data as Json }));
}

export function outputOf(job: JobTrace): Json {
  const last = job.attempts.at(-1);
  const events = (last?.outputs ?? []).map(({ value }) => ({
    type: value.type,
    data: value.data as Json, // Events of a run are JSON.
  }));
  const failure = last?.failure?.value;
  return failure ? { failure: `${failure.name}: ${failure.message}` } : events;
}

// ---

function toPair(a: JobTrace | undefined, b: JobTrace | undefined): Pair {
  const both = a !== undefined && b !== undefined;
  return {
    step: a?.step ?? b?.step ?? "",
    nth: a?.nth ?? b?.nth ?? 0,
    a,
    b,
    aMs: a ? workMs(a) : null,
    bMs: b ? workMs(b) : null,
    input: both ? diffJson(inputOf(a), inputOf(b)) : [],
    output: both ? diffJson(outputOf(a), outputOf(b)) : [],
  };
}

function keyOf(job: JobTrace): string {
  return `${job.nth} ${job.step}`;
}

function orderOf({ a, b }: Pair): number {
  return a?.fromTick ?? b?.fromTick ?? 0;
}

/** How a workflow's graph looks at a tick of a run: what each step does, and what has passed. */
import { segmentAt } from "./trace.ts";
import type { Failure, Trace } from "./trace-parts.ts";

export interface StepCounts {
  queued: number;
  running: number;
  waiting: number;
  delayed: number;
  succeeded: number;
  failed: number;
  dropped: number;
  /** Attempts that failed and were tried again. */
  retried: number;
  failure: Failure | null;
}

export type StepPhase =
  "none" | "queued" | "running" | "waiting" | "delayed" | "succeeded" | "failed" | "dropped";

export interface GraphState {
  readonly steps: ReadonlyMap<string, StepCounts>;
  /** How often events have gone along an edge: `source>target`. */
  readonly flows: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
}

export const emptyGraphState: GraphState = {
  steps: new Map(),
  flows: new Map(),
  events: new Map(),
};

export function toGraphState(trace: Trace, index: number): GraphState {
  const steps = new Map<string, StepCounts>();
  const flows = new Map<string, number>();
  const events = new Map<string, number>();
  const add = (map: Map<string, number>, key: string): void =>
    void map.set(key, (map.get(key) ?? 0) + 1);
  for (const job of trace.jobs) {
    if (job.fromTick > index) break; // Jobs stand in the order in which they came.
    const counts = steps.get(job.step) ?? noCounts();
    steps.set(job.step, counts);
    const segment = segmentAt(job, index);
    if (segment) counts[segment.place === "queue" ? "queued" : segment.place]++;
    else if (job.end) counts[job.end.value]++;
    for (const event of job.events) add(flows, `${event.type}>${job.step}`);
    for (const attempt of job.attempts) {
      for (const output of attempt.outputs) {
        if (output.tick > index) continue;
        add(flows, `${job.step}>${output.value.type}`);
        add(events, output.value.type);
      }
      const { failure } = attempt;
      if (!failure || failure.tick > index) continue;
      counts.failure = failure.value;
      if (attempt !== job.attempts.at(-1)) counts.retried++;
    }
  }
  for (const { tick, value } of trace.outside) if (tick <= index) add(events, value.type);
  return { steps, flows, events };
}

/** What a step is at, in a word: the most pressing of what it does, else how it ended. */
export function phaseOf(counts: StepCounts | undefined): StepPhase {
  if (!counts) return "none";
  const order = ["running", "waiting", "delayed", "queued", "failed", "dropped"] as const;
  return order.find((phase) => counts[phase] > 0) ?? "succeeded";
}

export function describeCounts(counts: StepCounts | undefined): string {
  if (!counts) return "not reached";
  const order = ["running", "waiting", "delayed", "queued", "succeeded", "failed"] as const;
  const parts = order.flatMap((phase) => (counts[phase] > 0 ? `${counts[phase]} ${phase}` : []));
  if (counts.dropped > 0) parts.push(`${counts.dropped} stopped`);
  if (counts.retried > 0) parts.push(`${counts.retried} retried`);
  return parts.join(", ");
}

// ---

function noCounts(): StepCounts {
  return {
    queued: 0,
    running: 0,
    waiting: 0,
    delayed: 0,
    succeeded: 0,
    failed: 0,
    dropped: 0,
    retried: 0,
    failure: null,
  };
}

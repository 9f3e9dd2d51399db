/** Two runs over one graph: which way each went, and where one of them took longer. */
import { workMs } from "./compare.ts";
import { toGraphState } from "./graph-state.ts";
import type { Trace } from "./trace-parts.ts";
import { formatCount, formatMs } from "./words.ts";

/** Of B against A. */
export type Verdict = "only-a" | "only-b" | "slower" | "faster" | "same" | "none";

export interface Side {
  readonly count: number;
  readonly failed: number;
  /** Of a job on average, without its time in the queue; null while none has ended. */
  readonly ms: number | null;
}

export interface StepDifference {
  readonly verdict: Verdict;
  readonly a: Side;
  readonly b: Side;
}

export interface Overlay {
  readonly steps: ReadonlyMap<string, StepDifference>;
  /** How often each event has passed, in A and in B. */
  readonly events: ReadonlyMap<string, { readonly a: number; readonly b: number }>;
  /** `source>target`: who has gone there. */
  readonly flows: ReadonlyMap<string, "only-a" | "only-b" | "both">;
}

/** Less is chance: so many milliseconds, and such a share of the longer time. */
const msMin = 5;
const shareMin = 0.15;

export function toOverlay(a: Trace, b: Trace): Overlay {
  const [left, right] = [a, b].map((trace) => ({
    state: toGraphState(trace, trace.ticks.length),
    sides: sidesOf(trace),
  }));
  if (!left || !right) return { steps: new Map(), events: new Map(), flows: new Map() };
  const steps = new Map(
    keysOf(left.sides, right.sides).map((step) => {
      const [ofA, ofB] = [left.sides.get(step) ?? nobody, right.sides.get(step) ?? nobody];
      return [step, { verdict: judge(ofA, ofB), a: ofA, b: ofB }];
    }),
  );
  const events = new Map(
    keysOf(left.state.events, right.state.events).map((type) => [
      type,
      { a: left.state.events.get(type) ?? 0, b: right.state.events.get(type) ?? 0 },
    ]),
  );
  const flows = new Map(
    keysOf(left.state.flows, right.state.flows).map((way) => {
      const [inA, inB] = [left.state.flows.has(way), right.state.flows.has(way)];
      return [way, inA && inB ? "both" : inA ? "only-a" : "only-b"] as const;
    }),
  );
  return { steps, events, flows };
}

/** On one line, in the node: `▲ 22 ms → 66 ms`. */
export function differenceLine(difference: StepDifference | undefined): string {
  if (!difference) return "in neither";
  const { verdict, a, b } = difference;
  const times = `${timeOf(a)} → ${timeOf(b)}`;
  switch (verdict) {
    case "only-a":
      return `only in A · ${timeOf(a)}`;
    case "only-b":
      return `only in B · ${timeOf(b)}`;
    case "slower":
      return `▲ ${times}`;
    case "faster":
      return `▼ ${times}`;
    default:
      return `= ${timeOf(b)}`;
  }
}

/** In words, for who cannot see it. */
export function describeDifference(difference: StepDifference | undefined): string {
  if (!difference) return "reached in neither run";
  const { verdict, a, b } = difference;
  if (verdict === "only-a") return `only in A, ${formatCount(a.count, "time")}`;
  if (verdict === "only-b") return `only in B, ${formatCount(b.count, "time")}`;
  const words = { slower: "slower in B", faster: "faster in B", same: "about as fast", none: "" };
  const times = `${timeOf(a)} in A, ${timeOf(b)} in B`;
  return [words[verdict], times, notesOf(difference)].filter(Boolean).join(", ");
}

/** What else is different: how often, and how it ended. */
export function notesOf(difference: StepDifference | undefined): string {
  if (!difference) return "";
  const { a, b } = difference;
  const parts: string[] = [];
  if (a.count > 0 && b.count > 0 && a.count !== b.count) parts.push(`×${a.count} → ×${b.count}`);
  if (a.failed > 0 && b.failed === 0) parts.push("fails in A");
  if (b.failed > 0 && a.failed === 0) parts.push("fails in B");
  return parts.join(" · ");
}

// ---

const nobody: Side = { count: 0, failed: 0, ms: null };

function sidesOf(trace: Trace): ReadonlyMap<string, Side> {
  const sides = new Map<string, Side & { readonly ended: number }>();
  for (const job of trace.jobs) {
    const { count, failed, ms, ended } = sides.get(job.step) ?? { ...nobody, ended: 0 };
    const own = workMs(job);
    sides.set(job.step, {
      count: count + 1,
      failed: failed + (job.end?.value === "failed" ? 1 : 0),
      ended: ended + (own === null ? 0 : 1),
      ms: own === null ? ms : ((ms ?? 0) * ended + own) / (ended + 1),
    });
  }
  return sides;
}

function judge(a: Side, b: Side): Verdict {
  if (b.count === 0) return "only-a";
  if (a.count === 0) return "only-b";
  const [before, after] = [a.ms ?? 0, b.ms ?? 0];
  const delta = after - before;
  const least = Math.max(msMin, shareMin * Math.max(before, after));
  if (a.ms === null || b.ms === null || Math.abs(delta) < least) return "same";
  return delta > 0 ? "slower" : "faster";
}

function timeOf({ ms }: Side): string {
  return ms === null ? "…" : formatMs(ms);
}

function keysOf(
  a: ReadonlyMap<string, unknown>,
  b: ReadonlyMap<string, unknown>,
): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])];
}

/**
 * Time as places on a line. Stretches in which nothing happens take no room but a mark, so that a
 * run that waited a night for a human is as legible as one that did not.
 */
import type { JobTrace, Trace } from "./trace-parts.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Stretch extends Span {
  /** Places from 0 to 1. */
  readonly start: number;
  readonly end: number;
  readonly isGap: boolean;
}

export interface TimeScale {
  readonly span: Span;
  readonly stretches: readonly Stretch[];
  /** The place of a time, 0 to 1. */
  readonly place: (at: number) => number;
  /** The time at a place. */
  readonly time: (place: number) => number;
}

/** A gap is collapsed if it is longer than this share of the whole, and than this. */
const gapShareMin = 0.12;
const gapMsMin = 500;
const gapWidth = 0.03;

export function createTimeScale(span: Span, busy: readonly Span[]): TimeScale {
  const whole = Math.max(span.to - span.from, 1);
  const pieces = cutAtGaps(span, busy, Math.max(whole * gapShareMin, gapMsMin));
  const gaps = pieces.filter(({ isGap }) => isGap).length;
  const busyMs = pieces.reduce((sum, { from, to, isGap }) => sum + (isGap ? 0 : to - from), 0);
  const room = 1 - gaps * gapWidth;
  let start = 0;
  const stretches = pieces.map(({ from, to, isGap }) => {
    const share =
      busyMs > 0 ? ((to - from) / busyMs) * room : room / Math.max(pieces.length - gaps, 1);
    const end = start + (isGap ? gapWidth : share);
    const stretch = { from, to, isGap, start, end };
    start = end;
    return stretch;
  });
  const place = (at: number): number => {
    const inside = stretches.find(({ to }) => at <= to) ?? stretches.at(-1);
    if (!inside) return 0;
    const share = inside.to > inside.from ? (at - inside.from) / (inside.to - inside.from) : 0;
    return inside.start + Math.min(Math.max(share, 0), 1) * (inside.end - inside.start);
  };
  const time = (at: number): number => {
    const inside = stretches.find(({ end }) => at <= end) ?? stretches.at(-1);
    if (!inside) return span.from;
    const width = inside.end - inside.start;
    const share = width > 0 ? (at - inside.start) / width : 0;
    return inside.from + Math.min(Math.max(share, 0), 1) * (inside.to - inside.from);
  };
  return { span, stretches, place, time };
}

/** Times at which work was queued, done or due: all but waiting. */
export function busySpans(jobs: readonly JobTrace[], now: number): readonly Span[] {
  return jobs.flatMap(({ segments }) =>
    segments
      .filter(({ place }) => place === "running" || place === "queue")
      .map(({ fromAt, toAt }) => ({ from: fromAt, to: toAt ?? now })),
  );
}

export function spanOf(trace: Trace, now: number): Span {
  const from = trace.ticks[0]?.at ?? now;
  const last = trace.ticks.at(-1)?.at ?? now;
  const to = trace.state.status === "running" ? Math.max(now, last) : last;
  return { from, to: Math.max(to, from + 1) };
}

/** Round times within a span, about so many. */
export function ticksOf({ from, to }: Span, count: number): readonly number[] {
  const rough = (to - from) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power;
  const ticks: number[] = [];
  for (let at = 0; at <= to - from && ticks.length < 50; at += step) ticks.push(from + at);
  return ticks;
}

// ---

function cutAtGaps(
  span: Span,
  busy: readonly Span[],
  gapMin: number,
): readonly (Span & { readonly isGap: boolean })[] {
  const pieces: (Span & { isGap: boolean })[] = [];
  let from = span.from;
  let reached = span.from;
  for (const next of busy.toSorted((a, b) => a.from - b.from)) {
    if (next.to <= span.from || next.from >= span.to) continue;
    if (next.from - reached > gapMin) {
      if (reached > from) pieces.push({ from, to: reached, isGap: false });
      pieces.push({ from: reached, to: next.from, isGap: true });
      from = next.from;
    }
    reached = Math.max(reached, Math.min(next.to, span.to));
  }
  if (span.to - reached > gapMin && reached > from) {
    pieces.push({ from, to: reached, isGap: false }, { from: reached, to: span.to, isGap: true });
  } else pieces.push({ from, to: span.to, isGap: false });
  return pieces;
}

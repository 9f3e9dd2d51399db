/** What many measured values come to. Quantiles are values that were measured, never in between. */

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function summarize(values: Iterable<number>): Summary {
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}

export function median(values: Iterable<number>): number {
  return summarize(values).p50;
}

/** The round whose `of` is the median: its figures belong together, which medians of each do not. */
export function medianBy<T>(rounds: readonly T[], of: (round: T) => number): T {
  const sorted = rounds.toSorted((a, b) => of(a) - of(b));
  const middle = sorted[Math.ceil(sorted.length / 2) - 1];
  if (middle === undefined) throw new Error("A median needs at least one round.");
  return middle;
}

// ---

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? NaN;
}

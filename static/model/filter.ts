/**
 * Filters as one types them: words that all must occur, `-word` for what must not, `/pattern/`,
 * `step:name` or `type:name` for a field, and `from:2s` or `to:1m30s` for the time since the start.
 */
export interface Searchable {
  readonly type: string;
  /** The step that an event is about; undefined where it is about none. */
  readonly step: string | undefined;
  /** Since the first event, in milliseconds; undefined: nobody knows. */
  readonly ms: number | undefined;
  /** Everything in it, in lower case. Made when first asked for. */
  readonly text: () => string;
}

export type Predicate = (item: Searchable) => boolean;

export interface Filter {
  readonly test: Predicate;
  /** What of the text makes no sense, in words. */
  readonly problem: string | null;
}

export function parseFilter(query: string): Filter {
  const tests: Predicate[] = [];
  let problem: string | null = null;
  for (const word of query.match(/-?\/(?:\\.|[^/\\])+\/|\S+/g) ?? []) {
    const isNegative = word.startsWith("-") && word.length > 1;
    const test = toTest(isNegative ? word.slice(1) : word);
    if (typeof test === "string") problem = test;
    else tests.push(isNegative ? (item) => !test(item) : test);
  }
  return { test: (item) => tests.every((test) => test(item)), problem };
}

/** The times of a filter as they were typed; empty: none. */
export interface Times {
  readonly from: string;
  readonly to: string;
}

export function timesOf(query: string): Times {
  const textOf = (field: string): string =>
    new RegExp(`(?:^|\\s)${field}:(\\S*)`).exec(query)?.[1] ?? "";
  return { from: textOf("from"), to: textOf("to") };
}

/** The same filter with other times. */
export function withTimes(query: string, { from, to }: Times): string {
  const rest = query.replace(/(^|\s)(?:from|to):\S*/g, "").trim();
  const words = [from && `from:${from.replaceAll(" ", "")}`, to && `to:${to.replaceAll(" ", "")}`];
  return [...words, rest].filter(Boolean).join(" ");
}

/** `1m30s`, `200ms`, `2` (seconds) in milliseconds; undefined: it is no time. */
export function parseMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h)?)+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)) {
    sum += Number(count) * (msOf[unit] ?? 1_000);
  }
  return sum;
}

/** A list of those that pass, kept up as more are added at the end. */
export interface Filtered {
  readonly indexes: number[];
  seen: number;
}

export function extendFiltered<T>(
  filtered: Filtered,
  all: readonly T[],
  test: (item: T) => boolean,
): void {
  for (; filtered.seen < all.length; filtered.seen++) {
    const item = all[filtered.seen];
    if (item !== undefined && test(item)) filtered.indexes.push(filtered.seen);
  }
}

// ---

const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function toTest(word: string): Predicate | string {
  if (word.startsWith("/") && word.endsWith("/") && word.length > 2) {
    try {
      const pattern = new RegExp(word.slice(1, -1), "i");
      return ({ type, text }) => pattern.test(type) || pattern.test(text());
    } catch {
      return `${word} is not a pattern.`;
    }
  }
  const [, field, name = ""] = /^(step|type):(.+)$/.exec(word) ?? [];
  const wanted = name.toLowerCase();
  if (field === "step") return ({ step }) => (step ?? "").toLowerCase() === wanted;
  if (field === "type") return ({ type }) => type.toLowerCase() === wanted;
  const [, side, time = ""] = /^(from|to):(.*)$/.exec(word) ?? [];
  if (side !== undefined) {
    const limit = parseMs(time);
    if (limit === undefined) return `${word} has no time: write 2s, 200ms or 1m30s.`;
    if (side === "from") return ({ ms }) => ms === undefined || ms >= limit;
    return ({ ms }) => ms === undefined || ms <= limit;
  }
  const lower = word.toLowerCase();
  return ({ type, text }) => type.toLowerCase().includes(lower) || text().includes(lower);
}

/**
 * Filters as one types them: words that all must occur, `-word` for what must not, `/pattern/`, and
 * `step:name` or `type:name` for a field.
 */
export interface Searchable {
  readonly type: string;
  /** The step that an event is about; undefined where it is about none. */
  readonly step: string | undefined;
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
  const lower = word.toLowerCase();
  return ({ type, text }) => type.toLowerCase().includes(lower) || text().includes(lower);
}

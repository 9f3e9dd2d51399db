/**
 * Rows: the order in each column that crosses few links, by sweeps of medians and swaps of
 * neighbours; the best order that was met is kept.
 */
import type { Link } from "./layout-rank.ts";

export type Columns = readonly (readonly string[])[];

const sweeps = 12;
/** Counting crossings costs more than it brings in graphs that nobody can read anyhow. */
const swapLinksMax = 600;

export function orderColumns(columns: Columns, links: readonly Link[]): Columns {
  const before = neighbours(links, "target", "source");
  const after = neighbours(links, "source", "target");
  let current = columns;
  let best = columns;
  let fewest = countCrossings(columns, after);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    current = sweepOnce(current, sweep % 2 === 0 ? before : after, sweep % 2 === 0);
    if (links.length <= swapLinksMax) current = swapNeighbours(current, before, after);
    const crossings = countCrossings(current, after);
    if (crossings < fewest) {
      fewest = crossings;
      best = current;
    }
  }
  return best;
}

export function countCrossings(columns: Columns, after: Neighbours): number {
  let count = 0;
  for (const [index, column] of columns.entries()) {
    const places = placesOf(columns[index + 1] ?? []);
    const ends = column.map((id) => (after.get(id) ?? []).map((next) => places.get(next) ?? -1));
    const flat: number[] = [];
    for (const targets of ends) {
      for (const target of targets) count += flat.filter((other) => other > target).length;
      flat.push(...targets);
    }
  }
  return count;
}

export type Neighbours = ReadonlyMap<string, readonly string[]>;

export function neighbours(
  links: readonly Link[],
  of: "source" | "target",
  other: "source" | "target",
): Neighbours {
  const map = new Map<string, string[]>();
  for (const link of links) map.set(link[of], [...(map.get(link[of]) ?? []), link[other]]);
  return map;
}

// ---

function sweepOnce(columns: Columns, near: Neighbours, isForward: boolean): Columns {
  const sorted = columns.map((column) => column);
  const indexes = [...sorted.keys()];
  for (const index of isForward ? indexes : indexes.toReversed()) {
    const fixed = placesOf(sorted[isForward ? index - 1 : index + 1] ?? []);
    const column = sorted[index] ?? [];
    const keys = new Map(
      column.map((id, place) => {
        const places = (near.get(id) ?? []).flatMap((other) => fixed.get(other) ?? []);
        return [id, places.length > 0 ? median(places) : place];
      }),
    );
    sorted[index] = column.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
  }
  return sorted;
}

function swapNeighbours(columns: Columns, before: Neighbours, after: Neighbours): Columns {
  const result = columns.map((column) => [...column]);
  for (const [index, column] of result.entries()) {
    const left = placesOf(result[index - 1] ?? []);
    const right = placesOf(result[index + 1] ?? []);
    for (let place = 0; place + 1 < column.length; place++) {
      const [a, b] = [column[place] ?? "", column[place + 1] ?? ""];
      const cost = (first: string, second: string): number =>
        crossed(first, second, before, left) + crossed(first, second, after, right);
      if (cost(b, a) < cost(a, b)) column.splice(place, 2, b, a);
    }
  }
  return result;
}

function crossed(
  first: string,
  second: string,
  near: Neighbours,
  places: ReadonlyMap<string, number>,
): number {
  let count = 0;
  for (const a of near.get(first) ?? []) {
    for (const b of near.get(second) ?? []) {
      if ((places.get(a) ?? 0) > (places.get(b) ?? 0)) count++;
    }
  }
  return count;
}

function placesOf(column: readonly string[]): ReadonlyMap<string, number> {
  return new Map(column.map((id, place) => [id, place]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/**
 * Rows: the order in each column that crosses few links, by sweeps of medians and swaps of
 * neighbours; the best order that was met is kept. Nodes are numbers in here, and places are kept
 * in an array: with maps of names a graph of 200 steps and 600 links took a second.
 */
import type { Link } from "./layout-rank.ts";

export type Columns = readonly (readonly string[])[];

/** Of long links there may be many thousand pieces: then fewer have to do. */
const sweepsOf = (links: readonly Link[]): number => (links.length > 4_000 ? 4 : 12);
/** Swaps cost more than they bring in graphs that nobody can read anyhow. */
const swapLinksMax = 2_500;

export function orderColumns(columns: Columns, links: readonly Link[]): Columns {
  const graph = toGraph(columns, links);
  let current = graph.columns;
  let best = current;
  let fewest = crossingsOf(graph, current);
  const sweeps = sweepsOf(links);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    current = sweepOnce(graph, current, sweep % 2 === 0);
    if (links.length <= swapLinksMax) current = swapNeighbours(graph, current);
    const crossings = crossingsOf(graph, current);
    if (crossings < fewest) {
      fewest = crossings;
      best = current;
    }
  }
  return best.map((column) => column.map((node) => graph.ids[node] ?? ""));
}

/** Between each column and the next; links that span more are none of these. */
export function countCrossings(columns: Columns, links: readonly Link[]): number {
  const graph = toGraph(columns, links);
  return crossingsOf(graph, graph.columns);
}

// ---

type Order = readonly (readonly number[])[];

interface Graph {
  readonly ids: readonly string[];
  readonly columns: Order;
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** Of each node: its place in its column, as last noted. */
  readonly places: Int32Array;
}

function toGraph(columns: Columns, links: readonly Link[]): Graph {
  const ids = columns.flat();
  const numbers = new Map(ids.map((id, index) => [id, index]));
  const before = ids.map((): number[] => []);
  const after = ids.map((): number[] => []);
  for (const { source, target } of links) {
    const [from, to] = [numbers.get(source), numbers.get(target)];
    if (from === undefined || to === undefined) continue;
    after[from]?.push(to);
    before[to]?.push(from);
  }
  const numbered = columns.map((column) => column.map((id) => numbers.get(id) ?? 0));
  return { ids, columns: numbered, before, after, places: new Int32Array(ids.length) };
}

function note({ places }: Graph, column: readonly number[] = []): void {
  for (const [place, node] of column.entries()) places[node] = place;
}

/** Places of neighbours, in their order, as an array of its own. */
function placesOf({ places }: Graph, nodes: readonly number[] = []): number[] {
  const found = nodes.map((node) => places[node] ?? 0);
  return found.length > 1 ? found.sort((a, b) => a - b) : found;
}

/** Each pair of links that ends in the other order than it begins; counted by a Fenwick tree. */
function crossingsOf(graph: Graph, order: Order): number {
  let count = 0;
  for (const [index, column] of order.entries()) {
    const next = order[index + 1];
    if (!next) break;
    note(graph, next);
    const tree = new Int32Array(next.length + 1);
    let seen = 0;
    for (const node of column) {
      const targets = placesOf(graph, graph.after[node]);
      for (const target of targets) {
        let notAbove = 0;
        for (let at = target + 1; at > 0; at -= at & -at) notAbove += tree[at] ?? 0;
        count += seen - notAbove;
      }
      for (const target of targets) {
        for (let at = target + 1; at < tree.length; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
        seen++;
      }
    }
  }
  return count;
}

function sweepOnce(graph: Graph, order: Order, isForward: boolean): Order {
  const sorted = [...order];
  const near = isForward ? graph.before : graph.after;
  const step = isForward ? 1 : -1;
  for (let index = isForward ? 0 : order.length - 1; sorted[index]; index += step) {
    const column = sorted[index] ?? [];
    note(graph, sorted[index - step]);
    const keys = new Map(
      column.map((node, place) => {
        const places = index === (isForward ? 0 : order.length - 1) ? [] : near[node];
        return [node, places && places.length > 0 ? median(placesOf(graph, places)) : place];
      }),
    );
    sorted[index] = column.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
  }
  return sorted;
}

function swapNeighbours(graph: Graph, order: Order): Order {
  for (const column of order) note(graph, column);
  return order.map((column) => {
    const swapped = [...column];
    for (let place = 0; place + 1 < swapped.length; place++) {
      const [a = 0, b = 0] = [swapped[place], swapped[place + 1]];
      let gain = 0;
      for (const near of [graph.before, graph.after]) {
        const [ofA, ofB] = [placesOf(graph, near[a]), placesOf(graph, near[b])];
        gain += crossed(ofA, ofB) - crossed(ofB, ofA);
      }
      if (gain <= 0) continue;
      swapped[place] = b;
      swapped[place + 1] = a;
    }
    note(graph, swapped);
    return swapped;
  });
}

/** How many of the first, which stand above, end below how many of the second. Both are sorted. */
function crossed(first: readonly number[], second: readonly number[]): number {
  let count = 0;
  let below = 0;
  for (const place of first) {
    while (below < second.length && (second[below] ?? 0) < place) below++;
    count += below;
  }
  return count;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

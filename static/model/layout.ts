/**
 * Places for the nodes of a graph and ways for its edges, from left to right: columns, rows,
 * coordinates, curves. What is only used (resources, child workflows) stands below its first user.
 */
import { type Columns, neighbours, orderColumns } from "./layout-order.ts";
import { type Link, rankNodes } from "./layout-rank.ts";

export interface LayoutNode {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Below the others, whatever it is linked to. */
  readonly isAside: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Centres of nodes. */
  readonly places: ReadonlyMap<string, Point>;
  /** Of every link: the points that it passes on its way between columns. */
  readonly ways: readonly (readonly Point[])[];
  readonly back: ReadonlySet<number>;
}

const columnGap = 56;
const rowGap = 22;
const asideGap = 48;

export function layOut(nodes: readonly LayoutNode[], links: readonly Link[]): Layout {
  const main = nodes.filter(({ isAside }) => !isAside);
  const ids = new Set(main.map(({ id }) => id));
  const { ranks, back } = rankNodes(
    [...ids],
    links.map((link) => (ids.has(link.source) && ids.has(link.target) ? link : outside)),
  );
  const { short, chains } = cutLinks(links, ids, ranks);
  const sizes = new Map<string, LayoutNode>(main.map((node) => [node.id, node]));
  for (const id of new Set(chains.flat())) {
    sizes.set(id, { id, width: 0, height: 6, isAside: false });
  }
  const columns = orderColumns(toColumns(main, chains, ranks), short);
  const places = new Map<string, Point>();
  const xs = columnCentres(columns, sizes);
  const ys = rowCentres(columns, sizes, short);
  for (const [index, column] of columns.entries()) {
    for (const id of column) places.set(id, { x: xs[index] ?? 0, y: ys.get(id) ?? 0 });
  }
  placeAside(nodes, links, places);
  const ways = chains.map((chain) => chain.flatMap((id) => places.get(id) ?? []));
  for (const id of new Set(chains.flat())) places.delete(id);
  return { places, ways, back };
}

// ---

/** A link that is none, so that the indexes of the others stay. */
const outside: Link = { source: "\0", target: "\0" };

/** Long links become chains of short ones, over a bend in each column that they pass. */
function cutLinks(
  links: readonly Link[],
  ids: ReadonlySet<string>,
  ranks: ReadonlyMap<string, number>,
): { readonly short: readonly Link[]; readonly chains: readonly (readonly string[])[] } {
  const short: Link[] = [];
  const chains = links.map(({ source, target }, index) => {
    if (!ids.has(source) || !ids.has(target) || source === target) return [];
    const [from, to] = [ranks.get(source) ?? 0, ranks.get(target) ?? 0];
    const isBack = from > to;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const chain = Array.from({ length: Math.max(high - low - 1, 0) }, (_, step) => {
      return `\0${index}:${low + 1 + step}`;
    });
    const path = isBack ? [target, ...chain, source] : [source, ...chain, target];
    for (const [at, id] of path.entries()) {
      const next = path[at + 1];
      if (next !== undefined) short.push({ source: id, target: next });
    }
    return isBack ? chain.toReversed() : chain;
  });
  return { short, chains };
}

function toColumns(
  main: readonly LayoutNode[],
  chains: readonly (readonly string[])[],
  ranks: ReadonlyMap<string, number>,
): Columns {
  const columns: string[][] = [];
  const put = (id: string, rank: number): void => void (columns[rank] ??= []).push(id);
  for (const { id } of main) put(id, ranks.get(id) ?? 0);
  for (const id of chains.flat()) put(id, Number(id.split(":")[1]));
  return Array.from(columns, (column) => column ?? []);
}

function columnCentres(
  columns: Columns,
  sizes: ReadonlyMap<string, LayoutNode>,
): readonly number[] {
  let x = 0;
  return columns.map((column) => {
    const width = Math.max(...column.map((id) => sizes.get(id)?.width ?? 0), 0);
    const centre = x + width / 2;
    x += width + columnGap;
    return centre;
  });
}

/** Each node as near to the middle of its neighbours as the order of its column lets it. */
function rowCentres(
  columns: Columns,
  sizes: ReadonlyMap<string, LayoutNode>,
  links: readonly Link[],
): ReadonlyMap<string, number> {
  const heightOf = (id: string): number => sizes.get(id)?.height ?? 0;
  const before = neighbours(links, "target", "source");
  const after = neighbours(links, "source", "target");
  const ys = new Map<string, number>();
  for (const column of columns) {
    let y = 0;
    for (const id of column) {
      ys.set(id, y + heightOf(id) / 2);
      y += heightOf(id) + rowGap;
    }
    for (const id of column) ys.set(id, (ys.get(id) ?? 0) - (y - rowGap) / 2);
  }
  for (let round = 0; round < 10; round++) {
    const order = round % 2 === 0 ? columns : columns.toReversed();
    for (const column of order) {
      const wanted = column.map((id) => {
        const near = [...(before.get(id) ?? []), ...(after.get(id) ?? [])];
        const sum = near.reduce((total, other) => total + (ys.get(other) ?? 0), 0);
        return near.length > 0 ? sum / near.length : (ys.get(id) ?? 0);
      });
      const settled = settle(wanted, column.map(heightOf));
      for (const [index, id] of column.entries()) ys.set(id, settled[index] ?? 0);
    }
  }
  return ys;
}

/** Wished centres, moved apart as little as it takes: blocks that touch are moved as one. */
export function settle(wanted: readonly number[], heights: readonly number[]): readonly number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const [index, height] of heights.entries()) {
    if (index > 0) offset += (heights[index - 1] ?? 0) / 2 + rowGap + height / 2;
    offsets.push(offset);
  }
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, want] of wanted.entries()) {
    let block = { sum: want - (offsets[index] ?? 0), count: 1 };
    for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
      if (last.sum / last.count <= block.sum / block.count) break;
      block = { sum: block.sum + last.sum, count: block.count + last.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  const bases = blocks.flatMap(({ sum, count }) =>
    Array.from({ length: count }, () => sum / count),
  );
  return offsets.map((value, index) => value + (bases[index] ?? 0));
}

function placeAside(
  nodes: readonly LayoutNode[],
  links: readonly Link[],
  places: Map<string, Point>,
): void {
  const aside = nodes.filter(({ isAside }) => isAside);
  if (aside.length === 0) return;
  const sizes = new Map(nodes.map((node) => [node.id, node]));
  const bottoms = [...places].map(([id, { y }]) => y + (sizes.get(id)?.height ?? 0) / 2);
  const y = Math.max(...bottoms, 0) + asideGap;
  let free = -Infinity;
  const wished = aside.map((node) => {
    const user = links.find(({ target }) => target === node.id)?.source ?? "";
    return { node, x: places.get(user)?.x ?? 0 };
  });
  for (const { node, x } of wished.toSorted((a, b) => a.x - b.x)) {
    const centre = Math.max(x, free + node.width / 2);
    places.set(node.id, { x: centre, y: y + node.height / 2 });
    free = centre + node.width / 2 + rowGap;
  }
}

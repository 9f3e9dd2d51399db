/**
 * Places for the nodes of a graph and ways for its edges: columns, rows, coordinates. It is thought
 * from left to right; a graph from top to bottom is the same with its axes swapped. What is only
 * used (resources, child workflows) stands below its first user.
 */
import { type Columns, orderColumns } from "./layout-order.ts";
import { type Link, rankNodes } from "./layout-rank.ts";
import { rowCentres, rowGap } from "./layout-rows.ts";
import {
  type Band,
  type BandPlace,
  laneGap,
  splitBands,
  turnPoints,
  type WayPoint,
} from "./layout-wrap.ts";

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
  readonly ways: readonly (readonly WayPoint[])[];
  readonly back: ReadonlySet<number>;
}

export interface LayoutOptions {
  /** From top to bottom. Places are in the window's coordinates all the same; so are ways. */
  readonly isDown?: boolean;
  /** A graph that is longer than this is wrapped, unless it is too high for that. */
  readonly lengthMax?: number;
  readonly heightMax?: number;
}

const columnGap = 56;
const columnGapDown = 36;
const asideGap = 48;
const bandGap = 52;

export function layOut(
  nodes: readonly LayoutNode[],
  links: readonly Link[],
  options: LayoutOptions = {},
): Layout {
  if (!options.isDown) return layOutRight(nodes, links, options);
  const turned = nodes.map((node) => ({ ...node, width: node.height, height: node.width }));
  const { places, ways, back } = layOutRight(turned, links, options);
  return {
    places: new Map([...places].map(([id, { x, y }]) => [id, { x: y, y: x }])),
    ways: ways.map((way) => way.map((point) => ({ ...point, x: point.y, y: point.x }))),
    back,
  };
}

// ---

function layOutRight(
  nodes: readonly LayoutNode[],
  links: readonly Link[],
  { isDown = false, lengthMax = Infinity, heightMax = 0 }: LayoutOptions,
): Layout {
  const main = nodes.filter(({ isAside }) => !isAside);
  const ids = new Set(main.map(({ id }) => id));
  const { ranks, back } = rankNodes(
    [...ids],
    links.map((link) => (ids.has(link.source) && ids.has(link.target) ? link : outside)),
  );
  const { short, chains } = cutLinks(links, ids, ranks);
  const sizes = new Map(main.map(({ id, width, height }) => [id, { width, height }]));
  for (const id of chains.flat()) sizes.set(id, { width: 0, height: 6 });
  const columns = orderColumns(toColumns(main, chains, ranks), short);
  const gap = isDown ? columnGapDown : columnGap;
  const widths = columns.map((column) =>
    Math.max(...column.map((id) => sizes.get(id)?.width ?? 0), 0),
  );
  const ys = rowCentres(columns, (id) => sizes.get(id)?.height ?? 0, short);
  const isFlat = heightOf(columns, sizes, ys) <= heightMax;
  const bands = splitBands(widths, gap, isFlat ? lengthMax : Infinity);
  const bandOf = bands.flatMap(({ from, to }, index) =>
    Array.from({ length: to - from }, () => index),
  );
  const columnOf = new Map(columns.flatMap((column, index) => column.map((id) => [id, index])));
  const bandOfNode = (id: string): number => bandOf[columnOf.get(id) ?? 0] ?? 0;
  const drawing: Drawing = { nodes, links, chains, columns, widths, ys, sizes, gap, bandOfNode };
  const { places, bandPlaces } = placeBands(drawing, bands);
  const ways = chains.map((chain, index) => {
    const { source = "", target = "" } = links[index] ?? {};
    return columnOf.has(source) && columnOf.has(target) ? [source, ...chain, target] : [];
  });
  const points = waysOf(ways, places, bandPlaces, bandOfNode);
  for (const id of chains.flat()) places.delete(id);
  return { places, ways: points, back };
}

/** A link that is none, so that the indexes of the others stay. */
const outside: Link = { source: "\0", target: "\0" };

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Drawing {
  readonly nodes: readonly LayoutNode[];
  readonly links: readonly Link[];
  readonly chains: readonly (readonly string[])[];
  readonly columns: Columns;
  readonly widths: readonly number[];
  readonly ys: ReadonlyMap<string, number>;
  readonly sizes: ReadonlyMap<string, Size>;
  readonly gap: number;
  readonly bandOfNode: (id: string) => number;
}

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

function heightOf(
  columns: Columns,
  sizes: ReadonlyMap<string, Size>,
  ys: ReadonlyMap<string, number>,
): number {
  const { top, bottom } = extentOf(columns.flat(), sizes, ys);
  return bottom - top;
}

function extentOf(
  ids: readonly string[],
  sizes: ReadonlyMap<string, Size>,
  ys: ReadonlyMap<string, number>,
): { readonly top: number; readonly bottom: number } {
  let [top, bottom] = [Infinity, -Infinity];
  for (const id of ids) {
    const [y, half] = [ys.get(id) ?? 0, (sizes.get(id)?.height ?? 0) / 2];
    top = Math.min(top, y - half);
    bottom = Math.max(bottom, y + half);
  }
  return ids.length > 0 ? { top, bottom } : { top: 0, bottom: 0 };
}

/** How many ways lead from each band to the next, or back. */
function countTurns({ links, chains, bandOfNode }: Drawing): ReadonlyMap<number, number> {
  const turns = new Map<number, number>();
  for (const [index, { source, target }] of links.entries()) {
    const path = [source, ...(chains[index] ?? []), target].map(bandOfNode);
    for (const [at, band] of path.entries()) {
      const next = path[at + 1] ?? band;
      const upper = Math.min(band, next);
      if (next !== band) turns.set(upper, (turns.get(upper) ?? 0) + 1);
    }
  }
  return turns;
}

/** What each way passes between its ends: its bends, and where it turns from band to band. */
function waysOf(
  ways: readonly (readonly string[])[],
  places: ReadonlyMap<string, Point>,
  bandPlaces: readonly BandPlace[],
  bandOfNode: (id: string) => number,
): readonly (readonly WayPoint[])[] {
  const lanes = bandPlaces.map(() => 0);
  return ways.map((path) =>
    path.slice(0, -1).flatMap((id, at) => {
      const points: WayPoint[] = at > 0 ? [places.get(id) ?? { x: 0, y: 0 }] : [];
      const [from, to] = [bandOfNode(id), bandOfNode(path[at + 1] ?? id)];
      const [first, second] = [Math.min(from, to), Math.max(from, to)];
      const [upper, lower] = [bandPlaces[first], bandPlaces[second]];
      if (from === to || !upper || !lower) return points;
      const lane = lanes[first] ?? 0;
      lanes[first] = lane + 1;
      const turn = turnPoints(upper, lower, lane);
      return [...points, ...(from < to ? turn : turn.toReversed())];
    }),
  );
}

function placeBands(
  drawing: Drawing,
  bands: readonly Band[],
): { readonly places: Map<string, Point>; readonly bandPlaces: readonly BandPlace[] } {
  const { columns, widths, ys, sizes, gap, bandOfNode, links } = drawing;
  const turns = countTurns(drawing);
  const places = new Map<string, Point>();
  const asides = drawing.nodes
    .filter(({ isAside }) => isAside)
    .map((node) => ({ node, user: links.find(({ target }) => target === node.id)?.source ?? "" }));
  let y = 0;
  const bandPlaces = bands.map(({ from, to }, index) => {
    const shown = columns.slice(from, to);
    const { top, bottom } = extentOf(shown.flat(), sizes, ys);
    let x = 0;
    for (const [at, column] of shown.entries()) {
      const width = widths[from + at] ?? 0;
      for (const id of column) places.set(id, { x: x + width / 2, y: y - top + (ys.get(id) ?? 0) });
      x += width + gap;
    }
    const own = asides.filter(({ user }) => bandOfNode(user) === index);
    const end = placeAside(own, places, y + bottom - top);
    y = end + bandGap + (turns.get(index) ?? 0) * laneGap;
    return { left: 0, right: x - gap, bottom: end };
  });
  return { places, bandPlaces };
}

/** Returns where what was placed ends. */
function placeAside(
  asides: readonly { readonly node: LayoutNode; readonly user: string }[],
  places: Map<string, Point>,
  bottom: number,
): number {
  if (asides.length === 0) return bottom;
  const y = bottom + asideGap;
  let free = -Infinity;
  const wished = asides.map(({ node, user }) => ({ node, x: places.get(user)?.x ?? 0 }));
  for (const { node, x } of wished.toSorted((a, b) => a.x - b.x)) {
    const centre = Math.max(x, free + node.width / 2);
    places.set(node.id, { x: centre, y: y + node.height / 2 });
    free = centre + node.width / 2 + rowGap;
  }
  return y + Math.max(...asides.map(({ node }) => node.height));
}

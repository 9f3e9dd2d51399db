/** The curve of each edge. It is thought from left to right; from top to bottom the axes swap. */
import { type GraphModel, type GraphNode, placeOf } from "./graph-model.ts";
import type { Point } from "./layout.ts";
import type { WayPoint } from "./layout-wrap.ts";

/** The `d` of an edge's path. */
export function edgePath(
  model: GraphModel,
  moved: ReadonlyMap<string, Point>,
  index: number,
): string {
  const edge = model.edges[index];
  const source = model.byId.get(edge?.source ?? "");
  const target = model.byId.get(edge?.target ?? "");
  if (!source || !target) return "";
  const [from, to] = [boxOf(model, moved, source), boxOf(model, moved, target)];
  const path = curve(model, from, to, { index, moved, source, target });
  return path
    .map(([command, ...points]) => {
      const places = points.map(({ x, y }) => (model.isDown ? { x: y, y: x } : { x, y }));
      return command + places.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
    })
    .join("");
}

/** About the middle of a path that `edgePath` gave. */
export function middleOf(path: string): Point {
  const numbers = (path.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const curves = (numbers.length - 2) / 6;
  const at = 6 * Math.floor(Math.max(curves - 1, 0) / 2);
  const value = (offset: number): number => numbers[at + offset] ?? 0;
  const mean = (offset: number): number =>
    (value(offset) + 3 * value(offset + 2) + 3 * value(offset + 4) + value(offset + 6)) / 8;
  return { x: mean(0), y: mean(1) };
}

// ---

type Command = readonly ["M" | "C", ...Point[]];

/** A node with its length along the graph as its width. */
interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

interface Ends {
  readonly index: number;
  readonly moved: ReadonlyMap<string, Point>;
  readonly source: GraphNode;
  readonly target: GraphNode;
}

function boxOf(model: GraphModel, moved: ReadonlyMap<string, Point>, node: GraphNode): Box {
  const { x, y } = placeOf(model, moved, node.id);
  const { width, height } = node;
  return model.isDown ? { x: y, y: x, width: height, height: width } : { x, y, width, height };
}

function curve(model: GraphModel, from: Box, to: Box, ends: Ends): readonly Command[] {
  const { index, moved, source, target } = ends;
  if (source === target) return loop(from);
  if (source.isAside || target.isAside) return drop(from, to);
  const isMoved = moved.has(source.id) || moved.has(target.id);
  const ways = isMoved ? [] : (model.layout.ways[index] ?? []);
  const way = model.isDown ? ways.map((point) => ({ ...point, x: point.y, y: point.x })) : ways;
  const isBack = model.layout.back.has(index);
  if (isBack && way.length === 0) return arch(from, to);
  const side = isBack ? -1 : 1;
  const start = { x: from.x + (side * from.width) / 2, y: from.y };
  const end = { x: to.x - (side * (to.width + 8)) / 2, y: to.y };
  return smooth([start, ...way, end], side);
}

/** How far a way swings out where it turns round. */
const swing = 30;

/** A curve through points that leaves and arrives level, in the direction of each. */
function smooth(points: readonly WayPoint[], side: 1 | -1): readonly Command[] {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  const directionOf = ({ isReturn }: WayPoint): number => (isReturn ? -side : side);
  let last = first;
  const curves = rest.map((point): Command => {
    const [out, into] = [directionOf(last), directionOf(point)];
    const isTurn = out !== into;
    const far = out > 0 ? Math.max(last.x, point.x) : Math.min(last.x, point.x);
    const middle = isTurn ? far + out * swing : (last.x + point.x) / 2;
    const command: Command = ["C", { x: middle, y: last.y }, { x: middle, y: point.y }, point];
    last = point;
    return command;
  });
  return [["M", first], ...curves];
}

function loop({ x, y, width, height }: Box): readonly Command[] {
  const top = y - height / 2;
  return [
    ["M", { x: x + width / 4, y: top }],
    [
      "C",
      { x: x + width / 2, y: top - 44 },
      { x: x - width / 2, y: top - 44 },
      { x: x - width / 4, y: top - 4 },
    ],
  ];
}

/** Over the nodes and back to the left. */
function arch(from: Box, to: Box): readonly Command[] {
  const start = { x: from.x, y: from.y - from.height / 2 };
  const end = { x: to.x, y: to.y - to.height / 2 - 4 };
  const top = Math.min(start.y, end.y) - 36;
  return [
    ["M", start],
    ["C", { x: start.x, y: top }, { x: end.x, y: top }, end],
  ];
}

function drop(from: Box, to: Box): readonly Command[] {
  const side = from.y <= to.y ? 1 : -1;
  const start = { x: from.x, y: from.y + (side * from.height) / 2 };
  const end = { x: to.x, y: to.y - side * (to.height / 2 + 4) };
  const middle = (start.y + end.y) / 2;
  return [
    ["M", start],
    ["C", { x: start.x, y: middle }, { x: end.x, y: middle }, end],
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

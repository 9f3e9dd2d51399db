/** A workflow's graph as it is drawn: sizes, places, and the curve of each edge. */
import type { GraphBody } from "../../src/client/bodies.ts";
import { type Layout, layOut, type LayoutNode, type Point } from "./layout.ts";

export type NodeKind = "step" | "event" | "resource" | "external" | "workflow";

export interface GraphNode extends LayoutNode {
  readonly kind: NodeKind;
  readonly label: string;
  readonly description: string | null;
}

export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly label: string | null;
}

export interface GraphModel {
  readonly nodes: readonly GraphNode[];
  readonly byId: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
  readonly layout: Layout;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const labelLengthMax = 30;
const characterWidth = 7.4;

export function toGraphModel(graph: GraphBody, isStepsOnly: boolean): GraphModel {
  const all = graph.nodes.map(toNode);
  const edges = isStepsOnly ? withoutEvents(graph) : graph.edges;
  const nodes = isStepsOnly ? all.filter(({ kind }) => kind !== "event") : all;
  return {
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    edges,
    layout: layOut(nodes, edges),
  };
}

/** Where nodes are: as laid out, or where they were moved to. */
export function placeOf(model: GraphModel, moved: ReadonlyMap<string, Point>, id: string): Point {
  return moved.get(id) ?? model.layout.places.get(id) ?? { x: 0, y: 0 };
}

export function boundsOf(model: GraphModel, moved: ReadonlyMap<string, Point>): Box {
  const boxes = model.nodes.map((node) => {
    const { x, y } = placeOf(model, moved, node.id);
    const [halfWidth, halfHeight] = [node.width / 2, node.height / 2];
    return {
      left: x - halfWidth,
      top: y - halfHeight,
      right: x + halfWidth,
      bottom: y + halfHeight,
    };
  });
  const bends = model.layout.ways.flat();
  const left = Math.min(...boxes.map((box) => box.left), ...bends.map(({ x }) => x));
  const top = Math.min(...boxes.map((box) => box.top), ...bends.map(({ y }) => y));
  const right = Math.max(...boxes.map((box) => box.right), ...bends.map(({ x }) => x));
  const bottom = Math.max(...boxes.map((box) => box.bottom), ...bends.map(({ y }) => y));
  if (boxes.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left, height: bottom - top };
}

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
  const [from, to] = [placeOf(model, moved, source.id), placeOf(model, moved, target.id)];
  if (source === target) return loop(from, source);
  if (source.isAside || target.isAside) return drop(from, source, to, target);
  const isMoved = moved.has(source.id) || moved.has(target.id);
  const bends = isMoved ? [] : (model.layout.ways[index] ?? []);
  const isBack = model.layout.back.has(index);
  if (isBack && bends.length === 0) return arch(from, source, to, target);
  const side = isBack ? -1 : 1;
  const start = { x: from.x + (side * source.width) / 2, y: from.y };
  const end = { x: to.x - (side * (target.width + 8)) / 2, y: to.y };
  return smooth([start, ...bends, end]);
}

// ---

function toNode({
  id,
  label,
  node_type: type,
  description,
}: GraphBody["nodes"][number]): GraphNode {
  const kinds: readonly NodeKind[] = ["step", "event", "resource", "external", "workflow"];
  const kind = kinds.find((known) => known === type) ?? "event";
  const shown = kind === "external" ? "outside" : label;
  const cut = shown.length > labelLengthMax ? `${shown.slice(0, labelLengthMax - 1)}…` : shown;
  const padding = kind === "step" ? 44 : 28;
  return {
    id,
    kind,
    label: cut,
    description: description ?? null,
    width: Math.max(Math.round(cut.length * characterWidth) + padding, kind === "step" ? 124 : 56),
    height: kind === "step" ? 52 : 28,
    isAside: kind === "resource" || kind === "workflow",
  };
}

/** Steps linked to the steps that take what they put out. */
function withoutEvents({ nodes, edges }: GraphBody): readonly GraphEdge[] {
  const events = new Set(nodes.filter((node) => node.node_type === "event").map(({ id }) => id));
  const direct = edges.filter(({ source, target }) => !events.has(source) && !events.has(target));
  const through = edges
    .filter(({ source, target }) => !events.has(source) && events.has(target))
    .flatMap(({ source, target: event, label }) =>
      edges
        .filter((next) => next.source === event && !events.has(next.target))
        .map((next) => ({ source, target: next.target, label: label ?? next.label })),
    );
  const unique = new Map(
    [...direct, ...through].map((edge) => [`${edge.source}>${edge.target}`, edge]),
  );
  return [...unique.values()];
}

/** A curve through points that leaves and arrives level. */
function smooth(points: readonly Point[]): string {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  let path = `M${round(first.x)},${round(first.y)}`;
  let last = first;
  for (const point of rest) {
    const middle = (last.x + point.x) / 2;
    path += `C${round(middle)},${round(last.y)} ${round(middle)},${round(point.y)} ${round(point.x)},${round(point.y)}`;
    last = point;
  }
  return path;
}

function loop({ x, y }: Point, { width, height }: GraphNode): string {
  const top = y - height / 2;
  return `M${x + width / 4},${top}C${x + width / 2},${top - 44} ${x - width / 2},${top - 44} ${x - width / 4},${top - 4}`;
}

/** Over the nodes and back to the left. */
function arch(from: Point, source: GraphNode, to: Point, target: GraphNode): string {
  const start = { x: from.x, y: from.y - source.height / 2 };
  const end = { x: to.x, y: to.y - target.height / 2 - 4 };
  const top = Math.min(start.y, end.y) - 36;
  return `M${round(start.x)},${round(start.y)}C${round(start.x)},${round(top)} ${round(end.x)},${round(top)} ${round(end.x)},${round(end.y)}`;
}

function drop(from: Point, source: GraphNode, to: Point, target: GraphNode): string {
  const side = from.y <= to.y ? 1 : -1;
  const start = { x: from.x, y: from.y + (side * source.height) / 2 };
  const end = { x: to.x, y: to.y - side * (target.height / 2 + 4) };
  const middle = (start.y + end.y) / 2;
  return `M${round(start.x)},${round(start.y)}C${round(start.x)},${round(middle)} ${round(end.x)},${round(middle)} ${round(end.x)},${round(end.y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

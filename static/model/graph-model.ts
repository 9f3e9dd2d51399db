/** A workflow's graph as it is drawn: what of it is shown, sizes and places. */
import type { GraphBody } from "../../src/client/bodies.ts";
import { foldGraph } from "./graph-fold.ts";
import { type Layout, layOut, type LayoutNode, type Point } from "./layout.ts";

const kinds = ["step", "event", "resource", "external", "workflow"] as const;
export type NodeKind = (typeof kinds)[number];

export interface GraphNode extends LayoutNode {
  readonly kind: NodeKind;
  /** Of a step its name, which may be another node's id; of an event its type. */
  readonly name: string;
  readonly label: string;
  readonly description: string | null;
  /** How many nodes are folded into it. */
  readonly folds: number;
}

export interface GraphEdge {
  readonly source: string;
  readonly target: string;
  readonly label: string | null;
}

export interface GraphModel {
  readonly nodes: readonly GraphNode[];
  readonly byId: ReadonlyMap<string, GraphNode>;
  /** Steps by their names. */
  readonly steps: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
  readonly layout: Layout;
  readonly isDown: boolean;
}

export interface GraphOptions {
  readonly isStepsOnly: boolean;
  /** From top to bottom. */
  readonly isDown: boolean;
  /** Long graphs are laid in rows. */
  readonly isWrapped: boolean;
  /** What it is to be read in, in pixels. */
  readonly room: { readonly width: number; readonly height: number };
  /** Only this node and what is so many steps from it. */
  readonly around: Around | null;
  /** Ids of nodes behind which what follows is hidden. */
  readonly folded: ReadonlySet<string>;
}

export interface Around {
  readonly id: string;
  readonly steps: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const labelLengthMax = 30;
const characterWidth = 7.4;

/** Labels are read down to this scale. */
export const legibleScale = 0.75;

export function toGraphModel(graph: GraphBody, options: GraphOptions): GraphModel {
  const { isStepsOnly, isDown, isWrapped, room, around, folded } = options;
  const known = graph.nodes.map(toNode).filter(({ kind }) => !isStepsOnly || kind !== "event");
  const ways = isStepsOnly ? withoutEvents(graph) : graph.edges;
  const { hidden, counts } = foldGraph(
    known.map(({ id }) => id),
    ways,
    folded,
  );
  const all = known
    .filter(({ id }) => !hidden.has(id))
    .map((node) => (counts.has(node.id) ? { ...node, folds: counts.get(node.id) ?? 0 } : node));
  const links = ways.filter(({ source, target }) => !hidden.has(source) && !hidden.has(target));
  const near = around && nearTo(around, all, links);
  const nodes = near ? all.filter(({ id }) => near.has(id)) : all;
  const edges = near
    ? links.filter(({ source, target }) => near.has(source) && near.has(target))
    : links;
  const [length, height] = isDown ? [room.height, room.width] : [room.width, room.height];
  return {
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    steps: new Map(nodes.flatMap((node) => (node.kind === "step" ? [[node.name, node]] : []))),
    edges,
    layout: layOut(nodes, edges, {
      isDown,
      ...(isWrapped && { lengthMax: length / legibleScale, heightMax: height / 2 / legibleScale }),
    }),
    isDown,
  };
}

/** Where nodes are: as laid out, or where they were moved to. */
export function placeOf(model: GraphModel, moved: ReadonlyMap<string, Point>, id: string): Point {
  return moved.get(id) ?? model.layout.places.get(id) ?? { x: 0, y: 0 };
}

export function boundsOf(model: GraphModel, moved: ReadonlyMap<string, Point>): Box {
  if (model.nodes.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  const corners = model.nodes.flatMap(({ id, width, height }) => {
    const { x, y } = placeOf(model, moved, id);
    return [
      { x: x - width / 2, y: y - height / 2 },
      { x: x + width / 2, y: y + height / 2 },
    ];
  });
  return boxAround([...corners, ...model.layout.ways.flat()]);
}

export function boxAround(points: readonly Point[]): Box {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

// ---

/** Undefined where the node is none of these: then all are shown. */
function nearTo(
  { id, steps }: Around,
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): ReadonlySet<string> | undefined {
  const kinds = new Map(nodes.map((node) => [node.id, node.kind]));
  if (!kinds.has(id)) return undefined;
  const found = new Set([id]);
  let border = [id];
  for (let left = steps; left > 0 && border.length > 0;) {
    const next = new Set<string>();
    for (const { source, target } of edges) {
      if (border.includes(source) && !found.has(target)) next.add(target);
      if (border.includes(target) && !found.has(source)) next.add(source);
    }
    for (const each of next) found.add(each);
    border = [...next];
    // What lies between two steps is no step away.
    if (border.some((each) => kinds.get(each) === "step")) left--;
  }
  return found;
}

function toNode({ id, label, node_type, description }: GraphBody["nodes"][number]): GraphNode {
  const kind = kinds.find((known) => known === node_type) ?? "event";
  const shown = kind === "external" ? "outside" : label;
  const cut = shown.length > labelLengthMax ? `${shown.slice(0, labelLengthMax - 1)}…` : shown;
  const padding = kind === "step" ? 44 : 28;
  return {
    id,
    kind,
    name: kind === "step" ? label : id,
    label: cut,
    description: description ?? null,
    folds: 0,
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

/**
 * What of a graph is in view: a large one is drawn no farther than a reader can see, and somewhat
 * beyond. A drawing of 200 steps has thousands of elements, and a window shows some dozens.
 */
import { edgePath } from "./graph-edges.ts";
import { type Box, boxAround, type GraphModel, placeOf } from "./graph-model.ts";
import type { Point } from "./layout.ts";

export interface DrawnEdge {
  readonly index: number;
  readonly path: string;
}

export interface Drawn {
  readonly nodes: GraphModel["nodes"];
  readonly edges: readonly DrawnEdge[];
}

export interface EdgePath extends DrawnEdge {
  readonly box: Box;
}

/** Smaller graphs are drawn whole. */
const nodesMin = 120;

export function isLarge(model: GraphModel): boolean {
  return model.nodes.length > nodesMin;
}

export function pathsOf(model: GraphModel, moved: ReadonlyMap<string, Point>): EdgePath[] {
  return model.edges.map((_, index) => {
    const path = edgePath(model, moved, index);
    return { index, path, box: boxOfPath(path) };
  });
}

/** `kept`: what is drawn wherever it is, since it has the focus. */
export function drawnOf(
  model: GraphModel,
  moved: ReadonlyMap<string, Point>,
  paths: readonly EdgePath[],
  view: Box,
  kept: ReadonlySet<string>,
): Drawn {
  const isInView = (box: Box): boolean =>
    box.x < view.x + view.width &&
    box.x + box.width > view.x &&
    box.y < view.y + view.height &&
    box.y + box.height > view.y;
  const nodes = model.nodes.filter(({ id, width, height }) => {
    const { x, y } = placeOf(model, moved, id);
    return kept.has(id) || isInView({ x: x - width / 2, y: y - height / 2, width, height });
  });
  return { nodes, edges: paths.filter(({ box }) => isInView(box)) };
}

/** The window with as much again on each side; in steps, so that it seldom changes. */
export function windowOf(
  camera: { readonly x: number; readonly y: number; readonly scale: number },
  size: { readonly width: number; readonly height: number },
): Box {
  const [width, height] = [size.width / camera.scale, size.height / camera.scale];
  const snap = (value: number, step: number): number =>
    step > 0 ? Math.floor(value / step) * step : 0;
  return {
    x: snap(-camera.x / camera.scale, width) - width,
    y: snap(-camera.y / camera.scale, height) - height,
    width: 4 * width,
    height: 4 * height,
  };
}

// ---

/** Control points bound a curve. */
function boxOfPath(path: string): Box {
  const points = [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)];
  if (points.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  return boxAround(points.map(([, x, y]) => ({ x: Number(x), y: Number(y) })));
}

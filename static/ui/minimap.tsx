/** The whole graph in a corner, with the window on it; a press moves the window there. */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import { type Box, type GraphModel, placeOf } from "../model/graph-model.ts";
import { type GraphState, phaseOf } from "../model/graph-state.ts";
import type { Point } from "../model/layout.ts";
import type { Camera, Size } from "./pan-zoom.ts";

export interface MinimapProps {
  readonly model: GraphModel;
  readonly moved: ReadonlyMap<string, Point>;
  readonly bounds: Box;
  readonly camera: Signal<Camera>;
  readonly size: Size;
  readonly state: GraphState;
}

/** In pixels; it has the form of the graph, as far as that leaves something to point at. */
const mapMax = { width: 150, height: 140 };
const mapMin = 40;

export function Minimap({ model, moved, bounds, camera, size, state }: MinimapProps): VNode {
  const { x, y, scale } = camera.value;
  const pad = Math.max(bounds.width, bounds.height) * 0.03;
  const box = {
    x: bounds.x - pad,
    y: bounds.y - pad,
    width: bounds.width + 2 * pad,
    height: bounds.height + 2 * pad,
  };
  const shrink = Math.min(mapMax.width / box.width, mapMax.height / box.height);
  const nodes = useMemo(() => drawNodes(model, moved, state), [model, moved, state]);
  const go = (event: PointerEvent): void => {
    if (event.buttons === 0 && event.type === "pointermove") return;
    const svg = event.currentTarget as SVGSVGElement;
    const matrix = svg.getScreenCTM()?.inverse();
    if (!matrix) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    camera.value = {
      scale,
      x: size.width / 2 - point.x * scale,
      y: size.height / 2 - point.y * scale,
    };
  };
  return (
    <svg
      class="minimap"
      aria-hidden="true"
      style={{
        width: `${Math.max(box.width * shrink, mapMin)}px`,
        height: `${Math.max(box.height * shrink, mapMin)}px`,
      }}
      viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
      onPointerDown={go}
      onPointerMove={go}
    >
      {nodes}
      <rect
        class="minimap-window"
        x={-x / scale}
        y={-y / scale}
        width={size.width / scale}
        height={size.height / scale}
      />
    </svg>
  );
}

// ---

function drawNodes(
  model: GraphModel,
  moved: ReadonlyMap<string, Point>,
  state: GraphState,
): readonly VNode[] {
  return model.nodes.map((node) => {
    const place = placeOf(model, moved, node.id);
    const phase = node.kind === "step" ? phaseOf(state.steps.get(node.name)) : "none";
    return (
      <rect
        key={node.id}
        class={`is-${node.kind} phase-${phase}`}
        x={place.x - node.width / 2}
        y={place.y - node.height / 2}
        width={node.width}
        height={node.height}
        rx="6"
      />
    );
  });
}

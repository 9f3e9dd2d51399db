/**
 * The graph of a workflow, with what a run is at in it. It is looked at, moved and scaled; nothing
 * that a reader does here changes a workflow.
 */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import {
  boundsOf,
  edgePath,
  type GraphModel,
  placeOf,
  toGraphModel,
} from "../model/graph-model.ts";
import type { GraphState } from "../model/graph-state.ts";
import type { Point } from "../model/layout.ts";
import type { WorkflowInfo } from "../state/workflows.ts";
import { Button } from "./button.tsx";
import { NodeShape } from "./graph-node.tsx";
import { type GraphView, useGraphView } from "./graph-view.ts";
import { Minimap } from "./minimap.tsx";
import { isInView } from "./pan-zoom.ts";

export interface GraphProps {
  readonly info: WorkflowInfo;
  readonly state: GraphState;
  readonly isRun: boolean;
  readonly chosenStep: string | undefined;
  readonly onChooseStep: (step: string | undefined) => void;
  readonly isStepsOnly: Signal<boolean>;
}

export function Graph(props: GraphProps): VNode {
  const { info, state, isRun, chosenStep, onChooseStep, isStepsOnly } = props;
  const isShort = isStepsOnly.value;
  const model = useMemo(() => toGraphModel(info.graph, isShort), [info, isShort]);
  const storageKey = `places:${info.name}${isShort ? ":steps" : ""}`;
  const view = useGraphView({ model, storageKey, state, chosenStep, onChooseStep });
  const moved = view.moved.value;
  const size = view.size.value;
  const bounds = boundsOf(model, moved);
  const { x, y, scale } = view.camera.value;
  const isCut = size.width > 0 && !isInView(view.camera.value, bounds, size);
  return (
    <div class="graph">
      <svg
        ref={view.svg}
        role="group"
        aria-label={`Graph of ${info.name}`}
        onKeyDown={view.onKeyDown}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="6"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 .8 6.5 4 0 7.2z" />
          </marker>
        </defs>
        <g transform={`translate(${x} ${y}) scale(${scale})`}>
          <Edges model={model} moved={moved} state={state} />
          {model.nodes.map((node) => (
            <NodeShape
              key={node.id}
              node={node}
              place={placeOf(model, moved, node.id)}
              counts={state.steps.get(node.label)}
              passed={state.events.get(node.id) ?? 0}
              isRun={isRun}
              isChosen={node.kind === "step" && node.label === chosenStep}
              isFocusable={node.id === view.focusable}
            />
          ))}
        </g>
      </svg>
      <Tools view={view} isStepsOnly={isStepsOnly} />
      {isCut && <Minimap {...{ model, moved, bounds, camera: view.camera, size, state }} />}
    </div>
  );
}

// ---

function Tools(props: { readonly view: GraphView; readonly isStepsOnly: Signal<boolean> }): VNode {
  const { view, isStepsOnly } = props;
  return (
    <div class="graph-tools" role="group" aria-label="View of the graph">
      <Button label="Zoom in" icon="plus" isIconOnly onClick={() => view.zoom(1.25)} />
      <Button label="Zoom out" icon="minus" isIconOnly onClick={() => view.zoom(0.8)} />
      <Button label="Fit the graph (f)" icon="fit" isIconOnly onClick={view.fit} />
      <Button
        label="Steps only"
        isPressed={isStepsOnly.value}
        onClick={() => (isStepsOnly.value = !isStepsOnly.value)}
      />
      {view.moved.value.size > 0 && <Button label="Reset places" onClick={view.reset} />}
    </div>
  );
}

function Edges(props: {
  readonly model: GraphModel;
  readonly moved: ReadonlyMap<string, Point>;
  readonly state: GraphState;
}): VNode {
  const { model, moved, state } = props;
  return (
    <g class="edges">
      {model.edges.map(({ source, target, label }, index) => {
        const isUsed = (state.flows.get(`${source}>${target}`) ?? 0) > 0;
        const isLive = isUsed && (state.steps.get(target)?.running ?? 0) > 0;
        const isQuiet = label !== null || model.layout.back.has(index);
        const classes = ["edge", isUsed && "is-used", isLive && "is-live", isQuiet && "is-dashed"];
        return (
          <path
            key={`${source}>${target}>${label}`}
            class={classes.filter(Boolean).join(" ")}
            d={edgePath(model, moved, index)}
            marker-end="url(#arrow)"
          >
            {label !== null && <title>{label}</title>}
          </path>
        );
      })}
    </g>
  );
}

/**
 * The graph of a workflow, with what a run is at in it, or with what two runs differ in. It is
 * looked at, moved and scaled; nothing that a reader does here changes a workflow.
 */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import { middleOf } from "../model/graph-edges.ts";
import { boundsOf, type GraphModel, placeOf, toGraphModel } from "../model/graph-model.ts";
import type { GraphState } from "../model/graph-state.ts";
import {
  type Drawn,
  type DrawnEdge,
  drawnOf,
  isLarge,
  pathsOf,
  windowOf,
} from "../model/graph-window.ts";
import type { Overlay } from "../model/overlay.ts";
import type { WorkflowInfo } from "../state/workflows.ts";
import { LetterMark, letterOf, NodeShape } from "./graph-node.tsx";
import { type GraphChoices, roomOfGraph } from "./graph-options.ts";
import { AroundBar, findNodes, GraphTools, NodeSearch, OverlayLegend } from "./graph-tools.tsx";
import { type GraphView, useGraphView } from "./graph-view.ts";
import { Minimap } from "./minimap.tsx";
import { isInView } from "./pan-zoom.ts";

export interface GraphProps {
  readonly info: WorkflowInfo;
  readonly state: GraphState;
  /** The comparison that is open, if one is. */
  readonly overlay: Overlay | null;
  readonly isRun: boolean;
  readonly isLive: boolean;
  readonly chosenStep: string | undefined;
  readonly onChooseStep: (step: string | undefined) => void;
  readonly choices: GraphChoices;
}

export function Graph(props: GraphProps): VNode {
  const { info, state, isRun, chosenStep, onChooseStep, choices } = props;
  const { model, storageKey } = useModel(info, choices);
  const overlay = choices.hasOverlay.value ? props.overlay : null;
  const { isLive } = props;
  // A step that is called like an event has an id of its own.
  const chosen = chosenStep === undefined ? undefined : model.steps.get(chosenStep)?.id;
  const view = useGraphView({
    model,
    storageKey,
    state,
    isLive,
    chosen,
    onChoose: (id) => onChooseStep(id === undefined ? undefined : model.byId.get(id)?.name),
  });
  const moved = view.moved.value;
  const size = view.size.value;
  const bounds = useMemo(() => boundsOf(model, moved), [model, moved]);
  const { x, y, scale } = view.camera.value;
  const isCut = size.width > 0 && !isInView(view.camera.value, bounds, size);
  const query = choices.search.value;
  const found = useMemo(() => new Set(findNodes(model, query)), [model, query]);
  const drawn = useDrawn(model, view, [chosen, view.focusable]);
  return (
    <div class={found.size > 0 ? "graph is-searched" : "graph"}>
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
          <Edges model={model} drawn={drawn.edges} state={state} overlay={overlay} />
          {drawn.nodes.map((node) => (
            <NodeShape
              key={node.id}
              node={node}
              place={placeOf(model, moved, node.id)}
              counts={node.kind === "step" ? state.steps.get(node.name) : undefined}
              passed={state.events.get(node.id) ?? 0}
              isRun={isRun}
              overlay={overlay}
              isChosen={node.id === chosen}
              isFocusable={node.id === view.focusable}
              isFound={found.has(node.id)}
              isDown={model.isDown}
            />
          ))}
        </g>
      </svg>
      <div class="graph-top">
        <NodeSearch model={model} view={view} choices={choices} />
        <AroundBar model={model} choices={choices} />
      </div>
      <div class="graph-foot">
        <GraphTools {...{ model, view, choices, chosen }} isComparable={props.overlay !== null} />
        {overlay && <OverlayLegend />}
      </div>
      {isCut && <Minimap {...{ model, moved, bounds, camera: view.camera, size, state }} />}
    </div>
  );
}

// ---

function useModel(
  info: WorkflowInfo,
  choices: GraphChoices,
): { readonly model: GraphModel; readonly storageKey: string | undefined } {
  const [isStepsOnly, isDown] = [choices.isStepsOnly.value, choices.isDown.value];
  const isWrapped = choices.isWrapped.value;
  const [around, folded] = [choices.around.value, choices.folded.value];
  const model = useMemo(
    () =>
      toGraphModel(info.graph, {
        ...{ isStepsOnly, isDown, isWrapped, around, folded },
        room: roomOfGraph(),
      }),
    [info, isStepsOnly, isDown, isWrapped, around, folded],
  );
  const variant = `${isStepsOnly ? ":steps" : ""}${isDown ? ":down" : ""}${isWrapped ? "" : ":long"}`;
  // What is shown for a moment is not worth arranging for good.
  const isPart = around !== null || folded.size > 0;
  return { model, storageKey: isPart ? undefined : `places:${info.name}${variant}` };
}

const none: Drawn = { nodes: [], edges: [] };

/** Before its size is known, nothing of a large graph is drawn. */
function useDrawn(
  model: GraphModel,
  view: GraphView,
  keep: readonly (string | undefined)[],
): Drawn {
  const moved = view.moved.value;
  const paths = useMemo(() => pathsOf(model, moved), [model, moved]);
  const isWhole = !isLarge(model);
  const { x, y, width, height } = windowOf(view.camera.value, view.size.value);
  const near = isWhole ? "" : [x, y, width, height].join(" ");
  return useMemo(() => {
    if (isWhole) return { nodes: model.nodes, edges: paths };
    const kept = new Set(keep.filter((id) => id !== undefined));
    return width > 0 ? drawnOf(model, moved, paths, { x, y, width, height }, kept) : none;
  }, [model, paths, near, ...keep]);
}

function Edges(props: {
  readonly model: GraphModel;
  readonly drawn: readonly DrawnEdge[];
  readonly state: GraphState;
  readonly overlay: Overlay | null;
}): VNode {
  const { model, drawn, state, overlay } = props;
  return (
    <g class="edges">
      {drawn.map(({ index, path }) => {
        const { source = "", target = "", label = null } = model.edges[index] ?? {};
        const [from, to] = [model.byId.get(source)?.name, model.byId.get(target)?.name];
        const way = `${from}>${to}`;
        const isQuiet = label !== null || model.layout.back.has(index);
        const look = overlay ? overlayClasses(overlay, way) : stateClasses(state, way, to ?? "");
        const letter = letterOf(overlay?.flows.get(way));
        return (
          <g key={`${source}>${target}>${label}`}>
            <path
              class={["edge", ...look, isQuiet && "is-dashed"].filter(Boolean).join(" ")}
              d={path}
              marker-end="url(#arrow)"
            >
              {label !== null && <title>{label}</title>}
            </path>
            {letter !== "" && path !== "" && <LetterMark letter={letter} {...middleOf(path)} />}
          </g>
        );
      })}
    </g>
  );
}

function stateClasses(state: GraphState, way: string, target: string): readonly string[] {
  if ((state.flows.get(way) ?? 0) === 0) return [];
  const isLive = (state.steps.get(target)?.running ?? 0) > 0;
  return isLive ? ["is-used", "is-live"] : ["is-used"];
}

function overlayClasses(overlay: Overlay, way: string): readonly string[] {
  const who = overlay.flows.get(way);
  if (who === undefined) return [];
  return who === "both" ? ["is-used"] : ["is-used", `diff-${who}`];
}

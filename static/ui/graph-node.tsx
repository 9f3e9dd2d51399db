/** One node of the graph: what it is, what it is at, and how often. */
import type { VNode } from "preact";

import type { GraphNode } from "../model/graph-model.ts";
import { describeCounts, phaseOf, type StepCounts } from "../model/graph-state.ts";
import type { Point } from "../model/layout.ts";
import { cut } from "../model/words.ts";

export interface NodeProps {
  readonly node: GraphNode;
  readonly place: Point;
  readonly counts: StepCounts | undefined;
  /** How often an event of this type has passed. */
  readonly passed: number;
  readonly isRun: boolean;
  readonly isChosen: boolean;
  readonly isFocusable: boolean;
}

export function NodeShape(props: NodeProps): VNode {
  const { node, place, counts, passed, isRun, isChosen, isFocusable } = props;
  const { width, height, kind } = node;
  const phase = kind === "step" ? phaseOf(counts) : "none";
  const state =
    kind === "step" ? (isRun ? describeCounts(counts) : "") : passed > 0 ? `${passed} passed` : "";
  const label = `${kind === "external" ? "" : `${kind} `}${node.label}${state && `: ${state}`}`;
  const isPassed = kind === "event" && passed > 0;
  const at = `translate(${place.x} ${place.y})`;
  const classes = [
    `node is-${kind} phase-${phase}`,
    isChosen && "is-chosen",
    isPassed && "is-passed",
  ];
  const isStep = kind === "step";
  // What the label says already stands beside the button, not in it.
  return (
    <g class={classes.filter(Boolean).join(" ")}>
      <g
        class="node-button"
        transform={at}
        role="button"
        aria-label={label}
        aria-pressed={isStep ? isChosen : undefined}
        tabindex={isFocusable ? 0 : -1}
        data-node={node.id}
      >
        <rect
          class="node-box"
          x={-width / 2}
          y={-height / 2}
          width={width}
          height={height}
          rx={isStep ? 10 : height / 2}
        />
        <text class="node-label" y={isStep && isRun ? -5 : 4}>
          {node.label}
        </text>
      </g>
      <g class="node-notes" transform={at} aria-hidden="true">
        {node.description && <title>{node.description}</title>}
        {isStep && isRun && (
          <text class="node-state" y={14}>
            {stateLine(counts)}
          </text>
        )}
        {counts?.failure && counts.failed > 0 && (
          <text class="node-error" y={height / 2 + 14}>
            {cut(`${counts.failure.name}: ${counts.failure.message}`, 44)}
          </text>
        )}
        {!isStep && passed > 1 && (
          <text class="node-state" y={height / 2 + 14}>
            ×{passed}
          </text>
        )}
      </g>
    </g>
  );
}

// ---

const marks = [
  ["running", "▶"],
  ["waiting", "‖"],
  ["delayed", "↻"],
  ["queued", "…"],
  ["succeeded", "✓"],
  ["failed", "✕"],
  ["dropped", "–"],
] as const;

/** `▶ 2  … 3  ✓ 1`: a mark and a number for each; read out in full by the label. */
function stateLine(counts: StepCounts | undefined): string {
  if (!counts) return "not reached";
  const parts = marks.flatMap(([phase, mark]) =>
    counts[phase] > 0 ? [`${mark} ${counts[phase]}`] : [],
  );
  const words = { running: "running", waiting: "waiting", delayed: "retrying" } as const;
  const phase = phaseOf(counts);
  if (parts.length === 1 && phase in words && counts[phase as keyof typeof words] === 1) {
    return `${parts[0]?.slice(0, 1)} ${words[phase as keyof typeof words]}`;
  }
  if (counts.retried > 0) parts.push(`↻ ${counts.retried}`);
  return parts.join("   ");
}

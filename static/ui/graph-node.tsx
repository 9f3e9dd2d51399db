/** One node of the graph: what it is, what it is at, and how often. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import type { GraphNode } from "../model/graph-model.ts";
import { describeCounts, phaseOf, type StepCounts } from "../model/graph-state.ts";
import type { Point } from "../model/layout.ts";
import {
  describeDifference,
  differenceLine,
  notesOf,
  type Overlay,
  type Verdict,
} from "../model/overlay.ts";
import { cut, formatCount } from "../model/words.ts";

export interface NodeProps {
  readonly node: GraphNode;
  readonly place: Point;
  readonly counts: StepCounts | undefined;
  /** How often an event of this type has passed. */
  readonly passed: number;
  readonly isRun: boolean;
  /** What two runs differ in, drawn in place of what one is at. */
  readonly overlay: Overlay | null;
  readonly isChosen: boolean;
  readonly isFocusable: boolean;
  readonly isFound: boolean;
  /** Edges leave below: what is noted of it stands beside it. */
  readonly isDown: boolean;
}

export function NodeShape(props: NodeProps): VNode {
  const { node, place, isChosen, isFocusable, isFound, isDown } = props;
  const { x, y } = place;
  const look = props.overlay ? differenceLook(node, props.overlay) : stateLook(props);
  const { classes, line, isError, letter } = look;
  const fold = node.folds > 0 ? `${formatCount(node.folds, "node")} folded` : "";
  const words = [look.words, fold].filter(Boolean).join(", ");
  const note = [look.note, fold && `+${node.folds} folded`].filter(Boolean).join(" · ");
  // Drawn anew only if it looks different: a graph of hundreds of nodes is asked at every event.
  return useMemo(() => {
    const { width, height, kind } = node;
    const isStep = kind === "step";
    const label = `${kind === "external" ? "" : `${kind} `}${node.label}${words && `: ${words}`}`;
    const at = `translate(${x} ${y})`;
    const all = [`node is-${kind}`, classes, isChosen && "is-chosen", isFound && "is-found"];
    // What the label says already stands beside the button, not in it.
    return (
      <g class={all.filter(Boolean).join(" ")}>
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
          <text class="node-label" y={line === "" ? 4 : -5}>
            {node.label}
          </text>
        </g>
        <g class="node-notes" transform={at} aria-hidden="true">
          {node.description && <title>{node.description}</title>}
          {line !== "" && (
            <text class="node-state" y={14}>
              {line}
            </text>
          )}
          {note !== "" && (
            <text
              class={`${isError ? "node-error" : "node-state"}${isDown ? " is-beside" : ""}`}
              x={isDown ? width / 2 + 8 : 0}
              y={isDown ? 4 : height / 2 + 14}
            >
              {note}
            </text>
          )}
          {letter !== "" && <LetterMark letter={letter} x={width / 2 - 4} y={-height / 2} />}
        </g>
      </g>
    );
  }, [node, x, y, classes, words, line, note, letter, isChosen, isFocusable, isFound, isDown]);
}

/** A letter on what only one of two runs has reached, for whom the colours are the same. */
export function LetterMark(props: {
  readonly letter: string;
  readonly x: number;
  readonly y: number;
}): VNode {
  return (
    <g class="letter-mark" transform={`translate(${props.x} ${props.y})`}>
      <circle r="8" />
      <text y="4">{props.letter}</text>
    </g>
  );
}

// ---

/** What of a node is not always the same. */
interface Look {
  readonly classes: string;
  /** Read out after its name. */
  readonly words: string;
  /** In a step, under its name. */
  readonly line: string;
  /** Below the box. */
  readonly note: string;
  readonly isError: boolean;
  readonly letter: string;
}

const plain: Look = { classes: "", words: "", line: "", note: "", isError: false, letter: "" };

function stateLook({ node, counts, passed, isRun }: NodeProps): Look {
  if (node.kind !== "step") {
    return {
      ...plain,
      classes: node.kind === "event" && passed > 0 ? "is-passed" : "",
      words: passed > 0 ? `${passed} passed` : "",
      note: passed > 1 ? `×${passed}` : "",
    };
  }
  const failure = counts && counts.failed > 0 ? counts.failure : null;
  return {
    ...plain,
    classes: `phase-${phaseOf(counts)}`,
    words: isRun ? describeCounts(counts) : "",
    line: isRun ? stateLine(counts) : "",
    note: failure ? cut(`${failure.name}: ${failure.message}`, 44) : "",
    isError: failure !== null,
  };
}

function differenceLook({ id, name, kind }: GraphNode, { steps, events }: Overlay): Look {
  if (kind === "step") {
    const difference = steps.get(name);
    return {
      ...plain,
      classes: `diff-${difference?.verdict ?? "none"}`,
      words: describeDifference(difference),
      line: differenceLine(difference),
      note: notesOf(difference),
      letter: letterOf(difference?.verdict),
    };
  }
  const { a, b } = events.get(id) ?? { a: 0, b: 0 };
  const verdict = a === 0 && b === 0 ? "none" : b === 0 ? "only-a" : a === 0 ? "only-b" : "same";
  return {
    ...plain,
    classes: kind === "event" ? `diff-${verdict}` : "",
    words: verdict === "none" ? "" : `${a} times in A, ${b} times in B`,
    note: a === b || verdict !== "same" ? "" : `×${a} → ×${b}`,
    letter: letterOf(verdict),
  };
}

export function letterOf(verdict: Verdict | "both" | undefined): string {
  return verdict === "only-a" ? "A" : verdict === "only-b" ? "B" : "";
}

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

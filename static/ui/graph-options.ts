/** How a reader wants graphs to be drawn: kept in this browser, but for what is of one graph. */
import { type Signal, signal } from "@preact/signals";

import type { Around } from "../model/graph-model.ts";
import { keptSignal, recall } from "../state/memory.ts";

export interface GraphChoices {
  readonly isStepsOnly: Signal<boolean>;
  readonly isDown: Signal<boolean>;
  readonly isWrapped: Signal<boolean>;
  /** Whether a comparison is drawn into the graph. */
  readonly hasOverlay: Signal<boolean>;
  readonly around: Signal<Around | null>;
  readonly folded: Signal<ReadonlySet<string>>;
  /** What a node is searched by; null: the field is closed. */
  readonly search: Signal<string | null>;
}

export function createGraphChoices(): GraphChoices {
  return {
    isStepsOnly: keptSignal<boolean>("steps-only", false),
    isDown: keptSignal<boolean>("top-down", false),
    isWrapped: keptSignal<boolean>("wrapped", true),
    hasOverlay: keptSignal<boolean>("overlay", true),
    around: signal(null),
    folded: signal(new Set<string>()),
    search: signal(null),
  };
}

/** Around the drawing, with what swings out beside its bands. */
const margin = 36;

/** What the graph is about to be read in: the panel has no size before it is drawn. */
export function roomOfGraph(): { readonly width: number; readonly height: number } {
  if (innerWidth <= 860) return { width: innerWidth - 2 * margin, height: innerHeight * 0.4 };
  const left = Math.min(recall("left", 280), innerWidth * 0.24);
  const right = Math.min(recall("right", 380), innerWidth * 0.3);
  return { width: innerWidth - left - right - 2 * margin, height: innerHeight * 0.5 };
}

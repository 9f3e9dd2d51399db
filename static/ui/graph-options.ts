/** How a reader wants graphs to be drawn: kept in this browser, but for what is of one graph. */
import { type Signal, signal } from "@preact/signals";

import type { Around } from "../model/graph-model.ts";
import { keptSignal } from "../state/memory.ts";

export interface GraphChoices {
  readonly isStepsOnly: Signal<boolean>;
  readonly isDown: Signal<boolean>;
  readonly isWrapped: Signal<boolean>;
  /** Whether a comparison is drawn into the graph. */
  readonly hasOverlay: Signal<boolean>;
  readonly around: Signal<Around | null>;
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
    search: signal(null),
  };
}

/** What the graph is about to be read in: the panel has no size before it is drawn. */
export function roomOfGraph(): { readonly width: number; readonly height: number } {
  return innerWidth <= 860
    ? { width: innerWidth - 56, height: innerHeight * 0.4 }
    : { width: innerWidth * 0.45, height: innerHeight * 0.5 };
}

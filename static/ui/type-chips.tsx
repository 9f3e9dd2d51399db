/** The types of events that a run has shown, each to be left out by a press. */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";

import type { LiveRun } from "../state/live-run.ts";

const chipsMax = 12;

export function TypeChips(props: {
  readonly run: LiveRun;
  /** Says that `run` has more. */
  readonly version: number;
  readonly hasInternal: boolean;
  readonly hidden: Signal<ReadonlySet<string>>;
}): VNode | null {
  const { run, hasInternal, hidden } = props;
  const types = [...run.types].filter(([, { isInternal }]) => hasInternal || !isInternal);
  if (types.length < 2) return null;
  const toggle = (type: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(type)) next.add(type);
    hidden.value = next;
  };
  return (
    <div class="chips" role="group" aria-label="Types of events">
      {types.slice(0, chipsMax).map(([type, { count }]) => (
        <button
          key={type}
          type="button"
          class="chip"
          aria-pressed={!hidden.value.has(type)}
          title={hidden.value.has(type) ? `Show ${type}` : `Hide ${type}`}
          onClick={() => toggle(type)}
        >
          {type} <span class="chip-count">{count}</span>
        </button>
      ))}
    </div>
  );
}

/** Which events of a run are shown: kept up as more come, made anew when the filter changes. */
import { type Signal, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";

import { extendFiltered, type Filtered, parseFilter, type Searchable } from "../model/filter.ts";
import { sequenceOfTick, tickOfSequence } from "../model/trace.ts";
import { type EventRow, isInternal, type LiveRun } from "../state/live-run.ts";
import { keptSignal } from "../state/memory.ts";

export interface EventFilter {
  /** Places of the shown events among all. */
  readonly indexes: readonly number[];
  readonly problem: string | null;
  readonly hasInternal: Signal<boolean>;
  /** Types that are left out. */
  readonly hidden: Signal<ReadonlySet<string>>;
}

export function useEventFilter(run: LiveRun, query: string): EventFilter {
  const hasInternal = useMemo(() => keptSignal<boolean>("show-internal", true), []);
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const filter = useMemo(() => parseFilter(query), [query]);
  const kept = useRef<{ key: string; value: Filtered } | null>(null);
  const key = `${run.handlerId} ${query} ${hasInternal.value} ${[...hidden.value].join(",")}`;
  if (kept.current?.key !== key) kept.current = { key, value: { indexes: [], seen: 0 } };
  const { value } = kept.current;
  extendFiltered(value, run.events, (row) => {
    if (!hasInternal.value && isInternal(row.envelope)) return false;
    return !hidden.value.has(row.envelope.type) && filter.test(toSearchable(row, run));
  });
  return { indexes: value.indexes, problem: filter.problem, hasInternal, hidden };
}

/** What the event says itself, or the step whose tick brought it. */
export function stepOf({ sequence, envelope }: EventRow, run: LiveRun): string | undefined {
  const { value } = envelope;
  if (isInternal(envelope) && typeof value["name"] === "string") return value["name"];
  if (typeof value["step_name"] === "string") return value["step_name"];
  const { trace } = run;
  if (!trace) return undefined;
  const index = tickOfSequence(trace, sequence);
  if (sequenceOfTick(trace, index) < sequence) return undefined; // Its tick has not come yet.
  const tick = trace.ticks[index];
  return tick && "step" in tick ? tick.step : undefined;
}

// ---

const texts = new WeakMap<EventRow, string>();

function toSearchable(row: EventRow, run: LiveRun): Searchable {
  return {
    type: row.envelope.type,
    step: stepOf(row, run),
    ms: row.at === undefined ? undefined : row.at - (run.events[0]?.at ?? row.at),
    text: () => {
      const known = texts.get(row) ?? JSON.stringify(row.envelope.value).toLowerCase();
      texts.set(row, known);
      return known;
    },
  };
}

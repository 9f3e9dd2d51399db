/** Every job of a run on one line of time: queued, at work, waiting, and how it ended. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import { withTimes } from "../model/filter.ts";
import { busySpans, createTimeScale, spanOf, ticksOf, type TimeScale } from "../model/timeline.ts";
import { tickOfSequence } from "../model/trace.ts";
import type { JobTrace, Segment } from "../model/trace-parts.ts";
import { formatMs } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { Overview, type Window } from "./timeline-overview.tsx";
import { VirtualList } from "./virtual-list.tsx";

const rowHeight = 28;
/** Of a job that is tried again and again: the last stretches of its life. */
const segmentsShown = 60;

export function Timeline({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { route } = store;
  const version = run.traceVersion.value;
  const { trace } = run;
  const isRunning = trace?.state.status === "running";
  const now = isRunning ? store.now.value : 0;
  const view = useSignal<Window>({ from: 0, to: 1 });
  const scale = useMemo(() => {
    if (!trace || trace.ticks.length === 0) return null;
    const span = spanOf(trace, now);
    return createTimeScale(span, busySpans(trace.jobs, span.to));
  }, [run, version, now]);
  if (!trace || !scale) return <Empty title="Nothing has happened yet" />;
  const { jobs } = trace;
  const at = route.value.at;
  const cursorAt = at === undefined ? undefined : trace.ticks[tickOfSequence(trace, at)]?.at;
  const { from, to } = view.value;
  const place = (time: number): number => (scale.place(time) - from) / (to - from);
  const chosen = jobs.findIndex(({ step }) => step === route.value.step);
  return (
    <div class="timeline">
      <Overview
        {...{ scale, jobs, view }}
        onChooseTimes={(times) => {
          store.navigate({ query: withTimes(route.value.query ?? "", times) });
          store.pane.value = "events";
        }}
      />
      <Axis scale={scale} view={view.value} place={place} />
      <VirtualList
        id="job"
        label="Jobs in the order in which they came"
        count={jobs.length}
        rowHeight={rowHeight}
        chosen={chosen}
        onChoose={(index) => store.navigate({ step: jobs[index]?.step })}
        row={(index) => {
          const job = jobs[index];
          return job && <Row job={job} place={place} end={scale.span.to} cursor={cursorAt} />;
        }}
      />
      <Legend />
    </div>
  );
}

// ---

function Row(props: {
  readonly job: JobTrace;
  readonly place: (at: number) => number;
  readonly end: number;
  readonly cursor: number | undefined;
}): VNode {
  const { job, place, end, cursor } = props;
  const percent = (value: number): string => `${Math.min(Math.max(value, -0.01), 1.01) * 100}%`;
  const total = (job.end?.at ?? end) - job.fromAt;
  return (
    <div class="lane">
      <span class="lane-name">
        {job.step}
        <span class="quiet"> #{job.nth}</span>
      </span>
      <span class="lane-track">
        {job.segments.slice(-segmentsShown).map((segment) => {
          const left = place(segment.fromAt);
          const right = place(segment.toAt ?? end);
          if (right < 0 || left > 1) return null;
          return (
            <span
              key={segment.fromTick}
              class={`bar is-${segment.place} ${isFailed(job, segment) ? "is-failed" : ""}`}
              title={`${wordOf(segment)} ${formatMs((segment.toAt ?? end) - segment.fromAt)}`}
              style={{
                left: percent(left),
                width: `calc(${percent(right - Math.max(left, -0.01))} + 2px)`,
              }}
            />
          );
        })}
        {cursor !== undefined && (
          <span class="lane-cursor" style={{ left: percent(place(cursor)) }} />
        )}
      </span>
      <span class="lane-time">
        {job.end?.value === "failed" && <span class="lane-failed">✕ </span>}
        {job.attempts.length > 1 && <span class="quiet">{job.attempts.length} attempts · </span>}
        {formatMs(total)}
      </span>
    </div>
  );
}

function isFailed(job: JobTrace, { attempt, place }: Segment): boolean {
  if (place !== "running") return false;
  return job.attempts.some(({ number, failure }) => number === attempt && failure !== null);
}

function wordOf({ place, attempt }: Segment): string {
  const words = {
    queue: "queued",
    running: `at work, attempt ${attempt}:`,
    waiting: "waiting",
    delayed: "until it is tried again",
  };
  return words[place];
}

function Axis(props: {
  readonly scale: TimeScale;
  readonly view: Window;
  readonly place: (at: number) => number;
}): VNode {
  const { scale, view, place } = props;
  const span = { from: scale.time(view.from), to: scale.time(view.to) };
  const ticks = ticksOf(span, 6)
    .map((at) => ({ at, left: place(at) }))
    .filter(
      ({ left }, index, all) =>
        left >= 0 && left <= 0.96 && left - (all[index - 1]?.left ?? -1) > 0.06,
    );
  const gaps = scale.stretches.filter(({ isGap }) => isGap);
  return (
    <div class="lane axis" aria-hidden="true">
      <span class="lane-name" />
      <span class="lane-track">
        {ticks.map(({ at, left }) => (
          <span key={at} class="axis-tick" style={{ left: `${left * 100}%` }}>
            {formatMs(at - scale.span.from)}
          </span>
        ))}
        {gaps.map((gap) => {
          const left = place(gap.from);
          const width = place(gap.to) - left;
          return left >= 0 && left <= 1 ? (
            <span
              key={gap.from}
              class="axis-gap"
              title={`Nothing happened for ${formatMs(gap.to - gap.from)}`}
              style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
            />
          ) : null;
        })}
      </span>
      <span class="lane-time" />
    </div>
  );
}

function Legend(): VNode {
  const kinds = [
    ["queue", "queued"],
    ["running", "at work"],
    ["waiting", "waiting"],
    ["delayed", "to be tried again"],
    ["running is-failed", "failed"],
  ] as const;
  return (
    <p class="legend">
      {kinds.map(([kind, word]) => (
        <span key={kind}>
          <span class={`bar is-${kind}`} aria-hidden="true" /> {word}
        </span>
      ))}
    </p>
  );
}

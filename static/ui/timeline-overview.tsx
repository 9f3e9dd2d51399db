/** The whole run in a strip, with the window that the timeline shows on it. */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";

import type { Times } from "../model/filter.ts";
import type { TimeScale } from "../model/timeline.ts";
import type { JobTrace } from "../model/trace-parts.ts";
import { formatMs } from "../model/words.ts";
import { Button } from "./button.tsx";

/** Places from 0 to 1. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface OverviewProps {
  readonly scale: TimeScale;
  readonly jobs: readonly JobTrace[];
  readonly view: Signal<Window>;
  /** The window as times of a filter. */
  readonly onChooseTimes: (times: Times) => void;
}

const jobsDrawn = 150;
const widthMin = 0.01;

export function Overview({ scale, jobs, view, onChooseTimes }: OverviewProps): VNode {
  const anchor = useRef<number | null>(null);
  const placeOf = (event: PointerEvent): number => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1);
  };
  const { from, to } = view.value;
  const isWhole = from === 0 && to === 1;
  const word = (place: number): string => `${Math.round(scale.time(place) - scale.span.from)}ms`;
  const words = (place: number): string => formatMs(scale.time(place) - scale.span.from);
  return (
    <div class="lane overview">
      <span class="lane-name quiet">Zoom</span>
      <span class="lane-track">
        <svg
          viewBox="0 0 1000 100"
          preserveAspectRatio="none"
          aria-hidden="true"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            anchor.current = placeOf(event);
          }}
          onPointerMove={(event) => {
            const start = anchor.current;
            if (start === null) return;
            const end = placeOf(event);
            if (Math.abs(end - start) < widthMin) return;
            view.value = { from: Math.min(start, end), to: Math.max(start, end) };
          }}
          onPointerUp={() => (anchor.current = null)}
          onDblClick={() => (view.value = { from: 0, to: 1 })}
        >
          <rect class="overview-back" width="1000" height="100" />
          <Jobs jobs={jobs} scale={scale} />
          {!isWhole && (
            <rect class="overview-window" x={from * 1000} width={(to - from) * 1000} height="100" />
          )}
        </svg>
        <Handle
          label="Start of the window"
          value={from}
          words={words(from)}
          onMove={(place) =>
            (view.value = { from: Math.min(Math.max(place, 0), to - widthMin), to })
          }
        />
        <Handle
          label="End of the window"
          value={to}
          words={words(to)}
          onMove={(place) =>
            (view.value = { from, to: Math.max(Math.min(place, 1), from + widthMin) })
          }
        />
      </span>
      <span class="lane-time">
        {!isWhole && (
          <>
            <Button
              label="Show the events of this time"
              icon="queued"
              isIconOnly
              onClick={() => onChooseTimes({ from: word(from), to: word(to) })}
            />
            <Button label="All" onClick={() => (view.value = { from: 0, to: 1 })} />
          </>
        )}
      </span>
    </div>
  );
}

// ---

/** Enough of them to show where it was busy. */
function Jobs({ jobs, scale }: Pick<OverviewProps, "jobs" | "scale">): VNode {
  const step = Math.max(Math.ceil(jobs.length / jobsDrawn), 1);
  const drawn = jobs.filter((_, index) => index % step === 0);
  const height = 78 / Math.max(drawn.length, 1);
  return (
    <>
      {drawn.map((job, index) => {
        const start = scale.place(job.fromAt) * 1000;
        const end = scale.place(job.end?.at ?? scale.span.to) * 1000;
        return (
          <rect
            key={job.id}
            class={job.end?.value === "failed" ? "overview-job is-failed" : "overview-job"}
            x={start}
            y={10 + index * height}
            width={Math.max(end - start, 3)}
            height={Math.max(height, 4)}
          />
        );
      })}
    </>
  );
}

function Handle(props: {
  readonly label: string;
  readonly value: number;
  readonly words: string;
  readonly onMove: (place: number) => void;
}): VNode {
  const { label, value, words, onMove } = props;
  return (
    <span
      class="overview-handle"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuenow={Math.round(value * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={words}
      style={{ left: `${value * 100}%` }}
      onKeyDown={(event) => {
        const moves: Readonly<Record<string, number>> = { ArrowLeft: -0.02, ArrowRight: 0.02 };
        const move = moves[event.key];
        if (move === undefined) return;
        event.preventDefault();
        onMove(value + move);
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.buttons === 0) return;
        const { left, width } = event.currentTarget.parentElement!.getBoundingClientRect();
        onMove((event.clientX - left) / width);
      }}
    />
  );
}

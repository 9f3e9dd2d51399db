/** A look back: the run as it was after any of its events, and a fork from there. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";

import { tickOfSequence } from "../model/trace.ts";
import type { LiveRun } from "../state/live-run.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";

const playMs = 250;

export function Scrubber({ run }: { readonly run: LiveRun }): VNode | null {
  const store = useStore();
  const { route, dialog } = store;
  const isPlaying = useSignal(false);
  const first = run.trace?.firstSequence ?? 0;
  // Read for what they tell: that there is more.
  const version = run.eventsVersion.value + run.traceVersion.value;
  const last = run.events.at(-1)?.sequence ?? first;
  const at = route.value.at;
  const go = (sequence: number): void =>
    store.navigate({ at: sequence >= last ? undefined : Math.max(sequence, first) });
  useEffect(() => {
    if (!isPlaying.value) return;
    const timer = setInterval(() => {
      const next = (route.peek().at ?? last) + 1;
      go(next);
      if (next >= last) isPlaying.value = false;
    }, playMs);
    return () => clearInterval(timer);
  }, [isPlaying.value, last]);
  if (run.events.length < 2 || version === 0) return null;
  const shown = at ?? last;
  const event = run.events[run.indexOf(shown)];
  const forkPoint = (): void => {
    dialog.value = {
      kind: "fork",
      point: { request: { after_sequence: shown }, title: `after event ${shown}`, input: null },
    };
  };
  const hasEnded = run.trace
    ? tickOfSequence(run.trace, shown) >= run.trace.ticks.length - 1
    : true;
  const isOver = hasEnded && run.trace?.state.status !== "running";
  return (
    <div class={at === undefined ? "scrubber" : "scrubber is-back"}>
      <Button
        label={isPlaying.value ? "Stop replay" : "Replay from the start"}
        icon={isPlaying.value ? "stop" : "play"}
        isIconOnly
        onClick={() => {
          if (!isPlaying.value && at === undefined) go(first);
          isPlaying.value = !isPlaying.value;
        }}
      />
      <input
        type="range"
        aria-label="Look back to event"
        aria-valuetext={`Event ${shown} of ${last}${event ? `, ${event.envelope.type}` : ""}`}
        min={first}
        max={last}
        value={shown}
        onInput={(input) => go(Number(input.currentTarget.value))}
      />
      <span class="scrubber-text">
        {at === undefined ? `all ${last - first + 1} events` : `after event ${shown} of ${last}`}
      </span>
      {at !== undefined && <Button label="Now" onClick={() => go(last)} />}
      {!run.isReadOnly && (
        <Button
          label="Fork from here"
          icon="fork"
          isDisabled={isOver}
          title={
            isOver
              ? "At its end a run cannot be forked: look back to an earlier event"
              : "Start a new run that goes on from here"
          }
          onClick={forkPoint}
        />
      )}
    </div>
  );
}

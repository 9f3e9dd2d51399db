/** How a run ended, what it was started with, and what it came from. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Envelope, Json, LineageBody } from "../../src/client/bodies.ts";
import { fromWireValue } from "../../src/protocol/wire-value.ts";
import { stateAt, tickOfSequence } from "../model/trace.ts";
import { formatMs, pretty } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";

export function Result({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const version = run.traceVersion.value;
  const handler = run.handler.value;
  const start = version > 0 ? run.trace?.ticks[0] : undefined;
  const input = start?.kind === "run_started" ? start.event : undefined;
  const { at } = store.route.value;
  const { trace } = run;
  const state =
    trace && (at === undefined ? trace.state : stateAt(trace, tickOfSequence(trace, at)));
  return (
    <div class="result">
      <section class="card">
        <h3>{handler?.status === "failed" ? "Failure" : "Result"}</h3>
        <Outcome run={run} />
      </section>
      <section class="card">
        <h3>Input{input ? ` · ${input.type}` : ""}</h3>
        {input ? <JsonTree value={input.data as Json} label="Input" /> : <p class="quiet">…</p>}
        {handler && !run.isReadOnly && (
          <Button
            label="Run again with other input"
            icon="edit"
            onClick={() => store.rerun(handler, true)}
          />
        )}
      </section>
      {state && Object.keys(state.store).length > 0 && (
        <section class="card">
          <h3>State{at === undefined ? "" : ` · after event ${at}`}</h3>
          <JsonTree value={state.store} label="State" />
        </section>
      )}
      {!run.isReadOnly && <Lineage run={run} />}
    </div>
  );
}

// ---

function Outcome({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const handler = run.handler.value;
  // Read for what they tell: that there is more of the story.
  const version = run.traceVersion.value + run.eventsVersion.value;
  if (!handler || version === 0) return <p class="quiet">Reading …</p>;
  const asks = run.openQuestions.value.length;
  if (handler.status === "running") {
    const isIdle = run.trace?.state.status === "running" && asks > 0;
    return (
      <p class="quiet">
        {isIdle
          ? "It waits for an answer: the question stands above its events."
          : "The run goes on. Its result will stand here."}
      </p>
    );
  }
  if (handler.status === "failed") return <FailureView run={run} error={handler.error} />;
  if (handler.status === "cancelled") {
    return <p class="quiet">The run was cancelled, so it has no result.</p>;
  }
  const envelope = handler.result as Envelope | null;
  if (!envelope) return <p class="quiet">It ended without a result.</p>;
  const data = fromWireValue(envelope.value);
  const isPlain = envelope.type === "StopEvent";
  const value: Json = isPlain ? (data["result"] ?? null) : data;
  return (
    <>
      {!isPlain && <p class="quiet">{envelope.type}</p>}
      <JsonTree value={value} label="Result" depth={3} />
      <Button
        label="Copy result"
        icon="copy"
        onClick={() => store.copy(pretty(value), "the result")}
      />
    </>
  );
}

function FailureView(props: { readonly run: LiveRun; readonly error: string | null }): VNode {
  const store = useStore();
  const { run, error } = props;
  const last = run.events.at(-1)?.envelope;
  const data = last ? fromWireValue(last.value) : {};
  const failure = run.trace?.state.failure;
  const step = typeof data["step_name"] === "string" ? data["step_name"] : undefined;
  const attempts = typeof data["attempts"] === "number" ? data["attempts"] : undefined;
  const elapsed = typeof data["elapsed_seconds"] === "number" ? data["elapsed_seconds"] : undefined;
  return (
    <>
      <p class="failure">
        <strong>{failure?.name ?? "Error"}</strong>: {failure?.message ?? error ?? "no message"}
      </p>
      {step !== undefined && (
        <p>
          In step{" "}
          <button type="button" class="link" onClick={() => store.navigate({ tab: "steps", step })}>
            {step}
          </button>
          {attempts !== undefined && `, attempt ${attempts}`}
          {elapsed !== undefined && `, after ${formatMs(elapsed * 1000)}`}.
        </p>
      )}
      {failure?.stack !== undefined && (
        <pre class="stack" tabIndex={0} aria-label="Stack">
          {failure.stack}
        </pre>
      )}
    </>
  );
}

function Lineage({ run }: { readonly run: LiveRun }): VNode | null {
  const store = useStore();
  const lineage = useSignal<LineageBody | null>(null);
  const known = useRef(-1);
  const { handlers, now } = store;
  // A fork is a new run: if there are any, it is asked about, once a second at most.
  useEffect(() => {
    const count = handlers.list.peek().length;
    if (count === known.current) return;
    known.current = count;
    store.client.getLineage(run.handlerId).then(
      (value) => (lineage.value = value),
      () => {}, // The run itself says what is wrong.
    );
  }, [run, now.value]);
  const { forked_from: origin, forks } = lineage.value ?? { forked_from: null, forks: [] };
  if (!origin && forks.length === 0) return null;
  const link = (id: string | null): VNode =>
    id === null ? (
      <span class="quiet">a run that is gone</span>
    ) : (
      <button type="button" class="link" onClick={() => store.openRun(id)}>
        {id}
      </button>
    );
  return (
    <section class="card">
      <h3>Forks</h3>
      {origin && (
        <p>
          Forked from {link(origin.handler_id)}, after event {origin.sequence}.{" "}
          {origin.handler_id !== null && (
            <button
              type="button"
              class="link"
              onClick={() =>
                store.navigate({ tab: "compare", other: origin.handler_id ?? undefined })
              }
            >
              Compare with it
            </button>
          )}
        </p>
      )}
      {forks.map((fork) => (
        <p key={fork.run_id}>
          {link(fork.handler_id)} was forked from this run, after event {fork.sequence}.
        </p>
      ))}
    </section>
  );
}

/** One job of a step: its input, and what each attempt wrote, changed, gave or failed with. */
import type { ComponentChildren, VNode } from "preact";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import type { AttemptTrace, JobTrace, Trace } from "../model/trace-parts.ts";
import { formatMs } from "../model/words.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";
import { Status } from "./status.tsx";

export interface JobDetailProps {
  readonly job: JobTrace;
  readonly state: string;
  readonly trace: Trace;
  readonly version: number;
  readonly onLookBack: (tick: number) => void;
}

const writtenShown = 50;

export function JobDetail({ job, state, trace, onLookBack }: JobDetailProps): VNode {
  const { dialog, run } = useStore();
  const start = job.segments.find(({ start: count }) => count !== null)?.start ?? null;
  const cause = job.cause === null ? undefined : trace.byId.get(job.cause);
  const [input] = job.events;
  const fork = (): void => {
    if (start === null) return;
    dialog.value = {
      kind: "fork",
      point: {
        request: { step: job.step, attempt: start },
        title: `where ${job.step} #${job.nth} began`,
        input:
          job.events.length === 1 && input
            ? { type: input.type, value: input.data as JsonObject }
            : null,
      },
    };
  };
  return (
    <div class="job-detail">
      <div class="job-head">
        <h3>
          {job.step} <span class="quiet">#{job.nth}</span>
        </h3>
        <Status status={state} />
        <span class="header-space" />
        <Button label="Look back" icon="delayed" onClick={() => onLookBack(job.fromTick)} />
        <Button
          label="Fork from here"
          icon="fork"
          isDisabled={start === null || run.value?.isReadOnly === true}
          onClick={fork}
        />
      </div>
      <p class="quiet">
        {cause ? `Came from ${cause.step} #${cause.nth}` : "Came from outside"}
        {waits(job)}
      </p>
      {job.events.map((event, index) => (
        <Part key={index} title={`Input · ${event.type}`}>
          <JsonTree value={event.data as Json} label={`Input ${event.type}`} />
        </Part>
      ))}
      {job.attempts.toReversed().map((attempt) => (
        <Attempt key={attempt.number} attempt={attempt} isOnly={job.attempts.length === 1} />
      ))}
    </div>
  );
}

// ---

function waits({ segments }: JobTrace): string {
  const sum = (place: string): number =>
    segments
      .filter((segment) => segment.place === place)
      .reduce((total, { fromAt, toAt }) => total + ((toAt ?? fromAt) - fromAt), 0);
  const parts = [
    ["queue", "queued"],
    ["running", "at work"],
    ["waiting", "waiting"],
    ["delayed", "between attempts"],
  ] as const;
  return parts
    .flatMap(([place, word]) => (sum(place) > 0 ? [` · ${formatMs(sum(place))} ${word}`] : []))
    .join("");
}

function Part(props: { readonly title: string; readonly children: ComponentChildren }): VNode {
  return (
    <section class="part">
      <h4>{props.title}</h4>
      {props.children}
    </section>
  );
}

function Attempt(props: { readonly attempt: AttemptTrace; readonly isOnly: boolean }): VNode {
  const { attempt, isOnly } = props;
  const { outputs, written, logs, changes, effects, failure } = attempt;
  return (
    <div class={isOnly ? "" : "attempt"}>
      {!isOnly && <h4 class="attempt-title">Attempt {attempt.number}</h4>}
      {failure && (
        <Part title="Failure">
          <p class="failure">
            <strong>{failure.value.name}</strong>: {failure.value.message}
          </p>
          {failure.value.stack !== undefined && (
            <pre class="stack" tabIndex={0} aria-label="Stack">
              {failure.value.stack}
            </pre>
          )}
        </Part>
      )}
      {outputs.map(({ value }, index) => (
        <Part key={index} title={`Output · ${value.type}`}>
          <JsonTree value={value.data as Json} label={`Output ${value.type}`} depth={1} />
        </Part>
      ))}
      {logs.length > 0 && (
        <Part title="Log">
          {logs.map(({ value }, index) => (
            <p key={index} class={`log-line is-${value.level}`}>
              <span class="log-level">{value.level}</span> {value.message}
            </p>
          ))}
        </Part>
      )}
      {changes.length > 0 && (
        <Part title="Changes to the state">
          {changes.map(({ value: { path, value } }, index) => (
            <JsonTree
              key={index}
              value={{ [path.join(".") || "state"]: value ?? "(removed)" }}
              label="Change"
              depth={2}
            />
          ))}
        </Part>
      )}
      {effects.length > 0 && (
        <Part title="Kept results of ctx.run">
          {effects.map(({ value: { key, value } }) => (
            <JsonTree key={key} value={{ [key]: value }} label={`Result ${key}`} />
          ))}
        </Part>
      )}
      {written.length > 0 && (
        <Part title={`Written to the stream · ${written.length}`}>
          {written.slice(0, writtenShown).map(({ value }, index) => (
            <JsonTree
              key={index}
              value={{ [value.type]: value.data as Json }}
              label={value.type}
              depth={1}
            />
          ))}
          {written.length > writtenShown && (
            <p class="quiet">and more: see the events on the right.</p>
          )}
        </Part>
      )}
    </div>
  );
}

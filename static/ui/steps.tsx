/** What each step was given and gave, attempt by attempt. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { Json } from "../../src/client/bodies.ts";
import { workMs } from "../model/compare.ts";
import { segmentAt, sequenceOfTick, tickOfSequence } from "../model/trace.ts";
import type { JobTrace } from "../model/trace-parts.ts";
import { formatCount, formatMs, preview } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { JobDetail } from "./job-detail.tsx";
import { Status } from "./status.tsx";
import { VirtualList } from "./virtual-list.tsx";

const rowHeight = 44;

export function Steps({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { route } = store;
  const chosenId = useSignal<number | null>(null);
  const version = run.traceVersion.value;
  const { trace } = run;
  if (!trace || version === 0) return <Empty title="Reading the run …" />;
  const { step, at } = route.value;
  const index = at === undefined ? trace.ticks.length : tickOfSequence(trace, at);
  const jobs = trace.jobs.filter(
    (job) => job.fromTick <= index && (step === undefined || job.step === step),
  );
  const stateOf = (job: JobTrace): string => {
    const segment = segmentAt(job, index);
    if (!segment) return job.end?.value ?? "queued";
    return segment.place === "queue" ? "queued" : segment.place;
  };
  const chosen = jobs.find(({ id }) => id === chosenId.value) ?? jobs[0];
  return (
    <div class="steps">
      <div class="steps-list">
        <p class="steps-head">
          {step === undefined ? (
            <span class="quiet">{formatCount(jobs.length, "job")} of all steps</span>
          ) : (
            <>
              <span>
                {formatCount(jobs.length, "job")} of <strong>{step}</strong>
              </span>
              <button
                type="button"
                class="link"
                onClick={() => store.navigate({ step: undefined })}
              >
                all steps
              </button>
            </>
          )}
        </p>
        {jobs.length === 0 ? (
          <Empty title="This step has not begun" />
        ) : (
          <VirtualList
            id="step-job"
            label="Jobs"
            count={jobs.length}
            rowHeight={rowHeight}
            chosen={chosen ? jobs.indexOf(chosen) : -1}
            onChoose={(row) => (chosenId.value = jobs[row]?.id ?? null)}
            row={(row) => {
              const job = jobs[row];
              return job && <JobRow job={job} state={stateOf(job)} />;
            }}
          />
        )}
      </div>
      {chosen && (
        <JobDetail
          key={chosen.id}
          job={chosen}
          state={stateOf(chosen)}
          trace={trace}
          version={version}
          onLookBack={(tick) => store.navigate({ at: sequenceOfTick(trace, tick) })}
        />
      )}
    </div>
  );
}

// ---

function JobRow({ job, state }: { readonly job: JobTrace; readonly state: string }): VNode {
  const ms = workMs(job);
  return (
    <div class="run-row">
      <div class="run-line">
        <span class="run-name">
          {job.step} <span class="quiet">#{job.nth}</span>
        </span>
        <span class="run-time">{ms === null ? "" : formatMs(ms)}</span>
      </div>
      <div class="run-line">
        <Status status={state} />
        <span class="run-id">{preview(job.events[0]?.data as Json, 60)}</span>
      </div>
    </div>
  );
}

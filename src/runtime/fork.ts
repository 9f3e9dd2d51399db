/** What a fork is made of: the story of a run up to a point, as ticks, events and a state. */
import { WorkflowError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { feedPageLength } from "../base/limits.ts";
import { reduce } from "../engine/reduce.ts";
import { initialState, type RunState } from "../engine/state.ts";
import type { Tick } from "../engine/tick.ts";
import type { Envelope } from "../protocol/envelope.ts";
import type { StoredEvent } from "../store/event.ts";
import type { RunRecord, Store } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import type { Story } from "./story.ts";

/** After an event, or where a step began to work for the nth time (by default, the last time). */
export type ForkPoint =
  { readonly sequence: number } | { readonly step: string; readonly attempt?: number | undefined };

/** Throws `request_invalid` for a point that the run has not, or at which it had ended. */
export async function readStory(
  store: Store,
  definition: Definition,
  run: RunRecord,
  point: ForkPoint,
): Promise<Story & { readonly sequence: number }> {
  const sequence = "sequence" in point ? point.sequence : await findStart(store, run, point);
  if (sequence < run.firstSequence || sequence > run.lastSequence) {
    throw new WorkflowError(
      "request_invalid",
      `Expected \`after_sequence\` to be from ${run.firstSequence} to ${run.lastSequence}, the events of this run, got ${sequence}.`,
    );
  }
  const all = await store.readTicks(run.runId);
  const { state, ticks, last } = replayTo(definition, all, {
    from: run.firstSequence,
    to: sequence,
  });
  if (state.status !== "running") {
    throw new WorkflowError(
      "request_invalid",
      `With event ${sequence} the run had ended. Choose an earlier point.`,
    );
  }
  const count = last - run.firstSequence + 1;
  const events = await store.readEvents(run.runId, run.firstSequence - 1, count);
  if (all.length === 0 || events.length < count) {
    const { handlerId } = run;
    throw new WorkflowError("handler_not_found", `Handler \`${handlerId}\` was deleted meanwhile.`);
  }
  return { sequence: last, state, ticks, events };
}

/** The job whose input an edited event replaces: one that is at work on an event of that type. */
export function findEdited(
  state: RunState,
  event: Event,
): { readonly step: string; readonly job: number; readonly event: Event } | null {
  for (const [step, { running, queue }] of Object.entries(state.steps)) {
    const job = [...running, ...queue].find(
      ({ events, isBatch }) => !isBatch && events[0]?.type === event.type,
    );
    if (job) return { step, job: job.id, event };
  }
  return null;
}

// ---

function replayTo(
  definition: Definition,
  all: readonly Json[],
  { from, to }: { readonly from: number; readonly to: number },
): { readonly state: RunState; readonly ticks: readonly Json[]; readonly last: number } {
  let state = initialState(definition);
  let last = from - 1;
  let count = 0;
  for (const tick of all) {
    if (last >= to) break;
    const reduction = reduce(definition, state, tick as unknown as Tick); // As our loops wrote it.
    state = reduction.state;
    last += reduction.events.length;
    count++;
  }
  return { state, ticks: all.slice(0, count), last };
}

async function findStart(
  store: Store,
  run: RunRecord,
  { step, attempt }: { readonly step: string; readonly attempt?: number | undefined },
): Promise<number> {
  const starts: number[] = [];
  for (let after = run.firstSequence - 1; after < run.lastSequence;) {
    const page = await store.readEvents(run.runId, after, feedPageLength);
    for (const event of page) if (isStart(event, step)) starts.push(event.sequence);
    after = page.at(-1)?.sequence ?? run.lastSequence;
  }
  const sequence = attempt === undefined ? starts.at(-1) : starts[attempt - 1];
  if (sequence !== undefined) return sequence;
  throw new WorkflowError(
    "request_invalid",
    `Expected \`step\` and \`attempt\` to name a time that a step began to work, got \`${step}\`, ${attempt ?? "last"}: it did so ${starts.length} times in this run.`,
  );
}

function isStart({ isInternal, json }: StoredEvent, step: string): boolean {
  if (!isInternal || !json.includes('"StepStateChanged"')) return false;
  const { value } = JSON.parse(json) as Envelope;
  return value["name"] === step && value["step_state"] === "running";
}

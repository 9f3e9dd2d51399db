/**
 * The story of a run, told by its ticks: the engine itself replays them, and what it does with jobs
 * is written down here, so that every job can be seen at any time of its life.
 *
 * A trace only grows. Each part says by which tick it came and went; so a look back at an earlier
 * tick needs no second trace.
 */
import { reduce } from "../../src/engine/reduce.ts";
import { initialState, type RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { Definition } from "./definition.ts";
import { noteJobs } from "./trace-jobs.ts";
import type { JobTrace, LogLine, Mark, Segment, Trace } from "./trace-parts.ts";

const checkpointTicks = 64;

export function createTrace(definition: Definition, firstSequence: number): Trace {
  const state = initialState(definition);
  return {
    definition,
    firstSequence,
    ticks: [],
    ends: [],
    outside: [],
    jobs: [],
    byId: new Map(),
    counts: new Map(),
    checkpoints: [state],
    state,
  };
}

export function addTick(trace: Trace, tick: Tick): void {
  const before = trace.state;
  const { state, events } = reduce(trace.definition, before, tick);
  const index = trace.ticks.length;
  trace.ticks.push(tick);
  trace.ends.push((trace.ends.at(-1) ?? trace.firstSequence - 1) + events.length);
  trace.state = state;
  if (trace.ticks.length % checkpointTicks === 0) trace.checkpoints.push(state);
  noteTick(trace, tick, index);
  if (state !== before) noteJobs(trace, { before, tick, index });
}

/** The state after a tick; -1 is before the first. */
export function stateAt(trace: Trace, index: number): RunState {
  if (index >= trace.ticks.length - 1) return trace.state;
  const from = Math.floor((index + 1) / checkpointTicks);
  let state = trace.checkpoints[from] ?? initialState(trace.definition);
  for (const tick of trace.ticks.slice(from * checkpointTicks, index + 1)) {
    state = reduce(trace.definition, state, tick).state;
  }
  return state;
}

/** The first tick by which the event with this sequence was there; -1: none was needed. */
export function tickOfSequence(trace: Trace, sequence: number): number {
  let low = 0;
  let high = trace.ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((trace.ends[middle] ?? 0) < sequence) low = middle + 1;
    else high = middle;
  }
  return sequence < trace.firstSequence ? -1 : Math.min(low, trace.ends.length - 1);
}

export function sequenceOfTick(trace: Trace, index: number): number {
  return trace.ends[index] ?? trace.firstSequence - 1;
}

/** Where a job is at a tick: its last place until then, if it has not left. */
export function segmentAt(job: JobTrace, index: number): Segment | undefined {
  const segment = job.segments.findLast(({ fromTick }) => fromTick <= index);
  return segment && (segment.toTick === null || segment.toTick > index) ? segment : undefined;
}

// ---

/** What a tick says of the attempt that it belongs to. */
function noteTick(trace: Trace, tick: Tick, index: number): void {
  if (tick.kind === "run_started" || tick.kind === "event_received") {
    trace.outside.push({ tick: index, at: tick.at, value: tick.event });
  }
  if (!("job" in tick)) return;
  const job = trace.byId.get(tick.job);
  const attempt = job?.attempts.find(({ number }) => number === tick.attempt);
  if (!attempt) return;
  const mark = <T>(value: T): Mark<T> => ({ tick: index, at: tick.at, value });
  switch (tick.kind) {
    case "event_sent":
      attempt.outputs.push(mark(tick.event));
      return;
    case "event_written":
      // What `ctx.log` writes goes the way of all that a step shows.
      if (tick.event.type === "StepLogged") attempt.logs.push(mark(tick.event.data as LogLine));
      else attempt.written.push(mark(tick.event));
      return;
    case "state_changed":
      attempt.changes.push(...tick.changes.map(mark));
      return;
    case "effect_returned":
      attempt.effects.push(mark({ key: tick.key, value: tick.value }));
      return;
    case "step_succeeded":
      attempt.outputs.push(...tick.events.map(mark));
      return;
    case "step_failed":
      attempt.failure = mark(tick.failure);
      return;
    default:
      return;
  }
}

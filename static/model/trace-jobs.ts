/** What a tick did to jobs, read from the states before and after it. */
import { type Job, type JobPlace, jobPlaces, type RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { JobTrace, Outcome, Segment, Trace } from "./trace-parts.ts";

interface Moment {
  readonly before: RunState;
  readonly tick: Tick;
  readonly index: number;
}

interface Placed {
  readonly job: Job;
  readonly place: JobPlace;
}

export function noteJobs(trace: Trace, moment: Moment): void {
  const { before } = moment;
  const after = trace.state;
  // Steps that nothing happened to are the same object as before.
  const touched = Object.keys(after.steps).filter(
    (name) => after.steps[name] !== before.steps[name],
  );
  for (const name of touched) {
    const was = placesOf(before, name);
    const is = placesOf(after, name);
    for (const [id] of was) if (!is.has(id)) leave(trace, id, moment);
    for (const [id, placed] of is) {
      const known = trace.byId.get(id);
      if (known) known.events = placed.job.events;
      if (!isSame(was.get(id), placed)) enter(trace, placed, moment);
    }
  }
}

// ---

function placesOf(state: RunState, name: string): ReadonlyMap<number, Placed> {
  const places = new Map<number, Placed>();
  const step = state.steps[name];
  for (const place of jobPlaces) {
    for (const job of step?.[place] ?? []) places.set(job.id, { job, place });
  }
  return places;
}

function isSame(a: Placed | undefined, b: Placed): boolean {
  return a?.place === b.place && a.job.attempt === b.job.attempt && a.job.worker === b.job.worker;
}

function enter(trace: Trace, { job, place }: Placed, { tick, index }: Moment): void {
  const known = trace.byId.get(job.id) ?? add(trace, job, { tick, index });
  close(known, tick.at, index);
  known.segments.push({
    place,
    attempt: job.attempt,
    worker: job.worker,
    fromAt: tick.at,
    fromTick: index,
    toAt: null,
    toTick: null,
    start: place === "running" ? ++countsOf(trace, job.step).starts : null,
  });
  if (known.attempts.at(-1)?.number === job.attempt) return;
  known.attempts.push({
    number: job.attempt,
    outputs: [],
    written: [],
    logs: [],
    changes: [],
    effects: [],
    failure: null,
  });
}

function add(trace: Trace, job: Job, { tick, index }: Omit<Moment, "before">): JobTrace {
  const added: JobTrace = {
    id: job.id,
    step: job.step,
    nth: ++countsOf(trace, job.step).jobs,
    events: job.events,
    fromAt: tick.at,
    fromTick: index,
    cause: "job" in tick ? tick.job : null,
    segments: [],
    attempts: [],
    end: null,
  };
  trace.jobs.push(added);
  trace.byId.set(job.id, added);
  return added;
}

function leave(trace: Trace, id: number, { tick, index }: Moment): void {
  const job = trace.byId.get(id);
  if (!job) return;
  close(job, tick.at, index);
  job.end = { tick: index, at: tick.at, value: outcomeOf(tick, id) };
}

/** Jobs that were under way when something else ended the run are dropped with it. */
function outcomeOf(tick: Tick, id: number): Outcome {
  if (!("job" in tick) || tick.job !== id) return "dropped";
  return tick.kind === "step_failed" ? "failed" : "succeeded";
}

function close(job: JobTrace, at: number, tick: number): void {
  const open: Segment | undefined = job.segments.at(-1);
  if (!open || open.toTick !== null) return;
  open.toAt = at;
  open.toTick = tick;
}

function countsOf(trace: Trace, step: string): { jobs: number; starts: number } {
  const counts = trace.counts.get(step) ?? { jobs: 0, starts: 0 };
  trace.counts.set(step, counts);
  return counts;
}

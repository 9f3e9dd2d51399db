/**
 * A fork: the state of another run at some point of its story becomes the beginning of this one.
 * What was timed there is timed here anew, from now; what was under way is started again.
 */
import { type Change, publish } from "./change.ts";
import { resume } from "./resume.ts";
import { type Job, mapJobs } from "./state.ts";
import type { TickOf } from "./tick.ts";

export function runForked(change: Change, tick: TickOf<"run_forked">): void {
  const { state } = change;
  const shift = tick.at - state.at;
  const { edited } = tick;
  const edit = (job: Job): Job => {
    const isEdited = edited?.job === job.id && edited.step === job.step;
    return isEdited ? { ...job, events: [edited.event] } : job;
  };
  change.state = {
    ...state,
    startedAt: later(state.startedAt, shift),
    deadlineAt: later(state.deadlineAt, shift),
    steps: mapJobs(state, (job) => edit(shiftJob(job, shift))),
    // The other run's children are the other run's: this one starts its own.
    children: [],
    parent: null,
  };
  const { handlerId, runId, sequence } = tick.from;
  publish(change, "WorkflowForkedEvent", { handler_id: handlerId, run_id: runId, sequence });
  change.commands.push(...resume(change.state));
}

// ---

function shiftJob(job: Job, shift: number): Job {
  return {
    ...job,
    firstAttemptAt: later(job.firstAttemptAt, shift),
    retryAt: later(job.retryAt, shift),
    waits: job.waits.map((wait) => ({ ...wait, deadlineAt: later(wait.deadlineAt, shift) })),
  };
}

function later(at: number | null, shift: number): number | null {
  return at === null ? null : at + shift;
}

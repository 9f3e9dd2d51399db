/**
 * One tick: the next state, what users see of it, and what the runtime must do. Total, synchronous
 * and deterministic; a run that has ended, or a job that nobody knows, changes nothing.
 *
 * The order of events and commands is the order in which they were made: what a step wrote, that it
 * stopped, what it returned, what that started.
 */
import { unreachable } from "../base/assert.ts";
import type { Definition } from "../workflow/definition.ts";
import { activeJob, type Change, type Published, publish, updateJob } from "./change.ts";
import { eventCollected } from "./collect.ts";
import type { Command } from "./command.ts";
import { cancelRequested, deadlineDue } from "./finish.ts";
import { route } from "./route.ts";
import { isIdle, type RunState } from "./state.ts";
import { retryDue, stepFailed, stepSucceeded } from "./steps.ts";
import { applyChanges } from "./store.ts";
import type { Tick, TickOf } from "./tick.ts";
import { waitDue, waitOpened } from "./wait.ts";

export interface Reduction {
  readonly state: RunState;
  readonly events: readonly Published[];
  readonly commands: readonly Command[];
}

export function reduce(definition: Definition, state: RunState, tick: Tick): Reduction {
  const change: Change = { definition, at: tick.at, state, events: [], commands: [] };
  if (state.status !== "running") return change;
  apply(change, tick);
  if (change.state !== state && isNewlyIdle(state, change.state)) {
    publish(change, "WorkflowIdleEvent", {});
  }
  return change;
}

// ---

function apply(change: Change, tick: Tick): void {
  switch (tick.kind) {
    case "run_started":
      return runStarted(change, tick);
    case "event_received":
      return route(change, tick.event, tick.target);
    case "event_sent": {
      const sender = activeJob(change, tick);
      if (sender) route(change, tick.event, tick.target, sender.job.recoveries);
      return;
    }
    case "event_written":
      if (activeJob(change, tick)) change.events.push({ event: tick.event, isTerminal: false });
      return;
    case "event_collected":
      return eventCollected(change, tick);
    case "wait_opened":
      return waitOpened(change, tick);
    case "effect_returned":
      return effectReturned(change, tick);
    case "state_changed":
      if (activeJob(change, tick)) {
        change.state = { ...change.state, store: applyChanges(change.state.store, tick.changes) };
      }
      return;
    case "step_succeeded":
      return stepSucceeded(change, tick);
    case "step_failed":
      return stepFailed(change, tick);
    case "timer_fired":
      return timerFired(change, tick);
    case "cancel_requested":
      return cancelRequested(change);
    default:
      return unreachable(tick);
  }
}

function runStarted(change: Change, tick: TickOf<"run_started">): void {
  const { timeoutMs } = change.definition;
  const deadlineAt = timeoutMs === null ? null : tick.at + timeoutMs;
  change.state = { ...change.state, startedAt: tick.at, deadlineAt, store: tick.store };
  if (deadlineAt !== null) {
    change.commands.push({ kind: "set_timer", timer: { kind: "deadline" }, at: deadlineAt });
  }
  route(change, tick.event);
}

function effectReturned(change: Change, tick: TickOf<"effect_returned">): void {
  const found = activeJob(change, tick);
  if (!found || Object.hasOwn(found.job.effects, tick.key)) return;
  const effects = { ...found.job.effects, [tick.key]: tick.value };
  updateJob(change, { ...found.job, effects }, found.place);
}

function timerFired(change: Change, tick: TickOf<"timer_fired">): void {
  switch (tick.timer.kind) {
    case "deadline":
      return deadlineDue(change, tick);
    case "retry":
      return retryDue(change, tick);
    case "wait":
      return waitDue(change, tick);
    default:
      return unreachable(tick.timer);
  }
}

function isNewlyIdle(before: RunState, after: RunState): boolean {
  return after.status === "running" && isIdle(after) && !isIdle(before);
}

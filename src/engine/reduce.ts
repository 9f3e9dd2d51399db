/**
 * One tick: the next state, what users see of it, and what the runtime must do. Total, synchronous
 * and deterministic; a run that has ended, or a job that nobody knows, changes nothing.
 *
 * The order of events and commands is the order in which they were made: what a step wrote, that it
 * stopped, what it returned, what that started.
 */
import { unreachable } from "../base/assert.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { activeJob, type Change, type Published, publish, updateJob } from "./change.ts";
import { eventCollected } from "./collect.ts";
import type { Command } from "./command.ts";
import { cancelRequested, deadlineDue, endIfStalled, runQuarantined } from "./finish.ts";
import { runForked } from "./fork.ts";
import { endScopes, outermost } from "./join.ts";
import { route } from "./route.ts";
import { childPlaces, effectPlaces, isIdle, type Job, type RunState } from "./state.ts";
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
  if (change.state === state && change.events.length === 0) return change;
  if (change.state.status === "running" && isIdle(change.state)) {
    // Told when it becomes so, and again when an event from outside has not moved it.
    const isNews = !isIdle(state) || tick.kind === "event_received";
    if (isNews) publish(change, "WorkflowIdleEvent", {});
    endIfStalled(change);
  }
  change.state = { ...change.state, at: tick.at };
  return change;
}

// ---

function apply(change: Change, tick: Tick): void {
  switch (tick.kind) {
    case "run_started":
      return runStarted(change, tick);
    case "run_admitted":
      return runAdmitted(change);
    case "run_forked":
      return runForked(change, tick);
    case "run_quarantined":
      return runQuarantined(change, tick);
    case "event_received":
      return eventReceived(change, tick);
    case "event_sent":
      return eventSent(change, tick);
    case "event_written":
      return eventWritten(change, tick);
    case "event_collected":
      return eventCollected(change, tick);
    case "wait_opened":
      return waitOpened(change, tick);
    case "effect_returned":
      return effectReturned(change, tick);
    case "child_started":
    case "child_shown":
      return childTold(change, tick);
    case "state_changed":
      return stateChanged(change, tick);
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
  const { store, event, parent } = tick;
  if (change.state.queued || change.state.startedAt !== null) return; // A run starts once.
  change.state = { ...change.state, store, queued: event, parent };
  if (tick.isQueued) publish(change, "WorkflowQueuedEvent", {});
  else runAdmitted(change);
}

function runAdmitted(change: Change): void {
  const { queued } = change.state;
  if (!queued) return;
  const { timeoutMs } = change.definition;
  const deadlineAt = timeoutMs === null ? null : change.at + timeoutMs;
  const { early } = change.state;
  change.state = { ...change.state, queued: null, early: [], startedAt: change.at, deadlineAt };
  if (deadlineAt !== null) {
    change.commands.push({ kind: "set_timer", timer: { kind: "deadline" }, at: deadlineAt });
  }
  route(change, queued, null, { scopes: outermost(change), recoveries: {} });
  for (const { event, target } of early) receive(change, event, target);
}

function eventSent(change: Change, tick: TickOf<"event_sent">): void {
  const sender = actingJob(change, tick);
  if (!sender) return;
  // A tick with an effect, also where nobody takes the event: sent again, it might find somebody.
  change.state = { ...change.state };
  route(change, tick.event, tick.target, sender);
}

function eventWritten(change: Change, tick: TickOf<"event_written">): void {
  if (!actingJob(change, tick)) return;
  change.events.push({ event: tick.event, isTerminal: false });
}

function stateChanged(change: Change, tick: TickOf<"state_changed">): void {
  if (!actingJob(change, tick)) return;
  change.state = { ...change.state, store: applyChanges(change.state.store, tick.changes) };
}

/** The job that a tick tells of, which has acted with it. */
function actingJob(
  change: Change,
  tick: TickOf<"event_sent" | "event_written" | "state_changed">,
): Job | undefined {
  const { job, place } = activeJob(change, tick) ?? {};
  if (job && place && !job.hasActed) updateJob(change, { ...job, hasActed: true }, place);
  return job;
}

function eventReceived(change: Change, { event, target }: TickOf<"event_received">): void {
  const { queued, early } = change.state;
  const takers = change.definition.routes.get(event.type) ?? [];
  const isForStep = takers.some((step) => target === null || step === target);
  if (!queued || !isForStep) return receive(change, event, target);
  // No step of a run is under way before its turn.
  change.state = { ...change.state, early: early.concat({ event, target }) };
}

function receive(change: Change, event: Event, target: string | null): void {
  const lineage = { scopes: outermost(change), recoveries: {} };
  route(change, event, target, lineage);
  // A join that stands alone may have got all that there is.
  endScopes(change, lineage.scopes, lineage);
}

function childTold(change: Change, tick: TickOf<"child_started" | "child_shown">): void {
  if (!activeJob(change, tick)) return;
  const { children } = change.state;
  const place = childPlaces.find(children, tick.runId);
  const known = children[place];
  if (tick.kind === "child_started") {
    const { runId, handlerId, workflowName } = tick;
    const child = { runId, handlerId, workflowName, cursor: -1 };
    if (!known) change.state = { ...change.state, children: childPlaces.added(children, child) };
    return;
  }
  if (!known || tick.sequence <= known.cursor) return; // Shown before a restart.
  const shown = { ...known, cursor: tick.sequence };
  change.state = {
    ...change.state,
    children: childPlaces.replaced(children, place, shown),
  };
  change.events.push({ envelope: tick.envelope, isTerminal: false });
}

function effectReturned(change: Change, tick: TickOf<"effect_returned">): void {
  const found = activeJob(change, tick);
  const { key, value } = tick;
  if (!found || effectPlaces.find(found.job.effects, key) >= 0) return;
  const effects = effectPlaces.added(found.job.effects, { key, value });
  updateJob(change, { ...found.job, effects }, found.place);
}

function timerFired(change: Change, { timer }: TickOf<"timer_fired">): void {
  switch (timer.kind) {
    case "deadline":
      return deadlineDue(change);
    case "retry":
      return retryDue(change, timer);
    case "wait":
      return waitDue(change, timer);
    default:
      return unreachable(timer);
  }
}

/** The end of a run: exactly one terminal event, and a status that agrees with it. */
import type { Failure } from "../base/errors.ts";
import { ownField } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import type { Change } from "./change.ts";
import { nextTimerAt } from "./resume.ts";
import { initialState } from "./state.ts";
import type { TickOf } from "./tick.ts";

export function finish(
  change: Change,
  status: "completed" | "failed" | "cancelled",
  event: Event,
  failure: Failure | null = null,
): void {
  const { startedAt, nextJob, store, children, parent } = change.state;
  // What was under way is dropped; the shared state stays, for a run that continues this one.
  change.state = {
    ...initialState(change.definition),
    status,
    startedAt,
    nextJob,
    store,
    children,
    parent,
    result: status === "completed" ? event : null,
    failure,
  };
  change.events.push({ event, isTerminal: true });
  change.commands.push({ kind: "finish_run" });
}

export function deadlineDue(change: Change): void {
  const { deadlineAt, startedAt, steps } = change.state;
  if (deadlineAt === null || deadlineAt > change.at) return;
  const seconds = (deadlineAt - (startedAt ?? deadlineAt)) / 1000;
  const activeSteps = Object.keys(steps).filter((step) => steps[step]?.running.length);
  const data = { timeout: seconds, active_steps: activeSteps };
  const failure = { name: "TimeoutError", message: `Workflow timed out after ${seconds}s` };
  finish(change, "failed", { type: "WorkflowTimedOutEvent", data }, failure);
}

/**
 * Ends a run that nothing can move any more, instead of leaving it there for ever: all its steps
 * have ended, none waits, no timer is set, and no step takes anything from outside.
 */
export function endIfStalled(change: Change): void {
  const { state, definition } = change;
  const isWaiting = Object.values(state.steps).some(({ waiting }) => waiting.length > 0);
  if (definition.isOpen || isWaiting || nextTimerAt(state) !== null) return;
  const what =
    "The run has stalled: its steps have ended without a stop event, and nothing is left to come.";
  const cure = "Return a stop event on every path, or give the workflow a `timeout`.";
  const message = [what, ...shortJoins(change), cure].join(" ");
  failRun(change, { name: "StalledError", message });
}

export function cancelRequested(change: Change): void {
  finish(change, "cancelled", { type: "WorkflowCancelledEvent", data: {} });
}

/** Ends a run with the failure of a step that nobody catches. */
export function failWith(
  change: Change,
  failure: Failure,
  of: { readonly step: string; readonly attempts: number; readonly elapsedSeconds: number },
): void {
  const data = {
    step_name: of.step,
    exception: { exception_type: failure.name, exception_message: failure.message },
    attempts: of.attempts,
    elapsed_seconds: of.elapsedSeconds,
  };
  finish(change, "failed", { type: "WorkflowFailedEvent", data }, failure);
}

export function runQuarantined(change: Change, tick: TickOf<"run_quarantined">): void {
  const message = `A step of this run has ended the process ${tick.crashes} times, so it is not tried again.`;
  failRun(change, { name: "QuarantineError", message });
}

// ---

/** What the joins of a run have, and were never given the rest of. */
function shortJoins({ state, definition }: Change): readonly string[] {
  return definition.joins.flatMap((step) => {
    const { kind, types = [], take } = definition.steps.get(step)?.join ?? {};
    const events = state.scopes.flatMap(({ joining }) => ownField(joining, step) ?? []);
    if (events.length === 0) return [];
    if (kind === "collect") return [`Step \`${step}\` has ${events.length} of ${take} events.`];
    const missing = types.filter((type) => !events.some((event) => event.type === type));
    return [`Step \`${step}\` has got no ${missing.map((type) => `\`${type}\``).join(", no ")}.`];
  });
}

/** A failure of the run and of no step; the step that is named was at work, if one was. */
function failRun(change: Change, failure: Failure): void {
  const { startedAt, steps } = change.state;
  const job = Object.values(steps).flatMap(({ running }) => running)[0];
  failWith(change, failure, {
    step: job?.step ?? "",
    attempts: job?.attempt ?? 0,
    elapsedSeconds: (change.at - (startedAt ?? change.at)) / 1000,
  });
}

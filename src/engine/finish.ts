/** The end of a run: exactly one terminal event, and a status that agrees with it. */
import type { Failure } from "../base/errors.ts";
import type { Event } from "../workflow/event.ts";
import type { Change } from "./change.ts";
import { initialState } from "./state.ts";
import type { TickOf } from "./tick.ts";

export interface Ending {
  readonly status: "completed" | "failed" | "cancelled";
  readonly event: Event;
  readonly failure: Failure | null;
}

export function finish(change: Change, { status, event, failure }: Ending): void {
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

export function deadlineDue(change: Change, tick: TickOf<"timer_fired">): void {
  const { deadlineAt, startedAt, steps } = change.state;
  if (deadlineAt === null || deadlineAt > tick.at) return;
  const seconds = (deadlineAt - (startedAt ?? deadlineAt)) / 1000;
  const activeSteps = Object.keys(steps).filter((step) => steps[step]?.running.length);
  const data = { timeout: seconds, active_steps: activeSteps };
  finish(change, {
    status: "failed",
    event: { type: "WorkflowTimedOutEvent", data },
    failure: { name: "TimeoutError", message: `Workflow timed out after ${seconds}s` },
  });
}

export function cancelRequested(change: Change): void {
  finish(change, {
    status: "cancelled",
    event: { type: "WorkflowCancelledEvent", data: {} },
    failure: null,
  });
}

export function runQuarantined(change: Change, tick: TickOf<"run_quarantined">): void {
  const { steps } = change.state;
  const active = Object.values(steps).flatMap(({ running }) => running);
  const message = `The process died ${tick.crashes} times while this run was under way, so it is not tried again.`;
  finish(change, {
    status: "failed",
    event: {
      type: "WorkflowFailedEvent",
      data: {
        step_name: active[0]?.step ?? "",
        exception: { exception_type: "QuarantineError", exception_message: message },
        attempts: active[0]?.attempt ?? 0,
        elapsed_seconds: (tick.at - (change.state.startedAt ?? tick.at)) / 1000,
      },
    },
    failure: { name: "QuarantineError", message },
  });
}

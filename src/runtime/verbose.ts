/** What happens to a run, tick by tick, in words that a person can follow. */
import { unreachable } from "../base/assert.ts";
import type { Tick } from "../engine/tick.ts";
import type { Event } from "../workflow/event.ts";

/** One line of at most 200 characters. */
export function describeTick(tick: Tick): string {
  const line = sentence(tick);
  return line.length > lineLengthMax ? `${line.slice(0, lineLengthMax - 1)}…` : line;
}

// ---

const lineLengthMax = 200;
const valueLengthMax = 50;

function sentence(tick: Tick): string {
  switch (tick.kind) {
    case "run_started":
      return `run started with ${show(tick.event)}${tick.isQueued ? ", and waits for its turn" : ""}`;
    case "run_admitted":
      return "run has its turn";
    case "run_forked":
      return `run goes on from event ${tick.from.sequence} of ${tick.from.runId}`;
    case "run_quarantined":
      return `run is not tried again: the process died with it ${tick.crashes} times`;
    case "event_received":
      return `received ${show(tick.event)}${to(tick.target)}`;
    case "event_sent":
      return `${of(tick)} sent ${show(tick.event)}${to(tick.target)}`;
    case "event_written":
      return `${of(tick)} wrote ${show(tick.event)}`;
    case "event_collected":
      return `${of(tick)} put ${show(tick.event)} into buffer "${tick.buffer}"`;
    case "wait_opened":
      return `${of(tick)} waits for ${tick.type} (${tick.wait})`;
    case "effect_returned":
      return `${of(tick)} did "${tick.key}"`;
    case "state_changed":
      return `${of(tick)} changed ${tick.changes.map(({ path }) => path.join(".")).join(", ")}`;
    case "child_started":
      return `${of(tick)} runs ${tick.workflowName} as ${tick.runId}`;
    case "child_shown":
      return `${of(tick)} shows an event of ${tick.runId}`;
    case "step_succeeded":
      return `${of(tick)} returned ${tick.events.map(show).join(", ") || "nothing"}`;
    case "step_failed": {
      const next =
        tick.retryAt === null ? "gives up" : `tries again in ${tick.retryAt - tick.at} ms`;
      return `${of(tick)} failed and ${next}: ${tick.failure.message}`;
    }
    case "timer_fired":
      return `timer fired: ${tick.timer.kind}`;
    case "cancel_requested":
      return "run was cancelled";
    default:
      return unreachable(tick);
  }
}

function of({ step, job, attempt }: { step: string; job: number; attempt: number }): string {
  return attempt > 1 ? `${step} (job ${job}, attempt ${attempt})` : `${step} (job ${job})`;
}

function to(target: string | null): string {
  return target === null ? "" : ` for ${target}`;
}

function show({ type, data }: Event): string {
  const fields = Object.entries(data).map(([name, value]) => `${name}: ${showValue(value)}`);
  return `${type}(${fields.join(", ")})`;
}

function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax - 1)}…` : text;
}

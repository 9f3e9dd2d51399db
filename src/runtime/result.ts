/** Stored JSON back to what an author works with. */
import { type Failure, RunFailedError } from "../base/errors.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import type { Envelope } from "../protocol/envelope.ts";
import { fromWireValue } from "../protocol/wire-value.ts";
import type { RunSummary } from "../store/store.ts";
import { StopEvent } from "../workflow/builtin.ts";
import { type Event, reviveEvent } from "../workflow/event.ts";

/** An event as it was before it was put into an envelope. */
export function toEvent(json: string): Event {
  const { type, value } = JSON.parse(json) as Envelope;
  return reviveEvent({ type, data: isJsonObject(value) ? fromWireValue(value) : {} });
}

/**
 * What a run has come to; `failure` is what its journal tells of a failed one. Throws
 * `RunFailedError` when it has failed or was cancelled.
 */
export function toResult(run: RunSummary, failure: Failure | null): unknown {
  if (run.status === "cancelled") {
    throw new RunFailedError(run.status, { name: "AbortError", message: "The run was cancelled." });
  }
  if (run.status === "failed") {
    const message = run.error ?? "The run failed.";
    throw new RunFailedError(run.status, failure ?? { name: "Error", message });
  }
  const event = toEvent(run.result ?? "{}");
  // Of the plain stop event the result is what it carries; of an extension, the event itself.
  if (event.type !== StopEvent.type) return event;
  return (event.data as JsonObject)["result"] ?? null;
}

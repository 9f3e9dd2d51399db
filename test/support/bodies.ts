/** What bodies of answers look like, for comparisons: one builder per noun, with overrides. */
import { expect } from "bun:test";

import type { Seen } from "./server.ts";

export const timestamp: unknown = expect.stringMatching(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/,
);

/** An id of ours. */
export const anId: unknown = expect.stringMatching(/^[0-9A-Za-z]{28}$/);

/** The record of a handler, its keys in the order of the wire. */
export function record(overrides: object = {}): object {
  return {
    handler_id: anId,
    workflow_name: "echo",
    run_id: anId,
    error: null,
    result: null,
    status: "running",
    started_at: timestamp,
    updated_at: timestamp,
    completed_at: null,
    ...overrides,
  };
}

/** The envelope of a plain stop event. */
export function stopEnvelope(result: unknown): object {
  return {
    value: { result },
    qualified_name: "workflows.events.StopEvent",
    type: "StopEvent",
    types: null,
  };
}

/** A refusal: status and body of an error, without details. */
export function refusal(status: number, code: string, detail: unknown): Seen {
  return { status, body: { detail, code } };
}

export const handlerNotFound: Seen = refusal(404, "handler_not_found", "Handler not found");

export const jsonHeaders: object = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

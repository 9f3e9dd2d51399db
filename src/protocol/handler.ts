/** The record of a handler on the wire: its keys, their order, and the form of its times. */
import * as v from "valibot";

import { type Envelope, envelopeSchema } from "./envelope.ts";
import { type RunStatus, runStatuses } from "./status.ts";

export interface HandlerBody {
  readonly handler_id: string;
  readonly workflow_name: string;
  readonly run_id: string | null;
  readonly error: string | null;
  readonly result: unknown;
  readonly status: RunStatus;
  readonly started_at: string;
  readonly updated_at: string | null;
  readonly completed_at: string | null;
}

export const handlerSchema: v.GenericSchema<HandlerBody> = handlerWith(v.nullable(envelopeSchema));

/** As `GET /results/{handler_id}` has it: the result without its envelope. */
export const resultSchema: v.GenericSchema<HandlerBody> = handlerWith(v.unknown());

/** What the record is made of. Times are milliseconds since 1970. */
export interface HandlerFacts {
  readonly handlerId: string;
  readonly workflowName: string;
  readonly runId: string;
  readonly error: string | null;
  /** JSON text of an envelope. */
  readonly result: string | null;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

export function toHandlerBody(run: HandlerFacts): HandlerBody {
  return withResult(run, run.result === null ? null : (JSON.parse(run.result) as Envelope));
}

/** The same as JSON text, with the result as it is stored: neither parsed nor written anew. */
export function toHandlerJson(run: HandlerFacts): string {
  const text = JSON.stringify(withResult(run, null));
  // No string has this in it: a quote within one is escaped.
  const gap = text.indexOf(',"result":null,') + ',"result":'.length;
  return text.slice(0, gap) + run.result + text.slice(gap + "null".length);
}

/** The plain stop event stands for its `result`, any other for its fields. */
export function unwrapResult(body: HandlerBody): HandlerBody {
  const envelope = body.result as Envelope | null; // Made above.
  if (!envelope) return body;
  const { type, value } = envelope;
  return { ...body, result: type === "StopEvent" ? (value["result"] ?? null) : value };
}

/** Older Pythons read an offset, but not `Z`. */
export function toTimestamp(at: number): string {
  if (at !== newest.at) newest = { at, text: `${new Date(at).toISOString().slice(0, -1)}+00:00` };
  return newest.text;
}

// ---

/** The last timestamp that was written: the next one is mostly of the same millisecond. */
let newest = { at: NaN, text: "" };

function withResult(run: HandlerFacts, result: Envelope | null): HandlerBody {
  return {
    handler_id: run.handlerId,
    workflow_name: run.workflowName,
    run_id: run.runId,
    error: run.error,
    result,
    status: run.status,
    started_at: toTimestamp(run.startedAt),
    updated_at: toTimestamp(run.updatedAt),
    completed_at: run.completedAt === null ? null : toTimestamp(run.completedAt),
  };
}

function handlerWith(result: v.GenericSchema): v.GenericSchema<HandlerBody> {
  const timestamp = v.pipe(v.string(), v.isoTimestamp());
  return v.object({
    handler_id: v.string(),
    workflow_name: v.string(),
    run_id: v.nullable(v.string()),
    error: v.nullable(v.string()),
    result,
    status: v.picklist(runStatuses),
    started_at: timestamp,
    updated_at: v.nullable(timestamp),
    completed_at: v.nullable(timestamp),
  });
}

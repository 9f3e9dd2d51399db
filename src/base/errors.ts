/**
 * The closed list of error codes, and the errors that carry them. An error says what was expected,
 * what came and what to do. What a code means in HTTP is decided at the edge (`server/status.ts`).
 */

/** Characters of what was thrown that a message quotes. */
const shownCharsMax = 200;

export type ErrorCode =
  // An author's definition or file is wrong: nothing starts.
  | "definition_invalid"
  | "config_invalid"
  // A caller's request is wrong: nothing happens.
  | "json_invalid"
  | "request_invalid"
  | "event_invalid"
  | "event_type_unknown"
  | "step_unknown"
  | "context_disabled"
  | "unauthorized"
  | "origin_forbidden"
  | "host_forbidden"
  | "route_not_found"
  | "workflow_not_found"
  | "handler_not_found"
  | "method_not_allowed"
  | "handler_active"
  | "handler_finished"
  | "key_conflict"
  | "start_repeated"
  | "body_too_large"
  // An author's step did something that cannot be done: the step fails.
  | "value_not_json"
  | "state_invalid"
  | "event_undeclared"
  | "key_reused"
  | "wait_timed_out"
  | "step_ended"
  | "run_failed"
  // The surroundings fail: nothing is acknowledged.
  | "store_failed"
  | "store_unavailable"
  | "start_failed"
  | "store_conflict"
  | "store_locked"
  | "lease_lost"
  | "streams_full"
  | "shutting_down"
  | "internal";

export interface ErrorOptions {
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** Every error that this package raises on purpose. Tell them apart by `code`. */
export class WorkflowError extends Error {
  override readonly name: string = "WorkflowError";
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }
}

/** Thrown in a step: fail now, whatever the retry policy says. */
export class FatalError extends Error {
  override readonly name = "FatalError";
}

/** Thrown in a step: try again after `after` seconds, if the policy has attempts left. */
export class RetryError extends Error {
  override readonly name = "RetryError";
  /** Seconds to wait before the next attempt. */
  readonly after: number;

  constructor(message: string, options: { readonly after: number; readonly cause?: unknown }) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.after = options.after;
  }
}

/** A failure as data: what is left of a thrown value in the journal, and on the wire. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** Narrows whatever was thrown. The only place that looks at an `unknown` error. */
export function toFailure(thrown: unknown): Failure {
  if (typeof thrown === "string") return { name: "Error", message: thrown };
  const { name, message, code, stack } = isObject(thrown) ? readFields(thrown) : {};
  if (!(thrown instanceof Error) && typeof message !== "string") {
    return { name: "Error", message: `Something that is no error was thrown: ${show(thrown)}.` };
  }
  return {
    name: typeof name === "string" ? name : "Error",
    message: toText(message),
    ...(typeof code === "string" && { code }),
    ...(typeof stack === "string" && { stack }),
  };
}

/** What awaiting a run throws when the run failed, timed out or was cancelled. */
export class RunFailedError extends WorkflowError {
  override readonly name = "RunFailedError";
  readonly status: "failed" | "cancelled";
  readonly failure: Failure;

  constructor(status: "failed" | "cancelled", failure: Failure) {
    super("run_failed", failure.message, { details: { status, failure } });
    this.status = status;
    this.failure = failure;
  }
}

// ---

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The fields of an error, without those that cannot even be read. */
function readFields(thrown: object): Partial<Record<keyof Failure, unknown>> {
  const read = (name: keyof Failure): unknown => {
    try {
      return (thrown as Partial<Record<keyof Failure, unknown>>)[name];
    } catch {
      return undefined; // The failure itself has to be told.
    }
  };
  return { name: read("name"), message: read("message"), code: read("code"), stack: read("stack") };
}

function show(thrown: unknown): string {
  try {
    const json = isObject(thrown) ? JSON.stringify(thrown) : undefined;
    return (json ?? String(thrown)).slice(0, shownCharsMax);
  } catch {
    return toText(thrown);
  }
}

/** Anything may be thrown, and be the message of an error: also what refuses to become text. */
function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "A value that cannot be shown."; // The failure itself has to be told.
  }
}

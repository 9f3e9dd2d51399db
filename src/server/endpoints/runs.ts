/** Starting runs: `/workflows/{name}/run` waits for the end, `/run-nowait` does not. */
import * as v from "valibot";

import { WorkflowError } from "../../base/errors.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { jsonText } from "../../http/respond.ts";
import { isBlank } from "../../protocol/lenient.ts";
import { toHandlerJson } from "../../protocol/handler.ts";
import type { StartRequest } from "../../runtime/runtime.ts";
import type { Definition } from "../../workflow/definition.ts";
import { type Call, type Endpoint, mustWorkflow, type Services } from "../endpoint.ts";
import { parseContext } from "../context-input.ts";
import { parseStartEvent } from "../event-input.ts";
import { readIdempotency } from "../idempotency.ts";
import { handlerIdSchema } from "../path-name.ts";
import { readBody, refuseBody } from "../request-body.ts";
import { readRunStatus } from "../run-status.ts";

/** The body of a start. Its start event is checked by the workflow that it starts. */
export const startBodySchema: v.GenericSchema<unknown, StartBody> = v.object({
  start_event: v.pipe(
    v.optional(v.unknown()),
    v.description("The start event: its fields, an envelope, or either as a JSON string."),
  ),
  kwargs: v.pipe(
    v.optional(v.unknown()),
    v.description("The fields of the start event, where `start_event` is not given."),
  ),
  handler_id: v.pipe(
    v.optional(v.nullable(handlerIdSchema)),
    v.description("An id of your own; a handler that has ended goes on with its state."),
  ),
  context: v.pipe(
    v.optional(v.unknown()),
    v.description("Initial state, if the server accepts it."),
  ),
});

interface StartBody {
  readonly start_event?: unknown;
  readonly kwargs?: unknown;
  readonly handler_id?: string | null | undefined;
  readonly context?: unknown;
}

export const runAndWait: Endpoint = async (services, call) => {
  const toStatus = readRunStatus(call.query);
  const definition = mustWorkflow(services, call.params["name"]);
  const request = toStart(services, call, definition, await readBody(call, invalidBody));
  using _ = call.connection.keepOpen();
  const { runtime } = services;
  try {
    const { runId } = await runtime.start(request);
    const run = await runtime.ended(runId);
    return jsonText(toStatus(run.status), toHandlerJson(run));
  } catch (error) {
    throw toStartFailure("Error running workflow", error);
  }
};

export const runNoWait: Endpoint = async (services, call) => {
  const definition = mustWorkflow(services, call.params["name"]);
  const request = toStart(services, call, definition, await readBody(call, invalidBody));
  try {
    return jsonText(200, toHandlerJson(await services.runtime.start(request)));
  } catch (error) {
    throw toStartFailure("Initial persistence failed", error);
  }
};

// ---

const invalidBody = "Invalid JSON body";

function toStart(
  services: Services,
  { request }: Call,
  definition: Definition,
  input: unknown,
): StartRequest {
  const body = toStartBody(input);
  const idempotency = readIdempotency(request, definition.name, input);
  const event = parseStartEvent(definition, "start_event" in body ? body.start_event : body.kwargs);
  const state = readContext(services, body.context);
  return {
    workflowName: definition.name,
    event,
    ...(body.handler_id && { handlerId: body.handler_id }),
    ...(state && { state }),
    ...(idempotency && { idempotency }),
  };
}

/** The initial state that a context brings. An empty one is what old clients always send. */
function readContext({ settings }: Services, context: unknown): JsonObject | undefined {
  if (isBlank(context)) return undefined;
  if (settings.acceptContext) return parseContext(context);
  throw new WorkflowError(
    "context_disabled",
    "Context API is disabled. Set accept_context_api=True on WorkflowServer to enable it.",
  );
}

function toStartBody(input: unknown): StartBody {
  // Only an id of the caller's can be wrong: without one, there is nothing to check.
  if (isJsonObject(input) && input["handler_id"] === undefined) return input;
  const body = isJsonObject(input) && isBlank(input["handler_id"]) ? withoutId(input) : input;
  const result = v.safeParse(startBodySchema, body);
  if (result.success && isJsonObject(body)) return result.output;
  const prefix = "Error processing request body";
  if (!Array.isArray(body)) throw refuseBody(prefix, result.issues ?? []);
  throw new WorkflowError("request_invalid", `${prefix}: Expected a JSON object, got a list.`);
}

/** A client that has no id for the handler may say so in any blank value. */
function withoutId({ handler_id: _, ...body }: JsonObject): JsonObject {
  return body;
}

/**
 * A store that says in words of its own why it could not keep a run is quoted. One that passes on
 * what something else has thrown is not: that names paths and inner workings.
 */
function toStartFailure(prefix: string, error: unknown): unknown {
  if (!(error instanceof WorkflowError) || error.code !== "store_failed") return error;
  const { cause, message } = error;
  return cause === undefined
    ? new WorkflowError("start_failed", `${prefix}: ${message}`)
    : new WorkflowError("start_failed", prefix, { cause: error });
}

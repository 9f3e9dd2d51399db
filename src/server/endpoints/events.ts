/** `/events/{handler_id}`: the stream of a run, and events sent into it. */
import * as v from "valibot";

import { WorkflowError } from "../../base/errors.ts";
import { isJsonObject } from "../../base/json.ts";
import { nameLengthMax } from "../../base/limits.ts";
import { parseInteger, readBoolean, readWord } from "../../http/query.ts";
import { empty, json } from "../../http/respond.ts";
import { isBlank } from "../../protocol/lenient.ts";
import { isTerminal } from "../../protocol/status.ts";
import { handlerFinished } from "../../runtime/errors.ts";
import type { RunRecord } from "../../store/store.ts";
import { type Call, type Endpoint, mustHandler, mustWorkflow } from "../endpoint.ts";
import { encodeEvents, type Encoding } from "../event-output.ts";
import { parseEvent } from "../event-input.ts";
import { openStream } from "../open-stream.ts";
import { readBody, refuseBody } from "../request-body.ts";

export const streamEvents: Endpoint = async (services, call) => {
  const { params, query } = call;
  const run = await mustHandler(services, params["handler_id"]);
  const isSse = readBoolean(query, "sse", true);
  const after = readCursor(call, isSse, run);
  if (isTerminal(run.status) && after >= run.lastSequence) return empty();
  const encoding: Encoding = {
    isSse,
    includeInternal: readBoolean(query, "include_internal", false),
    includeQualifiedName: readBoolean(query, "include_qualified_name", true),
    includeTimestamps: readBoolean(query, "include_timestamps", false),
  };
  const { feed } = services.runtime.store;
  return openStream(services, call, {
    isSse,
    source: (signal) => encodeEvents(feed.follow(run.runId, after, signal), encoding),
    name: "A stream",
    facts: { run: run.runId },
  });
};

/** The body of a sent event. The event is checked by the workflow that it is sent to. */
export const sendBodySchema: v.GenericSchema<unknown, SendBody> = v.object({
  event: v.pipe(
    v.unknown(),
    v.metadata({ type: ["object", "string"] }),
    v.description("An envelope with `type` and `value`, or one as a JSON string."),
  ),
  step: v.pipe(
    v.optional(v.nullable(v.pipe(v.string(), v.maxLength(nameLengthMax)))),
    v.description("The step to send it to. Default: all that accept it."),
  ),
});

interface SendBody {
  readonly event: unknown;
  readonly step?: string | null | undefined;
}

export const sendEvent: Endpoint = async (services, call) => {
  const { event: input, step } = toSendBody(await readBody(call, "Error processing request"));
  const run = await mustHandler(services, call.params["handler_id"]);
  if (isTerminal(run.status)) throw handlerFinished(run.handlerId);
  const event = parseEvent(mustWorkflow(services, run.workflowName), input);
  await services.runtime.send(run, event, step ?? null);
  return json(200, { status: "sent" });
};

// ---

/** The sequence after which to begin. What a browser has seen last wins over what its page asks. */
function readCursor({ request, query }: Call, isSse: boolean, run: RunRecord): number {
  const text = readWord(query, "after_sequence") ?? "now";
  const sequence = text.toLowerCase() === "now" ? run.lastSequence : parseInteger(text);
  if (sequence === undefined) {
    throw new WorkflowError("request_invalid", `Invalid after_sequence: '${text.slice(0, 100)}'`);
  }
  const lastEventId = parseInteger(request.headers.get("last-event-id") ?? "");
  return isSse && lastEventId !== undefined ? lastEventId : sequence;
}

function toSendBody(body: unknown): SendBody {
  if (!isJsonObject(body)) {
    const got = Array.isArray(body) ? "a list" : JSON.stringify(body)?.slice(0, 80);
    throw new WorkflowError(
      "request_invalid",
      `Error processing request: expected a JSON object, got ${got}.`,
    );
  }
  if (isBlank(body["event"])) throw new WorkflowError("request_invalid", "Event data is required");
  const result = v.safeParse(sendBodySchema, body);
  if (result.success) return result.output;
  throw refuseBody("Error processing request", result.issues);
}

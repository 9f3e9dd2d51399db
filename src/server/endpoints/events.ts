/** `/events/{handler_id}`: the stream of a run, and events sent into it. */
import * as v from "valibot";

import { WorkflowError } from "../../base/errors.ts";
import { isJsonObject } from "../../base/json.ts";
import { nameLengthMax } from "../../base/limits.ts";
import { ndjsonBlankLine, ndjsonHeaders } from "../../http/ndjson.ts";
import { parseInteger, readBoolean, readWord } from "../../http/query.ts";
import { empty, json } from "../../http/respond.ts";
import { sseComment, sseHeaders } from "../../http/sse.ts";
import { streamResponse } from "../../http/stream.ts";
import { isBlank } from "../../protocol/lenient.ts";
import { isTerminal } from "../../protocol/status.ts";
import { handlerFinished } from "../../runtime/errors.ts";
import type { RunRecord } from "../../store/store.ts";
import { type Call, type Endpoint, mustHandler, mustWorkflow } from "../endpoint.ts";
import { encodeEvents, type Encoding } from "../event-output.ts";
import { parseEvent } from "../event-input.ts";
import { readBody, refuseBody } from "../request-body.ts";

export const streamEvents: Endpoint = async (services, call) => {
  const { request, query } = call;
  const run = await mustHandler(services, call.params["handler_id"]);
  const isSse = readBoolean(query, "sse", true);
  const after = readCursor(call, isSse, run);
  if (isTerminal(run.status) && after >= run.lastSequence) return empty();
  services.streams.checkRoom();
  const encoding: Encoding = {
    isSse,
    includeInternal: readBoolean(query, "include_internal", false),
    includeQualifiedName: readBoolean(query, "include_qualified_name", true),
    includeTimestamps: readBoolean(query, "include_timestamps", false),
  };
  const { feed } = services.runtime.store;
  const { heartbeatMs } = services.settings;
  return streamResponse({
    source: async function* (signal) {
      // Here and not before: an answer to HEAD never comes to this, and has nothing to give back.
      using _ = call.keepOpen();
      using __ = services.streams.open();
      yield* encodeEvents(feed.follow(run.runId, after, signal), encoding);
    },
    signal: request.signal,
    shutdown: services.shutdown,
    headers: isSse ? sseHeaders : ndjsonHeaders,
    opening: isSse ? sseComment("open") : ndjsonBlankLine,
    ...(isSse &&
      heartbeatMs !== null && {
        heartbeat: { bytes: sseComment("heartbeat"), intervalMs: heartbeatMs },
      }),
    onStall: () => services.log("info", stalled, { run: run.runId }),
    onError: (error) => services.log("error", "A stream broke.", { run: run.runId, error }),
  });
};

/** The body of a sent event. The event is checked by the workflow that it is sent to. */
export const sendBodySchema: v.GenericSchema<unknown, SendBody> = v.object({
  event: v.pipe(
    v.unknown(),
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

export const sendEvent: Endpoint = async (services, { request, params }) => {
  const { event: input, step } = toSendBody(await readBody(request, "Error processing request"));
  const run = await mustHandler(services, params["handler_id"]);
  if (isTerminal(run.status)) throw handlerFinished(run.handlerId);
  const event = parseEvent(mustWorkflow(services, run.workflowName), input);
  await services.runtime.send(run, event, step ?? null);
  return json(200, { status: "sent" });
};

// ---

const stalled = "A reader took nothing of its stream for a while, and was cut off.";

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

/** An answer that goes on: counted among the streams, alive in silence, ended with the server. */
import type { LogFields } from "../base/log.ts";
import { ndjsonBlankLine, ndjsonHeaders } from "../http/ndjson.ts";
import { sseComment, sseHeaders } from "../http/sse.ts";
import { streamResponse } from "../http/stream.ts";
import type { Call, Services } from "./endpoint.ts";

export interface StreamParts {
  readonly isSse: boolean;
  readonly source: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** For the log: what breaks off, and which one. */
  readonly name: string;
  readonly facts?: LogFields;
}

/** Throws `streams_full`. */
export function openStream(
  { streams, settings, shutdown, log }: Services,
  { request, connection }: Call,
  { isSse, source, name, facts }: StreamParts,
): Response {
  streams.checkRoom();
  const { heartbeatMs } = settings;
  return streamResponse({
    source: async function* (signal) {
      // Here and not before: an answer to HEAD never comes to this, and has nothing to give back.
      using _ = connection.keepOpen();
      using __ = streams.open();
      yield* source(signal);
    },
    signal: request.signal,
    shutdown,
    headers: isSse ? sseHeaders : ndjsonHeaders,
    opening: isSse ? sseComment("open") : ndjsonBlankLine,
    ...(isSse &&
      heartbeatMs !== null && {
        heartbeat: { bytes: sseComment("heartbeat"), intervalMs: heartbeatMs },
      }),
    onStall: () => log("info", stalled, facts),
    onError: (error) => log("error", `${name} broke.`, { ...facts, error }),
  });
}

// ---

const stalled = "A reader took nothing of its stream for a while, and was cut off.";

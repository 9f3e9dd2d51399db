/**
 * Stored events as bytes of a stream. The encoding of an event is kept with it for as long as it is
 * in memory, so that however many read it, it is encoded once.
 */
import { ndjsonLine } from "../http/ndjson.ts";
import { sseEvent } from "../http/sse.ts";
import type { Envelope } from "../protocol/envelope.ts";
import { toTimestamp } from "../protocol/handler.ts";
import type { StoredEvent } from "../store/event.ts";

export interface Encoding {
  readonly isSse: boolean;
  readonly includeInternal: boolean;
  readonly includeQualifiedName: boolean;
  readonly includeTimestamps: boolean;
}

/** One chunk per batch; a batch of which nothing is to be seen gives none. */
export async function* encodeEvents(
  batches: AsyncIterable<readonly StoredEvent[]>,
  encoding: Encoding,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const batch of batches) {
    const visible = batch.filter((event) => encoding.includeInternal || !event.isInternal);
    const [first, ...rest] = visible.map((event) => encode(event, encoding));
    if (first) yield rest.length === 0 ? first : Buffer.concat([first, ...rest]);
  }
}

// ---

/** Of each event: its bytes for each combination of the flags that they depend on. */
const encoded = new WeakMap<StoredEvent, (Uint8Array | undefined)[]>();

function encode(event: StoredEvent, encoding: Encoding): Uint8Array {
  const { isSse, includeQualifiedName, includeTimestamps } = encoding;
  const encodings = encoded.get(event) ?? [];
  encoded.set(event, encodings);
  const index = Number(isSse) + 2 * Number(includeQualifiedName) + 4 * Number(includeTimestamps);
  return (encodings[index] ??= toBytes(event, encoding));
}

function toBytes(event: StoredEvent, encoding: Encoding): Uint8Array {
  const named = encoding.includeQualifiedName ? event.json : withoutQualifiedName(event.json);
  const json = encoding.includeTimestamps ? withTimestamp(named, event.at) : named;
  return encoding.isSse ? sseEvent(event.sequence, json) : ndjsonLine(json);
}

function withoutQualifiedName(json: string): string {
  const envelope = JSON.parse(json) as Envelope;
  return JSON.stringify({ ...envelope, qualified_name: null } satisfies Envelope);
}

/** As the last key of the envelope, which is an object with keys. */
function withTimestamp(json: string, at: number): string {
  return `${json.slice(0, -1)},"timestamp":"${toTimestamp(at)}"}`;
}

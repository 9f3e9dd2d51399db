/** An event on the wire. The order of its keys is part of the protocol. */
import * as v from "valibot";

import { isJsonObject, type JsonObject } from "../base/json.ts";
import { toWireValue, type WireType } from "./wire-value.ts";

export interface Envelope {
  readonly value: JsonObject;
  readonly qualified_name: string | null;
  readonly type: string;
  /** Names of the types that its type extends, nearest first; null when there are none. */
  readonly types: readonly string[] | null;
}

export const envelopeSchema: v.GenericSchema<Envelope> = v.object({
  value: v.pipe(v.custom<JsonObject>(isJsonObject), v.metadata({ type: "object" })),
  qualified_name: v.nullable(v.string()),
  type: v.string(),
  types: v.nullable(v.array(v.string())),
});

/**
 * The JSON text of an envelope. It is written in one go: text that is put together of parts is kept
 * as its parts, and put together by whoever writes it to a disk.
 */
export function encodeEnvelope(type: WireType, data: JsonObject, qualifiedName: string): string {
  const { type: name, parents } = type;
  return JSON.stringify({
    value: toWireValue(type, data),
    qualified_name: qualifiedName,
    type: name,
    types: parents.length > 0 ? parents : null,
  } satisfies Envelope);
}

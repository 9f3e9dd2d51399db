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

/** The JSON text of an envelope; `tail` is that of its type, which is the same for all its events. */
export function encodeEnvelope(type: WireType, data: JsonObject, tail: string): string {
  return `{"value":${JSON.stringify(toWireValue(type, data))},${tail}`;
}

/** What stands behind the value in all envelopes of a type. */
export function toEnvelopeTail({ type, parents }: WireType, qualifiedName: string): string {
  const tail: Omit<Envelope, "value"> = {
    qualified_name: qualifiedName,
    type,
    types: parents.length > 0 ? parents : null,
  };
  return JSON.stringify(tail).slice(1);
}

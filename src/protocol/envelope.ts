/**
 * An event on the wire. Declared fields stand in `value` by name, further ones under `value._data`;
 * the order of keys is part of the protocol.
 */
import * as v from "valibot";

import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";

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

/** What the wire needs to know of an event type. */
export interface WireType {
  readonly type: string;
  readonly family: string;
  readonly parents: readonly string[];
  readonly fields: ReadonlySet<string>;
}

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

/** The data that a `value` of the wire stands for. */
export function fromWireValue(value: JsonObject): JsonObject {
  if (!("_data" in value)) return value;
  const { _data: extra, ...declared } = value;
  return isJsonObject(extra) ? { ...extra, ...declared } : value;
}

// ---

function toWireValue({ family, fields }: WireType, data: JsonObject): JsonObject {
  const names = Object.keys(data);
  const isAsDeclared = names.every((name) => fields.has(name));
  if (isAsDeclared && (family !== "stop" || data["result"] !== null)) return data;
  const declared: [string, Json][] = [];
  const extra: [string, Json][] = [];
  for (const [name, field] of Object.entries(data)) {
    if (!fields.has(name)) extra.push([name, field]);
    // A stop event without a result shows none.
    else if (family !== "stop" || name !== "result" || field !== null) declared.push([name, field]);
  }
  if (extra.length > 0) declared.push(["_data", Object.fromEntries(extra)]);
  return Object.fromEntries(declared);
}

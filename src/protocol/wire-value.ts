/**
 * What an event carries, as the `value` of its envelope: declared fields by name, further ones under
 * `_data`. Apart from the schemas, since it is also for clients that check nothing.
 */
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";

/** What the wire needs to know of an event type. */
export interface WireType {
  readonly type: string;
  readonly family: string;
  readonly parents: readonly string[];
  readonly fields: ReadonlySet<string>;
}

export function toWireValue({ family, fields }: WireType, data: JsonObject): JsonObject {
  if (isDeclared(data, fields) && (family !== "stop" || data["result"] !== null)) return data;
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

/** The data that a `value` of the wire stands for. */
export function fromWireValue(value: JsonObject): JsonObject {
  if (!isJsonObject(value["_data"])) return value;
  const { _data: extra, ...declared } = value;
  return { ...(extra as JsonObject), ...declared };
}

// ---

function isDeclared(data: JsonObject, fields: ReadonlySet<string>): boolean {
  for (const name of Object.keys(data)) if (!fields.has(name)) return false;
  return true;
}

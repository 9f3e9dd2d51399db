/**
 * Lenient reading of JSON from clients that were written for the peer: its validation library takes
 * a numeric string or a boolean for a number, some words for a boolean, and null for what may be
 * absent. Used only for input that was refused as it is, so exact input is never changed.
 */
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";

/** The value that `schema` may have meant; anything it has no opinion on stays as it is. */
export function readLeniently(value: Json, schema: JsonObject): Json {
  switch (schema["type"]) {
    case "integer":
    case "number":
      return toNumber(value, schema["type"]);
    case "boolean":
      return toBoolean(value);
    case "array":
      return Array.isArray(value) && isJsonObject(schema["items"])
        ? value.map((item: Json) => readLeniently(item, schema["items"] as JsonObject))
        : value;
    case "object":
      return isJsonObject(value) ? readFields(value, schema) : value;
    default:
      return readOptional(value, schema);
  }
}

/** What the peer takes for absent: null, false, 0, and empty text, lists and objects. */
export function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) ? Object.keys(value).length === 0 : !value;
}

// ---

function toNumber(value: Json, type: "integer" | "number"): Json {
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return value;
  const pattern =
    type === "integer" ? /^[+-]?\d+(\.0+)?$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const text = value.trim();
  return pattern.test(text) ? Number(text) : value;
}

const words: ReadonlyMap<Json, boolean> = new Map<Json, boolean>([
  ...["true", "t", "yes", "y", "on", "1", 1].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0", 0].map((word) => [word, false] as const),
]);

function toBoolean(value: Json): Json {
  return words.get(typeof value === "string" ? value.toLowerCase() : value) ?? value;
}

function readFields(value: JsonObject, schema: JsonObject): JsonObject {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields = Object.entries(value).flatMap(([name, field]): [string, Json][] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!isJsonObject(property)) return [[name, field]];
    // What is null when it is left out may be sent as null: for us the two are the same. A field
    // with another default may not, as it is published without null.
    const isNullable = !required.includes(name) && (property["default"] ?? null) === null;
    if (field === null && isNullable) return [];
    return [[name, readLeniently(field, property)]];
  });
  return Object.fromEntries(fields);
}

/** The schema of an optional field is `anyOf` of what it is and null. */
function readOptional(value: Json, schema: JsonObject): Json {
  const members = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [];
  const kinds = members.filter((member) => isJsonObject(member) && member["type"] !== "null");
  const only = kinds.length === 1 ? kinds[0] : undefined;
  return isJsonObject(only) ? readLeniently(value, only) : value;
}

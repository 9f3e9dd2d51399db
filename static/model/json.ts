/** What JSON values are, for code that has not made them. */
import type { Json, JsonObject } from "../../src/client/bodies.ts";

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field by any name, also one that objects have by themselves. */
export function fieldOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

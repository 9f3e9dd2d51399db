/** Changes to the state that the steps share, by path. */
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { StateChange } from "./tick.ts";

export function applyChanges(store: JsonObject, changes: readonly StateChange[]): JsonObject {
  return changes.reduce<JsonObject>(
    (result, change) => changed(result, change.path, change.value) as JsonObject,
    store,
  );
}

// ---

/** A copy with the value at `path` replaced; objects that are missing on the way are made. */
function changed(value: Json | undefined, path: readonly string[], next: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return next === undefined ? {} : next;
  if (Array.isArray(value)) {
    const index = Number(key) < 0 ? value.length + Number(key) : Number(key);
    return value.map((item: Json, at) => (at === index ? changed(item, rest, next) : item));
  }
  const object = isJsonObject(value) ? value : {};
  if (rest.length === 0 && next === undefined) {
    return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  }
  // `fromEntries` defines own fields, so that a field named `__proto__` is data like any other.
  return Object.fromEntries([
    ...Object.entries(object).filter(([name]) => name !== key),
    [key, changed(Object.hasOwn(object, key) ? object[key] : undefined, rest, next)],
  ]);
}

/**
 * JSON as a type, and the border between JavaScript values and JSON data.
 *
 * The law of `toJson`: what goes in comes out equal after `JSON.parse(JSON.stringify(…))`. So a
 * value that JSON would change or lose (a function, NaN, a Date, a Map, a cycle) is refused with
 * the path to it, where plain `JSON.stringify` would drop it silently.
 */
import { WorkflowError } from "./errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A deeply frozen JSON copy of `value`. `path` names the value in the error. */
export function toJson(value: unknown, path: string): Json {
  return copy(value, path, []);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Same JSON data, whatever the order of keys. */
export function isEqualJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqualJson(item, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqualJson(a[key], b[key]))
  );
}

/** A field by any name, also one that objects have by themselves. */
export function ownField<T>(fields: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The deepest nesting of brackets in JSON text, found without parsing it. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (isString) {
      if (char === 92 /* backslash */) index++;
      else if (char === 34 /* quote */) isString = false;
    } else if (char === 34) isString = true;
    else if (char === 123 /* { */ || char === 91 /* [ */) deepest = Math.max(deepest, ++depth);
    else if (char === 125 /* } */ || char === 93 /* ] */) depth--;
  }
  return deepest;
}

// ---

/** One for all, as it is frozen: most runs keep several. */
const noFields: JsonObject = Object.freeze({});

function copy(value: unknown, path: string, parents: object[]): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      throw refuse(path, String(value), "use null for a number that is not there");
    case "object":
      return value === null ? null : copyObject(value, path, parents);
    case "undefined":
      throw refuse(path, "undefined", "use null");
    default:
      throw refuse(path, `a ${typeof value}`, "pass data, not behaviour");
  }
}

function copyObject(value: object, path: string, parents: object[]): Json {
  if (parents.includes(value)) throw refuse(path, "a cycle", "refer to the other object by an id");
  parents.push(value);
  // Not `map`: it would skip a hole, and make the list of a subclass one of that class again.
  const result = Array.isArray(value)
    ? Array.from(value, (item, index) => copy(item, `${path}[${index}]`, parents))
    : copyFields(value, path, parents);
  parents.pop();
  return Object.freeze(result);
}

function copyFields(value: object, path: string, parents: object[]): JsonObject {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && !isForeignPlain(prototype)) {
    const name = value.constructor?.name || "object";
    throw refuse(path, `a ${name}`, "use plain objects, arrays, strings and numbers");
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields);
  if (keys.length === 0) return noFields;
  const result: Record<string, Json> = {};
  for (const key of keys) {
    const field = fields[key];
    // An absent optional field is written `undefined` as often as it is left out.
    if (field === undefined) continue;
    const fieldJson = copy(field, `${path}.${key}`, parents);
    // A field named `__proto__` would set the prototype; as data it is kept inert.
    if (key === "__proto__")
      Object.defineProperty(result, key, { value: fieldJson, enumerable: true });
    else result[key] = fieldJson;
  }
  return result;
}

/** A plain object of another realm, such as a test runner's isolated global. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "hasOwnProperty")
  );
}

function refuse(path: string, got: string, cure: string): WorkflowError {
  return new WorkflowError(
    "value_not_json",
    `Expected \`${path}\` to be JSON, got ${got}: ${cure}.`,
  );
}

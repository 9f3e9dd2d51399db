/**
 * How the data of an event is described. Any Standard Schema library will do; valibot entries are
 * the short form, and stay open: a field that they do not name is kept.
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";

import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject, toJson } from "../base/json.ts";
import { memo } from "../base/memo.ts";
import type { FieldIssue } from "../protocol/bodies.ts";

/** The part of a Standard Schema (version 1) that is used here. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type Entries = v.ObjectEntries;
export type InputOf<E extends Entries> = v.InferInput<v.ObjectSchema<E, undefined>>;
export type OutputOf<E extends Entries> = v.InferOutput<v.ObjectSchema<E, undefined>>;

/** What describes the data of one event type: a foreign schema, valibot entries, or both. */
export interface DataSchema {
  readonly foreign: StandardSchema | null;
  readonly entries: Entries;
}

export function isStandardSchema(value: object): value is StandardSchema {
  return "~standard" in value;
}

/** Entries that are no schemas, which could check nothing. */
export function entryMistakes(entries: Entries): readonly string[] {
  return Object.entries(entries)
    .filter(([, entry]: [string, unknown]) => !isStandardSchema(Object(entry)))
    .map(
      ([name, entry]) =>
        `field \`${name}\`: expected a valibot schema, such as \`v.string()\`, got ${describeValue(entry)}.`,
    );
}

/** The valid data, with defaults filled in, as frozen JSON. Throws `event_invalid`. */
export function parseData(schema: DataSchema, type: string, input: unknown): JsonObject {
  // Valibot would take a list for an object with its indices as fields.
  if (Array.isArray(input))
    throw refuse(type, [{ path: [], message: "Expected Object but got Array" }]);
  const entries = withPassedOver(validate(openObject(schema), type, input), input);
  const output = schema.foreign
    ? {
        ...validate(schema.foreign, type, withoutAdded(schema.foreign, schema.entries, input)),
        ...pick(entries, Object.keys(schema.entries)),
      }
    : entries;
  return toJson(output, `${type}.data`) as JsonObject; // An object goes in, an object comes out.
}

/**
 * Valibot passes over two names that are not declared, though as data they are like any other. So
 * it does over `__proto__`, which is no name to hand on.
 */
export function withPassedOver<T extends object>(output: T, input: unknown): T {
  const fields: Record<string, unknown> = Object(input);
  for (const name of ["constructor", "prototype"]) {
    if (!Object.hasOwn(fields, name) || Object.hasOwn(output, name)) continue;
    Object.assign(output, { [name]: fields[name] });
  }
  return output;
}

/**
 * JSON Schema of the data in the style of the peer: titled fields, `null` for what may be absent.
 */
export function toDataJsonSchema(
  schema: DataSchema,
  title: string,
  description: string | null,
): JsonObject {
  const inherited = schema.foreign ? foreignJsonSchema(schema.foreign) : {};
  const own = fromValibot(v.object(schema.entries), schema.foreign ? "added" : "");
  const raw = toJson(merged(inherited, own), title) as JsonObject;
  const { $defs, properties, required } = withTitledFields(raw);
  return {
    ...(description !== null && { description }),
    ...(isJsonObject($defs) && Object.keys($defs).length > 0 && { $defs }),
    properties: properties ?? {},
    ...(Array.isArray(required) && required.length > 0 && { required }),
    title,
    type: "object",
  };
}

/** `first_name` and `firstName` become `First Name`. */
export function titleOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/_+/g, " ")
    .trim()
    .replace(/(^|\s)\p{L}/gu, (letter) => letter.toUpperCase());
}

// ---

const issueLengthMax = 300;

/** Made once for each type: making a schema costs more than what it checks of a small event. */
const openObject: (schema: DataSchema) => StandardSchema = memo(({ entries }) =>
  v.looseObject(entries),
);

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function validate(schema: StandardSchema, type: string, input: unknown): Record<string, unknown> {
  const result = schema["~standard"].validate(input) as
    | { readonly value: Record<string, unknown>; readonly issues?: undefined }
    | { readonly issues: readonly StandardIssue[] };
  if (result instanceof Promise) {
    throw new WorkflowError(
      "definition_invalid",
      `Event \`${type}\` has an asynchronous schema. An event is checked at once: check what takes time in a step.`,
    );
  }
  if (!result.issues) return result.value;
  throw refuse(type, result.issues.map(toFieldIssue));
}

function refuse(type: string, issues: readonly FieldIssue[]): WorkflowError {
  return new WorkflowError("event_invalid", describeIssues(type, issues), { details: { issues } });
}

function toFieldIssue(issue: StandardIssue): FieldIssue {
  const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  return {
    path: path.map((key) => (typeof key === "number" ? key : String(key))),
    // It quotes what came, however long that was.
    message: issue.message.slice(0, issueLengthMax),
  };
}

function describeIssues(type: string, issues: readonly FieldIssue[]): string {
  const problems = issues.map(({ path, message }) =>
    path.length > 0 ? `\`${path.join(".")}\`: ${message}` : message,
  );
  return `Event \`${type}\` is not valid. ${problems.join("; ")}.`;
}

function pick(source: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(source, key)).map((key) => [key, source[key]]),
  );
}

/** A strict schema refuses the fields that an extension has added to those that it knows. */
function withoutAdded(foreign: StandardSchema, entries: Entries, input: unknown): unknown {
  const { properties } = foreignJsonSchema(foreign);
  if (!isJsonObject(input) || !isJsonObject(properties)) return input;
  const isOwn = ([name]: [string, unknown]): boolean => name in properties || !(name in entries);
  return Object.fromEntries(Object.entries(input).filter(isOwn));
}

/**
 * The Standard JSON Schema extension, where the library has it; else a schema that says nothing.
 * Valibot has it in a package of its own, which is here.
 */
function foreignJsonSchema(schema: StandardSchema): Described {
  const props = schema["~standard"] as {
    readonly vendor: string;
    readonly jsonSchema?: { input?: (options: object) => unknown };
  };
  try {
    if (props.vendor === "valibot") return fromValibot(schema as v.GenericSchema);
    return (props.jsonSchema?.input?.({ target: "draft-2020-12" }) ?? {}) as Described;
  } catch {
    return {}; // A library says so of what JSON Schema has no words for, such as a custom check.
  }
}

/** Types that contain themselves are numbered definitions; `prefix` tells those of two apart. */
function fromValibot(schema: v.GenericSchema, prefix: string = ""): Described {
  const { $defs = {}, ...described } = toJsonSchema(schema, {
    typeMode: "input",
    errorMode: "ignore",
    overrideRef: ({ referenceId }) => `#/$defs/${prefix}${referenceId}`,
  });
  const definitions = Object.entries($defs).map(([id, definition]) => [prefix + id, definition]);
  return { ...(described as Described), $defs: Object.fromEntries(definitions) };
}

/** The parts of a JSON Schema of an object that are shown. */
interface Described {
  readonly $defs?: object;
  readonly properties?: object;
  readonly required?: readonly string[];
}

function merged(base: Described, own: Described): Described {
  return {
    $defs: { ...base.$defs, ...own.$defs },
    properties: { ...base.properties, ...own.properties },
    required: [...new Set([...(base.required ?? []), ...(own.required ?? [])])],
  };
}

/** Fields of nested objects are titled too; a field that may be absent may also be null. */
function fieldJsonSchema(name: string, field: JsonObject, isRequired: boolean): JsonObject {
  const { description, title = titleOf(name), ...shape } = withTitledFields(field);
  const label = { ...(description !== undefined && { description }), title };
  if (isRequired || "default" in shape) return { ...shape, ...label };
  return {
    ...(isNullable(shape) ? shape : { anyOf: [shape, { type: "null" }] }),
    default: null,
    ...label,
  };
}

function withTitledFields(schema: JsonObject): JsonObject {
  const { $defs, properties, required, items, anyOf, oneOf } = schema;
  const requiredNames = Array.isArray(required) ? required : [];
  const each = (members: Json): Json =>
    Array.isArray(members)
      ? members.map((member) => withTitledFields(member as JsonObject))
      : members;
  return {
    ...schema,
    ...(isJsonObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [
          name,
          fieldJsonSchema(name, field as JsonObject, requiredNames.includes(name)),
        ]),
      ),
    }),
    ...(isJsonObject($defs) && {
      $defs: Object.fromEntries(
        Object.entries($defs).map(([id, definition]) => [
          id,
          withTitledFields(definition as JsonObject),
        ]),
      ),
    }),
    ...(isJsonObject(items) && { items: withTitledFields(items) }),
    ...(anyOf !== undefined && { anyOf: each(anyOf) }),
    ...(oneOf !== undefined && { oneOf: each(oneOf) }),
  };
}

function isNullable(schema: JsonObject): boolean {
  const members = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [];
  return members.some((member) => isJsonObject(member) && member["type"] === "null");
}

/**
 * As much of JSON Schema as our documents use, to hold real answers to them. A keyword that it does
 * not know is an error: it would otherwise check nothing, silently.
 */
import { isJsonObject } from "../../src/base/json.ts";

type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with `value`, a line each. `document` is what a `$ref` points into. */
export function findProblems(
  schema: unknown,
  value: unknown,
  document: unknown = schema,
  path: string = "$",
): readonly string[] {
  if (schema === true) return [];
  if (!isJsonObject(schema)) return [`${path}: not a schema: ${JSON.stringify(schema)}`];
  return Object.keys(schema).flatMap((keyword) => {
    const check = keywords[keyword];
    if (check) return check({ schema, value, document, path });
    return notes.has(keyword) ? [] : [`${path}: unknown keyword \`${keyword}\``];
  });
}

/** The value that a local reference points to. */
export function resolvePointer(document: unknown, ref: string): unknown {
  return ref
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .reduce<unknown>((node, part) => {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      return typeof node === "object" && node !== null
        ? (node as Record<string, unknown>)[key] // Any object can be asked.
        : undefined;
    }, document);
}

// ---

interface Check {
  readonly schema: Schema;
  readonly value: unknown;
  readonly document: unknown;
  readonly path: string;
}

/** What says something to people only. */
const notes: ReadonlySet<string> = new Set([
  "description",
  "title",
  "default",
  "format",
  "$schema",
]);

const keywords: Readonly<Record<string, (check: Check) => readonly string[]>> = {
  $ref: ({ schema, value, document, path }) =>
    findProblems(resolvePointer(document, String(schema["$ref"])), value, document, path),
  type: ({ schema, value, path }) => {
    const types = [schema["type"]].flat();
    const isOne = types.some((type) => type === typeOf(value) || isNumberOf(type, value));
    return isOne ? [] : [`${path}: expected ${types.join(" or ")}, got ${typeOf(value)}`];
  },
  enum: ({ schema, value, path }) =>
    (schema["enum"] as unknown[]).includes(value) ? [] : [`${path}: ${String(value)} is no choice`],
  const: ({ schema, value, path }) =>
    schema["const"] === value ? [] : [`${path}: expected ${String(schema["const"])}`],
  required: ({ schema, value, path }) =>
    !isJsonObject(value)
      ? []
      : (schema["required"] as string[])
          .filter((name) => !Object.hasOwn(value, name))
          .map((name) => `${path}: \`${name}\` is missing`),
  properties: ({ schema, value, document, path }) =>
    !isJsonObject(value)
      ? []
      : Object.entries(schema["properties"] as Schema).flatMap(([name, property]) =>
          Object.hasOwn(value, name)
            ? findProblems(property, value[name], document, `${path}.${name}`)
            : [],
        ),
  additionalProperties: ({ schema, value, document, path }) => {
    if (!isJsonObject(value)) return [];
    const known = Object.keys((schema["properties"] as Schema | undefined) ?? {});
    const extra = Object.keys(value).filter((name) => !known.includes(name));
    const rule = schema["additionalProperties"];
    return rule === false
      ? extra.map((name) => `${path}: \`${name}\` is not expected`)
      : extra.flatMap((name) => findProblems(rule, value[name], document, `${path}.${name}`));
  },
  propertyNames: ({ schema, value, document, path }) =>
    !isJsonObject(value)
      ? []
      : Object.keys(value).flatMap((name) =>
          findProblems(schema["propertyNames"], name, document, `${path} (name)`),
        ),
  items: ({ schema, value, document, path }) =>
    !Array.isArray(value)
      ? []
      : value.flatMap((item, index) =>
          findProblems(schema["items"], item, document, `${path}[${index}]`),
        ),
  anyOf: ({ schema, value, document, path }) => {
    const found = (schema["anyOf"] as unknown[]).map((member) =>
      findProblems(member, value, document, path),
    );
    const isFine = found.some((problems) => problems.length === 0);
    return isFine ? [] : [`${path}: none of ${found.map((each) => each.join(", ")).join(" | ")}`];
  },
  maxLength: ({ schema, value, path }) =>
    typeof value === "string" && [...value].length > Number(schema["maxLength"])
      ? [`${path}: too long`]
      : [],
  minimum: ({ schema, value, path }) =>
    typeof value === "number" && value < Number(schema["minimum"]) ? [`${path}: too small`] : [],
  maximum: ({ schema, value, path }) =>
    typeof value === "number" && value > Number(schema["maximum"]) ? [`${path}: too large`] : [],
};

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function isNumberOf(type: unknown, value: unknown): boolean {
  return type === "integer" && Number.isInteger(value);
}

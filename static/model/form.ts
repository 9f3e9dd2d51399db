/**
 * Forms out of JSON Schema: what kind of field each part of a schema is. The server has the last
 * word on what is valid; a form only helps to say it.
 */
import type { Json, JsonObject } from "../../src/client/bodies.ts";
import { isObject } from "./json.ts";

interface FieldOf<Kind extends string> {
  readonly kind: Kind;
  readonly title: string;
  readonly description: string | undefined;
  /** May be null, which is how the wire says that an optional field is absent. */
  readonly isNullable: boolean;
  readonly initial: Json | undefined;
}

export interface TextField extends FieldOf<"text"> {
  readonly format: string | undefined;
  readonly lengthMin: number | undefined;
  readonly lengthMax: number | undefined;
  readonly pattern: string | undefined;
}
export interface NumberField extends FieldOf<"number"> {
  readonly isInteger: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly isMinExcluded: boolean;
  readonly isMaxExcluded: boolean;
  readonly step: number | undefined;
}
export type FlagField = FieldOf<"flag">;
export interface ChoiceField extends FieldOf<"choice"> {
  readonly options: readonly Json[];
}
export interface ListField extends FieldOf<"list"> {
  readonly item: Field;
  readonly countMin: number | undefined;
  readonly countMax: number | undefined;
}
export interface GroupField extends FieldOf<"group"> {
  readonly members: readonly Member[];
  /** Whether fields may be given that it does not name. */
  readonly isOpen: boolean;
}
export interface MapField extends FieldOf<"map"> {
  readonly item: Field;
}
export interface UnionField extends FieldOf<"union"> {
  readonly variants: readonly Field[];
}
/** Anything: JSON as text. */
export type AnyField = FieldOf<"any">;

export type Field =
  | TextField
  | NumberField
  | FlagField
  | ChoiceField
  | ListField
  | GroupField
  | MapField
  | UnionField
  | AnyField;

export interface Member {
  readonly name: string;
  readonly isRequired: boolean;
  readonly field: Field;
}

/** Schemas may contain themselves: from here on down they are JSON. */
const depthMax = 8;

export function toField(schema: Json | undefined, root: JsonObject, name = "", depth = 0): Field {
  const resolved = resolve(schema, root);
  const title = text(resolved["title"]) ?? name;
  const base = {
    title,
    description: text(resolved["description"]),
    isNullable: false,
    initial: resolved["default"],
  };
  if (depth > depthMax) return { ...base, kind: "any" };
  const nested = (part: Json | undefined, label = title): Field =>
    toField(part, root, label, depth + 1);
  const union = list(resolved["anyOf"]) ?? list(resolved["oneOf"]);
  if (union) return toUnion(union, base, nested, root);
  if (resolved["const"] !== undefined) {
    return { ...base, kind: "choice", options: [resolved["const"]], initial: resolved["const"] };
  }
  const options = list(resolved["enum"]);
  if (options) {
    const isNullable = options.includes(null);
    return {
      ...base,
      kind: "choice",
      options: options.filter((option) => option !== null),
      isNullable,
    };
  }
  return toTyped(resolved, base, nested);
}

// ---

type Base = Omit<FieldOf<string>, "kind">;
type Nested = (part: Json | undefined, label?: string) => Field;

function toTyped(schema: JsonObject, base: Base, nested: Nested): Field {
  const types = Array.isArray(schema["type"])
    ? (schema["type"] as readonly Json[])
    : [schema["type"]];
  const isNullable = base.isNullable || types.includes("null");
  const [type, ...others] = types.filter((candidate) => candidate !== "null");
  const common = { ...base, isNullable };
  if (others.length > 0) {
    const variants = [type, ...others].map((each, index) =>
      nameVariant(nested({ ...schema, type: each ?? null, title: "" }), index),
    );
    return { ...common, kind: "union", variants };
  }
  switch (type) {
    case "string":
      return {
        ...common,
        kind: "text",
        format: text(schema["format"]),
        lengthMin: number(schema["minLength"]),
        lengthMax: number(schema["maxLength"]),
        pattern: text(schema["pattern"]),
      };
    case "integer":
    case "number":
      return {
        ...common,
        kind: "number",
        isInteger: type === "integer",
        min: number(schema["minimum"]) ?? number(schema["exclusiveMinimum"]),
        max: number(schema["maximum"]) ?? number(schema["exclusiveMaximum"]),
        isMinExcluded: schema["exclusiveMinimum"] !== undefined,
        isMaxExcluded: schema["exclusiveMaximum"] !== undefined,
        step: number(schema["multipleOf"]),
      };
    case "boolean":
      return { ...common, kind: "flag" };
    case "array":
      return {
        ...common,
        kind: "list",
        item: nested(schema["items"], "Item"),
        countMin: number(schema["minItems"]),
        countMax: number(schema["maxItems"]),
      };
    case "object":
      return toObjectField(schema, common, nested);
    default:
      return isObject(schema["properties"])
        ? toObjectField(schema, common, nested)
        : { ...common, kind: "any" };
  }
}

function toObjectField(schema: JsonObject, common: Base, nested: Nested): Field {
  const { properties, required, additionalProperties: extra } = schema;
  const names = isObject(properties) ? Object.keys(properties) : [];
  if (names.length === 0 && isObject(extra)) {
    return { ...common, kind: "map", item: nested(extra, "Value") };
  }
  const requiredNames = list(required) ?? [];
  const members = names.map((name) => ({
    name,
    isRequired: requiredNames.includes(name),
    field: nested(isObject(properties) ? properties[name] : undefined, name),
  }));
  return { ...common, kind: "group", members, isOpen: extra !== false };
}

function toUnion(members: readonly Json[], base: Base, nested: Nested, root: JsonObject): Field {
  const kinds = members.filter((member) => resolve(member, root)["type"] !== "null");
  const isNullable = kinds.length < members.length;
  const [only] = kinds;
  if (kinds.length === 1 && only !== undefined) {
    const field = nested(only);
    const { title, description, initial } = base;
    return {
      ...field,
      title: title || field.title,
      description: description ?? field.description,
      initial: initial === undefined ? field.initial : initial,
      isNullable: isNullable || field.isNullable,
    };
  }
  const constants = kinds.map((member) => resolve(member, root)["const"]);
  if (kinds.length > 0 && constants.every((constant) => constant !== undefined)) {
    return { ...base, kind: "choice", isNullable, options: constants as readonly Json[] };
  }
  const variants = kinds.map((member, index) => nameVariant(nested(member, ""), index));
  return { ...base, kind: "union", isNullable, variants };
}

/** By its title, by the constant that tells it from the others, or by what it is. */
function nameVariant(field: Field, index: number): Field {
  if (field.title !== "") return field;
  const tag =
    field.kind === "group"
      ? field.members.find(
          ({ field: member }) => member.kind === "choice" && member.options.length === 1,
        )
      : undefined;
  const title = tag ? String(tag.field.initial) : `${field.kind} ${index + 1}`;
  return { ...field, title };
}

function resolve(schema: Json | undefined, root: JsonObject): JsonObject {
  let current = schema;
  for (let hops = 0; hops < 16 && isObject(current); hops++) {
    const ref: Json | undefined = current["$ref"];
    const all = list(current["allOf"]);
    if (typeof ref === "string") {
      const { $ref: _, ...beside } = current;
      const target: Json | undefined = lookUp(ref, root);
      current = isObject(target) ? { ...target, ...beside } : beside;
    } else if (all) {
      const { allOf: _, ...beside } = current;
      current = [...all.map((part) => resolve(part, root)), beside].reduce(mergeSchemas, {});
    } else return current;
  }
  return isObject(current) ? current : {};
}

/** What both ask for, as far as a form can say it: the fields of both. */
function mergeSchemas(one: JsonObject, other: JsonObject): JsonObject {
  const [fields, more] = [one["properties"], other["properties"]];
  const required = [...(list(one["required"]) ?? []), ...(list(other["required"]) ?? [])];
  return {
    ...one,
    ...other,
    ...(isObject(fields) && isObject(more) && { properties: { ...fields, ...more } }),
    ...(required.length > 0 && { required }),
  };
}

function lookUp(ref: string, root: JsonObject): Json | undefined {
  if (!ref.startsWith("#")) return undefined;
  let value: Json | undefined = root;
  for (const part of ref.slice(1).split("/").filter(Boolean)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    value = isObject(value) ? value[key] : undefined;
  }
  return value;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function list(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? (value as readonly Json[]) : undefined;
}

/** Values of forms: what a field starts with, changes by path, and what is wrong with a value. */
import type { Json, JsonObject } from "../../src/client/bodies.ts";
import type { FieldIssue } from "../../src/protocol/bodies.ts";
import type { Field, GroupField } from "./form.ts";
import { fieldOf, isObject } from "./json.ts";

export type Path = FieldIssue["path"];

/** Undefined: left out. What must be there starts with something of its kind. */
export function initialValue(field: Field, isRequired: boolean): Json | undefined {
  if (field.initial !== undefined && field.initial !== null) return field.initial;
  if (!isRequired) return undefined;
  switch (field.kind) {
    case "flag":
      return false;
    case "group":
      return initialGroup(field);
    case "list":
      return [];
    case "map":
      return {};
    case "choice":
      return field.options.length === 1 ? field.options[0] : undefined;
    case "union":
      return field.isNullable ? null : field.variants[0] && initialValue(field.variants[0], true);
    default:
      return undefined;
  }
}

export function initialGroup(field: GroupField): JsonObject {
  const entries = field.members.flatMap(({ name, isRequired, field: member }) => {
    const value = initialValue(member, isRequired);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** A copy with the value at a path replaced, or left out. */
export function setAt(
  value: Json | undefined,
  path: Path,
  next: Json | undefined,
): Json | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  if (typeof key === "number") {
    const items = Array.isArray(value) ? [...(value as readonly Json[])] : [];
    const item = setAt(items[key], rest, next);
    if (item === undefined) items.splice(key, 1);
    else items[key] = item;
    return items;
  }
  const object = isObject(value) ? value : {};
  const changed = setAt(fieldOf(object, key), rest, next);
  const others = Object.entries(object).filter(([name]) => name !== key);
  if (changed === undefined) return Object.fromEntries(others);
  if (Object.hasOwn(object, key)) {
    // In its place, so that a key that is being edited does not jump.
    return Object.fromEntries(
      Object.entries(object).map(([name, old]) => [name, name === key ? changed : old]),
    );
  }
  return Object.fromEntries([...others, [key, changed]]);
}

export function checkValue(
  field: Field,
  value: Json | undefined,
  isRequired: boolean,
  path: Path = [],
): readonly FieldIssue[] {
  const wrong = (message: string): readonly FieldIssue[] => [{ path, message }];
  if (value === undefined) return isRequired ? wrong("This is required.") : [];
  if (value === null) {
    if (field.isNullable || field.kind === "any" || !isRequired) return [];
    return wrong("This is required.");
  }
  switch (field.kind) {
    case "text":
      return typeof value === "string"
        ? checkText(field, value).flatMap(wrong)
        : wrong("Expected text.");
    case "number":
      return typeof value === "number"
        ? checkNumber(field, value).flatMap(wrong)
        : wrong("Expected a number.");
    case "flag":
      return typeof value === "boolean" ? [] : wrong("Expected true or false.");
    case "choice":
      return field.options.some((option) => JSON.stringify(option) === JSON.stringify(value))
        ? []
        : wrong("Choose one of the options.");
    case "list":
      return checkList(field, value, path);
    case "map":
      if (!isObject(value)) return wrong("Expected an object.");
      return Object.entries(value).flatMap(([name, item]) =>
        checkValue(field.item, item, true, [...path, name]),
      );
    case "group":
      if (!isObject(value)) return wrong("Expected an object.");
      return field.members.flatMap((member) => {
        const own = fieldOf(value, member.name);
        return checkValue(member.field, own, member.isRequired, [...path, member.name]);
      });
    default:
      return []; // Of unions and anything else the server knows more.
  }
}

/** The variant of a union that a value fits, or the first; `chosen`, if it fits that as well. */
export function variantOf(
  variants: readonly Field[],
  value: Json | undefined,
  chosen: number = -1,
): number {
  const kind = kindOf(value);
  const fits = variants.map((variant) => checkValue(variant, value, true).length === 0);
  const isAlike = variants.map((variant) => variant.kind === kind);
  for (const places of [fits, isAlike]) {
    if (places[chosen]) return chosen;
    if (places.includes(true)) return places.indexOf(true);
  }
  return 0;
}

export function pathKey(path: Path): string {
  return path.join(".");
}

// ---

function kindOf(value: Json | undefined): Field["kind"] {
  if (Array.isArray(value)) return "list";
  if (typeof value === "object" && value !== null) return "group";
  const kinds: Readonly<Record<string, Field["kind"]>> = {
    string: "text",
    number: "number",
    boolean: "flag",
  };
  return kinds[typeof value] ?? "any";
}

function checkText(field: Extract<Field, { kind: "text" }>, value: string): readonly string[] {
  const { lengthMin, lengthMax, pattern } = field;
  const messages: string[] = [];
  if (lengthMin !== undefined && value.length < lengthMin) {
    messages.push(`Expected at least ${lengthMin} characters.`);
  }
  if (lengthMax !== undefined && value.length > lengthMax) {
    messages.push(`Expected at most ${lengthMax} characters, got ${value.length}.`);
  }
  if (pattern !== undefined && !matches(pattern, value))
    messages.push(`Expected to match ${pattern}.`);
  return messages;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // A pattern of another language: the server knows.
  }
}

function checkNumber(field: Extract<Field, { kind: "number" }>, value: number): readonly string[] {
  const { isInteger, min, max, isMinExcluded, isMaxExcluded } = field;
  const messages: string[] = [];
  if (isInteger && !Number.isInteger(value)) messages.push("Expected a whole number.");
  if (min !== undefined && (value < min || (isMinExcluded && value === min))) {
    messages.push(`Expected ${isMinExcluded ? "more than" : "at least"} ${min}.`);
  }
  if (max !== undefined && (value > max || (isMaxExcluded && value === max))) {
    messages.push(`Expected ${isMaxExcluded ? "less than" : "at most"} ${max}.`);
  }
  return messages;
}

function checkList(
  field: Extract<Field, { kind: "list" }>,
  value: Json,
  path: Path,
): readonly FieldIssue[] {
  if (!Array.isArray(value)) return [{ path, message: "Expected a list." }];
  const items = value as readonly Json[];
  const { countMin = 0, countMax = Infinity } = field;
  const message =
    items.length < countMin
      ? `Expected at least ${countMin} items.`
      : `Expected at most ${countMax} items.`;
  const isCount = items.length >= countMin && items.length <= countMax;
  return [
    ...(isCount ? [] : [{ path, message }]),
    ...items.flatMap((item, index) => checkValue(field.item, item, true, [...path, index])),
  ];
}

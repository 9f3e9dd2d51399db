/** What is different between two JSON values, field by field. */
import type { Json } from "../../src/client/bodies.ts";
import { fieldOf, isObject } from "./json.ts";

export interface Difference {
  /** `items[2].name`; empty for the whole. */
  readonly path: string;
  /** Undefined: not there. */
  readonly a: Json | undefined;
  readonly b: Json | undefined;
}

const differencesMax = 200;

export function diffJson(a: Json | undefined, b: Json | undefined): readonly Difference[] {
  const found: Difference[] = [];
  compare(a, b, "", found);
  return found;
}

// ---

function compare(
  a: Json | undefined,
  b: Json | undefined,
  path: string,
  found: Difference[],
): void {
  if (a === b || found.length >= differencesMax) return;
  if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right] = [a as readonly Json[], b as readonly Json[]];
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      compare(left[index], right[index], `${path}[${index}]`, found);
    }
    return;
  }
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      compare(fieldOf(a, key), fieldOf(b, key), path === "" ? key : `${path}.${key}`, found);
    }
    return;
  }
  found.push({ path, a, b });
}

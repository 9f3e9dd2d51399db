/**
 * Words of a query string become values: leniently where the wire is lenient, strictly where a
 * guess would hurt.
 */
import { WorkflowError } from "../base/errors.ts";

/** What a key says, or null. Of a key that is given several times, the last counts. */
export function readWord(params: URLSearchParams, name: string): string | null {
  return params.getAll(name).at(-1) ?? null;
}

/** The words of a key that is given several times, without blanks. */
export function readWords(params: URLSearchParams, name: string): readonly string[] {
  return params
    .getAll(name)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** The word "true", in any case, is true; every other word is false. */
export function readBoolean(params: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = readWord(params, name);
  return text === null ? fallback : text.toLowerCase() === "true";
}

/**
 * Decimal digits with an optional sign, blanks around them or not; else undefined. What is too
 * large to be exact is as large as can be: as a cursor or a count it means the same.
 */
export function parseInteger(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) return undefined;
  const { MAX_SAFE_INTEGER: most } = Number;
  return Math.max(-most, Math.min(Number(trimmed), most)) || 0; // "-0" is zero.
}

/** `expected` goes on after "to be". */
export function refuseParameter(name: string, expected: string, got: string): WorkflowError {
  return new WorkflowError(
    "request_invalid",
    `Expected \`${name}\` to be ${expected}, got ${JSON.stringify(got.slice(0, 80))}.`,
  );
}

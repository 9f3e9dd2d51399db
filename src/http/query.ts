/**
 * Words of a query string become values: leniently where the wire is lenient, strictly where a
 * guess would hurt.
 */

/** The word "true", in any case, is true; every other word is false. The first of a key counts. */
export function readBoolean(params: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = params.get(name);
  return text === null ? fallback : text.toLowerCase() === "true";
}

/** Decimal digits with an optional minus, exactly representable; else undefined. */
export function parseInteger(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) return undefined;
  return value === 0 ? 0 : value; // "-0" is zero.
}

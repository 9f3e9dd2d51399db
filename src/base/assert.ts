/**
 * Assertions about the program, always on. A failed one is a bug of ours, never a user's mistake:
 * it is not caught for control, and the run or the process that it happens in stops.
 */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the program knows to be there. */
export function must<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}

/** Ends a `switch` over a closed union: a new member does not compile until it has its case. */
export function unreachable(value: never): never {
  throw new AssertionError(`Unexpected value ${JSON.stringify(value)}.`);
}

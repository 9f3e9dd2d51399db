/**
 * `Idempotency-Key`: a start that may be asked for again, because its answer may have been lost.
 */
import { WorkflowError } from "../base/errors.ts";
import type { Idempotency } from "../store/store.ts";

/** Throws `request_invalid` for a key that is none. Undefined: the caller sent no key. */
export function readIdempotency(
  request: Request,
  workflowName: string,
  body: unknown,
): Idempotency | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new WorkflowError(
      "request_invalid",
      "Expected `Idempotency-Key` to be 1 to 255 visible ASCII characters without spaces.",
    );
  }
  const asked = JSON.stringify([workflowName, sorted(body)]);
  return { key, fingerprint: new Bun.CryptoHasher("sha256").update(asked).digest("base64url") };
}

// ---

/** The same value with its keys in order: clients may write the same body in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, sorted(field)]));
}

/** Newline-delimited JSON: a value a line. Readers skip blank lines, so one may open a stream. */
import { assert } from "../base/assert.ts";
import type { HeaderFields } from "./respond.ts";

export const ndjsonHeaders: HeaderFields = {
  "content-type": "application/x-ndjson",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-accel-buffering": "no", // nginx would collect lines before it sends them on.
};

export const ndjsonBlankLine: Uint8Array = Buffer.from("\n");

export function ndjsonLine(json: string): Uint8Array {
  assert(!/[\r\n]/.test(json), "A line of NDJSON is one line.");
  return Buffer.from(`${json}\n`);
}

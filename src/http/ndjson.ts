/** Newline-delimited JSON: a value a line. Readers skip blank lines, so one may open a stream. */
import { assert } from "../base/assert.ts";
import { type HeaderFields, streamHeaders } from "./respond.ts";

export const ndjsonHeaders: HeaderFields = {
  "content-type": "application/x-ndjson",
  ...streamHeaders,
};

export const ndjsonBlankLine: Uint8Array = Buffer.from("\n");

export function ndjsonLine(json: string): Uint8Array {
  assert(!/[\r\n]/.test(json), "A line of NDJSON is one line.");
  return Buffer.from(`${json}\n`);
}

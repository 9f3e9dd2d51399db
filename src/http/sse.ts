/**
 * Frames of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * The law: what comes in is one line, so that no text can end its frame and begin another. JSON
 * never contains a raw CR or LF, and U+2028 ends no line here.
 */
import { assert } from "../base/assert.ts";
import { type HeaderFields, streamHeaders } from "./respond.ts";

export const sseHeaders: HeaderFields = {
  "content-type": "text/event-stream; charset=utf-8",
  ...streamHeaders,
};

export function sseEvent(id: number, data: string): Uint8Array {
  assertOneLine(data);
  return Buffer.from(`id: ${id}\ndata: ${data}\n\n`);
}

/** A frame without an id: nothing to resume from. */
export function sseData(data: string): Uint8Array {
  assertOneLine(data);
  return Buffer.from(`data: ${data}\n\n`);
}

export function sseComment(text: string): Uint8Array {
  assertOneLine(text);
  return Buffer.from(`: ${text}\n\n`);
}

// ---

function assertOneLine(text: string): void {
  assert(!/[\r\n]/.test(text), "SSE data and comments are one line each.");
}

/**
 * Answers. Every one says what it is, may not be guessed to be something else (`nosniff`), and is
 * not kept by a cache: it was true at one instant, for one caller.
 */
import { must } from "../base/assert.ts";

export type HeaderFields = Readonly<Record<string, string>>;

const commonHeaders: HeaderFields = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export const streamHeaders: HeaderFields = {
  ...commonHeaders,
  "x-accel-buffering": "no", // nginx would collect some of a stream before it sends it on.
};

/** Made once, because a copy of it takes a fifth of the time. */
const jsonHeaders = new Headers({ "content-type": "application/json", ...commonHeaders });

export function json(status: number, value: unknown, headers: HeaderFields = {}): Response {
  // `stringify` escapes lone surrogates, which could not be written as UTF-8.
  return jsonText(
    status,
    must<string>(JSON.stringify(value), "An answer is a JSON value."),
    headers,
  );
}

/** For a value that is JSON text already. */
export function jsonText(status: number, text: string, headers: HeaderFields = {}): Response {
  const response = new Response(text, { status, headers: jsonHeaders });
  // Written out for `withoutBody`, which has nothing left to measure.
  response.headers.set("content-length", String(Buffer.byteLength(text)));
  for (const [name, field] of Object.entries(headers)) response.headers.set(name, field);
  return response;
}

export function empty(status: number = 204, headers: HeaderFields = {}): Response {
  return new Response(null, { status, headers: { ...commonHeaders, ...headers } });
}

/** What an error says of itself; any error with a code will do. */
export interface ErrorFacts {
  readonly message: string;
  readonly code: string;
  readonly details?: unknown;
}

export function errorResponse(
  error: ErrorFacts,
  status: number,
  headers: HeaderFields = {},
): Response {
  const { message: detail, code, details } = error;
  return json(status, { detail, code, ...(details !== undefined && { details }) }, headers);
}

/** The answer to HEAD, made from the answer to GET: same status and headers. */
export function withoutBody(response: Response): Response {
  if (response.body === null) return response;
  // Nobody will read it. One that is being read by somebody is theirs to end.
  response.body.cancel().catch(() => {});
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  // Bun 1.4.5 would say `content-length: 0` here, which is not the length that GET has.
  if (!headers.has("content-length")) headers.set("transfer-encoding", "chunked");
  return new Response(null, { status, statusText, headers });
}

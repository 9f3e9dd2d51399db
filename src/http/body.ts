/**
 * Bytes of a request become a JSON value, or an error that says why not.
 *
 * The law: nothing is trusted before it is checked, in the order of cost. The declared length, then
 * the bytes as they come (a header can lie, a chunked body has none), then the encoding, then the
 * nesting, and only then the parser. Never more than the limit is held.
 */
import { WorkflowError } from "../base/errors.ts";
import { jsonDepth } from "../base/json.ts";

/** Strict; drops a byte order mark. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

export interface BodyLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
  /**
   * Whether a parser of HTTP has held the body to the length that its header declares. Such a body
   * is read whole: through a stream, Bun 1.4.5 takes 40 µs longer.
   */
  readonly isFramed?: boolean;
}

/** Throws `body_too_large`, or `json_invalid` with its reason after `prefix`. */
export async function readJsonBody(
  request: Request,
  prefix: string,
  { bytesMax, depthMax, isFramed = false }: BodyLimits,
): Promise<unknown> {
  try {
    const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
    if (encoding !== "identity") {
      throw invalid(`Expected a body that is not compressed, got \`${clip(encoding)}\`.`);
    }
    const declared = request.headers.get("content-length");
    const declaredBytes = Number(declared);
    if (declaredBytes > bytesMax) throw tooLarge(bytesMax, `${declaredBytes}`);

    const isShort = declared !== null && isFramed;
    const bytes = await (isShort ? request.bytes().catch(cutOff) : readBytes(request, bytesMax));
    if (bytes.length === 0) throw invalid("Expected a JSON value, got an empty body.");
    const text = decode(bytes);
    const depth = jsonDepth(text);
    if (depth > depthMax) {
      throw invalid(`Expected at most ${depthMax} levels of nesting, got ${depth}.`);
    }
    return parse(text);
  } catch (error) {
    if (!(error instanceof WorkflowError) || error.code !== "json_invalid") throw error;
    throw new WorkflowError(error.code, `${prefix}: ${error.message}`, { cause: error });
  }
}

/**
 * Whether an answer that leaves the rest of a body unread has to close the connection. Bun 1.4.5
 * goes on to read and throw away such a rest, of a chunked body for ever, at gigabytes per second.
 * One of a declared length may end by itself: many clients see the answer only after it.
 */
export function hasEndlessBody(request: Request): boolean {
  return !request.headers.has("content-length") && request.body !== null;
}

// ---

function cutOff(cause: unknown): never {
  const reason = "Expected a whole body, but the connection ended before it did.";
  throw new WorkflowError("json_invalid", reason, { cause });
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  // Lets go of what is still to come. That it may fail as well changes nothing.
  const cancel = (): void => void reader.cancel().catch(() => {});
  // Bun rejects a read when the client goes away; elsewhere it may wait for ever, so it is ended.
  request.signal.addEventListener("abort", cancel);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff);
      if (request.signal.aborted) cutOff(request.signal.reason);
      if (done) break;
      length += value.length;
      if (length > bytesMax) throw tooLarge(bytesMax, `at least ${length}`);
      chunks.push(value);
    }
  } catch (error) {
    cancel();
    throw error;
  } finally {
    request.signal.removeEventListener("abort", cancel);
  }
  return Buffer.concat(chunks, length);
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid("Expected UTF-8, got other bytes.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // The parser quotes the word it trips over, however long.
    throw invalid(`${clip(reason.replace(/^JSON Parse error: /, ""))}.`);
  }
}

function clip(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function invalid(reason: string): WorkflowError {
  return new WorkflowError("json_invalid", reason);
}

function tooLarge(bytesMax: number, got: string): WorkflowError {
  return new WorkflowError(
    "body_too_large",
    `Expected a body of at most ${bytesMax} bytes, got ${got}: send less at a time.`,
  );
}

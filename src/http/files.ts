/**
 * A fixed set of static files, held in memory with all that can be known beforehand: entity tags,
 * headers and gzipped twins.
 *
 * The law: a request names a file by its exact path or gets none. No file system is asked, so there
 * is nothing to traverse.
 */
import { assert } from "../base/assert.ts";
import type { HeaderFields } from "./respond.ts";

export interface StaticFile {
  readonly path: string;
  readonly body: Uint8Array | string;
  readonly type: string;
  /** The path changes with the content: never ask again. */
  readonly immutable?: boolean;
}

export type Files = ReadonlyMap<string, FileEntry>;

interface FileEntry {
  readonly plain: Variant;
  /** Left out where it would save nothing. */
  readonly gzipped?: Variant;
}

interface Variant {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tag: string;
  readonly headers: HeaderFields;
  /** Those of a 304: what a cache has to refresh, and nothing about a body. */
  readonly headersUnchanged: HeaderFields;
}

export function createFiles(files: readonly StaticFile[]): Files {
  const entries = new Map<string, FileEntry>();
  for (const file of files) {
    assert(!entries.has(file.path), `Static file \`${file.path}\` is there twice.`);
    entries.set(file.path, toEntry(file));
  }
  return entries;
}

/** Undefined if no file has this path. `headers` are added to those of the file. */
export function serveFile(
  files: Files,
  pathname: string,
  request: Request,
  headers: HeaderFields = {},
): Response | undefined {
  const entry = files.get(pathname);
  if (!entry) return undefined;
  const isZipped = acceptsGzip(request.headers.get("accept-encoding") ?? "");
  const variant = (isZipped ? entry.gzipped : undefined) ?? entry.plain;
  if (hasTag(request.headers.get("if-none-match") ?? "", variant.tag)) {
    return new Response(null, {
      status: 304,
      headers: { ...variant.headersUnchanged, ...headers },
    });
  }
  return new Response(variant.bytes, { headers: { ...variant.headers, ...headers } });
}

// ---

function toEntry(file: StaticFile): FileEntry {
  const bytes = new Uint8Array(Buffer.from(file.body));
  const gzipped = Bun.gzipSync(bytes, { level: 9 });
  const hash = new Bun.CryptoHasher("sha256").update(bytes).digest("base64url").slice(0, 22);
  const plain = toVariant(file, bytes, { etag: `"${hash}"` });
  if (gzipped.length > bytes.length * 0.9) return { plain };
  // The twins have different bytes, so they have different tags (RFC 9110, section 8.8.3.3).
  const vary = { vary: "accept-encoding" };
  return {
    plain: toVariant(file, bytes, { etag: `"${hash}"`, ...vary }),
    gzipped: toVariant(file, gzipped, { etag: `"${hash}-gzip"`, ...vary }, "gzip"),
  };
}

function toVariant(
  file: StaticFile,
  bytes: Uint8Array<ArrayBuffer>,
  validators: HeaderFields & { readonly etag: string },
  encoding?: string,
): Variant {
  const headersUnchanged = {
    ...validators,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
  };
  const headers = {
    ...headersUnchanged,
    "content-type": file.type,
    "content-length": String(bytes.length),
    "x-content-type-options": "nosniff",
    ...(encoding !== undefined && { "content-encoding": encoding }),
  };
  return { bytes, tag: validators.etag, headers, headersUnchanged };
}

/** Whether an `Accept-Encoding` has gzip, or anything, with a weight above zero. */
function acceptsGzip(header: string): boolean {
  const weights = new Map<string, number>();
  for (const item of header.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    weights.set(coding, Number(weight));
  }
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

/** `If-None-Match` compares weakly: a proxy may have marked our tag with `W/`. */
function hasTag(header: string, tag: string): boolean {
  const tags = header.split(",").map((item) => item.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(tag);
}

/**
 * Who may ask for anything. Checked for every request, before its body is read and before anything
 * is looked up.
 *
 * - A browser must have reached us under a name that is ours: another site that points its own name
 *   at this address (DNS rebinding) would otherwise be same-origin with us.
 * - A request that changes something and comes from a page must come from our own, or a listed one.
 * - With keys set, a caller must show one; comparing takes the same time for every wrong one.
 */
import { timingSafeEqual } from "node:crypto";

import { WorkflowError } from "../base/errors.ts";
import type { RequestUrl } from "../http/request-url.ts";
import type { Auth, Settings } from "./settings.ts";

/**
 * Throws `unauthorized`, `host_forbidden` or `origin_forbidden`. What is open needs no key: nobody
 * is asked for one, so an `auth` function that fails does not fail a probe. Without keys there is
 * nothing to wait for, and no promise.
 */
export function guard(
  request: Request,
  url: RequestUrl,
  settings: Settings,
  { isOpen }: { readonly isOpen: boolean },
): Promise<void> | undefined {
  const { auth } = settings;
  if (auth !== null && !isOpen) {
    return checkAuth(request, auth).then(() => checkOrigin(request, url, settings));
  }
  checkHost(request, url, settings);
  checkOrigin(request, url, settings);
  return undefined;
}

/** CORS headers for an answer to a page of a listed origin; none for anybody else. */
export function corsHeaders(
  request: Request,
  { corsOrigins }: Settings,
): Readonly<Record<string, string>> {
  if (corsOrigins.size === 0) return {};
  const origin = request.headers.get("origin") ?? "";
  if (!corsOrigins.has(origin)) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
  };
}

/** Whether this asks for leave to ask, as browsers do before a request to another origin. */
export function isPreflight(request: Request): boolean {
  const { headers } = request;
  return (
    request.method === "OPTIONS" &&
    headers.has("origin") &&
    headers.has("access-control-request-method")
  );
}

/** Throws `origin_forbidden` for an origin that is not listed. */
export function preflightHeaders(
  request: Request,
  settings: Settings,
): Readonly<Record<string, string>> {
  const origin = request.headers.get("origin") ?? "";
  if (!settings.corsOrigins.has(origin)) throw originForbidden(origin);
  const asked = request.headers.get("access-control-request-headers");
  return {
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-max-age": "600",
    ...(asked !== null && { "access-control-allow-headers": asked }),
  };
}

// ---

/** The caller must have shown a key. */
async function checkAuth(request: Request, auth: Auth): Promise<void> {
  if (typeof auth === "function" ? await auth(request) : hasKey(request, auth)) return;
  throw new WorkflowError(
    "unauthorized",
    "Expected an API key. Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
  );
}

function hasKey(request: Request, keys: string | readonly string[]): boolean {
  const authorization = request.headers.get("authorization") ?? "";
  const bearer = /^bearer +(.*)$/i.exec(authorization)?.[1] ?? "";
  const shown = digest(request.headers.get("x-api-key") ?? bearer);
  // Every key is compared, and digests are of one length, so time tells nothing about a key.
  const matches = [keys].flat().map((key) => timingSafeEqual(shown, digest(key)));
  return matches.includes(true);
}

function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

function checkHost(request: Request, url: RequestUrl, { allowedHosts }: Settings): void {
  const { headers } = request;
  const isBrowser =
    headers.has("origin") ||
    headers.has("sec-fetch-site") ||
    headers.has("sec-fetch-mode") ||
    (headers.get("user-agent") ?? "").startsWith("Mozilla/");
  if (!isBrowser) return;
  const name = url.parsed.hostname.toLowerCase();
  if (name === "localhost" || isAddress(name) || allowedHosts.has(name)) return;
  throw new WorkflowError(
    "host_forbidden",
    `Expected a browser to reach this server as localhost, by an IP address or under a name in \`allowedHosts\`, got \`${name.slice(0, 100)}\`. Add it to \`allowedHosts\` (or \`WORKFLOWS_SERVER_ALLOWED_HOSTS\`) if it is yours.`,
  );
}

/**
 * A URL parser has made every spelling of an IPv4 address four numbers, and put IPv6 in brackets.
 */
function isAddress(hostname: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) || hostname.startsWith("[");
}

function checkOrigin(request: Request, url: RequestUrl, { corsOrigins }: Settings): void {
  const origin = request.headers.get("origin");
  if (origin === null || request.method === "GET" || request.method === "HEAD") return;
  // Behind a proxy that ends TLS we see `http` where the page has `https`: hosts are compared.
  const isOwn = URL.canParse(origin) && new URL(origin).host === url.parsed.host;
  if (!isOwn && !corsOrigins.has(origin)) throw originForbidden(origin);
}

function originForbidden(origin: string): WorkflowError {
  return new WorkflowError(
    "origin_forbidden",
    `Pages of \`${origin.slice(0, 100)}\` may not use this server. Add the origin to \`corsOrigins\` (or \`WORKFLOWS_SERVER_CORS_ORIGINS\`) if it is yours.`,
  );
}

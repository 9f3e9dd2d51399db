/**
 * A request comes in, an answer goes out: guard, route, endpoint, and whatever they throw as an
 * error body. Nothing that this function is given can make it reject.
 */
import { type ErrorCode, WorkflowError } from "../base/errors.ts";
import { newId } from "../base/id.ts";
import { systemClock, systemRandom } from "../base/clock.ts";
import { empty, errorResponse, json, withoutBody } from "../http/respond.ts";
import { hasEndlessBody } from "../http/body.ts";
import { createFiles, type Files, serveFile } from "../http/files.ts";
import { RequestUrl } from "../http/request-url.ts";
import { createRouter, matchRoute } from "../http/router.ts";
import { Call, type Connection, type Endpoint, type Services } from "./endpoint.ts";
import { getHealth } from "./endpoints/workflows.ts";
import { corsHeaders, guard, isPreflight, preflightHeaders } from "./guard.ts";
import { toOpenApi } from "./openapi.ts";
import { loadPage, pageHeaders, pagePaths } from "./page.ts";
import { apiRoutes } from "./routes.ts";
import type { Settings } from "./settings.ts";
import { httpStatus } from "./status.ts";
import { version } from "./version.ts";

/** `ready` resolves when runs can be reached; what needs none is answered before. */
export type App = (
  request: Request,
  ready: Promise<void>,
  connection: Connection,
) => Promise<Response>;

export function createApp(services: Services): App {
  let page: Promise<Files> | undefined; // Until somebody looks, none is made.
  const document = toOpenApi(apiRoutes, version);
  const getOpenApi: Endpoint = () => json(200, document);
  const router = createRouter<Endpoint>([
    ...apiRoutes.map(({ method, path, endpoint }) => ({ method, path, target: endpoint })),
    { method: "GET", path: "/openapi.json", target: getOpenApi },
  ]);

  // No promise where nothing is waited for: each would cost a turn of the queue.
  const answer = (incoming: Incoming): Response | Promise<Response> => {
    const { request, url } = incoming;
    if (isPreflight(request)) return empty(204, preflightHeaders(request, services.settings));
    // The page, which asks for the key, and the probe of whatever supervises the process.
    const isPage = isRead(request) && pagePaths.has(url.pathname);
    const isOpen = isPage || (isRead(request) && url.pathname === "/health");
    const checking = guard(request, url, services.settings, { isOpen });
    const next = isPage ? answerPage : answerRoute;
    return checking ? whenChecked(checking, next, incoming) : next(incoming);
  };

  const answerPage = async (incoming: Incoming): Promise<Response> => {
    const { request, url } = incoming;
    page ??= loadPage().then(createFiles);
    const file = serveFile(await page, url.pathname, request, pageHeaders);
    return file ?? (await answerRoute(incoming));
  };

  const answerRoute = (incoming: Incoming): Response | Promise<Response> => {
    const { request, connection, ready, url } = incoming;
    const match = matchRoute(router, request.method, url.pathname);
    if (match.kind === "match") {
      const { target, params } = match;
      const call = new Call(request, connection, params, url);
      if (target === getHealth) return target(services, call);
      checkOpen(services);
      return services.isReady() ? target(services, call) : whenReady(ready, target, services, call);
    }
    if (match.kind === "not_found") throw new WorkflowError("route_not_found", "Not Found");
    const allow = match.allow.join(", ");
    throw new WorkflowError("method_not_allowed", "Method Not Allowed", { details: { allow } });
  };

  return async (request, ready, connection) => {
    let response: Response;
    try {
      response = await answer({ request, ready, connection, url: urlOf(request) });
    } catch (error) {
      response = toErrorResponse(services, request, error);
    }
    addHeaders(response, request, services.settings);
    return request.method === "HEAD" ? withoutBody(response) : response;
  };
}

// ---

interface Incoming {
  readonly request: Request;
  readonly ready: Promise<void>;
  readonly connection: Connection;
  readonly url: RequestUrl;
}

async function whenChecked(
  checking: Promise<void>,
  next: (incoming: Incoming) => Response | Promise<Response>,
  incoming: Incoming,
): Promise<Response> {
  await checking;
  return await next(incoming);
}

async function whenReady(
  ready: Promise<void>,
  endpoint: Endpoint,
  services: Services,
  call: Call,
): Promise<Response> {
  await ready;
  return await endpoint(services, call);
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Bun 1.4.5 gives a path alone where the `Host` header is no host, or is missing: HTTP/1.0 allows
 * that, and some health probes speak it. No browser does, and none can claim that name.
 */
function urlOf(request: Request): RequestUrl {
  const host = request.headers.get("host") ?? "";
  const isUnnamed = host === "" && request.url.startsWith("/");
  const href = isUnnamed ? `http://unnamed.invalid${request.url}` : request.url;
  const url = RequestUrl.of(href);
  // Several hosts come as one list: which of them counts is what an attacker would like to choose.
  if (url && !host.includes(",")) return url;
  throw new WorkflowError(
    "request_invalid",
    `Expected \`Host\` to be one name or address, got \`${host.slice(0, 100)}\`.`,
  );
}

/** Streams and runs have been told to end: nothing new begins. */
function checkOpen({ shutdown }: Services): void {
  if (shutdown.aborted) throw new WorkflowError("shutting_down", "The server is shutting down.");
}

function addHeaders({ headers, status }: Response, request: Request, settings: Settings): void {
  for (const [name, value] of Object.entries(corsHeaders(request, settings))) {
    // A file may vary by more than its reader.
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
  if (request.bodyUsed && status < 400) return;
  // Bun 1.4.5 shows no body for GET and HEAD, and goes on reading one all the same.
  const isHidden = isRead(request) && request.headers.has("transfer-encoding");
  if (isHidden || hasEndlessBody(request)) headers.set("connection", "close");
}

/** What a caller may know: our own words, or an id under which the log has the rest. */
function toErrorResponse({ log }: Services, request: Request, thrown: unknown): Response {
  const error = thrown instanceof WorkflowError ? thrown : null;
  const status = httpStatus[error?.code ?? "internal"];
  if (error && (status < 500 || ownRefusals.has(error.code))) {
    return errorResponse(error, status, headersOf(error));
  }
  const id = newId(systemClock, systemRandom);
  const { method, url } = request;
  log("error", "A request failed.", { id, method, url, error: thrown });
  return errorResponse(toHidden(error, id), status, error ? headersOf(error) : {});
}

/** No failures, although they are told with 5xx. */
const ownRefusals: ReadonlySet<ErrorCode> = new Set(["shutting_down", "streams_full"]);

/** A failure of ours, or of the surroundings, as it is told to whoever met it. */
function toHidden(error: WorkflowError | null, id: string): WorkflowError {
  const seeLog = (code: ErrorCode, what: string): WorkflowError =>
    new WorkflowError(code, `${what}: see the log for ${id}.`, { details: { id } });
  switch (error?.code) {
    case "start_failed":
      // Without a cause it says itself what may be known of it.
      return error.cause === undefined
        ? new WorkflowError("start_failed", error.message, { details: { id } })
        : seeLog("start_failed", error.message);
    case "store_unavailable":
      return seeLog("store_unavailable", "The store cannot be used for now; try again");
    case "store_locked":
    case "lease_lost":
      return seeLog(error.code, "Internal server error");
    default:
      return seeLog("internal", "Internal server error");
  }
}

function headersOf({ code, details }: WorkflowError): Readonly<Record<string, string>> {
  switch (code) {
    case "unauthorized":
      return { "www-authenticate": "Bearer" };
    case "method_not_allowed":
      return details as { readonly allow: string }; // Made above.
    case "streams_full":
      // What is short is connections.
      return { "retry-after": "1", connection: "close" };
    default:
      return httpStatus[code] === 503 ? { "retry-after": "1" } : {};
  }
}

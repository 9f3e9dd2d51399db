/**
 * A request comes in, an answer goes out: guard, route, endpoint, and whatever they throw as an
 * error body. Nothing that this function is given can make it reject.
 */
import { WorkflowError } from "../base/errors.ts";
import { newId } from "../base/id.ts";
import { systemRandom } from "../base/clock.ts";
import { empty, errorResponse, json, withoutBody } from "../http/respond.ts";
import { unreadBodyHeaders } from "../http/body.ts";
import { createFiles, serveFile } from "../http/files.ts";
import { createRouter, matchRoute } from "../http/router.ts";
import type { Endpoint, Services } from "./endpoint.ts";
import { getHealth } from "./endpoints/workflows.ts";
import { corsHeaders, guard, isPreflight, preflightHeaders } from "./guard.ts";
import { toOpenApi } from "./openapi.ts";
import { page, pageHeaders } from "./page.ts";
import { apiRoutes } from "./routes.ts";
import { httpStatus } from "./status.ts";
import { version } from "./version.ts";

/** `ready` resolves when runs can be reached; what needs none is answered before. */
export type App = (
  request: Request,
  ready: Promise<void>,
  keepOpen: () => void,
) => Promise<Response>;

export function createApp(services: Services): App {
  const files = createFiles(page);
  const document = toOpenApi(apiRoutes, version);
  const getOpenApi: Endpoint = () => json(200, document);
  const router = createRouter<Endpoint>([
    ...apiRoutes.map(({ method, path, endpoint }) => ({ method, path, target: endpoint })),
    { method: "GET", path: "/openapi.json", target: getOpenApi },
  ]);

  const answer = async (
    request: Request,
    ready: Promise<void>,
    keepOpen: () => void,
  ): Promise<Response> => {
    const url = new URL(request.url);
    if (isPreflight(request)) return empty(204, preflightHeaders(request, services.settings));
    await guard(request, url, services.settings);
    const file = isRead(request) && serveFile(files, url.pathname, request, pageHeaders);
    if (file) return file;
    const match = matchRoute(router, request.method, url.pathname);
    if (match.kind === "match") {
      if (match.target !== getHealth) await ready;
      const call = { request, params: match.params, query: url.searchParams, keepOpen };
      return match.target(services, call);
    }
    if (match.kind === "not_found") throw new WorkflowError("route_not_found", "Not Found");
    const allow = match.allow.join(", ");
    return errorResponse(
      new WorkflowError("method_not_allowed", "Method Not Allowed", { details: { allow } }),
      httpStatus.method_not_allowed,
      { allow },
    );
  };

  return async (request, ready, keepOpen) => {
    const response = await answer(request, ready, keepOpen).catch((error: unknown) =>
      toErrorResponse(services, request, error),
    );
    for (const [name, value] of Object.entries(corsHeaders(request, services.settings))) {
      response.headers.set(name, value);
    }
    return request.method === "HEAD" ? withoutBody(response) : response;
  };
}

// ---

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** What a caller may know: our own words, or an id under which the log has the rest. */
function toErrorResponse(services: Services, request: Request, error: unknown): Response {
  const headers = unreadBodyHeaders(request);
  if (error instanceof WorkflowError && isForCaller(error)) {
    return errorResponse(error, httpStatus[error.code], {
      ...headers,
      ...(error.code === "unauthorized" && { "www-authenticate": "Bearer" }),
      ...(httpStatus[error.code] === 503 && { "retry-after": "1" }),
    });
  }
  const id = newId(systemRandom);
  services.log("error", "A request failed.", {
    id,
    method: request.method,
    url: request.url,
    error,
  });
  const hidden = new WorkflowError("internal", `Internal server error: see the log for ${id}.`);
  return errorResponse(hidden, httpStatus.internal, headers);
}

/** Errors about a request, and a start that could not be stored. */
function isForCaller({ code }: WorkflowError): boolean {
  return httpStatus[code] !== httpStatus.internal || code === "start_failed";
}

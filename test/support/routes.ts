/** All routes as lines to ask, and a server in which each of them has something to answer about. */
import type { WorkflowServerOptions } from "../../src/index.ts";
import { apiRoutes } from "../../src/server/routes.ts";
import { type Ask, type Host, openServer } from "./server.ts";

/** Every route, with a workflow and a handler that are there. */
export const lines: readonly string[] = [
  ...apiRoutes.map(
    ({ method, path }) =>
      `${method} ${path.replace("{name}", "echo").replace("{handler_id}", "waits")}`,
  ),
  "GET /openapi.json",
  "GET /",
  "GET /start.js",
  "GET /start.css",
];
export const reading: readonly string[] = lines.filter((line) => line.startsWith("GET"));
export const changing: readonly string[] = lines.filter((line) => line.startsWith("POST"));

/** A server with a run that waits, of the handler `waits`. */
export async function openWithRun(
  options: WorkflowServerOptions = {},
  headers: Record<string, string> = {},
): Promise<Host> {
  const host = openServer(options);
  await host.post("/workflows/waiting/run-nowait", { handler_id: "waits" }, { headers });
  return host;
}

/** The request, its answer's body unread: some of them are streams that do not end. */
export async function statusOf(host: Host, line: string, request: Ask): Promise<Response> {
  const response = await host.fetch(line, request);
  await response.body?.cancel();
  return response;
}

/**
 * A server to ask, and a way to ask it that looks twice at every answer: whatever a test is about,
 * the answer has to be one that the API document knows.
 */
import { expect } from "bun:test";

import { WorkflowServer, type WorkflowServerOptions } from "../../src/index.ts";
import { isJsonObject } from "../../src/base/json.ts";
import type { HandlerBody } from "../../src/protocol/handler.ts";
import { toOpenApi } from "../../src/server/openapi.ts";
import { apiRoutes } from "../../src/server/routes.ts";
import { version } from "../../src/server/version.ts";
import { findProblems } from "./json-schema.ts";
import { until } from "./until.ts";
import { serverWorkflows } from "./workflows.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Host extends AsyncDisposable {
  readonly server: WorkflowServer;
  readonly log: LogLine[];
  ask: (line: string, request?: Ask) => Promise<Answer>;
  /** Like `ask`, with a body as JSON. */
  post: (path: string, body: unknown, request?: Ask) => Promise<Answer>;
  /** The answer itself, its body unread. */
  fetch: (line: string, request?: Ask) => Promise<Response>;
  /** Starts a run and goes on; the id of its handler. */
  start: (workflow: string, body?: object) => Promise<string>;
  /** Resolves when the run has ended. */
  ended: (handlerId: string) => Promise<void>;
  /** Ids of the handlers that there are. */
  handlerIds: (query?: string) => Promise<readonly string[]>;
}

export interface Ask {
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit | null;
  /** As the caller wrote it. Default: `http://localhost`. */
  readonly origin?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined if it is not JSON. */
  readonly body: unknown;
}

/** A server with the workflows of `workflows.ts`, in memory. */
export function openServer(
  options: WorkflowServerOptions = {},
  workflows: typeof serverWorkflows = serverWorkflows,
): Host {
  const log: LogLine[] = [];
  const server = new WorkflowServer({
    store: "memory",
    log: (level, message, fields = {}) => void log.push({ level, message, fields }),
    ...options,
  });
  for (const [name, workflow, additionalEvents = []] of workflows) {
    server.addWorkflow(name, workflow, { additionalEvents });
  }
  const send = (line: string, request: Ask = {}): Promise<Response> =>
    server.fetch(toRequest(line, request));
  const ask: Host["ask"] = async (line, request) => {
    const answer = await readAnswer(await send(line, request));
    checkDocumented(line, answer);
    return answer;
  };
  const post: Host["post"] = (path, body, request = {}) =>
    ask(`POST ${path}`, { ...request, body: JSON.stringify(body) });
  return {
    server,
    log,
    fetch: send,
    ask,
    post,
    async start(workflow, body = {}) {
      const { body: started } = await post(`/workflows/${workflow}/run-nowait`, body);
      return (started as HandlerBody).handler_id;
    },
    ended: async (id) =>
      void (await until(
        async () => (await ask(`GET /handlers/${encodeURIComponent(id)}`)).status !== 202,
        `${id} has ended`,
      )),
    async handlerIds(query = "") {
      const { body } = await ask(`GET /handlers${query}`);
      return (body as { handlers: HandlerBody[] }).handlers.map((handler) => handler.handler_id);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  const body: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, body };
}

/** Status and body of an answer at once, for one comparison. */
export interface Seen {
  status: number;
  body: unknown;
}

export function seen({ status, body }: Answer): Seen {
  return { status, body };
}

export const apiDocument = toOpenApi(apiRoutes, version) as {
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
  readonly [key: string]: unknown;
};

export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string; schema: unknown }[];
  readonly requestBody?: { readonly content: Record<string, { schema: unknown }> };
  readonly responses: Record<string, DocumentedResponse>;
}

interface DocumentedResponse {
  readonly description: string;
  readonly content?: Record<string, { readonly schema: unknown }>;
}

/** Fails if the document does not know this answer to this request. */
export function checkDocumented(line: string, answer: Answer): void {
  const [method = "", target = ""] = line.split(" ");
  const { pathname } = new URL(`http://localhost${target}`);
  const operation = operationOf(method, pathname);
  if (answer.status >= 400 && !isHandler(answer.body)) checkError(line, answer);
  if (!operation || method === "HEAD") return;
  const documented = operation.responses[answer.status] ?? operation.responses["default"];
  if (answer.status < 400 && !operation.responses[answer.status]) {
    throw new Error(`${line}: no word in the document about ${answer.status}`);
  }
  const [type = ""] = (answer.headers.get("content-type") ?? "").split(";");
  const content = documented?.content?.[type];
  if (answer.text === "" && !documented?.content) return;
  if (!content) throw new Error(`${line}: ${answer.status} with \`${type}\` is not documented`);
  if (type !== "application/json") return;
  expect(
    findProblems(content.schema, answer.body, apiDocument, `${line} ${answer.status}`),
  ).toEqual([]);
}

// ---

function toRequest(line: string, { headers = {}, body = null, origin }: Ask): Request {
  const [method = "GET", target = "/"] = line.split(" ");
  return new Request(`${origin ?? "http://localhost"}${target}`, { method, headers, body });
}

/** HEAD is asked for as GET is. */
function operationOf(method: string, pathname: string): DocumentedOperation | undefined {
  const template = Object.keys(apiDocument.paths).find((path) =>
    new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  );
  const verb = method === "HEAD" ? "get" : method.toLowerCase();
  return template === undefined ? undefined : apiDocument.paths[template]?.[verb];
}

/** A run that failed is told by its record. */
function isHandler(body: unknown): boolean {
  return isJsonObject(body) && "handler_id" in body;
}

function checkError(line: string, { status, text, body }: Answer): void {
  if (line.startsWith("HEAD ")) return;
  const isHealth = isJsonObject(body) && body["status"] === "unhealthy";
  const isError =
    isJsonObject(body) && typeof body["detail"] === "string" && typeof body["code"] === "string";
  if (!isHealth && !isError) throw new Error(`${line}: ${status} without an error body: ${text}`);
}

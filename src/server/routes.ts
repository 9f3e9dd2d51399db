/**
 * The route table: a line each, with what an API document says of it. `openapi.ts` writes the
 * document from this table, and a test holds every route to it.
 */
import type { GenericSchema } from "valibot";

import { pageLengthMax } from "../base/limits.ts";
import type { Method } from "../http/router.ts";
import {
  cancelledSchema,
  definitionSchema,
  entriesSchema,
  eventTypesSchema,
  graphSchema,
  handlersSchema,
  healthSchema,
  journalSchema,
  lineageSchema,
  schemaSchema,
  sentSchema,
  workflowsSchema,
} from "../protocol/bodies.ts";
import { handlerSchema, resultSchema } from "../protocol/handler.ts";
import { runStatuses } from "../protocol/status.ts";
import type { Endpoint } from "./endpoint.ts";
import { sendBodySchema, sendEvent, streamEvents } from "./endpoints/events.ts";
import { getDefinition, getJournal, listEntries, streamHandlers } from "./endpoints/debug.ts";
import { forkBodySchema, forkHandler, getLineage } from "./endpoints/forks.ts";
import { cancelHandler, getHandler, getResult, listHandlers } from "./endpoints/handlers.ts";
import { runAndWait, runNoWait, startBodySchema } from "./endpoints/runs.ts";
import {
  getHealth,
  getRepresentation,
  getSchema,
  listEventTypes,
  listWorkflows,
} from "./endpoints/workflows.ts";

export interface QueryParameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/**
 * What a status means, and the body that it has: none or that of an error, one of a schema, or text
 * of one of these media types.
 */
export type Answer = readonly [meaning: string, body: null | GenericSchema | readonly string[]];

export interface ApiRoute {
  readonly method: Method;
  readonly path: string;
  /** Its name in clients that are made from the document; the same in every build. */
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly summary: string;
  readonly parameters?: readonly QueryParameter[];
  readonly body?: GenericSchema;
  readonly answers: Readonly<Record<number, Answer>>;
}

const flag = (name: string, description: string, fallback: boolean): QueryParameter => ({
  name,
  in: "query",
  description: `${description} Only the word \`true\` is true.`,
  schema: { type: "string", enum: ["true", "false"], default: String(fallback) },
});

const idempotencyKey: QueryParameter = {
  name: "Idempotency-Key",
  in: "header",
  description: "Makes it safe to ask again: the same key and body give the same run.",
  schema: { type: "string", maxLength: 255 },
};

const page: readonly QueryParameter[] = [
  {
    name: "limit",
    in: "query",
    description: "So many at most.",
    schema: { type: "integer", minimum: 1, maximum: pageLengthMax },
  },
  {
    name: "order",
    in: "query",
    description: "By when the handler was first used.",
    schema: { type: "string", enum: ["oldest", "newest"] },
  },
  {
    name: "after",
    in: "query",
    description: "Only those after this handler id, in the order asked for.",
    schema: { type: "string" },
  },
  {
    name: "before",
    in: "query",
    description: "Only those before this handler id, in the order asked for.",
    schema: { type: "string" },
  },
];

const failureStatus: QueryParameter = {
  name: "failure_status",
  in: "query",
  description: "The status code for a run that failed or was cancelled.",
  schema: { type: "integer", enum: [200, 500], default: 500 },
};

const started = {
  422: ["The idempotency key was used for another request.", null],
  409: ["A run of this handler is going on.", null],
  400: ["The body is wrong.", null],
  404: ["There is no such workflow.", null],
  413: ["The body is too large.", null],
} as const;

const record = {
  200: ["The run has completed.", handlerSchema],
  400: ["A parameter is wrong.", null],
  202: ["The run is going on.", handlerSchema],
  404: ["There is no such handler.", null],
  500: ["The run has failed or was cancelled.", handlerSchema],
} as const;

export const apiRoutes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/health",
    id: "getHealth",
    endpoint: getHealth,
    summary: "Whether the server is ready",
    answers: { 200: ["It is.", healthSchema], 503: ["Not yet.", healthSchema] },
  },
  {
    method: "GET",
    path: "/workflows",
    id: "listWorkflows",
    endpoint: listWorkflows,
    summary: "The names of all workflows",
    answers: { 200: ["In the order of their registration.", workflowsSchema] },
  },
  {
    method: "GET",
    path: "/workflows/{name}/schema",
    id: "getSchema",
    endpoint: getSchema,
    summary: "JSON Schemas of the start and the stop event",
    answers: { 200: ["Both.", schemaSchema], 404: ["There is no such workflow.", null] },
  },
  {
    method: "GET",
    path: "/workflows/{name}/events",
    id: "listEventTypes",
    endpoint: listEventTypes,
    summary: "JSON Schemas of all events of a workflow",
    answers: { 200: ["All of them.", eventTypesSchema], 404: ["There is no such workflow.", null] },
  },
  {
    method: "GET",
    path: "/workflows/{name}/representation",
    id: "getRepresentation",
    endpoint: getRepresentation,
    summary: "A workflow as a graph of steps and events",
    answers: { 200: ["The graph.", graphSchema], 404: ["There is no such workflow.", null] },
  },
  {
    method: "POST",
    path: "/workflows/{name}/run",
    id: "runAndWait",
    endpoint: runAndWait,
    summary: "Run a workflow and wait for its result",
    parameters: [idempotencyKey, failureStatus],
    body: startBodySchema,
    answers: {
      200: ["The run has completed.", handlerSchema],
      500: ["The run has failed or was cancelled.", handlerSchema],
      ...started,
    },
  },
  {
    method: "POST",
    path: "/workflows/{name}/run-nowait",
    id: "runNoWait",
    endpoint: runNoWait,
    summary: "Start a workflow",
    parameters: [idempotencyKey],
    body: startBodySchema,
    answers: { 200: ["The run is stored and under way.", handlerSchema], ...started },
  },
  {
    method: "GET",
    path: "/handlers",
    id: "listHandlers",
    endpoint: listHandlers,
    summary: "All handlers",
    parameters: [
      {
        name: "status",
        in: "query",
        description: "Only runs of these statuses.",
        schema: { type: "array", items: { type: "string", enum: runStatuses } },
      },
      {
        name: "workflow_name",
        in: "query",
        description: "Only runs of these workflows.",
        schema: { type: "array", items: { type: "string" } },
      },
      ...page,
    ],
    answers: {
      200: ["All, or the page that was asked for.", handlersSchema],
      400: ["A parameter is wrong.", null],
    },
  },
  {
    method: "GET",
    path: "/handlers/{handler_id}",
    id: "getHandler",
    endpoint: getHandler,
    summary: "What has become of a run",
    parameters: [failureStatus],
    answers: record,
  },
  {
    method: "POST",
    path: "/handlers/{handler_id}/cancel",
    id: "cancelHandler",
    endpoint: cancelHandler,
    summary: "End a run, or delete a handler",
    parameters: [flag("purge", "Delete the handler with everything of its runs.", false)],
    answers: {
      200: ["It has ended, or is deleted.", cancelledSchema],
      404: ["There is no such handler, or it had ended before.", null],
    },
  },
  {
    method: "POST",
    path: "/handlers/{handler_id}/fork",
    id: "forkHandler",
    endpoint: forkHandler,
    summary: "Start a new run from a point in the story of this one",
    body: forkBodySchema,
    answers: {
      200: ["The fork is stored and under way.", handlerSchema],
      400: ["The body is wrong, or the run has no such point.", null],
      404: ["There is no such handler.", null],
      409: ["A run of the fork's handler is going on.", null],
      413: ["The body is too large.", null],
    },
  },
  {
    method: "GET",
    path: "/handlers/{handler_id}/lineage",
    id: "getLineage",
    endpoint: getLineage,
    summary: "What a run was forked from, and what was forked from it",
    answers: { 200: ["Both.", lineageSchema], 404: ["There is no such handler.", null] },
  },
  {
    method: "GET",
    path: "/results/{handler_id}",
    id: "getResult",
    endpoint: getResult,
    summary: "Like `GET /handlers/{handler_id}`, with the bare result",
    parameters: [failureStatus],
    answers: {
      ...record,
      200: ["The run has completed.", resultSchema],
    },
  },
  {
    method: "GET",
    path: "/events/{handler_id}",
    id: "streamEvents",
    endpoint: streamEvents,
    summary: "The events of a run, past and to come",
    parameters: [
      flag("sse", "Server-sent events; else a JSON value per line.", true),
      flag("include_internal", "Also the engine's own events.", false),
      flag("include_qualified_name", "Whether `qualified_name` is filled in.", true),
      flag("include_timestamps", "Adds `timestamp` to each event.", false),
      {
        name: "after_sequence",
        in: "query",
        description: "Only events after this one: an integer, -1 for all, or `now`.",
        schema: { type: "string", default: "now" },
      },
      {
        name: "acquire_timeout",
        in: "query",
        description: "Accepted from older clients, and ignored: readers do not exclude each other.",
        schema: { type: "string" },
      },
      {
        name: "Last-Event-ID",
        in: "header",
        description: "Where a server-sent event stream broke off; wins over `after_sequence`.",
        schema: { type: "integer" },
      },
    ],
    answers: {
      200: ["The stream; it ends with the run.", ["text/event-stream", "application/x-ndjson"]],
      204: ["The run has ended, and there is nothing after the cursor.", null],
      400: ["A parameter is wrong.", null],
      404: ["There is no such handler.", null],
    },
  },
  {
    method: "POST",
    path: "/events/{handler_id}",
    id: "sendEvent",
    endpoint: sendEvent,
    summary: "Send an event into a run",
    body: sendBodySchema,
    answers: {
      200: ["It is stored.", sentSchema],
      400: ["The body is wrong, or the workflow does not take such an event.", null],
      404: ["There is no such handler.", null],
      409: ["The run has ended.", null],
      413: ["The body is too large.", null],
    },
  },
  {
    method: "GET",
    path: "/debug/handlers/stream",
    id: "streamHandlers",
    endpoint: streamHandlers,
    summary: "The newest handlers, then each whenever its record changes",
    answers: { 200: ["The stream; it ends with the server.", ["text/event-stream"]] },
  },
  {
    method: "GET",
    path: "/debug/handlers",
    id: "listEntries",
    endpoint: listEntries,
    summary: "Handlers, and which of them want something from outside; the newest first by default",
    parameters: page,
    answers: { 200: ["A page.", entriesSchema], 400: ["A parameter is wrong.", null] },
  },
  {
    method: "GET",
    path: "/debug/handlers/{handler_id}/journal",
    id: "getJournal",
    endpoint: getJournal,
    summary: "The ticks of a run, as they are stored",
    parameters: [
      {
        name: "after",
        in: "query",
        description: "Leaves out so many of the first.",
        schema: { type: "integer", default: 0 },
      },
    ],
    answers: { 200: ["The ticks.", journalSchema], 404: ["There is no such handler.", null] },
  },
  {
    method: "GET",
    path: "/debug/workflows/{name}/definition",
    id: "getDefinition",
    endpoint: getDefinition,
    summary: "All of a workflow but its functions: what a replay needs",
    answers: {
      200: ["The definition.", definitionSchema],
      404: ["There is no such workflow.", null],
    },
  },
];

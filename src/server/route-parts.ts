/** What routes are described by, and what several of them have in common. */
import type { GenericSchema } from "valibot";

import { pageLengthMax } from "../base/limits.ts";
import type { Method } from "../http/router.ts";
import { handlerSchema } from "../protocol/handler.ts";
import type { Endpoint } from "./endpoint.ts";

export interface Parameter {
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
  readonly parameters?: readonly Parameter[];
  readonly body?: GenericSchema;
  readonly answers: Readonly<Record<number, Answer>>;
}

export function inQuery(name: string, description: string, schema: Parameter["schema"]): Parameter {
  return { name, in: "query", description, schema };
}

export function inHeader(
  name: string,
  description: string,
  schema: Parameter["schema"],
): Parameter {
  return { name, in: "header", description, schema };
}

export function flag(name: string, description: string, fallback: boolean): Parameter {
  return inQuery(name, `${description} Only the word \`true\` is true.`, {
    type: "string",
    enum: ["true", "false"],
    default: String(fallback),
  });
}

export const idempotencyKey: Parameter = inHeader(
  "Idempotency-Key",
  "Makes it safe to ask again: the same key and body give the same run.",
  { type: "string", maxLength: 255 },
);

export const failureStatus: Parameter = inQuery(
  "failure_status",
  "The status code for a run that failed or was cancelled.",
  { type: "integer", enum: [200, 500], default: 500 },
);

export const page: readonly Parameter[] = [
  inQuery("limit", "So many at most.", { type: "integer", minimum: 1, maximum: pageLengthMax }),
  inQuery("order", "By when the handler was first used.", {
    type: "string",
    enum: ["oldest", "newest"],
  }),
  inQuery("after", "Only those after this handler id, in the order asked for.", { type: "string" }),
  inQuery("before", "Only those before this handler id, in the order asked for.", {
    type: "string",
  }),
];

export const noWorkflow: Answer = ["There is no such workflow.", null];
export const noHandler: Answer = ["There is no such handler.", null];
export const parameterWrong: Answer = ["A parameter is wrong.", null];
export const bodyTooLarge: Answer = ["The body is too large.", null];
const completed: Answer = ["The run has completed.", handlerSchema];
const failed: Answer = ["The run has failed or was cancelled.", handlerSchema];

/** Of a request that starts a run. */
export const started: ApiRoute["answers"] = {
  400: ["The body is wrong.", null],
  404: noWorkflow,
  409: ["A run of this handler is going on.", null],
  413: bodyTooLarge,
  422: ["The idempotency key was used for another request.", null],
};

/** Of a request that starts a run and waits for its end. */
export const ended: ApiRoute["answers"] = { ...started, 200: completed, 500: failed };

/** Of a request for a run's record. */
export const record: ApiRoute["answers"] = {
  200: completed,
  202: ["The run is going on.", handlerSchema],
  400: parameterWrong,
  404: noHandler,
  500: failed,
};

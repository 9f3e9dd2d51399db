/** `GET /openapi.json`: the API as an OpenAPI 3.1 document, made from the route table. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";

import { errorSchema } from "../protocol/bodies.ts";
import { envelopeSchema } from "../protocol/envelope.ts";
import { handlerSchema } from "../protocol/handler.ts";
import type { Answer, ApiRoute } from "./route-parts.ts";

/** Schemas that the document names once and refers to. */
const named: Readonly<Record<string, GenericSchema>> = {
  Handler: handlerSchema,
  EventEnvelope: envelopeSchema,
  Error: errorSchema,
};

export function toOpenApi(routes: readonly ApiRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = toOperation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Workflows API",
      version,
      description: "Start workflows, follow their events, answer their questions.",
    },
    security: [{}, { bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(named).map(([name, schema]) => [name, describe(schema)]),
      ),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
  };
}

// ---

function toOperation(route: ApiRoute): object {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  const parameters = [
    ...names.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...(route.parameters ?? []),
  ];
  return {
    operationId: route.id,
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: describe(route.body) } },
      },
    }),
    responses: toResponses(route),
  };
}

function toResponses({ answers }: ApiRoute): object {
  const responses = Object.entries(answers).map(([status, [description, body]]) => {
    const content = toContent(body, Number(status) >= 400);
    return [status, { description, ...(content && { content }) }];
  });
  return {
    ...Object.fromEntries(responses),
    default: { description: "An error.", content: toContent(null, true) },
  };
}

function toContent(body: Answer[1], isError: boolean): object | null {
  if (body && "length" in body) {
    return Object.fromEntries(body.map((type) => [type, { schema: { type: "string" } }]));
  }
  const schemas = [...(body ? [body] : []), ...(isError ? [errorSchema] : [])].map(refer);
  if (schemas.length === 0) return null;
  // A run that failed has the status that the server's own failures have.
  return { "application/json": { schema: schemas.length > 1 ? { anyOf: schemas } : schemas[0] } };
}

function refer(schema: GenericSchema): object {
  const name = Object.keys(named).find((key) => named[key] === schema);
  return name === undefined ? describe(schema) : { $ref: `#/components/schemas/${name}` };
}

function describe(schema: GenericSchema): object {
  const { $schema: _, ...described } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "ignore",
  }) as Record<string, unknown>;
  return described;
}

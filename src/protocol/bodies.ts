/** Bodies of answers, schema first: what is documented is what the tests hold the server to. */
import * as v from "valibot";

import { handlerSchema } from "./handler.ts";

/** A problem with one field of an event, in the details of an error: for a form to show there. */
export interface FieldIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export const errorSchema: v.GenericSchema = v.object({
  detail: v.string(),
  code: v.string(),
  details: v.optional(v.unknown()),
});

export const healthSchema: v.GenericSchema = v.object({
  status: v.picklist(["healthy", "unhealthy"]),
});

export const workflowsSchema: v.GenericSchema = v.object({ workflows: v.array(v.string()) });

const jsonSchema = v.record(v.string(), v.unknown());

export const schemaSchema: v.GenericSchema = v.object({ start: jsonSchema, stop: jsonSchema });

export const eventTypesSchema: v.GenericSchema = v.object({ events: v.array(jsonSchema) });

export const graphSchema: v.GenericSchema = v.object({
  graph: v.object({
    name: v.string(),
    nodes: v.array(v.looseObject({ id: v.string(), label: v.string(), node_type: v.string() })),
    edges: v.array(
      v.object({ source: v.string(), target: v.string(), label: v.nullable(v.string()) }),
    ),
    description: v.nullable(v.string()),
  }),
});

export const handlersSchema: v.GenericSchema = v.object({ handlers: v.array(handlerSchema) });

export const sentSchema: v.GenericSchema = v.object({ status: v.literal("sent") });

export const cancelledSchema: v.GenericSchema = v.object({
  status: v.picklist(["cancelled", "deleted"]),
});

const forkPoint = v.object({
  handler_id: v.nullable(v.string()),
  run_id: v.string(),
  sequence: v.nullable(v.number()),
});

export const lineageSchema: v.GenericSchema = v.object({
  handler_id: v.string(),
  run_id: v.string(),
  forked_from: v.nullable(forkPoint),
  forks: v.array(forkPoint),
});

export const entriesSchema: v.GenericSchema = v.object({
  handlers: v.array(v.object({ handler: handlerSchema, is_asking: v.boolean() })),
});

export const journalSchema: v.GenericSchema = v.object({
  handler: handlerSchema,
  forked_from: v.nullable(v.object({ runId: v.string(), sequence: v.number() })),
  first_sequence: v.number(),
  ticks: v.array(jsonSchema),
});

export const definitionSchema: v.GenericSchema = v.looseObject({
  name: v.string(),
  title: v.string(),
  steps: v.array(jsonSchema),
  eventTypes: v.array(jsonSchema),
});

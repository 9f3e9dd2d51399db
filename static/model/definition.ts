/** A workflow's definition as the engine wants it, made of what the server tells of it. */
import type { DefinitionBody } from "../../src/client/bodies.ts";
import type { reduce } from "../../src/engine/reduce.ts";

export type Definition = Parameters<typeof reduce>[0];

/** Functions are the server's; a replay calls none of them. */
export function toDefinition(body: DefinitionBody): Definition {
  const eventTypes = body.eventTypes.map((type) => ({ ...type, fields: new Set(type.fields) }));
  const definition = {
    ...body,
    isVerbose: false,
    steps: new Map(body.steps.map((step) => [step.name, step])),
    routes: new Map(Object.entries(body.routes)),
    catchers: new Map(Object.entries(body.catchers)),
    eventTypes: new Map(eventTypes.map((type) => [type.type, type])),
  };
  return definition as unknown as Definition; // Without what only a server does.
}

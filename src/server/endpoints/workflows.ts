/** `/health` and `/workflows`: what this server is and what it can run. */
import { WorkflowError } from "../../base/errors.ts";
import { nameLengthMax } from "../../base/limits.ts";
import { json } from "../../http/respond.ts";
import { toGraph } from "../../workflow/graph.ts";
import { type Endpoint, mustWorkflow } from "../endpoint.ts";

export const getHealth: Endpoint = ({ isReady }) =>
  isReady() ? json(200, { status: "healthy" }) : json(503, { status: "unhealthy" });

export const listWorkflows: Endpoint = ({ workflows }) =>
  json(200, { workflows: [...workflows.keys()] });

export const getSchema: Endpoint = (services, { params }) => {
  const { startType, stopType } = mustWorkflow(services, params["name"]);
  return json(200, { start: startType.jsonSchema, stop: stopType.jsonSchema });
};

export const listEventTypes: Endpoint = ({ workflows }, { params }) => {
  const name = params["name"] ?? "";
  const definition = workflows.get(name);
  // This route says it in words of its own, which clients know.
  if (!definition) {
    const shown = name.slice(0, nameLengthMax);
    throw new WorkflowError("workflow_not_found", `Workflow '${shown}' not found`);
  }
  return json(200, { events: [...definition.eventTypes.values()].map((type) => type.jsonSchema) });
};

export const getRepresentation: Endpoint = (services, { params }) =>
  json(200, { graph: toGraph(mustWorkflow(services, params["name"])) });

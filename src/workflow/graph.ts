/**
 * A workflow as a graph of steps and events, in the peer's shapes. Nodes stand in the order in
 * which a run comes to them, so that a client can draw them from left to right as they are.
 */
import type { JsonObject } from "../base/json.ts";
import type { Definition, StepDefinition } from "./definition.ts";
import type { AnyEventType } from "./event.ts";

export interface StepNode {
  readonly id: string;
  readonly label: string;
  readonly node_type: "step";
  readonly description: string | null;
}

export interface EventNode {
  readonly id: string;
  readonly label: string;
  readonly node_type: "event";
  readonly event_type: string;
  /** Its own name, then those of the types that it extends. */
  readonly event_types: readonly string[];
  readonly event_schema: JsonObject;
  /** Steps that emit it. */
  readonly produced_by: readonly string[];
}

/** Whoever answers questions from outside. */
export interface ExternalNode {
  readonly id: string;
  readonly label: string;
  readonly node_type: "external";
}

export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly label: string | null;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly (StepNode | EventNode | ExternalNode)[];
  readonly edges: readonly Edge[];
  readonly description: string | null;
}

const external: ExternalNode = {
  id: "external_step",
  label: "external_step",
  node_type: "external",
};

export function toGraph(definition: Definition): Graph {
  const nodes = new Map<string, StepNode | EventNode | ExternalNode>();
  const edges: Edge[] = [];
  const steps = stepsInOrder(definition);
  const asks = steps.some((step) => typesOf(definition, step.emits).some(isQuestion));
  const link = (source: string, target: string): void => {
    if (edges.some((edge) => edge.source === source && edge.target === target)) return;
    edges.push({ source, target, label: null });
  };
  for (const step of steps) {
    for (const type of typesOf(definition, step.accepts)) {
      if (asks && type.family === "human_response") link(external.id, type.type);
      nodes.set(type.type, toEventNode(definition, type));
      link(type.type, step.name);
    }
    nodes.set(step.name, toStepNode(step));
    for (const type of typesOf(definition, step.emits)) {
      nodes.set(type.type, toEventNode(definition, type));
      link(step.name, type.type);
      if (!isQuestion(type)) continue;
      nodes.set(external.id, external);
      link(type.type, external.id);
    }
  }
  return {
    name: definition.title,
    nodes: [...nodes.values()],
    edges,
    description: definition.description,
  };
}

// ---

/** From the start event on, breadth first; steps that only the outside reaches come after it. */
function stepsInOrder(definition: Definition): readonly StepDefinition[] {
  const all = [...definition.steps.values()];
  const ordered = new Set<StepDefinition>();
  const visit = (queue: StepDefinition[]): void => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      if (ordered.has(step)) continue;
      ordered.add(step);
      const { emits } = step;
      queue.push(...all.filter((next) => next.accepts.some((type) => emits.includes(type))));
    }
  };
  visit(all.filter((step) => step.accepts.includes(definition.startType.type)));
  for (const step of all) visit([step]);
  return [...ordered];
}

function typesOf(definition: Definition, names: readonly string[]): readonly AnyEventType[] {
  return names.flatMap((name) => definition.eventTypes.get(name) ?? []);
}

function isQuestion(type: AnyEventType): boolean {
  return type.family === "input_required";
}

function toStepNode({ name, description }: StepDefinition): StepNode {
  return { id: name, label: name, node_type: "step", description };
}

function toEventNode({ steps }: Definition, type: AnyEventType): EventNode {
  return {
    id: type.type,
    label: type.type,
    node_type: "event",
    event_type: type.type,
    event_types: [type.type, ...type.parents],
    event_schema: type.jsonSchema,
    produced_by: [...steps.values()]
      .filter((step) => step.emits.includes(type.type))
      .map((step) => step.name),
  };
}

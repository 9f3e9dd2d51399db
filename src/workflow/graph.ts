/**
 * A workflow as a graph of steps, events and what they use, in the peer's shapes. Nodes stand in
 * the order in which a run comes to them, so that a client can draw them from left to right as they
 * are.
 *
 * What the peer does not show (waits, prompts, caught failures, children) are further edges, each
 * with a label that says what it is; clients that do not know labels draw them as lines.
 */
import type { JsonObject } from "../base/json.ts";
import { StepFailedEvent } from "./builtin.ts";
import type { Definition, StepDefinition } from "./definition.ts";
import type { AnyEventType } from "./event.ts";
import type { Resource } from "./resource.ts";

interface NodeOf<Type extends string> {
  readonly id: string;
  readonly label: string;
  readonly node_type: Type;
}

export interface StepNode extends NodeOf<"step"> {
  readonly description: string | null;
}

export interface EventNode extends NodeOf<"event"> {
  readonly event_type: string;
  /** Its own name, then those of the types that it extends. */
  readonly event_types: readonly string[];
  readonly event_schema: JsonObject;
  /** Steps that emit it. */
  readonly produced_by: readonly string[];
}

export interface ResourceNode extends NodeOf<"resource"> {
  readonly type_name: string;
  readonly getter_name: string;
  /** Where the code is stays with the code: always null. */
  readonly source_file: null;
  readonly source_line: null;
  readonly description: string | null;
}

/** Whoever answers questions from outside. */
export type ExternalNode = NodeOf<"external">;
/** A workflow that a step runs. */
export type ChildNode = NodeOf<"workflow">;

export type GraphNode = StepNode | EventNode | ResourceNode | ExternalNode | ChildNode;

export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly label: string | null;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
  readonly description: string | null;
}

export function toGraph(definition: Definition): Graph {
  const graph: Drawing = { definition, nodes: new Map(), edges: [], asks: isAsking(definition) };
  for (const step of stepsInOrder(definition)) drawStep(graph, step);
  const { title: name, description } = definition;
  return { name, nodes: [...graph.nodes.values()], edges: graph.edges, description };
}

// ---

interface Drawing {
  readonly definition: Definition;
  readonly nodes: Map<string, GraphNode>;
  readonly edges: Edge[];
  /** Whether anything is asked of the outside, so that the outside is in the picture. */
  readonly asks: boolean;
}

const external: ExternalNode = {
  id: "external_step",
  label: "external_step",
  node_type: "external",
};

function drawStep(graph: Drawing, step: StepDefinition): void {
  const { definition } = graph;
  const types = (names: readonly string[]): readonly AnyEventType[] =>
    names.flatMap((name) => definition.eventTypes.get(name) ?? []);
  for (const type of types(step.accepts)) drawInput(graph, step, type, null);
  const { name, description } = step;
  const id = stepId(definition, name);
  graph.nodes.set(id, { id, label: name, node_type: "step", description });
  for (const type of types(step.waits)) drawInput(graph, step, type, "waits");
  for (const type of types(step.emits)) drawOutput(graph, step, type, null);
  for (const type of types(step.prompts)) drawOutput(graph, step, type, "prompts");
  if (definition.catchers.has(name)) link(graph, id, StepFailedEvent.type, "fails");
  for (const [key, resource] of Object.entries(step.resources)) {
    link(graph, id, drawResource(graph, resource), key);
  }
  for (const { title } of step.children) {
    const child = `workflow_${title}`;
    graph.nodes.set(child, { id: child, label: title, node_type: "workflow" });
    link(graph, id, child, "runs");
  }
}

/** Its name, unless that is an event's too: then both have a node of their own all the same. */
function stepId({ eventTypes }: Definition, name: string): string {
  return eventTypes.has(name) ? `step_${name}` : name;
}

function drawInput(
  graph: Drawing,
  step: StepDefinition,
  type: AnyEventType,
  label: string | null,
): void {
  drawEvent(graph, type);
  if (graph.asks && type.family === "human_response") link(graph, external.id, type.type, null);
  link(graph, type.type, stepId(graph.definition, step.name), label);
}

function drawOutput(
  graph: Drawing,
  step: StepDefinition,
  type: AnyEventType,
  label: string | null,
): void {
  drawEvent(graph, type);
  link(graph, stepId(graph.definition, step.name), type.type, label);
  if (!isQuestion(type)) return;
  graph.nodes.set(external.id, external);
  link(graph, type.type, external.id, null);
}

function drawEvent({ definition, nodes }: Drawing, type: AnyEventType): void {
  const producers = [...definition.steps.values()].filter(({ emits, prompts }) =>
    [...emits, ...prompts].includes(type.type),
  );
  nodes.set(type.type, {
    id: type.type,
    label: type.type,
    node_type: "event",
    event_type: type.type,
    event_types: [type.type, ...type.parents],
    event_schema: type.jsonSchema,
    produced_by: producers.map((step) => step.name),
  });
}

/** Draws what it is made of before it, and returns the id of its node. */
function drawResource(graph: Drawing, resource: Resource): string {
  const needs = Object.entries(resource.needs).map(
    ([key, need]) => [key, drawResource(graph, need)] as const,
  );
  const { name, make, description } = resource;
  const hash = new Bun.CryptoHasher("sha256").update(`${name}:${make.name}`).digest("hex");
  const id = `resource_${hash.slice(0, 12)}`;
  graph.nodes.set(id, {
    id,
    label: name,
    node_type: "resource",
    type_name: name,
    getter_name: make.name || name,
    source_file: null,
    source_line: null,
    description,
  });
  for (const [key, need] of needs) link(graph, id, need, key);
  return id;
}

function link({ edges }: Drawing, source: string, target: string, label: string | null): void {
  const isKnown = edges.some(
    (edge) => edge.source === source && edge.target === target && edge.label === label,
  );
  if (!isKnown) edges.push({ source, target, label });
}

/** From the start event on, breadth first; steps that only the outside reaches come after it. */
function stepsInOrder(definition: Definition): readonly StepDefinition[] {
  const all = [...definition.steps.values()];
  const ordered = new Set<StepDefinition>();
  const visit = (queue: StepDefinition[]): void => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      if (ordered.has(step)) continue;
      ordered.add(step);
      const { emits, name } = step;
      const catcher = definition.catchers.get(name);
      queue.push(
        ...all.filter((next) => next.accepts.some((type) => emits.includes(type))),
        ...all.filter((next) => next.name === catcher),
      );
    }
  };
  visit(all.filter((step) => step.accepts.includes(definition.startType.type)));
  for (const step of all) visit([step]);
  return [...ordered];
}

function isAsking({ steps, eventTypes }: Definition): boolean {
  return [...steps.values()]
    .flatMap(({ emits, prompts }) => [...emits, ...prompts])
    .some((name) => eventTypes.get(name)?.family === "input_required");
}

function isQuestion(type: AnyEventType): boolean {
  return type.family === "input_required";
}

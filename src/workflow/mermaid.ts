/** A workflow as a Mermaid flowchart: for a README, an issue, a review. */
import type { AnyWorkflow } from "./definition.ts";
import { type GraphNode, toGraph } from "./graph.ts";

/** Text for a `mermaid` code block. Throws `definition_invalid` for a workflow that cannot run. */
export function toMermaid(workflow: AnyWorkflow): string {
  const { nodes, edges } = toGraph(workflow.define(workflow.title));
  const names = new Map(nodes.map((node, index) => [node.id, `n${index}`]));
  return [
    "flowchart LR",
    ...nodes.map((node) => `  ${names.get(node.id)}${shapeOf(node)}`),
    ...edges.map(({ source, target, label }) => {
      const arrow = label === null ? "-->" : `-. ${label} .->`;
      return `  ${names.get(source)} ${arrow} ${names.get(target)}`;
    }),
  ].join("\n");
}

// ---

/** Steps are boxes, events are rounded, what is outside and what is used look different. */
function shapeOf({ label, node_type }: GraphNode): string {
  const text = `"${label.replaceAll('"', "#quot;")}"`;
  switch (node_type) {
    case "step":
      return `[${text}]`;
    case "event":
      return `([${text}])`;
    case "external":
      return `{{${text}}}`;
    case "resource":
      return `[(${text})]`;
    case "workflow":
      return `[[${text}]]`;
    default:
      return node_type satisfies never;
  }
}

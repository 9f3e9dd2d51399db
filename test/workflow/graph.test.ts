/** A workflow as a graph, in the shapes that existing clients draw. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { Workflow } from "../../src/runtime/workflow.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../src/workflow/builtin.ts";
import { type Graph, toGraph } from "../../src/workflow/graph.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import { A, B, C, startToStop, type Steps, workflowOf } from "./fixtures.ts";

const Ask = InputRequiredEvent.extend("Ask", { prompt: v.optional(v.string(), "name?") });
const Answer = HumanResponseEvent.extend("Answer", {});

function graphOf(steps: Steps): Graph {
  return toGraph(workflowOf(steps).define("flow"));
}

const idsOf = ({ nodes }: Graph): readonly string[] => nodes.map((node) => node.id);
const edgesOf = ({ edges }: Graph): readonly string[] =>
  edges.map(({ source, target, label }) => `${source} -${label ?? ""}-> ${target}`);

test("a question and its answer look as the peer shows them", () => {
  const workflow = new Workflow({ name: "Full", description: "A full workflow." })
    .step("begin", { accepts: [StartEvent], emits: [Ask], description: "asks" }, () => {})
    .step("fin", { accepts: [Answer], emits: [StopEvent] }, () => {});
  const event = (
    type: typeof Ask | typeof Answer | typeof StartEvent | typeof StopEvent,
    by: string[],
  ) => ({
    id: type.type,
    label: type.type,
    node_type: "event",
    event_type: type.type,
    event_types: [type.type, ...type.parents],
    event_schema: type.jsonSchema,
    produced_by: by,
  });
  expect<object>(toGraph(workflow.define("full"))).toEqual({
    name: "Full",
    nodes: [
      event(StartEvent, []),
      { id: "begin", label: "begin", node_type: "step", description: "asks" },
      event(Ask, ["begin"]),
      { id: "external_step", label: "external_step", node_type: "external" },
      event(Answer, []),
      { id: "fin", label: "fin", node_type: "step", description: null },
      event(StopEvent, ["fin"]),
    ],
    edges: [
      { source: "StartEvent", target: "begin", label: null },
      { source: "begin", target: "Ask", label: null },
      { source: "Ask", target: "external_step", label: null },
      { source: "external_step", target: "Answer", label: null },
      { source: "Answer", target: "fin", label: null },
      { source: "fin", target: "StopEvent", label: null },
    ],
    description: "A full workflow.",
  });
});

describe("the picture", () => {
  test("goes from the start event on, whatever the order of definition", () => {
    const graph = graphOf({
      last: { accepts: [B], emits: [StopEvent] },
      middle: { accepts: [A], emits: [B] },
      first: { accepts: [StartEvent], emits: [A] },
    });
    expect(idsOf(graph)).toEqual(["StartEvent", "first", "A", "middle", "B", "last", "StopEvent"]);
  });

  test("goes through a circle once, and on to what comes after it and to what catches", () => {
    const workflow = workflowOf({
      outside: { accepts: [Answer], emits: [StopEvent] },
      check: { accepts: [B], emits: [A, C] },
      work: { accepts: [A, C], emits: [B] },
      last: { accepts: [C], emits: [StopEvent] },
      first: { accepts: [StartEvent], emits: [A] },
    }).catchError("rescue", { emits: [StopEvent], steps: ["work"] }, () => {});
    const { nodes } = toGraph(workflow.define("flow"));
    const steps = nodes.filter((node) => node.node_type === "step");
    const inOrder = ["first", "work", "check", "rescue", "last", "outside"];
    expect(steps.map(({ id }) => id)).toEqual(inOrder);
  });

  test("has each event and each edge once, however many steps share them", () => {
    const graph = graphOf({
      s: { accepts: [StartEvent], emits: [A, B] },
      t: { accepts: [A, A], emits: [StopEvent] },
      u: { accepts: [A, B], emits: [StopEvent] },
    });
    expect(edgesOf(graph)).toEqual([
      "StartEvent --> s",
      "s --> A",
      "s --> B",
      "A --> t",
      "t --> StopEvent",
      "A --> u",
      "B --> u",
      "u --> StopEvent",
    ]);
  });

  test("tells which types an event extends", () => {
    const Child = A.extend("Child", {});
    const { nodes } = graphOf({
      s: { accepts: [StartEvent], emits: [Child] },
      t: { accepts: [A], emits: [StopEvent], subtypes: true },
    });
    expect(nodes.find(({ id }) => id === "Child")).toMatchObject({ event_types: ["Child", "A"] });
  });

  test("has a step and an event of one name apart", () => {
    const graph = graphOf({
      begin: { accepts: [StartEvent], emits: [A] },
      A: { accepts: [A], emits: [StopEvent] },
    });
    expect([idsOf(graph), edgesOf(graph)]).toEqual([
      ["StartEvent", "begin", "A", "step_A", "StopEvent"],
      ["StartEvent --> begin", "begin --> A", "A --> step_A", "step_A --> StopEvent"],
    ]);
  });

  test("has no outside where nothing is asked", () => {
    expect(idsOf(graphOf(startToStop))).toEqual(["StartEvent", "first", "StopEvent"]);
    const answered = graphOf({ ...startToStop, t: { accepts: [Answer], emits: [StopEvent] } });
    expect(edgesOf(answered).filter((edge) => edge.includes("external"))).toEqual([]);
  });

  test("shows waits and their prompts", () => {
    const graph = graphOf({
      s: { accepts: [StartEvent], emits: [StopEvent], waits: [Answer], prompts: [Ask] },
    });
    expect(edgesOf(graph)).toEqual([
      "StartEvent --> s",
      "external_step --> Answer",
      "Answer -waits-> s",
      "s --> StopEvent",
      "s -prompts-> Ask",
      "Ask --> external_step",
    ]);
  });

  test("shows where failures go", () => {
    const workflow = workflowOf({
      s: { accepts: [StartEvent], emits: [A] },
      t: { accepts: [A], emits: [StopEvent] },
    }).catchError("rescue", { emits: [StopEvent], steps: ["t"] }, () => {});
    const edges = edgesOf(toGraph(workflow.define("flow")));
    expect(edges.filter((edge) => /StepFailedEvent|rescue/.test(edge))).toEqual([
      "t -fails-> StepFailedEvent",
      "StepFailedEvent --> rescue",
      "rescue --> StopEvent",
    ]);
  });

  test("shows the workflows that a step runs", () => {
    const child = new Workflow({ name: "child" });
    const graph = graphOf({ s: { accepts: [StartEvent], emits: [StopEvent], children: [child] } });
    expect(graph.nodes.at(-1)).toEqual({
      id: "workflow_child",
      label: "child",
      node_type: "workflow",
    });
    expect(edgesOf(graph).at(-1)).toBe("s -runs-> workflow_child");
  });
});

describe("resources", () => {
  const config = defineResource("config", {}, () => ({ secret: "hunter2" }));
  const db = defineResource("db", { needs: { config }, description: "Rows." }, function open() {
    return "db";
  });
  const graph = graphOf({
    s: { accepts: [StartEvent], emits: [C], resources: { rows: db, settings: config } },
    t: { accepts: [C], emits: [StopEvent], resources: { db } },
  });
  const resources = graph.nodes.filter(({ node_type }) => node_type === "resource");
  const ids = new Map(resources.map(({ id, label }) => [id, label]));

  test("are shown once, with what they are made of", () => {
    expect(
      edgesOf(graph).map((edge) => edge.replace(/resource_\w+/g, (id) => ids.get(id) ?? id)),
    ).toEqual([
      "StartEvent --> s",
      "s --> C",
      "db -config-> config",
      "s -rows-> db",
      "s -settings-> config",
      "C --> t",
      "t --> StopEvent",
      "t -db-> db",
    ]);
  });

  test("show neither their values nor where their code is", () => {
    expect<object[]>(resources).toEqual([
      {
        id: expect.stringMatching(/^resource_[0-9a-f]{12}$/),
        label: "config",
        node_type: "resource",
        type_name: "config",
        getter_name: expect.any(String),
        source_file: null,
        source_line: null,
        description: null,
      },
      {
        id: expect.stringMatching(/^resource_[0-9a-f]{12}$/),
        label: "db",
        node_type: "resource",
        type_name: "db",
        getter_name: "open",
        source_file: null,
        source_line: null,
        description: "Rows.",
      },
    ]);
    expect(JSON.stringify(graph)).not.toMatch(/hunter2|graph\.test/);
  });

  test("have the same ids whenever the graph is drawn again", () => {
    const again = graphOf({
      s: { accepts: [StartEvent], emits: [StopEvent], resources: { rows: db } },
    });
    expect(idsOf(again).filter((id) => ids.has(id))).toEqual([...ids.keys()]);
  });
});

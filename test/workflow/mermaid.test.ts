/** A workflow as text for a Mermaid flowchart. */
import { expect, test } from "bun:test";

import { Workflow } from "../../src/runtime/workflow.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../src/workflow/builtin.ts";
import { toMermaid } from "../../src/workflow/mermaid.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import { mistakesOf, startToStop, workflowOf } from "./fixtures.ts";

test("a flowchart has a shape for each kind of node, and words on its special edges", () => {
  const Ask = InputRequiredEvent.extend("Ask", {});
  const Answer = HumanResponseEvent.extend("Answer", {});
  const db = defineResource("db", {}, () => 1);
  const workflow = new Workflow().step(
    'say "hello"',
    {
      accepts: [StartEvent],
      emits: [StopEvent],
      waits: [Answer],
      prompts: [Ask],
      resources: { rows: db },
      children: [new Workflow({ name: "child" })],
    },
    () => {},
  );
  expect(toMermaid(workflow)).toBe(
    [
      "flowchart LR",
      '  n0(["StartEvent"])',
      '  n1["say #quot;hello#quot;"]',
      '  n2(["Answer"])',
      '  n3(["StopEvent"])',
      '  n4(["Ask"])',
      '  n5{{"external_step"}}',
      '  n6[("db")]',
      '  n7[["child"]]',
      "  n0 --> n1",
      "  n5 --> n2",
      "  n2 -. waits .-> n1",
      "  n1 --> n3",
      "  n1 -. prompts .-> n4",
      "  n4 --> n5",
      "  n1 -. rows .-> n6",
      "  n1 -. runs .-> n7",
    ].join("\n"),
  );
});

test("a workflow that cannot run cannot be drawn", () => {
  expect(toMermaid(workflowOf(startToStop))).toStartWith("flowchart LR\n");
  expect(() => toMermaid(new Workflow())).toThrow(/has no steps/);
  expect(mistakesOf(new Workflow())).toHaveLength(1);
});

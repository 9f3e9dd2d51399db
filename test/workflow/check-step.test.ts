/** What may be wrong with a step by itself, or with the options of a workflow, and how it is said. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { StepOptions, WorkflowOptions } from "../../src/workflow/draft.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { defineResource, type Resource } from "../../src/workflow/resource.ts";
import { messageOf } from "../base/fixtures.ts";
import { A, addStep, B, mistakesOf, startToStop, workflowOf } from "./fixtures.ts";

const good = { accepts: [StartEvent], emits: [StopEvent] };
const noList = (name: string): string =>
  `Step \`s\`: expected \`${name}\` to be a list of event types (what \`defineEvent\` returns).`;

/** Two resources that need each other: not to be had but by a trick. */
function ring(): Resource {
  const needs: Record<string, Resource> = {};
  const a = defineResource("a", { needs }, () => 1);
  needs["b"] = defineResource("b", { needs: { a } }, () => 2);
  return a;
}

describe("a step is refused when", () => {
  const options: readonly (readonly [
    what: string,
    options: Partial<Record<keyof StepOptions, unknown>>,
    mistake: string,
  ])[] = [
    ["it accepts something that is no list", { ...good, accepts: StartEvent }, noList("accepts")],
    ["it does not say what it accepts", { emits: [StopEvent] }, noList("accepts")],
    ["it accepts what is no event type", { ...good, accepts: ["StartEvent"] }, noList("accepts")],
    ["it accepts what is not there yet", { ...good, accepts: [undefined] }, noList("accepts")],
    ["it accepts null", { ...good, accepts: [null] }, noList("accepts")],
    ["it emits something that is no list", { ...good, emits: StopEvent }, noList("emits")],
    ["it does not say what it emits", { accepts: [StartEvent] }, noList("emits")],
    ["it emits an event, not its type", { ...good, emits: [StopEvent()] }, noList("emits")],
    ["it waits for something that is no list", { ...good, waits: A }, noList("waits")],
    ["its prompts are no list", { ...good, prompts: "A" }, noList("prompts")],
    [
      "it accepts nothing",
      { ...good, accepts: [] },
      "Step `s` accepts nothing, so it can never run. Put an event type in `accepts`.",
    ],
    ...[0, -1, 1.5, NaN, "2", null].map(
      (workers) =>
        [
          `its workers are ${workers}`,
          { ...good, workers },
          `Step \`s\`: expected \`workers\` to be a whole number of at least 1, got \`${workers}\`.`,
        ] as const,
    ),
    ...[0, -1, NaN, "2", null].map(
      (timeout) =>
        [
          `its timeout is ${timeout}`,
          { ...good, timeout },
          `Step \`s\`: expected \`timeout\` to be seconds above 0, got \`${timeout}\`.`,
        ] as const,
    ),
    [
      "it has an option that nobody knows",
      Object.assign({ worker: 2 }, good),
      "Step `s`: there is no option `worker`. Did you mean `workers`?",
    ],
    [
      "its retry has an option that nobody knows",
      { ...good, retry: { attempt: 2 } as object },
      "Step `s`: in its `retry` there is no option `attempt`. Did you mean `attempts`?",
    ],
    [
      "its resources are no object",
      { ...good, resources: "db" },
      'Step `s`: expected `resources` to be an object, got the text "db".',
    ],
    [
      "one of its resources is none",
      { ...good, resources: { db: () => 1 } },
      "Step `s`: expected resource `db` to be what `defineResource` returns, got a function.",
    ],
    [
      "its resources need each other",
      { ...good, resources: { ring: ring() } },
      "Step `s`: its resources need each other in a ring, `a` → `b` → `a`. Take one out of the `needs` of another.",
    ],
    [
      "it accepts a join and something else",
      { ...good, accepts: [collect(A), StartEvent] },
      "Step `s` accepts a join and something else. Let it accept the join alone, and put the rest into another step.",
    ],
    [
      "it accepts two joins",
      { ...good, accepts: [collect(A), collect(B)] },
      "Step `s` accepts a join and something else. Let it accept the join alone, and put the rest into another step.",
    ],
    ...[[A], [A, A]].map(
      (types) =>
        [
          `each gets ${types.length} of a type`,
          { ...good, accepts: [each(...types)] },
          "Step `s`: expected `each` to get two or more different event types.",
        ] as const,
    ),
    ...[0, 1.5, -2].map(
      (take) =>
        [
          `it takes ${take} events`,
          { ...good, accepts: [collect(A, { take })] },
          `Step \`s\`: expected \`take\` to be a whole number of at least 1, got \`${take}\`.`,
        ] as const,
    ),
    [
      "its policy is neither options nor a function",
      { ...good, retry: "often" },
      "Step `s`: expected `retry` to be options or a function, got `often`.",
    ],
    ...[0, 1.5, NaN].map(
      (attempts) =>
        [
          `it has ${attempts} attempts`,
          { ...good, retry: { attempts } },
          `Step \`s\`: expected \`retry.attempts\` to be a whole number of at least 1, got \`${attempts}\`.`,
        ] as const,
    ),
    ...(["delay", "maxDelay", "jitter", "within"] as const).map(
      (name) =>
        [
          `its ${name} is negative`,
          { ...good, retry: { [name]: -1 } },
          `Step \`s\`: expected \`retry.${name}\` to be seconds of at least 0, got \`-1\`.`,
        ] as const,
    ),
    [
      "its delay grows in an unknown way",
      { ...good, retry: { backoff: "quadratic" } },
      "Step `s`: expected `retry.backoff` to be `fixed`, `linear` or `exponential`, got `quadratic`.",
    ],
    [
      "what decides on its retries cannot decide",
      { ...good, retry: { retryIf: true } },
      "Step `s`: expected `retry.retryIf` to be a function, got `true`.",
    ],
  ];

  test.each(options)("%s", (_what, step, mistake) => {
    expect(mistakesOf(workflowOf({ s: step }))).toEqual([mistake]);
  });

  test.each([
    ["", ""],
    ["a".repeat(129), "a".repeat(129)],
    [7, "7"],
  ])("its name is %p", (name, shown) => {
    expect(mistakesOf(addStep(new Workflow(), name, good))).toEqual([
      `Step \`${shown}\`: expected its name to be a string of 1 to 128 characters.`,
    ]);
  });

  test("it has no function", () => {
    expect(mistakesOf(addStep(new Workflow(), "s", good, "fn"))).toEqual([
      "Step `s` has no function. Pass one as the last argument.",
    ]);
  });

  test.each([undefined, null, () => {}])("its options are %p", (given) => {
    expect(mistakesOf(addStep(new Workflow(), "s", given))).toEqual([
      "Step `s` has no options. Pass `{ accepts, emits }` before its function.",
    ]);
  });

  test.each([0, 1.5, NaN])("it catches %p failures", (recoveries) => {
    const workflow = workflowOf(startToStop).catchError("c", { emits: [], recoveries }, () => {});
    expect(mistakesOf(workflow)).toEqual([
      `Step \`c\`: expected \`recoveries\` to be a whole number of at least 1, got \`${recoveries}\`.`,
    ]);
  });

  test.each([
    [{ emits: [], recoverys: 2 }, "there is no option `recoverys`."],
    [{ emits: [], retry: { attempts: 2 } }, "there is no option `retry`."],
    [{ emits: [], recover: 2 }, "there is no option `recover`. Did you mean `recoveries`?"],
    [
      { emits: [], steps: "s" },
      'expected `steps` to be a list of names of steps, got the text "s".',
    ],
    [undefined, "expected `emits` to be a list of event types (what `defineEvent` returns)."],
  ])("it catches with %j", (options, mistake) => {
    const workflow = workflowOf(startToStop);
    workflow.catchError("c", options as never, () => {});
    expect(mistakesOf(workflow)).toEqual([`Step \`c\`: ${mistake}`]);
  });
});

test("a step may have what is the least of everything, or the most", () => {
  const least = { emits: [StopEvent], workers: 1, timeout: 1e-3, retry: { attempts: 1, delay: 0 } };
  const steps = {
    s: { accepts: [StartEvent], emits: [A, B] },
    t: { accepts: [collect(A, { take: 1 })], ...least },
  };
  const workflow = workflowOf({ ...steps, u: { accepts: [each(A, B)], ...least } });
  expect(mistakesOf(addStep(workflow, "n".repeat(128), good))).toEqual([]);
});

describe("a workflow is refused when", () => {
  test("it has no steps", () => {
    expect(mistakesOf(new Workflow())).toEqual([
      "It has no steps. Add one with `.step(name, options, fn)`.",
    ]);
  });

  test("two steps have one name, also when one of them is broken", () => {
    const twice = addStep(workflowOf({ s: good }), "s", good);
    expect(mistakesOf(twice)).toEqual(["Two steps are called `s`. Rename one."]);
    expect(mistakesOf(addStep(workflowOf({ s: good }), "s", { ...good, workers: 0 }))).toEqual([
      "Two steps are called `s`. Rename one.",
      "Step `s`: expected `workers` to be a whole number of at least 1, got `0`.",
    ]);
  });

  test("two different event types have one name", () => {
    const workflow = workflowOf({
      first: { accepts: [StartEvent], emits: [A] },
      last: { accepts: [defineEvent("A", { n: v.number() })], emits: [StopEvent] },
    });
    expect(mistakesOf(workflow)[0]).toBe(
      "Two different event types are called `A`. Rename one: the name is how events are told apart.",
    );
    expect(mistakesOf(workflowOf(startToStop), [A, defineEvent("A")])).toEqual([
      "Two different event types are called `A`. Rename one: the name is how events are told apart.",
    ]);
  });

  const unchecked = (options: Record<string, unknown>): WorkflowOptions => options;
  test.each([0, -1, NaN, "soon", "5", null])("its timeout is %p", (timeout) => {
    expect(mistakesOf(workflowOf({ s: good }, unchecked({ timeout })))).toEqual([
      `Expected \`timeout\` to be seconds above 0, got \`${timeout}\`.`,
    ]);
  });

  test.each([0, 1.5, NaN, "2"])("%p of its runs may be under way", (concurrency) => {
    expect(mistakesOf(workflowOf({ s: good }, unchecked({ concurrency })))).toEqual([
      `Expected \`concurrency\` to be a whole number of at least 1, got \`${concurrency}\`.`,
    ]);
  });

  test("it has an option that nobody knows", () => {
    expect(mistakesOf(workflowOf({ s: good }, unchecked({ Timeout: 5, colour: "red" })))).toEqual([
      "There is no option `Timeout`. Did you mean `timeout`?",
      "There is no option `colour`.",
    ]);
  });

  test("a field of its state is no schema", () => {
    expect(mistakesOf(workflowOf({ s: good }, unchecked({ state: { n: "number" } })))).toEqual([
      'State field `n`: expected a valibot schema, such as `v.string()`, got the text "number".',
    ]);
  });

  test("a field of its state has no default", () => {
    const state = { n: v.number(), ok: v.optional(v.string(), "x"), o: v.object({}) };
    expect(mistakesOf(workflowOf({ s: good }, { state }))).toEqual([
      "State field `n` has no default: use `v.optional(schema, value)`.",
      "State field `o` has no default: use `v.optional(schema, value)`.",
    ]);
  });
});

test("all mistakes are told at once, in a list that can be read", () => {
  const workflow = addStep(
    workflowOf(
      { one: { ...good, workers: 0, timeout: -1 }, two: { accepts: [], emits: "B" } },
      { timeout: -5 },
    ),
    "one",
    good,
    null,
  );
  expect(messageOf(() => workflow.define("flow"))).toBe(
    [
      "definition_invalid: Workflow `flow` cannot run:",
      "  - Two steps are called `one`. Rename one.",
      "  - Step `one`: expected `workers` to be a whole number of at least 1, got `0`.",
      "  - Step `one`: expected `timeout` to be seconds above 0, got `-1`.",
      "  - Step `two`: expected `emits` to be a list of event types (what `defineEvent` returns).",
      "  - Step `two` accepts nothing, so it can never run. Put an event type in `accepts`.",
      "  - Step `one` has no function. Pass one as the last argument.",
      "  - Expected `timeout` to be seconds above 0, got `-5`.",
    ].join("\n"),
  );
});

test("a step that comes after the workflow is in use is refused", () => {
  const workflow = workflowOf({ s: good });
  workflow.define("flow");
  expect(messageOf(() => addStep(workflow, "late", good))).toBe(
    "definition_invalid: Step `late` comes too late: the workflow is in use. " +
      "Add all steps before `run` or `addWorkflow`.",
  );
});

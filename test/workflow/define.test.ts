/** What a definition says of a workflow: to the engine, which reads nothing else. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { Workflow } from "../../src/runtime/workflow.ts";
import { HumanResponseEvent, StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { checkTarget, type Definition, qualifiedName } from "../../src/workflow/definition.ts";
import type { AnyEventType } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { messageOf } from "../base/fixtures.ts";
import { A, B, C, startToStop, type Steps, workflowOf } from "./fixtures.ts";

const Answer = HumanResponseEvent.extend("Answer", {});

function define(steps: Steps): Definition {
  return workflowOf(steps).define("flow");
}

const toObject = <T>(map: ReadonlyMap<string, T>): Record<string, T> => Object.fromEntries(map);

test("a step is as its author wrote it, with the defaults filled in", () => {
  const run = (): void => {};
  const definition = new Workflow()
    .step("first", { accepts: [StartEvent], emits: [A] }, run)
    .step(
      "last",
      {
        accepts: [A],
        emits: [StopEvent],
        waits: [Answer],
        description: "Ends it.",
        workers: 2,
        timeout: 1.5,
      },
      run,
    )
    .define("flow");
  expect<object>(toObject(definition.steps)).toEqual({
    first: {
      name: "first",
      description: null,
      accepts: ["StartEvent"],
      join: null,
      emits: ["A"],
      waits: [],
      prompts: [],
      children: [],
      resources: {},
      workers: 4,
      retry: null,
      timeoutMs: null,
      recoveriesMax: null,
      run,
    },
    last: {
      name: "last",
      description: "Ends it.",
      accepts: ["A"],
      join: null,
      emits: ["StopEvent"],
      waits: ["Answer"],
      prompts: [],
      children: [],
      resources: {},
      workers: 2,
      retry: null,
      timeoutMs: 1_500,
      recoveriesMax: null,
      run,
    },
  });
});

test("times are milliseconds, and what is not limited is null", () => {
  const options = (definition: Definition) => {
    const { name, title, description, timeoutMs, concurrency } = definition;
    return { name, title, description, timeoutMs, concurrency };
  };
  const given = { name: "Flow", description: "Flows.", timeout: 0.3, concurrency: 2 };
  expect([
    options(workflowOf(startToStop).define("flow")),
    options(workflowOf(startToStop, given).define("flow")),
  ]).toEqual([
    { name: "flow", title: "flow", description: null, timeoutMs: null, concurrency: null },
    { name: "flow", title: "Flow", description: "Flows.", timeoutMs: 300, concurrency: 2 },
  ]);
});

test("the types that a run begins and ends with are known", () => {
  const Begin = StartEvent.extend("Begin", {});
  const End = StopEvent.extend("End", {});
  const { startType, stopType } = define({ s: { accepts: [Begin], emits: [End] } });
  expect([startType.type, stopType.type]).toEqual(["Begin", "End"]);
});

test("every event type that is mentioned is known, and the additional ones", () => {
  const steps = { s: { accepts: [StartEvent], emits: [StopEvent], waits: [Answer], prompts: [B] } };
  const { eventTypes } = workflowOf(steps).define("flow", [C]);
  expect([...eventTypes.keys()]).toEqual(["StartEvent", "StopEvent", "Answer", "B", "C"]);
});

test("a definition cannot be changed, nor can its steps", () => {
  const definition = define(startToStop);
  expect([definition, ...definition.steps.values()].every(Object.isFrozen)).toBe(true);
});

describe("routes", () => {
  const Child = A.extend("Child", {});
  const Grandchild = Child.extend("Grandchild", {});

  test("lead to the steps that accept a type, in the order of their definition", () => {
    const { routes } = define({
      s: { accepts: [StartEvent], emits: [A] },
      y: { accepts: [A], emits: [StopEvent] },
      x: { accepts: [A, A], emits: [] },
    });
    expect(toObject(routes)).toEqual({ StartEvent: ["s"], A: ["y", "x"] });
  });

  test("lead to exactly the type, unless a step takes subtypes", () => {
    const { routes, steps } = define({
      s: { accepts: [StartEvent], emits: [A, Child, Grandchild] },
      exact: { accepts: [A, Child, Grandchild], emits: [StopEvent] },
      only: { accepts: [A], emits: [] },
      all: { accepts: [A], emits: [], subtypes: true },
      some: { accepts: [Child], emits: [], subtypes: true },
    });
    expect(toObject(routes)).toEqual({
      StartEvent: ["s"],
      A: ["exact", "only", "all"],
      Child: ["exact", "all", "some"],
      Grandchild: ["exact", "all", "some"],
    });
    expect(steps.get("some")?.accepts).toEqual(["Child", "Grandchild"]);
  });

  test("do not lead to steps that catch failures", () => {
    const definition = new Workflow()
      .catchError("c", { emits: [] }, () => {})
      .step("first", { accepts: [StartEvent], emits: [StopEvent] }, () => {})
      .define("flow");
    expect(toObject(definition.routes)).toEqual({ StartEvent: ["first"] });
  });
});

test("a step that is named is caught by the one that names it, all others by the one for all", () => {
  const definition = workflowOf({
    s: { accepts: [StartEvent], emits: [A] },
    t: { accepts: [A], emits: [StopEvent] },
    u: { accepts: [A], emits: [] },
  })
    .catchError("all", { emits: [] }, () => {})
    .catchError("some", { emits: [], steps: ["t"], recoveries: 3 }, () => {})
    .define("flow");
  const { catchers, steps } = definition;
  expect(toObject(catchers)).toEqual({ s: "all", t: "some", u: "all" });
  expect(
    ["all", "some"].map((name) => [steps.get(name)?.recoveriesMax, steps.get(name)?.workers]),
  ).toEqual([
    [1, 1],
    [3, 1],
  ]);
});

describe("joins", () => {
  test("are known by their steps, their types and how many they take", () => {
    const { joins, steps } = define({
      s: { accepts: [StartEvent], emits: [A, B] },
      all: { accepts: [collect([A, B])], emits: [StopEvent] },
      some: { accepts: [collect(A, { take: 2 })], emits: [] },
      pair: { accepts: [each(B, A)], emits: [] },
    });
    expect(joins).toEqual(["all", "some", "pair"]);
    expect(["s", ...joins].map((name) => steps.get(name)?.join ?? null)).toEqual([
      null,
      { kind: "collect", types: ["A", "B"], take: null },
      { kind: "collect", types: ["A"], take: 2 },
      { kind: "each", types: ["B", "A"], take: null },
    ]);
  });
});

describe("a workflow is open", () => {
  const isOpen = (steps: Steps, ...additional: readonly AnyEventType[]): boolean =>
    workflowOf(steps).define("flow", additional).isOpen;
  const t = { accepts: [A], emits: [StopEvent] };

  test("where a step accepts a human's answer, or an event that is named as coming from outside", () => {
    const answered = { ...startToStop, t: { accepts: [Answer], emits: [StopEvent] } };
    expect([isOpen(answered), isOpen({ ...startToStop, t }, A)]).toEqual([true, true]);
  });

  test("and nowhere else: a wait, or an additional event that no step accepts, starts nothing", () => {
    const waiting = { s: { accepts: [StartEvent], emits: [StopEvent], waits: [Answer] } };
    expect([isOpen(startToStop), isOpen(waiting), isOpen(startToStop, A)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("the state", () => {
  const state = { n: v.optional(v.number(), 3), tags: v.optional(v.array(v.string()), ["a"]) };

  test("begins with its defaults", () => {
    expect(workflowOf(startToStop, { state }).define("flow").initialState()).toEqual({
      n: 3,
      tags: ["a"],
    });
  });

  test("without a schema may be anything", () => {
    const { initialState, checkState } = define(startToStop);
    expect([initialState(), checkState({ any: [1] })]).toEqual([{}, { any: [1] }]);
  });

  test("that does not fit its schema is refused, with the places", () => {
    const { checkState } = workflowOf(startToStop, { state }).define("flow");
    const more = { n: 1, tags: [], more: true, constructor: "x" };
    expect(checkState(more)).toEqual(more);
    expect(messageOf(() => checkState({ n: "1", tags: ["a", 2] }))).toBe(
      "state_invalid: The state is not valid. " +
        '`n`: Invalid type: Expected number but received "1"; ' +
        "`tags.1`: Invalid type: Expected string but received 2.",
    );
  });
});

test("workflows merge: the steps of one are added to the other's", () => {
  const part = workflowOf({ t: { accepts: [A], emits: [StopEvent] } });
  const whole = workflowOf({ s: { accepts: [StartEvent], emits: [A] } }).merge(part);
  expect([...whole.define("flow").steps.keys()]).toEqual(["s", "t"]);
});

describe("a step that an event is sent to by name", () => {
  const definition = define({
    s: { accepts: [StartEvent], emits: [A] },
    t: { accepts: [A], emits: [StopEvent], waits: [Answer] },
  });

  test.each([
    ["s", "StartEvent"],
    ["t", "A"],
    ["t", "Answer"],
  ])("%s takes %s", (step, type) => {
    expect(() => checkTarget(definition, step, type)).not.toThrow();
  });

  test("has to be there", () => {
    expect(messageOf(() => checkTarget(definition, "T", "A"))).toBe(
      "step_unknown: Expected `step` to be a step of workflow `flow` (`s`, `t`), got `T`.",
    );
  });

  test("has to accept it, or wait for it", () => {
    expect(messageOf(() => checkTarget(definition, "s", "A"))).toBe(
      "step_unknown: Step `s` of workflow `flow` does not accept `A`. It accepts `StartEvent`.",
    );
  });
});

test.each([
  ["StopEvent", "workflows.events.StopEvent"],
  ["WorkflowIdleEvent", "workflows.events.WorkflowIdleEvent"],
  ["Order", "flow.Order"],
])("on the wire %s is called %s", (type, name) => {
  expect(qualifiedName(define(startToStop), type)).toBe(name);
});

/** What may be wrong with steps together: where events come from, where they go, what they reach. */
import { describe, expect, test } from "bun:test";

import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StepFailedEvent,
  StopEvent,
  WorkflowIdleEvent,
} from "../../src/workflow/builtin.ts";
import { type AnyEventType, defineEvent } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { A, B, C, mistakesOf, startToStop, type Steps, workflowOf } from "./fixtures.ts";

const Ask = InputRequiredEvent.extend("Ask", {});
const Answer = HumanResponseEvent.extend("Answer", {});
const OtherStart = StartEvent.extend("OtherStart", {});
const OtherStop = StopEvent.extend("OtherStop", {});
const Child = A.extend("Child", {});

describe("a workflow is refused when", () => {
  const cases: readonly (readonly [what: string, steps: Steps, mistakes: readonly string[]])[] = [
    [
      "no step accepts a start event",
      { s: { accepts: [Answer], emits: [StopEvent] } },
      [
        "No step accepts a start event. Put `StartEvent`, or a type that extends it, in the `accepts` of the first step.",
      ],
    ],
    [
      "steps accept several start events",
      { ...startToStop, other: { accepts: [OtherStart], emits: [StopEvent] } },
      [
        "Steps accept several start events: `StartEvent`, `OtherStart`. A run has one: keep one of them.",
      ],
    ],
    [
      "no step emits a stop event",
      { s: { accepts: [StartEvent], emits: [Ask] } },
      [
        "No step emits a stop event, so no run could end. Put `StopEvent`, or a type that extends it, in the `emits` of the last step.",
      ],
    ],
    [
      "steps emit several stop events",
      { s: { accepts: [StartEvent], emits: [StopEvent, OtherStop] } },
      [
        "Steps emit several stop events: `StopEvent`, `OtherStop`. A run has one: keep one of them.",
      ],
    ],
    [
      "a step accepts a stop event",
      { ...startToStop, after: { accepts: [StopEvent], emits: [] } },
      [
        "Step `after` accepts `StopEvent`, which ends the run. Use another event type between steps.",
      ],
    ],
    [
      "a step accepts what no step emits",
      { ...startToStop, lone: { accepts: [A], emits: [StopEvent] } },
      [
        "Step `lone` accepts `A`, which no step emits. Put it in the `emits` of the step that makes it, extend `HumanResponseEvent` if it comes from outside, or list it in `additionalEvents`.",
        "Step `lone` can never run: no way leads to it from the start event, or from outside.",
      ],
    ],
    [
      "a step emits what no step accepts",
      { s: { accepts: [StartEvent], emits: [A, StopEvent] } },
      [
        "Step `s` emits `A`, which no step accepts. Put it in the `accepts` of the step that takes it; what is only shown on the stream does not belong in `emits`.",
      ],
    ],
    [
      "a step emits an extension of what is accepted",
      {
        s: { accepts: [StartEvent], emits: [Child, A] },
        t: { accepts: [A], emits: [StopEvent] },
      },
      [
        "Step `s` emits `Child`, which no step accepts. A step accepts its parent `A`, but steps take exactly the types that they name: add `Child` to its `accepts`, or set `subtypes: true`.",
      ],
    ],
    [
      "a step accepts a type of which only extensions are emitted",
      {
        s: { accepts: [StartEvent], emits: [Child, StopEvent] },
        t: { accepts: [A], emits: [StopEvent] },
      },
      [
        "Step `s` emits `Child`, which no step accepts. A step accepts its parent `A`, but steps take exactly the types that they name: add `Child` to its `accepts`, or set `subtypes: true`.",
        "Step `t` accepts `A`, which no step emits. Put it in the `emits` of the step that makes it, extend `HumanResponseEvent` if it comes from outside, or list it in `additionalEvents`.",
        "Step `t` can never run: no way leads to it from the start event, or from outside.",
      ],
    ],
    [
      "a step takes the subtypes of what no step emits",
      {
        s: { accepts: [StartEvent], emits: [B, StopEvent] },
        t: { accepts: [A, Child, B], emits: [StopEvent], subtypes: true },
      },
      ["A", "Child"].map(
        (name) =>
          `Step \`t\` accepts \`${name}\`, which no step emits. Put it in the \`emits\` of the step that makes it, extend \`HumanResponseEvent\` if it comes from outside, or list it in \`additionalEvents\`.`,
      ),
    ],
    [
      "a step accepts a failure as if it were an event",
      { ...startToStop, rescue: { accepts: [StepFailedEvent], emits: [StopEvent] } },
      [
        "Step `rescue` accepts `StepFailedEvent`. Declare it with `.catchError(name, options, fn)`.",
        "Step `rescue` can never run: no way leads to it from the start event, or from outside.",
      ],
    ],
    [
      "a step accepts a failure beside other events",
      { s: { accepts: [StartEvent, StepFailedEvent], emits: [StopEvent] } },
      ["Step `s` accepts `StepFailedEvent`. Declare it with `.catchError(name, options, fn)`."],
    ],
    [
      "a step waits for the engine's own events",
      { ...startToStop, idle: { accepts: [WorkflowIdleEvent], emits: [StopEvent] } },
      ["Step `idle` can never run: no way leads to it from the start event, or from outside."],
    ],
    [
      "steps feed only each other",
      {
        ...startToStop,
        ping: { accepts: [A], emits: [B] },
        pong: { accepts: [B], emits: [A] },
      },
      [
        "Step `ping` can never run: no way leads to it from the start event, or from outside.",
        "Step `pong` can never run: no way leads to it from the start event, or from outside.",
        "Step `ping` leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.",
        "Step `pong` leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.",
      ],
    ],
    [
      "a step leads into a circle without an end",
      {
        s: { accepts: [StartEvent], emits: [A, StopEvent] },
        ping: { accepts: [A], emits: [B] },
        pong: { accepts: [B], emits: [A] },
      },
      [
        "Step `ping` leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.",
        "Step `pong` leads nowhere: from what it emits, no way leads to a stop event or to a question to the outside.",
      ],
    ],
  ];

  test.each(cases)("%s", (_what, steps, mistakes) => {
    expect(mistakesOf(workflowOf(steps))).toEqual(mistakes);
  });
});

describe("a name that was probably meant is named", () => {
  const hintFor = (accepted: string, emitted: string): string => {
    const [accepts, emits] = [defineEvent(accepted), defineEvent(emitted)];
    const workflow = workflowOf({
      s: { accepts: [StartEvent], emits: [emits, StopEvent] },
      t: { accepts: [accepts], emits: [StopEvent] },
    });
    return mistakesOf(workflow)[0] ?? "";
  };

  test.each([
    ["another case", "UserAdded", "userAdded"],
    ["a longer name", "Added", "AddedEvent"],
    ["a shorter name", "AddedEvent", "Added"],
  ])("for %s", (_what, accepted, emitted) => {
    expect(hintFor(accepted, emitted)).toEndWith(` Did you mean \`${accepted}\`?`);
  });

  test("for nothing alike", () => {
    expect(hintFor("Added", "Removed")).not.toContain("Did you mean");
  });
});

describe("steps that catch failures", () => {
  const emits = [StopEvent];
  const caught = (...catchers: readonly (readonly [string, (readonly string[])?])[]) => {
    let workflow = workflowOf({
      s: { accepts: [StartEvent], emits: [A] },
      t: { accepts: [A], emits: [StopEvent] },
    });
    for (const [name, steps] of catchers) {
      workflow = workflow.catchError(name, { emits, ...(steps && { steps }) }, () => {}) as never;
    }
    return mistakesOf(workflow);
  };

  test("may be one for all, and one for some", () => {
    expect(caught(["all"], ["some", ["s"]])).toEqual([]);
  });

  test("may not be two for all", () => {
    expect(caught(["one"], ["two"])).toEqual([
      "Several steps catch all failures: `one`, `two`. Give `steps` to all but one.",
    ]);
  });

  test("may not be two for one step", () => {
    expect(caught(["one", ["s", "t"]], ["two", ["t"]])).toEqual([
      "Step `t` is caught by two steps. Leave it to one of them.",
    ]);
  });

  test("may not catch what is no step, and the one that was meant is named", () => {
    expect(caught(["one", ["S", "nobody"]])).toEqual([
      "Step `one` catches `S`, which is no step. Did you mean `s`?",
      "Step `one` catches `nobody`, which is no step.",
    ]);
  });

  test("may not catch each other", () => {
    expect(caught(["one", ["two"]], ["two", ["s"]])).toEqual([
      "Step `one` catches `two`, which catches failures itself. That cannot be caught.",
    ]);
  });
});

describe("a workflow is fine when", () => {
  const cases: readonly (readonly [what: string, steps: Steps, additional?: AnyEventType[]])[] = [
    ["one step starts and stops", startToStop],
    [
      "the start and stop events are the author's",
      { s: { accepts: [OtherStart], emits: [OtherStop] } },
    ],
    [
      "a step emits nothing",
      { s: { accepts: [StartEvent], emits: [A, StopEvent] }, sink: { accepts: [A], emits: [] } },
    ],
    [
      "a question goes out and an answer comes in",
      { s: { accepts: [StartEvent], emits: [Ask] }, t: { accepts: [Answer], emits: [StopEvent] } },
    ],
    [
      "an event comes from outside, and is named as such",
      { ...startToStop, t: { accepts: [A], emits: [StopEvent] } },
      [A],
    ],
    [
      "steps go in a circle that has an end",
      { s: { accepts: [StartEvent, A], emits: [A, StopEvent] } },
    ],
    [
      "an event is only waited for",
      {
        s: { accepts: [StartEvent], emits: [A] },
        t: { accepts: [A], emits: [B, StopEvent], waits: [B] },
      },
    ],
    [
      "a step leads to the end only by what another waits for",
      {
        s: { accepts: [StartEvent], emits: [A] },
        t: { accepts: [A], emits: [StopEvent], waits: [B] },
        u: { accepts: [A], emits: [B] },
      },
    ],
    [
      "extensions go where they are taken",
      {
        s: { accepts: [StartEvent], emits: [Child] },
        t: { accepts: [A], emits: [StopEvent], subtypes: true },
      },
    ],
    [
      "a fan-out is collected",
      {
        s: { accepts: [StartEvent], emits: [A] },
        t: { accepts: [A], emits: [B] },
        u: { accepts: [collect(B)], emits: [StopEvent] },
      },
    ],
    [
      "one of each is taken",
      {
        s: { accepts: [StartEvent], emits: [A, B] },
        t: { accepts: [each(A, B)], emits: [C] },
        u: { accepts: [C], emits: [StopEvent] },
      },
    ],
  ];

  for (const [what, steps, additional] of cases) {
    test(what, () => expect(mistakesOf(workflowOf(steps), additional)).toEqual([]));
  }
});

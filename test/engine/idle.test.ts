/** A run is idle when only the outside, or a timer, can move it; that is told when it becomes so. */
import { describe, expect, test } from "bun:test";

import { isIdle } from "../../src/engine/state.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { A, Answer, B, define, defineOne, placesOf } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = define({
  s: { accepts: [StartEvent], emits: [A, StopEvent], waits: [Answer] },
  t: { accepts: [A, Answer], emits: [A, StopEvent], workers: 1 },
});

/** A workflow with a step that only an additional event starts. */
function defineFromOutside(): Definition {
  const steps = { s: { accepts: [StartEvent] }, t: { accepts: [B] } };
  return define(steps, {}, (workflow) => workflow, [B]);
}

const idleCount = (run: Run): number =>
  run.words.filter((word) => word === "WorkflowIdleEvent").length;

describe("a run becomes idle", () => {
  test("when its last step ends and nothing follows, and says so last", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("s", 1);
    expect([run.stream, isIdle(run.state)]).toEqual([
      ["s running 0", "s not_running 0", "WorkflowIdleEvent"],
      true,
    ]);
  });

  test("when all that is left is a wait", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer);
    expect(run.words).toEqual(["WorkflowIdleEvent"]);
  });

  test("and says so again after an event from outside that nobody takes", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("s", 1);
    const told = ["WorkflowIdleEvent", "UnhandledEvent", "WorkflowIdleEvent"];
    run.receive(B());
    expect(run.words).toEqual(told);
    run.receive(B());
    expect(run.words).toEqual([...told, "UnhandledEvent", "WorkflowIdleEvent"]);
  });

  test("again, when it was moved in between", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("s", 1);
    run.receive(A());
    run.succeed("t", 2);
    expect(idleCount(run)).toBe(2);
  });
});

describe("a run that nothing can move any more", () => {
  const message =
    "The run has stalled: its steps have ended without a stop event, and nothing is left to come. " +
    "Return a stop event on every path, or give the workflow a `timeout`.";

  test("says what its joins were never given", () => {
    const joins = {
      s: { accepts: [StartEvent], emits: [A, B, StopEvent] },
      pair: { accepts: [each(A, B)] },
      three: { accepts: [collect(A, { take: 3 })] },
    };
    const run = new Run(define(joins));
    run.start();
    run.succeed("s", 1, A());
    const said = "Step `pair` has got no `B`. Step `three` has 1 of 3 events.";
    expect(run.state.failure?.message).toBe(message.replace("Return", `${said} Return`));
  });

  test("fails as soon as it comes to rest, and says why", () => {
    const run = new Run(defineOne());
    run.start();
    const { events } = run.succeed("s", 1);
    expect(events.at(-1)).toMatchObject({
      isTerminal: true,
      event: {
        type: "WorkflowFailedEvent",
        data: { exception: { exception_type: "StalledError", exception_message: message } },
      },
    });
    expect([run.state.status, run.state.failure]).toEqual([
      "failed",
      { name: "StalledError", message },
    ]);
  });

  test.each<readonly [what: string, start: () => Run]>([
    ["a human may answer a step", () => new Run(definition)],
    ["a step takes events from outside", () => new Run(defineFromOutside())],
    ["its time will be over", () => new Run(defineOne({}, { timeout: 60 }))],
  ])("is not one where %s", (_what, start) => {
    const run = start();
    run.start();
    run.succeed("s", 1);
    expect([run.state.status, placesOf(run.state)]).toEqual(["running", {}]);
  });

  test("is not one whose step waits", () => {
    const run = new Run(defineOne({ waits: [Answer] }));
    run.start();
    run.wait("s", 1, Answer);
    expect(run.state.status).toBe("running");
  });
});

describe("a run is not idle", () => {
  test("between a step and the next, in a chain or a fan-out", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.send("s", 1, A());
    run.succeed("s", 1);
    run.succeed("t", 2, A());
    run.succeed("t", 3);
    expect(idleCount(run)).toBe(0);
    run.succeed("t", 4);
    expect(idleCount(run)).toBe(1);
  });

  test("while a step is to be tried again", () => {
    const run = new Run(definition);
    run.start();
    run.fail("s", 1, run.at + 60_000);
    expect([idleCount(run), isIdle(run.state)]).toEqual([0, false]);
  });

  test("while one waits and another works", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.wait("s", 1, Answer);
    expect(idleCount(run)).toBe(0);
    run.succeed("t", 2);
    expect(idleCount(run)).toBe(1);
  });

  test("when it has ended: its last event is its end", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("s", 1, StopEvent());
    expect(run.words).toEqual(["StopEvent!"]);
  });
});

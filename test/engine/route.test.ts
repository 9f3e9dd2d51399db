/** Where an event goes: to the steps that accept exactly its type, or nowhere, which is told. */
import { describe, expect, test } from "bun:test";

import { unclaimedEventsMax } from "../../src/base/limits.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  A,
  Answer,
  Ask,
  B,
  C,
  define,
  newJob,
  newState,
  placesOf,
  reduced,
  t0,
} from "./fixtures.ts";
import type { Reduction } from "../../src/engine/reduce.ts";
import { Run } from "./run.ts";

const Child = A.extend("Child", {});

/** `s` makes anything; `a` and `b` take A, `b` takes B as well; nobody takes C. */
const fork = define(
  {
    s: { accepts: [StartEvent], emits: [A, B, StopEvent] },
    a: { accepts: [A] },
    b: { accepts: [A, B], waits: [Answer] },
  },
  { timeout: 60 },
  (workflow) => workflow,
  [C, Child],
);

test("a step that returns an event ends, and the event goes on", () => {
  const definition = define({ s: { accepts: [StartEvent], emits: [A] }, t: { accepts: [A] } });
  const before = newState(definition, {
    nextJob: 2,
    steps: { s: { running: [newJob("s", StartEvent())] } },
  });
  const tick = {
    kind: "step_succeeded",
    at: t0 + 5,
    step: "s",
    job: 1,
    attempt: 1,
    events: [A({ n: 7 })],
    isFanOut: false,
  } as const;
  const changed = (name: string, step_state: string, input: string, output: string | null) => ({
    isTerminal: false as const,
    event: {
      type: "StepStateChanged",
      data: {
        name,
        step_state,
        worker_id: "0",
        input_event_name: input,
        output_event_name: output,
      },
    },
  });
  expect(reduced(definition, before, tick)).toEqual({
    state: newState(definition, {
      at: t0 + 5,
      nextJob: 3,
      steps: { t: { running: [newJob("t", A({ n: 7 }), { id: 2, firstAttemptAt: t0 + 5 })] } },
    }),
    events: [changed("s", "not_running", "StartEvent", "A"), changed("t", "running", "A", null)],
    commands: [{ kind: "run_step", step: "t", job: 2 }],
  });
});

describe("an event goes", () => {
  test("to every step that accepts its type, in the order of definition", () => {
    const run = new Run(fork);
    run.start();
    run.succeed("s", 1, A());
    expect(placesOf(run.state)).toEqual({ a: { running: [2] }, b: { running: [3] } });
  });

  test("not to steps that accept the type that it extends", () => {
    const run = new Run(fork);
    run.start();
    run.send("s", 1, Child());
    expect(run.words).toEqual(["UnhandledEvent"]);
  });

  test("to steps that take subtypes too, if they say so", () => {
    const definition = define({
      s: { accepts: [StartEvent], emits: [Child, StopEvent] },
      t: { accepts: [A], subtypes: true },
    });
    const run = new Run(definition);
    run.start();
    run.send("s", 1, Child());
    expect(placesOf(run.state)).toEqual({ s: { running: [1] }, t: { running: [2] } });
  });

  test("to one step only, when it is meant for that", () => {
    const run = new Run(fork);
    run.start();
    run.send("s", 1, A(), "b");
    run.receive(A(), "a");
    expect(placesOf(run.state)).toEqual({
      s: { running: [1] },
      a: { running: [3] },
      b: { running: [2] },
    });
  });

  test("on while the step that sent it still works, and after it has ended no more", () => {
    const run = new Run(fork);
    run.start();
    run.send("s", 1, B({ n: 1 }));
    run.succeed("s", 1);
    const { state } = run;
    run.send("s", 1, B({ n: 2 }));
    expect(run.state).toBe(state);
    expect(run.inputs("b")).toEqual([[1]]);
  });

  test("several at once, in the order of the list", () => {
    const run = new Run(fork);
    run.start();
    run.fanOut("s", 1, [B({ n: 1 }), A({ n: 2 }), B({ n: 3 })]);
    expect(run.inputs("b")).toEqual([[1], [2], [3]]);
    expect(run.stream[1]).toBe("s not_running 0");
  });
});

describe("an event that nobody takes", () => {
  test("is told, with where it was meant to go and whether anything else is under way", () => {
    const run = new Run(fork);
    run.start();
    const unhandled = ({ events }: Reduction) =>
      events.find((told) => "event" in told && told.event.type === "UnhandledEvent");
    const told = (data: object) => ({
      isTerminal: false as const,
      event: { type: "UnhandledEvent", data },
    });
    expect([unhandled(run.receive(C())), unhandled(run.receive(Answer(), "b"))]).toEqual([
      told({ event_type: "C", qualified_name: "flow.C", step_name: null, idle: false }),
      told({ event_type: "Answer", qualified_name: "flow.Answer", step_name: "b", idle: false }),
    ]);
    run.succeed("s", 1);
    expect(unhandled(run.receive(StartEvent(), "a"))).toEqual(
      told({
        event_type: "StartEvent",
        qualified_name: "workflows.events.StartEvent",
        step_name: "a",
        idle: true,
      }),
    );
  });

  test("is kept for a wait that opens later, the oldest first", () => {
    const run = new Run(fork);
    run.start();
    run.receive(Answer({ n: 1 }));
    run.receive(Answer({ n: 2 }));
    run.wait("s", 1, Answer);
    expect(run.job("s", 1)?.waits[0]?.answer).toEqual(Answer({ n: 1 }));
    expect(run.state.unclaimed).toEqual([{ event: Answer({ n: 2 }), target: null }]);
  });

  test("is kept only so long: beyond a hundred the oldest goes", () => {
    const run = new Run(fork);
    run.start();
    for (let n = 0; n <= unclaimedEventsMax; n++) run.receive(Answer({ n }));
    expect([run.state.unclaimed.length, run.state.unclaimed[0], run.words.length]).toEqual([
      unclaimedEventsMax,
      { event: Answer({ n: 1 }), target: null },
      unclaimedEventsMax + 1,
    ]);
  });

  test("and ends runs is not kept: only a step ends a run", () => {
    const run = new Run(fork);
    run.start();
    run.receive(StopEvent({ result: 1 }));
    expect([run.state.status, run.state.unclaimed, run.words]).toEqual([
      "running",
      [],
      ["UnhandledEvent"],
    ]);
  });

  test("and asks the outside is not missed: the outside has seen it", () => {
    const run = new Run(
      define({ s: { accepts: [StartEvent], emits: [Ask] }, t: { accepts: [Answer] } }),
    );
    run.start();
    run.succeed("s", 1, Ask());
    expect([run.words, run.state.unclaimed]).toEqual([["Ask", "WorkflowIdleEvent"], []]);
  });
});

describe("a question", () => {
  const definition = define({
    s: { accepts: [StartEvent], emits: [Ask, StopEvent] },
    t: { accepts: [Ask] },
  });

  test("is shown when a step returns it, and also goes to steps that accept it", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("s", 1, Ask());
    expect(run.stream).toEqual(["s running 0", "s not_running 0", "Ask", "t running 0"]);
  });

  test("is not shown when it is only sent", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, Ask());
    expect(run.stream).toEqual(["s running 0", "t running 0"]);
  });

  test("is part of the story each time that it is sent, also where nobody takes it", () => {
    const run = new Run(define({ s: { accepts: [StartEvent], emits: [Ask, StopEvent] } }));
    run.start();
    for (let count = 0; count < 3; count++) {
      const { state } = run;
      run.send("s", 1, Ask());
      expect(run.state).not.toBe(state); // A tick that changes nothing is not stored.
    }
  });
});

describe("what a step writes to the stream", () => {
  test("is shown, and goes nowhere", () => {
    const run = new Run(fork);
    run.start();
    const { state } = run;
    expect(run.write("s", 1, A({ n: 1 })).events).toEqual([
      { event: A({ n: 1 }), isTerminal: false },
    ]);
    expect(placesOf(run.state)).toEqual(placesOf(state));
  });

  test("ends nothing, even if it is a stop event", () => {
    const run = new Run(fork);
    run.start();
    run.write("s", 1, StopEvent({ result: "inner" }));
    expect([run.state.status, run.words]).toEqual(["running", ["StopEvent"]]);
  });

  test("is not shown any more when the step has ended", () => {
    const run = new Run(fork);
    run.start();
    run.succeed("s", 1, A());
    expect(run.write("s", 1, A()).events).toEqual([]);
  });
});

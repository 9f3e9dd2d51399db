/** Waits: a function that goes on when a later event has come, and holds no slot until then. */
import { describe, expect, test } from "bun:test";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Wait } from "../../src/engine/state.ts";
import { A, Answer, Ask, B, define, newJob, newState, placesOf, reduced, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = define(
  {
    s: { accepts: [StartEvent], emits: [A, B, StopEvent], waits: [Answer, B], prompts: [Ask] },
    t: { accepts: [A], waits: [Answer], workers: 1 },
    u: { accepts: [B] },
  },
  {},
);

function newWait(overrides: Partial<Wait> = {}): Wait {
  const wait = { id: "Answer", type: "Answer", where: null, deadlineAt: null };
  return { ...wait, answer: null, isTimedOut: false, ...overrides };
}

const opened = {
  kind: "wait_opened",
  at: t0 + 1,
  step: "s",
  job: 1,
  attempt: 1,
  wait: "w",
  type: "Answer",
  where: { n: 1 },
  prompt: Ask({ n: 5 }),
  deadlineAt: t0 + 100,
} as const;

test("a function that waits gives up its slot, asks, and sets the clock of its wait", () => {
  const job = newJob("s", StartEvent());
  const before = newState(definition, { nextJob: 2, steps: { s: { running: [job] } } });
  const wait = newWait({ id: "w", where: { n: 1 }, deadlineAt: t0 + 100 });
  const told = { name: "s", step_state: "not_running", worker_id: "0" };
  const names = { input_event_name: "StartEvent", output_event_name: null };
  expect<object>(reduced(definition, before, opened)).toEqual({
    state: newState(definition, {
      at: t0 + 1,
      nextJob: 2,
      waitedFor: { Answer: 1 },
      steps: { s: { waiting: [{ ...job, worker: null, waits: [wait] }] } },
    }),
    events: [
      { event: { type: "StepStateChanged", data: { ...told, ...names } }, isTerminal: false },
      { event: Ask({ n: 5 }), isTerminal: false },
      { event: { type: "WorkflowIdleEvent", data: {} }, isTerminal: false },
    ],
    commands: [
      { kind: "set_timer", timer: { kind: "wait", step: "s", job: 1, wait: "w" }, at: t0 + 100 },
    ],
  });
});

test("a job that waits lets the next one in, and queues for a slot when it is answered", () => {
  const run = new Run(definition);
  run.start();
  run.send("s", 1, A({ n: 1 }));
  run.send("s", 1, A({ n: 2 }));
  run.wait("t", 2, Answer);
  expect(placesOf(run.state)["t"]).toEqual({ running: [3], waiting: [2] });
  run.receive(Answer());
  expect(placesOf(run.state)["t"]).toEqual({ queue: [2], running: [3] });
  expect(run.stream.slice(-3)).toEqual([
    "t not_running 0",
    "t running 0",
    "t preparing <enqueued>",
  ]);
  expect(run.succeed("t", 3).commands).toEqual([{ kind: "run_step", step: "t", job: 2 }]);
});

describe("an answer", () => {
  test("lets the function go on, with the event on its job", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer);
    expect(run.receive(Answer({ n: 3 })).commands).toEqual([
      { kind: "run_step", step: "s", job: 1 },
    ]);
    expect(run.job("s", 1)?.waits).toEqual([newWait({ answer: Answer({ n: 3 }) })]);
    expect(run.stream.slice(-1)).toEqual(["s running 0"]);
  });

  test("has to be of the type, and to have the fields that the wait names", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { where: { by: "ada", n: 1 } });
    run.receive(B());
    run.receive(Answer({ by: "ada" }));
    run.receive(Answer({ n: 1 }));
    expect(run.job("s", 1)?.waits[0]?.answer).toBeNull();
    run.receive(Answer({ n: 1, by: "ada" }));
    expect(run.job("s", 1)?.waits[0]?.answer).toEqual(Answer({ n: 1, by: "ada" }));
  });

  test("may have fields that are equal as data", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { where: { tags: [{ b: 1, a: null }] } });
    run.receive({ type: "Answer", data: { tags: [{ a: null, b: 1 }] } });
    expect(run.job("s", 1)?.waits[0]?.answer).not.toBeNull();
  });

  test("of which nothing is asked but a name that objects have by themselves does not fit", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { where: { constructor: null } });
    run.receive(Answer());
    expect(run.job("s", 1)?.waits[0]?.answer).toBeNull();
  });

  test("goes to each job that waits for it", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.wait("t", 2, Answer);
    run.wait("s", 1, Answer);
    run.receive(Answer({ n: 1 }));
    expect(placesOf(run.state)).toEqual({ s: { running: [1] }, t: { running: [2] } });
  });

  test("meant for one step goes to the waits of that step only", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.wait("t", 2, Answer);
    run.wait("s", 1, Answer);
    run.receive(Answer(), "t");
    expect(placesOf(run.state)).toEqual({ s: { waiting: [1] }, t: { running: [2] } });
  });

  test("is not given to the step as input as well, but is to others", () => {
    const both = define({
      s: { accepts: [StartEvent], emits: [B, StopEvent] },
      t: { accepts: [StartEvent, B], waits: [B] },
      u: { accepts: [B] },
    });
    const run = new Run(both);
    run.start();
    run.wait("t", 2, B);
    run.send("s", 1, B({ n: 1 }));
    expect(placesOf(run.state)).toEqual({
      s: { running: [1] },
      t: { running: [2] },
      u: { running: [3] },
    });
  });

  test("may come from a step that ends", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.wait("s", 1, B);
    run.succeed("t", 2, B({ n: 4 }));
    expect(run.job("s", 1)?.waits[0]?.answer).toEqual(B({ n: 4 }));
  });

  test("may come from the very function that waits", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer);
    run.send("s", 1, Answer({ n: 1 }));
    const { waits, hasActed } = run.job("s", 1)!;
    expect([waits[0]?.answer, hasActed]).toEqual([Answer({ n: 1 }), true]);
    expect(placesOf(run.state)).toEqual({ s: { running: [1] } });
  });
});

describe("several waits of one function", () => {
  test("for one type are answered in the order in which they were opened, one event each", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { wait: "first" });
    run.wait("s", 1, Answer, { wait: "second" });
    run.receive(Answer({ n: 1 }));
    run.receive(Answer({ n: 2 }));
    expect(run.job("s", 1)?.waits.map(({ id, answer }) => [id, answer])).toEqual([
      ["first", Answer({ n: 1 })],
      ["second", Answer({ n: 2 })],
    ]);
  });

  test("one after another are two questions and two answers", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { wait: "first", prompt: Ask({ n: 1 }) });
    run.receive(Answer({ n: 1 }));
    run.wait("s", 1, Answer, { wait: "second", prompt: Ask({ n: 2 }) });
    run.receive(Answer({ n: 2 }));
    expect(run.words).toEqual(["Ask", "WorkflowIdleEvent", "Ask", "WorkflowIdleEvent"]);
    expect(run.job("s", 1)?.waits.map(({ answer }) => answer)).toEqual([
      Answer({ n: 1 }),
      Answer({ n: 2 }),
    ]);
  });

  test("are told apart by what they ask for", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { wait: "ada", where: { by: "ada" } });
    run.wait("s", 1, Answer, { wait: "bob", where: { by: "bob" } });
    run.receive(Answer({ by: "bob" }));
    expect(run.job("s", 1)?.waits.map(({ id, answer }) => [id, answer !== null])).toEqual([
      ["ada", false],
      ["bob", true],
    ]);
  });
});

test("jobs of one step that wait for one type have a question and an answer each", () => {
  const many = define({
    s: { accepts: [StartEvent], emits: [A, StopEvent] },
    t: { accepts: [A], waits: [Answer], prompts: [Ask], workers: 1 },
  });
  const run = new Run(many);
  run.start();
  for (const n of [1, 2]) run.send("s", 1, A({ n }));
  run.wait("t", 2, Answer, { where: { n: 1 }, prompt: Ask({ n: 1 }) });
  run.wait("t", 3, Answer, { where: { n: 2 }, prompt: Ask({ n: 2 }) });
  run.receive(Answer({ n: 2 }));
  run.receive(Answer({ n: 1 }));
  expect([run.words, [2, 3].map((job) => run.job("t", job)?.waits[0]?.answer)]).toEqual([
    ["Ask", "Ask"],
    [Answer({ n: 1 }), Answer({ n: 2 })],
  ]);
});

describe("a function that returns while it waits", () => {
  test("takes its waits and their clocks with it", () => {
    const run = new Run(definition);
    run.start();
    run.wait("s", 1, Answer, { deadlineAt: t0 + 100 });
    run.succeed("s", 1, StopEvent({ result: 1 }));
    expect(run.state.status).toBe("completed");
  });

  const returning = { s: { accepts: [StartEvent], emits: [StopEvent], waits: [Answer] } };

  test("leaves a late answer to nobody", () => {
    const run = new Run(define(returning, { timeout: 60 }));
    run.start();
    run.wait("s", 1, Answer);
    run.succeed("s", 1);
    run.receive(Answer());
    expect([run.words.at(-2), placesOf(run.state)]).toEqual(["UnhandledEvent", {}]);
  });

  test("ends the run if nothing else can move it", () => {
    const run = new Run(define(returning));
    run.start();
    run.wait("s", 1, Answer);
    run.succeed("s", 1);
    expect(run.state.failure?.name).toBe("StalledError");
  });
});

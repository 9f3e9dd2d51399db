/** Waits that are late, early, or opened again: by time, by luck, and after a restart. */
import { describe, expect, test } from "bun:test";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { A, Answer, Ask, define, placesOf, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = define({
  s: { accepts: [StartEvent], emits: [A, StopEvent], waits: [Answer], prompts: [Ask] },
  t: { accepts: [A], waits: [Answer], workers: 1 },
});

const timer = { kind: "wait", step: "s", job: 1, wait: "Answer" } as const;

function startWait(deadlineAt: number | null = t0 + 100): Run {
  const run = new Run(definition);
  run.start();
  run.wait("s", 1, Answer, { prompt: Ask(), deadlineAt });
  return run;
}

describe("a wait with a timeout", () => {
  test("is over when its time is, and the function is told", () => {
    const run = startWait();
    expect(run.fire(timer, t0 + 100).commands).toEqual([{ kind: "run_step", step: "s", job: 1 }]);
    expect(run.job("s", 1)?.waits[0]).toMatchObject({ answer: null, isTimedOut: true });
  });

  test("is not over before its time, and its clock goes on", () => {
    const run = startWait();
    const { state } = run;
    run.fire(timer, t0 + 99);
    expect(run.state).toBe(state);
    run.fire(timer, t0 + 100);
    expect(run.job("s", 1)?.waits[0]?.isTimedOut).toBe(true);
  });

  test("takes no answer after that", () => {
    const run = startWait();
    run.fire(timer, t0 + 100);
    run.receive(Answer());
    expect([run.job("s", 1)?.waits[0]?.answer, run.words.at(-1)]).toEqual([null, "UnhandledEvent"]);
  });

  test("that was answered in time is not over when its time is", () => {
    const run = startWait();
    run.receive(Answer());
    const { state } = run;
    run.fire(timer, t0 + 100);
    expect(run.state).toBe(state);
  });

  test("that nobody knows changes nothing", () => {
    const run = startWait();
    const { state } = run;
    run.fire({ ...timer, wait: "other" }, t0 + 100);
    run.fire({ ...timer, job: 9 }, t0 + 100);
    run.fire({ ...timer, step: "nowhere" }, t0 + 100);
    expect(run.state).toBe(state);
  });

  test("is answered also while its job stands in the queue for a slot", () => {
    const run = new Run(definition);
    run.start();
    for (const n of [1, 2]) run.send("s", 1, A({ n }));
    run.wait("t", 2, Answer, { wait: "one", where: { n: 1 } });
    run.wait("t", 2, Answer, { wait: "two", where: { n: 2 } });
    for (const n of [1, 2]) run.receive(Answer({ n }));
    expect(placesOf(run.state)["t"]).toEqual({ queue: [2], running: [3] });
    expect(run.job("t", 2)?.waits.map(({ answer }) => answer)).toEqual([
      Answer({ n: 1 }),
      Answer({ n: 2 }),
    ]);
  });

  test("is answered also behind a job in the queue that waits for nothing", () => {
    const run = new Run(definition);
    run.start();
    for (const n of [1, 2]) run.send("s", 1, A({ n }));
    run.wait("t", 2, Answer, { wait: "one", where: { n: 1 } });
    run.wait("t", 2, Answer, { wait: "two", where: { n: 2 } });
    run.send("s", 1, A({ n: 3 }));
    for (const n of [1, 2]) run.receive(Answer({ n }));
    expect(placesOf(run.state)["t"]).toEqual({ queue: [4, 2], running: [3] });
    expect(run.job("t", 2)?.waits.map(({ answer }) => answer !== null)).toEqual([true, true]);
  });

  test("is over also while its job stands in the queue for a slot", () => {
    const run = new Run(definition);
    run.start();
    for (const n of [1, 2]) run.send("s", 1, A({ n }));
    run.wait("t", 2, Answer, { wait: "one" });
    run.wait("t", 2, Answer, { wait: "two", deadlineAt: t0 + 100 });
    run.receive(Answer());
    expect(placesOf(run.state)["t"]).toEqual({ queue: [2], running: [3] });
    run.fire({ kind: "wait", step: "t", job: 2, wait: "two" }, t0 + 100);
    expect(run.job("t", 2)?.waits.map(({ answer, isTimedOut }) => [!!answer, isTimedOut])).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});

describe("a function that runs again after a restart", () => {
  test("and comes to a wait that it had opened, does not ask again", () => {
    const run = startWait();
    const again = run.wait("s", 1, Answer, { prompt: Ask(), deadlineAt: t0 + 500 });
    expect(again).toMatchObject({ events: [], commands: [] });
    expect(run.words).toEqual(["Ask", "WorkflowIdleEvent"]);
    expect(run.job("s", 1)?.waits[0]?.deadlineAt).toBe(t0 + 100);
  });

  test("and comes from an answered wait to one that is open, gives up its slot again", () => {
    const run = startWait();
    run.wait("s", 1, Answer, { wait: "second", prompt: Ask() });
    run.receive(Answer());
    expect(placesOf(run.state)).toEqual({ s: { running: [1] } });
    run.wait("s", 1, Answer, { wait: "second", prompt: Ask() });
    expect(placesOf(run.state)).toEqual({ s: { waiting: [1] } });
    expect(run.words).toEqual(["Ask", "WorkflowIdleEvent", "Ask", "WorkflowIdleEvent"]);
  });
});

describe("a function that is tried again", () => {
  test("keeps the answers that it got", () => {
    const run = startWait();
    run.receive(Answer({ n: 1 }));
    run.fail("s", 1, run.at);
    expect(run.job("s", 1)?.waits).toMatchObject([{ id: "Answer", answer: Answer({ n: 1 }) }]);
  });

  test("opens anew, and asks again, what nobody has answered", () => {
    const run = startWait();
    run.fire(timer, t0 + 100);
    run.fail("s", 1, run.at);
    expect(run.job("s", 1)?.waits).toEqual([]);
    run.wait("s", 1, Answer, { prompt: Ask(), deadlineAt: t0 + 300 });
    expect(run.words.filter((word) => word === "Ask")).toHaveLength(2);
    expect(run.job("s", 1)?.waits).toMatchObject([{ deadlineAt: t0 + 300, isTimedOut: false }]);
  });
});

describe("an answer that comes before its wait", () => {
  test("is taken as soon as the wait opens: the question is shown, the slot kept, no clock set", () => {
    const run = new Run(definition);
    run.start();
    run.receive(Answer({ n: 1 }));
    const { commands } = run.wait("s", 1, Answer, { prompt: Ask(), deadlineAt: t0 + 100 });
    expect(commands).toEqual([{ kind: "run_step", step: "s", job: 1 }]);
    expect(run.words).toEqual(["UnhandledEvent", "Ask"]);
    expect([placesOf(run.state), run.state.unclaimed]).toEqual([{ s: { running: [1] } }, []]);
  });

  test("is taken by a wait that it fits, and left for another", () => {
    const run = new Run(definition);
    run.start();
    run.receive(Answer({ by: "bob" }));
    run.receive(Answer({ by: "ada" }));
    run.wait("s", 1, Answer, { where: { by: "ada" } });
    expect([run.job("s", 1)?.waits[0]?.answer, run.state.unclaimed]).toEqual([
      Answer({ by: "ada" }),
      [{ event: Answer({ by: "bob" }), target: null }],
    ]);
  });

  test("is taken once: two of one kind are two answers", () => {
    const run = new Run(definition);
    run.start();
    const answer = Answer({ n: 1 });
    run.receive(answer);
    run.receive(answer);
    run.wait("s", 1, Answer, { wait: "first" });
    run.wait("s", 1, Answer, { wait: "second" });
    expect(run.job("s", 1)?.waits.map((wait) => wait.answer)).toEqual([answer, answer]);
  });

  test("and was meant for one step is left for that step", () => {
    const run = new Run(definition);
    run.start();
    run.send("s", 1, A());
    run.receive(Answer({ n: 1 }), "t");
    run.wait("s", 1, Answer);
    run.wait("t", 2, Answer);
    expect([placesOf(run.state), run.job("t", 2)?.waits[0]?.answer]).toEqual([
      { s: { waiting: [1] }, t: { running: [2] } },
      Answer({ n: 1 }),
    ]);
  });
});

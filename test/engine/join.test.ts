/** Joins: a fan-out comes together when its last branch has ended, with what the branches brought. */
import { describe, expect, test } from "bun:test";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { A, Answer, B, C, define, newJob, newState, placesOf, reduced, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

/** `split` makes branches of A, `work` makes B of each, `join` gets them all. */
const definition = define(
  {
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B, StopEvent], waits: [Answer] },
    join: { accepts: [collect(B)] },
  },
  { timeout: 60 },
);

/** A run that has fanned out into so many branches, jobs 2, 3 and so on. */
function fannedOut(count: number, of: Definition = definition): Run {
  const run = new Run(of);
  run.start();
  run.fanOut(
    "split",
    1,
    Array.from({ length: count }, (_, i) => A({ n: i + 1 })),
  );
  return run;
}

test("a list opens a scope, and each of its events is a branch in it", () => {
  const small = define({
    split: { accepts: [StartEvent], emits: [A] },
    join: { accepts: [collect(A)], workers: 1 },
  });
  const before = newState(small, {
    nextJob: 2,
    scopes: [{ id: 0, outer: [], step: null, jobs: 1, joining: {} }],
    steps: { split: { running: [newJob("split", StartEvent(), { scopes: [0] })] } },
  });
  const tick = {
    kind: "step_succeeded",
    at: t0,
    step: "split",
    job: 1,
    attempt: 1,
    events: [A({ n: 1 }), A({ n: 2 })],
    isFanOut: true,
  } as const;
  const { state, commands } = reduced(small, before, tick);
  const batch = { events: [A({ n: 1 }), A({ n: 2 })], isBatch: true, scopes: [0] };
  expect<object>(state).toEqual(
    newState(small, {
      nextJob: 3,
      nextScope: 2,
      scopes: [{ id: 0, outer: [], step: null, jobs: 1, joining: {} }],
      steps: { join: { running: [newJob("join", A(), { id: 2, ...batch })] } },
    }),
  );
  expect(commands).toEqual([{ kind: "run_step", step: "join", job: 2 }]);
});

describe("a fan-out comes together", () => {
  test("when its last branch has ended, in the order in which they ended", () => {
    const run = fannedOut(3);
    run.succeed("work", 4, B({ n: 3 }));
    run.succeed("work", 2, B({ n: 1 }));
    expect(run.inputs("join")).toEqual([]);
    run.succeed("work", 3, B({ n: 2 }));
    expect(run.inputs("join")).toEqual([[3, 1, 2]]);
    expect(run.state.scopes).toEqual([{ id: 0, outer: [], step: null, jobs: 1, joining: {} }]);
  });

  test("without the branches that ended with nothing", () => {
    const run = fannedOut(3);
    run.succeed("work", 2);
    run.succeed("work", 3, B({ n: 2 }));
    run.succeed("work", 4);
    expect(run.inputs("join")).toEqual([[2]]);
  });

  test("with nothing, when all branches ended with nothing", () => {
    const run = fannedOut(2);
    run.succeed("work", 2);
    run.succeed("work", 3);
    expect([run.inputs("join"), run.job("join", 4)?.isBatch]).toEqual([[[]], true]);
  });

  test("with nothing, when the list was empty", () => {
    const run = fannedOut(0);
    expect(run.inputs("join")).toEqual([[]]);
    expect(run.stream.at(-1)).toBe("join running 0");
  });

  test("with all that a branch has sent, and the branches that followed from it", () => {
    const run = fannedOut(2);
    run.send("work", 2, B({ n: 10 }));
    run.send("work", 2, A({ n: 11 }));
    run.succeed("work", 2, B({ n: 12 }));
    run.succeed("work", 3, B({ n: 13 }));
    expect(run.inputs("join")).toEqual([]);
    run.succeed("work", 4, B({ n: 14 }));
    expect(run.inputs("join")).toEqual([[10, 12, 13, 14]]);
  });

  test("after a branch was tried again", () => {
    const run = fannedOut(2);
    run.succeed("work", 2, B({ n: 1 }));
    run.fail("work", 3, t0 + 100);
    expect(run.inputs("join")).toEqual([]);
    run.fire({ kind: "retry", step: "work", job: 3 }, t0 + 100);
    run.succeed("work", 3, B({ n: 2 }));
    expect(run.inputs("join")).toEqual([[1, 2]]);
  });

  test("after a branch has waited for an answer", () => {
    const run = fannedOut(2);
    run.succeed("work", 2, B({ n: 1 }));
    run.wait("work", 3, Answer);
    expect(run.inputs("join")).toEqual([]);
    run.receive(Answer());
    run.succeed("work", 3, B({ n: 2 }));
    expect(run.inputs("join")).toEqual([[1, 2]]);
  });

  test("not at all, when a branch ends the run", () => {
    const run = fannedOut(2);
    run.succeed("work", 2, StopEvent());
    expect([run.state.status, placesOf(run.state)]).toEqual(["completed", {}]);
  });

  test("after a branch whose events nobody took", () => {
    const loose = define(
      {
        split: { accepts: [StartEvent], emits: [A, StopEvent] },
        work: { accepts: [A], emits: [B, C] },
        join: { accepts: [collect(B)], waits: [C] },
      },
      {},
    );
    const run = fannedOut(2, loose);
    run.succeed("work", 2, C());
    run.succeed("work", 3, B({ n: 2 }));
    expect([run.inputs("join"), run.words]).toEqual([[[2]], ["UnhandledEvent"]]);
  });
});

test("a branch whose failure is caught goes on in its fan-out", () => {
  const rescued = define(
    {
      split: { accepts: [StartEvent], emits: [A, StopEvent] },
      work: { accepts: [A], emits: [B] },
      join: { accepts: [collect(B)] },
    },
    {},
    (workflow) => workflow.catchError("rescue", { emits: [B] }, () => {}),
  );
  const run = fannedOut(2, rescued);
  run.fail("work", 2, null);
  run.succeed("work", 3, B({ n: 2 }));
  expect(run.inputs("join")).toEqual([]);
  run.succeed("rescue", 4, B({ n: -1 }));
  expect(run.inputs("join")).toEqual([[2, -1]]);
});

test("a branch that the rescue drops is missed by nobody", () => {
  const rescued = define(
    {
      split: { accepts: [StartEvent], emits: [A, StopEvent] },
      work: { accepts: [A], emits: [B] },
      join: { accepts: [collect(B)] },
    },
    {},
    (workflow) => workflow.catchError("rescue", { emits: [] }, () => {}),
  );
  const run = fannedOut(2, rescued);
  run.succeed("work", 3, B({ n: 2 }));
  run.fail("work", 2, null);
  run.succeed("rescue", 4);
  expect(run.inputs("join")).toEqual([[2]]);
});

test("fan-outs at the same time are kept apart", () => {
  const twice = define({
    first: { accepts: [StartEvent], emits: [C] },
    split: { accepts: [C], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B], workers: 8 },
    join: { accepts: [collect(B)] },
  });
  const run = new Run(twice);
  run.start();
  run.send("first", 1, C());
  run.send("first", 1, C());
  run.fanOut("split", 2, [A(), A()]);
  run.fanOut("split", 3, [A()]);
  run.succeed("work", 4, B({ n: 1 }));
  run.succeed("work", 6, B({ n: 3 }));
  expect(run.inputs("join")).toEqual([[3]]);
  run.succeed("work", 5, B({ n: 2 }));
  expect(run.inputs("join")).toEqual([[3], [1, 2]]);
});

describe("without a list", () => {
  test("a join gets what was made since nothing was under way, when nothing is", () => {
    const run = new Run(definition);
    run.start();
    for (const n of [1, 2]) run.send("split", 1, A({ n }));
    run.succeed("work", 2, B({ n: 1 }));
    run.succeed("work", 3, B({ n: 2 }));
    expect(run.inputs("join")).toEqual([]);
    run.succeed("split", 1);
    expect(run.inputs("join")).toEqual([[1, 2]]);
  });

  test("a join is not told of nothing", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("split", 1);
    expect([placesOf(run.state), run.words]).toEqual([{}, ["WorkflowIdleEvent"]]);
  });

  test("a join gets an event from outside when nothing else is under way", () => {
    const run = new Run(definition);
    run.start();
    run.succeed("split", 1);
    run.receive(B({ n: 5 }));
    expect(run.inputs("join")).toEqual([[5]]);
  });
});

describe("a join that takes so many", () => {
  const three = define({
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B], workers: 8 },
    join: { accepts: [collect(B, { take: 2 })], workers: 8 },
  });

  test("gets them as soon as they are there, and goes on with the next", () => {
    const run = fannedOut(5, three);
    for (const job of [2, 3, 4]) run.succeed("work", job, B({ n: job }));
    expect(run.inputs("join")).toEqual([[2, 3]]);
    run.succeed("work", 5, B({ n: 5 }));
    expect(run.inputs("join")).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });

  test("is given fewer at the end, when there were not so many", () => {
    const run = fannedOut(2, three);
    run.succeed("work", 2, B({ n: 2 }));
    expect(run.inputs("join")).toEqual([]);
    run.succeed("work", 3);
    expect(run.inputs("join")).toEqual([[2]]);
  });

  test("is told when there was nothing", () => {
    expect(fannedOut(0, three).inputs("join")).toEqual([[]]);
  });

  test("is not given fewer once it has had so many", () => {
    const run = fannedOut(3, three);
    for (const job of [2, 3, 4]) run.succeed("work", job, B({ n: job }));
    expect([run.inputs("join"), run.state.scopes.map(({ joining }) => joining)]).toEqual([
      [[2, 3]],
      [{}],
    ]);
  });

  test("takes the same event twice, if it was made twice", () => {
    const run = new Run(three);
    run.start();
    const same = B({ n: 7 });
    run.fanOut("split", 1, [A()]);
    run.fanOut("work", 2, [same, same, same]);
    expect(run.inputs("join")).toEqual([[7, 7]]);
  });
});

describe("a join of one of each", () => {
  const pairs = define({
    s: { accepts: [StartEvent], emits: [A, B, StopEvent] },
    pair: { accepts: [each(B, A)], workers: 8 },
  });

  test("gets them in the order of its types, when all have come", () => {
    const run = new Run(pairs);
    run.start();
    run.send("s", 1, A({ n: 1 }));
    expect(run.inputs("pair")).toEqual([]);
    run.send("s", 1, B({ n: 2 }));
    expect(run.inputs("pair")).toEqual([[2, 1]]);
  });

  test("gets the oldest of each first", () => {
    const run = new Run(pairs);
    run.start();
    for (const n of [1, 2]) run.send("s", 1, A({ n }));
    for (const n of [3, 4]) run.send("s", 1, B({ n }));
    expect(run.inputs("pair")).toEqual([
      [3, 1],
      [4, 2],
    ]);
  });

  test("keeps what came twice, also if it is the same event", () => {
    const run = new Run(pairs);
    run.start();
    const same = A({ n: 1 });
    run.fanOut("s", 1, [same, same, B({ n: 2 }), B({ n: 3 })]);
    expect(run.inputs("pair")).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });
});

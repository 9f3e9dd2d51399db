/** Fan-outs inside fan-outs: each comes together by itself, from the innermost on. */
import { describe, expect, test } from "bun:test";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { collect } from "../../src/workflow/join.ts";
import { A, B, C, define, placesOf } from "./fixtures.ts";
import { Run } from "./run.ts";

const Part = defineEvent("Part");

/** `outer` → A → `inner` → B → `work` → Part → `innerJoin` → C → `outerJoin`. */
const definition = define({
  outer: { accepts: [StartEvent], emits: [A, StopEvent] },
  inner: { accepts: [A], emits: [B], workers: 8 },
  work: { accepts: [B], emits: [Part], workers: 8 },
  innerJoin: { accepts: [collect(Part)], emits: [C], workers: 8 },
  outerJoin: { accepts: [collect(C)] },
});

/** Ends every job of a step that runs now, with the same events for each. */
function endAll(run: Run, step: string, ...events: Parameters<Run["succeed"]>[2][]): void {
  for (const { id } of run.state.steps[step]?.running ?? []) run.succeed(step, id, ...events);
}

/** Two branches, of which the first makes two parts and the second one. */
function fannedOut(): Run {
  const run = new Run(definition);
  run.start();
  run.fanOut("outer", 1, [A({ n: 1 }), A({ n: 2 })]);
  run.fanOut("inner", 2, [B({ n: 1 }), B({ n: 2 })]);
  run.fanOut("inner", 3, [B({ n: 3 })]);
  return run;
}

test("the branches of a branch are in both scopes", () => {
  const run = fannedOut();
  expect(run.state.steps["work"]?.running.map(({ scopes }) => scopes)).toEqual([
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 3],
  ]);
  expect(run.state.scopes).toEqual([
    { id: 0, outer: [], step: null, jobs: 3, joining: {} },
    { id: 1, outer: [0], step: "outer", jobs: 3, joining: {}, split: ["inner"] },
    { id: 2, outer: [0, 1], step: "inner", jobs: 2, joining: {} },
    { id: 3, outer: [0, 1], step: "inner", jobs: 1, joining: {} },
  ]);
});

test("an inner fan-out comes together while the others go on", () => {
  const run = fannedOut();
  run.succeed("work", 6, Part());
  expect(placesOf(run.state)).toEqual({ work: { running: [4, 5] }, innerJoin: { running: [7] } });
  expect(run.job("innerJoin", 7)?.scopes).toEqual([0, 1]);
  run.succeed("work", 4, Part());
  run.succeed("work", 5, Part());
  expect(run.state.steps["innerJoin"]?.running.map(({ events }) => events.length)).toEqual([1, 2]);
});

describe("the outer fan-out comes together once its inner ones have", () => {
  test("and the inner join is not asked again", () => {
    const run = fannedOut();
    endAll(run, "work", Part());
    endAll(run, "innerJoin", C());
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [9] } });
  });

  test("with what the inner joins made of it", () => {
    const run = fannedOut();
    endAll(run, "work", Part());
    for (const [n, job] of [7, 8].entries()) run.succeed("innerJoin", job, C({ n }));
    expect(run.inputs("outerJoin")).toEqual([[0, 1]]);
  });

  test("also when an inner list was empty", () => {
    const run = new Run(definition);
    run.start();
    run.fanOut("outer", 1, [A({ n: 1 })]);
    run.fanOut("inner", 2, []);
    expect(placesOf(run.state)).toEqual({ innerJoin: { running: [3] } });
    run.succeed("innerJoin", 3, C({ n: 5 }));
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [4] } });
    expect(run.inputs("outerJoin")).toEqual([[5]]);
  });

  test("with nothing, when the inner joins made nothing of it", () => {
    const run = fannedOut();
    endAll(run, "work", Part());
    endAll(run, "innerJoin");
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [9] } });
    expect(run.inputs("outerJoin")).toEqual([[]]);
  });

  test("and an inner join that got nothing is told so once, by its own fan-out", () => {
    const run = fannedOut();
    endAll(run, "work");
    expect(run.inputs("innerJoin")).toEqual([[], []]);
    endAll(run, "innerJoin", C({ n: 1 }));
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [9] } });
  });

  test("and those that were never come to tell nobody, where others tell", () => {
    const mixed = define({
      outer: { accepts: [StartEvent], emits: [A, C, StopEvent] },
      inner: { accepts: [A], emits: [B], workers: 8 },
      work: { accepts: [B], emits: [Part], workers: 8 },
      innerJoin: { accepts: [collect(Part)], emits: [C], workers: 8 },
      outerJoin: { accepts: [collect(C)] },
    });
    const run = new Run(mixed);
    run.start();
    run.fanOut("outer", 1, [A(), C({ n: 4 })]);
    run.succeed("inner", 2);
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [3] } });
    expect(run.inputs("outerJoin")).toEqual([[4]]);
  });

  test("also when a join fans out in turn", () => {
    const chain = define({
      outer: { accepts: [StartEvent], emits: [A, StopEvent] },
      inner: { accepts: [A], emits: [B], workers: 8 },
      again: { accepts: [collect(B)], emits: [Part], workers: 8 },
      innerJoin: { accepts: [collect(Part)], emits: [C], workers: 8 },
      outerJoin: { accepts: [collect(C)] },
    });
    const run = new Run(chain);
    run.start();
    run.fanOut("outer", 1, [A({ n: 1 })]);
    run.fanOut("inner", 2, [B(), B()]);
    run.fanOut("again", 3, []);
    run.succeed("innerJoin", 4);
    expect(placesOf(run.state)).toEqual({ outerJoin: { running: [5] } });
    expect(run.inputs("outerJoin")).toEqual([[]]);
  });
});

test("a step that fans out into itself brings each of its lists together", () => {
  const tree = define({
    split: { accepts: [StartEvent, A], emits: [A, B, StopEvent], workers: 8 },
    leaves: { accepts: [collect(B)], workers: 8 },
  });
  const run = new Run(tree);
  run.start();
  run.fanOut("split", 1, [A({ n: 1 }), A({ n: 2 })]);
  run.fanOut("split", 2, [B({ n: 3 })]);
  run.fanOut("split", 3, []);
  expect(run.inputs("leaves")).toEqual([[3], []]);
  endAll(run, "leaves");
  expect(run.inputs("leaves")).toEqual([[]]);
});

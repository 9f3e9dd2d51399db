/** `collectEvents`: events put aside until there is one of each, and to whom the batch belongs. */
import { describe, expect, test } from "bun:test";

import type { Event } from "../../src/workflow/event.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { A, B, C, define } from "./fixtures.ts";
import { Run } from "./run.ts";

const definition = define({
  s: { accepts: [StartEvent], emits: [A, B, C, StopEvent] },
  t: { accepts: [A, B, C], workers: 8 },
});

/** A run in which step `t` works on these events, as jobs 2, 3 and so on. */
function runWith(...events: readonly Event[]): Run {
  const run = new Run(definition);
  run.start();
  for (const event of events) run.send("s", 1, event);
  return run;
}

/** Each job of `t` collects what it was given. */
function collectAll(run: Run, expected: string, buffer?: string): void {
  for (const { id, events } of run.state.steps["t"]?.running ?? []) {
    for (const event of events) run.collect("t", id, event, expected, buffer);
  }
}

const batch = (run: Run, job: number, buffer = "default"): readonly Event[] | undefined =>
  run.job("t", job)?.batches[buffer];
const buffered = (run: Run): object =>
  Object.fromEntries(
    Object.entries(run.state.steps["t"]?.buffers ?? {}).map(([name, entries]) => [
      name,
      entries.map(({ event }) => event),
    ]),
  );

describe("a batch", () => {
  test("is not whole for as many events as there are, if one of those asked for is missing", () => {
    const run = runWith(B(), A({ n: 1 }), A({ n: 2 }));
    run.collect("t", 2, B(), "B A A");
    run.collect("t", 3, A({ n: 1 }), "A A");
    expect([batch(run, 3), buffered(run)]).toEqual([undefined, { default: [B(), A({ n: 1 })] }]);
    run.collect("t", 4, A({ n: 2 }), "A A");
    expect([batch(run, 4), buffered(run)]).toEqual([
      [A({ n: 1 }), A({ n: 2 })],
      { default: [B()] },
    ]);
  });

  test("is put aside until it is whole, and then belongs to the job that completed it", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }), A({ n: 3 }));
    collectAll(run, "A A A");
    expect([batch(run, 2), batch(run, 3), batch(run, 4), buffered(run)]).toEqual([
      undefined,
      undefined,
      [A({ n: 1 }), A({ n: 2 }), A({ n: 3 })],
      {},
    ]);
  });

  test("comes in the order of the types, and of each type in the order of coming", () => {
    const run = runWith(B({ n: 1 }), A({ n: 2 }), C({ n: 3 }), A({ n: 4 }));
    collectAll(run, "A C A B");
    expect(batch(run, 5)).toEqual([A({ n: 2 }), C({ n: 3 }), A({ n: 4 }), B({ n: 1 })]);
  });

  test("takes no more of a type than it needs, and nothing that it does not name", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }), C({ n: 3 }));
    collectAll(run, "A B");
    expect(buffered(run)).toEqual({ default: [A({ n: 1 })] });
    run.send("s", 1, B({ n: 4 }));
    run.collect("t", 5, B({ n: 4 }), "A B");
    expect(batch(run, 5)).toEqual([A({ n: 1 }), B({ n: 4 })]);
  });

  test("of one is whole at once", () => {
    const run = runWith(A({ n: 1 }));
    collectAll(run, "A");
    expect(batch(run, 2)).toEqual([A({ n: 1 })]);
  });

  test("is followed by the next", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }), A({ n: 3 }), A({ n: 4 }));
    collectAll(run, "A A");
    expect([2, 3, 4, 5].map((job) => batch(run, job))).toEqual([
      undefined,
      [A({ n: 1 }), A({ n: 2 })],
      undefined,
      [A({ n: 3 }), A({ n: 4 })],
    ]);
  });

  test("stays with its job when that fails and is tried again", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }));
    collectAll(run, "A A");
    run.fail("t", 3, run.at);
    expect(batch(run, 3)).toEqual([A({ n: 1 }), A({ n: 2 })]);
  });
});

describe("a function that runs again", () => {
  test("after a restart brings the same event, which counts once", () => {
    const run = runWith(A({ n: 1 }));
    collectAll(run, "A A");
    const { state } = run;
    collectAll(run, "A A");
    expect([run.state === state, buffered(run)]).toEqual([true, { default: [A({ n: 1 })] }]);
  });

  test("in its next attempt brings the same event, which counts once", () => {
    const run = runWith(A({ n: 1 }));
    collectAll(run, "A A");
    run.fail("t", 2, run.at);
    collectAll(run, "A A");
    expect(buffered(run)).toEqual({ default: [A({ n: 1 })] });
  });

  test("after its batch was whole keeps that batch, and takes no part in the next", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }));
    collectAll(run, "A A");
    const { state } = run;
    run.collect("t", 3, A({ n: 2 }), "A A");
    expect(run.state).toBe(state);
  });

  test("brings each of several events once", () => {
    const run = runWith(A({ n: 1 }));
    for (const n of [1, 2, 1, 2]) run.collect("t", 2, B({ n }), "B B B");
    expect(buffered(run)).toEqual({ default: [B({ n: 1 }), B({ n: 2 })] });
  });

  test("after its event has gone into another job's batch brings it no second time", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }));
    run.collect("t", 2, A({ n: 1 }), "A A");
    run.fail("t", 2, run.at);
    run.collect("t", 3, A({ n: 2 }), "A A");
    expect(batch(run, 3)).toEqual([A({ n: 1 }), A({ n: 2 })]);
    run.collect("t", 2, A({ n: 1 }), "A A");
    expect(buffered(run)).toEqual({});
  });

  test("is told from another job with an event that looks the same", () => {
    const run = runWith(A({ n: 1 }), A({ n: 1 }));
    collectAll(run, "A A");
    expect(batch(run, 3)).toEqual([A({ n: 1 }), A({ n: 1 })]);
  });
});

describe("buffers", () => {
  test("of other names are kept apart", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }));
    run.collect("t", 2, A({ n: 1 }), "A A", "left");
    run.collect("t", 3, A({ n: 2 }), "A A", "right");
    expect(buffered(run)).toEqual({ left: [A({ n: 1 })], right: [A({ n: 2 })] });
    run.collect("t", 3, A({ n: 2 }), "A A", "left");
    expect([batch(run, 3, "left"), buffered(run)]).toEqual([
      [A({ n: 1 }), A({ n: 2 })],
      { right: [A({ n: 2 })] },
    ]);
  });

  test("may have any name", () => {
    const run = runWith(A({ n: 1 }), A({ n: 2 }));
    for (const buffer of ["", "constructor", "toString"]) collectAll(run, "A A", buffer);
    expect(["", "constructor", "toString"].map((buffer) => batch(run, 3, buffer)?.length)).toEqual([
      2, 2, 2,
    ]);
  });
});

test("what a job that has ended collects is not heard", () => {
  const run = runWith(A({ n: 1 }));
  run.succeed("t", 2);
  const { state } = run;
  run.collect("t", 2, A({ n: 1 }), "A A");
  expect(run.state).toBe(state);
});

/** Jobs and slots: a step works on so many at a time, and on the others in the order they came. */
import { describe, expect, test } from "bun:test";

import type { Reduction } from "../../src/engine/reduce.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { A, B, define, placesOf } from "./fixtures.ts";
import { Run } from "./run.ts";

/** `s` sends, `t` works on two at a time. */
const definition = define({
  s: { accepts: [StartEvent], emits: [A, StopEvent] },
  t: { accepts: [A], emits: [B, A, StopEvent], workers: 2, waits: [B] },
  u: { accepts: [B] },
});

function startWith(count: number): Run {
  const run = new Run(definition);
  run.start();
  for (let n = 1; n <= count; n++) run.send("s", 1, A({ n }));
  return run;
}

describe("a step with two slots and four events", () => {
  test("works on two and queues two; queued ones are told as preparing", () => {
    const run = startWith(4);
    expect(placesOf(run.state)).toEqual({
      s: { running: [1] },
      t: { queue: [4, 5], running: [2, 3] },
    });
    expect(run.stream).toEqual([
      "s running 0",
      "t running 0",
      "t running 1",
      "t preparing <enqueued>",
      "t preparing <enqueued>",
    ]);
  });

  test("takes the next when one ends, into the slot that is free", () => {
    const run = startWith(4);
    const { commands } = run.succeed("t", 2, B());
    expect(run.stream.slice(5)).toEqual(["t not_running 0", "t running 0", "u running 0"]);
    expect(commands).toEqual([
      { kind: "run_step", step: "t", job: 4 },
      { kind: "run_step", step: "u", job: 6 },
    ]);
    run.succeed("t", 3);
    expect(run.inputs("t")).toEqual([[3], [4]]);
    expect(run.state.steps["t"]?.running.map((job) => job.worker)).toEqual([0, 1]);
  });

  test("fills the smallest slot that is free", () => {
    const run = startWith(2);
    run.succeed("t", 2);
    run.send("s", 1, A());
    expect(run.stream.at(-1)).toBe("t running 0");
  });

  test("takes the next when one fails and is tried again later", () => {
    const run = startWith(3);
    run.fail("t", 2, run.at + 100);
    expect(placesOf(run.state)["t"]).toEqual({ running: [3, 4], delayed: [2] });
  });

  test("lets one that is tried again at once wait its turn behind the others", () => {
    const run = startWith(3);
    run.fail("t", 2, run.at);
    expect(placesOf(run.state)["t"]).toEqual({ queue: [2], running: [3, 4] });
    expect(run.stream.slice(4)).toEqual([
      "t not_running 0",
      "t running 0",
      "t preparing <enqueued>",
    ]);
  });

  test("gives its own events back to itself, behind those that wait", () => {
    const run = startWith(3);
    run.succeed("t", 2, A({ n: 9 }));
    expect(run.inputs("t")).toEqual([[2], [3], [9]]);
  });
});

test("each step has its own slots", () => {
  const run = new Run(
    define({
      s: { accepts: [StartEvent], emits: [A, StopEvent], workers: 1 },
      one: { accepts: [A], workers: 1 },
      four: { accepts: [A] },
    }),
  );
  run.start();
  for (let n = 1; n <= 5; n++) run.send("s", 1, A({ n }));
  expect(
    [run.state.steps["one"], run.state.steps["four"]].map((step) => step?.running.length),
  ).toEqual([1, 4]);
});

test("jobs are numbered in the order in which they came, over all steps", () => {
  const run = startWith(2);
  run.succeed("t", 2, B());
  run.succeed("t", 3, B());
  expect([run.state.nextJob, placesOf(run.state)["u"]]).toEqual([6, { running: [4, 5] }]);
});

describe("what the stream says of a step", () => {
  const inAndOut = ({ events }: Reduction): readonly unknown[] => {
    const [published] = events;
    if (!published || !("event" in published)) return [];
    const data = published.event.data as Readonly<Record<string, unknown>>;
    return [data["input_event_name"], data["output_event_name"]];
  };

  test("is what came in, and what went out", () => {
    const run = startWith(4);
    expect([
      inAndOut(run.succeed("t", 2, B())),
      inAndOut(run.succeed("t", 3)),
      inAndOut(run.fail("t", 4, run.at + 1)),
      inAndOut(run.wait("t", 5, B)),
    ]).toEqual([
      ["A", "B"],
      ["A", "NoneType"],
      ["A", null],
      ["A", null],
    ]);
  });

  test("names each type of a list once", () => {
    const run = startWith(1);
    expect(inAndOut(run.fanOut("t", 2, [B(), A(), B()]))).toEqual(["A", "B, A"]);
  });
});

/** Failures that a step catches: so often along one line of events, and not beyond. */
import { describe, expect, test } from "bun:test";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { CatchOptions } from "../../src/workflow/draft.ts";
import { A, B, define, newFailure, placesOf, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

/** `s` feeds `t`, whose failures `c` catches; `c` may send `t` on another try. */
function runWith(options: Partial<CatchOptions> = {}, count = 1): Run {
  const definition = define(
    {
      s: { accepts: [StartEvent], emits: [A, StopEvent] },
      t: { accepts: [A, B], emits: [B, StopEvent] },
    },
    {},
    (workflow) => workflow.catchError("c", { emits: [A, B, StopEvent], ...options }, () => {}),
  );
  const run = new Run(definition);
  run.start();
  for (let n = 1; n <= count; n++) run.send("s", 1, A({ n }));
  return run;
}

test("a failure for good is given to the step that catches it, with all that is known", () => {
  const run = runWith();
  run.fail("t", 2, t0);
  run.at = t0 + 1_500;
  const failure = newFailure({ name: "Refused", message: "by him", code: "E_REFUSED" });
  const { commands } = run.fail("t", 2, null, failure);
  expect(commands).toEqual([{ kind: "run_step", step: "c", job: 3 }]);
  expect<unknown>(run.job("c", 3)?.events).toEqual([
    {
      type: "StepFailedEvent",
      data: {
        stepName: "t",
        input: A({ n: 1 }),
        inputs: [A({ n: 1 })],
        failure,
        attempts: 2,
        elapsedSeconds: 1.5,
        failedAt: t0 + 1_500,
      },
    },
  ]);
  expect(run.stream.slice(-2)).toEqual(["t not_running 0", "c running 0"]);
});

test("a step that is tried again is not caught", () => {
  const run = runWith();
  run.fail("t", 2, t0 + 100);
  expect(placesOf(run.state)["c"]).toBeUndefined();
});

test("a step that catches may end the run well", () => {
  const run = runWith();
  run.fail("t", 2, null);
  run.succeed("c", 3, StopEvent({ result: "saved" }));
  expect([run.state.status, run.state.failure, run.words]).toEqual([
    "completed",
    null,
    ["StopEvent!"],
  ]);
});

test("failures are caught one at a time", () => {
  const run = runWith({}, 3);
  for (const job of [2, 3, 4]) run.fail("t", job, null);
  expect(placesOf(run.state)["c"]).toEqual({ queue: [6, 7], running: [5] });
});

test("a step that names others catches only those", () => {
  const run = runWith({ steps: ["s"] });
  run.fail("t", 2, null);
  expect(run.state.status).toBe("failed");
});

test("the failure of a step that catches ends the run in its name", () => {
  const run = runWith();
  run.fail("t", 2, null);
  const { events } = run.fail("c", 3, null, newFailure({ message: "both broken" }));
  expect(events.at(-1)).toMatchObject({
    isTerminal: true,
    event: { data: { step_name: "c", exception: { exception_message: "both broken" } } },
  });
});

describe("the budget of a step that catches", () => {
  test("is one, if it says nothing: the second failure on the same line ends the run", () => {
    const run = runWith();
    run.fail("t", 2, null);
    run.succeed("c", 3, A({ n: 9 }));
    run.fail("t", 4, null);
    expect(run.state.status).toBe("failed");
  });

  test("is as large as it says", () => {
    const run = runWith({ recoveries: 2 });
    run.fail("t", 2, null);
    run.succeed("c", 3, A());
    run.fail("t", 4, null);
    expect(run.job("c", 5)?.recoveries).toEqual({ c: 2 });
    run.succeed("c", 5, A());
    run.fail("t", 6, null);
    expect(run.state.status).toBe("failed");
  });

  test("is each line's own: of many events each may be caught", () => {
    const run = runWith({}, 3);
    for (const job of [2, 3, 4]) run.fail("t", job, null);
    expect(run.state.status).toBe("running");
  });

  test("goes along with events that are returned, sent, and tried again", () => {
    const run = runWith();
    run.fail("t", 2, null);
    run.send("c", 3, B({ n: 1 }));
    run.succeed("c", 3, A());
    run.succeed("t", 5, B({ n: 2 }));
    run.fail("t", 6, t0);
    expect([4, 6].map((job) => run.job("t", job)?.recoveries)).toEqual([{ c: 1 }, { c: 1 }]);
    run.fail("t", 6, null);
    expect(run.state.status).toBe("failed");
  });

  test("is its own: what one catches is not taken from what another may catch", () => {
    const run = new Run(
      define(
        {
          s: { accepts: [StartEvent], emits: [A] },
          t: { accepts: [A], emits: [B] },
          u: { accepts: [B], emits: [StopEvent] },
        },
        {},
        (workflow) =>
          workflow
            .catchError("ofT", { steps: ["t"], emits: [B] }, () => {})
            .catchError("ofU", { steps: ["u"], emits: [A] }, () => {}),
      ),
    );
    run.start();
    run.succeed("s", 1, A());
    run.fail("t", 2, null);
    run.succeed("ofT", 3, B());
    run.fail("u", 4, null);
    expect(run.job("ofU", 5)?.recoveries).toEqual({ ofT: 1, ofU: 1 });
    run.succeed("ofU", 5, A());
    run.fail("t", 6, null);
    expect(run.state.status).toBe("failed");
  });

  test("is not touched by events from outside", () => {
    const run = runWith();
    run.fail("t", 2, null);
    run.receive(B());
    expect(run.job("t", 4)?.recoveries).toEqual({});
  });
});

test("a cancellation is not caught", () => {
  const run = runWith();
  run.cancel();
  expect([run.state.status, placesOf(run.state)]).toEqual(["cancelled", {}]);
});

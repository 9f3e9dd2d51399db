/** Several joins after one fan-out: each hears of it when it is over, also of nothing. */
import { expect, test } from "bun:test";
import * as v from "valibot";

import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { A, B, C, define, t0 } from "./fixtures.ts";
import { Run } from "./run.ts";

const Bs = defineEvent("Bs", { n: v.number() });
const Cs = defineEvent("Cs", { n: v.number() });

/** A run that has fanned out into so many branches of `work`, jobs 2, 3 and so on. */
function fannedOut(count: number, definition: Definition): Run {
  const run = new Run(definition);
  run.start();
  run.fanOut(
    "split",
    1,
    Array.from({ length: count }, (_, i) => A({ n: i + 1 })),
  );
  return run;
}

const two = define({
  split: { accepts: [StartEvent], emits: [A, StopEvent] },
  work: { accepts: [A], emits: [B, C] },
  bs: { accepts: [collect(B)] },
  cs: { accepts: [collect(C)] },
  both: { accepts: [collect([B, C])] },
});
const joined = (run: Run) => ["bs", "cs", "both"].map((join) => run.inputs(join));

test("each gets its own kind, and one of whose kind there was none is told so", () => {
  const run = fannedOut(2, two);
  run.succeed("work", 2, B({ n: 1 }));
  expect(joined(run)).toEqual([[], [], []]);
  run.succeed("work", 3, B({ n: 2 }));
  expect(joined(run)).toEqual([[[1, 2]], [[]], [[1, 2]]]);
});

test("each is told when there was nothing at all", () => {
  const run = fannedOut(1, two);
  run.succeed("work", 2);
  expect(joined(run)).toEqual([[[]], [[]], [[]]]);
});

test("what they make of it comes together, whichever got nothing", () => {
  const paired = define({
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B, C] },
    bs: { accepts: [collect(B)], emits: [Bs] },
    cs: { accepts: [collect(C)], emits: [Cs] },
    pair: { accepts: [each(Bs, Cs)] },
  });
  const run = fannedOut(1, paired);
  run.succeed("work", 2, C({ n: 1 }));
  run.succeed("bs", 3, Bs({ n: 0 }));
  run.succeed("cs", 4, Cs({ n: 1 }));
  expect(run.inputs("pair")).toEqual([[0, 1]]);
});

test("one that only caught failures lead to is told that there were none", () => {
  const caught = define(
    {
      split: { accepts: [StartEvent], emits: [A, StopEvent] },
      work: { accepts: [A], emits: [B] },
      bs: { accepts: [collect(B)] },
      cs: { accepts: [collect(C)] },
    },
    {},
    (workflow) => workflow.catchError("rescue", { steps: ["work"], emits: [C] }, () => {}),
  );
  const run = fannedOut(2, caught);
  run.succeed("work", 2, B({ n: 1 }));
  run.fail("work", 3, t0 + 100);
  expect([run.inputs("bs"), run.inputs("cs")]).toEqual([[], []]);
  run.fire({ kind: "retry", step: "work", job: 3 }, t0 + 100);
  run.succeed("work", 3, B({ n: 2 }));
  expect([run.inputs("bs"), run.inputs("cs")]).toEqual([[[1, 2]], [[]]]);
});

test("one that the fan-out does not lead to is told nothing", () => {
  const apart = define({
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B] },
    bs: { accepts: [collect(B)], emits: [Bs] },
    other: { accepts: [Bs], emits: [C] },
    cs: { accepts: [collect(C)] },
  });
  const run = fannedOut(1, apart);
  run.succeed("work", 2);
  expect([run.inputs("bs"), run.inputs("cs")]).toEqual([[[]], []]);
});

test("one whose events come back as work is told like any other", () => {
  const again = define({
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B, C] },
    bs: { accepts: [collect(B)] },
    failed: { accepts: [collect(C)], emits: [A] },
  });
  const run = fannedOut(1, again);
  run.succeed("work", 2, B({ n: 1 }));
  expect([run.inputs("bs"), run.inputs("failed")]).toEqual([[[1]], [[]]]);
});

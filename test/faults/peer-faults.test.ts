/**
 * Faults of another server of this protocol, met by its users: how runs go. Each test would fail if
 * we had the fault. Those that show in HTTP are in `peer-faults-http.test.ts`.
 */
import { expect, test } from "bun:test";
import * as v from "valibot";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Event } from "../../src/workflow/event.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import { mistakesOf } from "../workflow/fixtures.ts";
import {
  Answer,
  Ask,
  Done,
  gate,
  Note,
  oneStep,
  rejectionOf,
  runStep,
  typesOf,
  Work,
} from "../runtime/fixtures.ts";
import { Process, settle } from "../runtime/process.ts";

const typesAndData = (events: readonly Event[]) => events.map(({ type, data }) => [type, data]);

test("1: a fan-out that is at work is not taken for idle, nor ended", async () => {
  const opened = gate();
  const signals: AbortSignal[] = [];
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work] }, (_event, context) => {
      for (const n of [1, 2]) context.sendEvent(Work({ n }));
    })
    .step("t", { accepts: [Work], emits: [Done] }, async (_event, { signal }) => {
      signals.push(signal);
      await opened.opened;
      return Done();
    })
    .step("u", { accepts: [Done], emits: [StopEvent] }, (event, context) =>
      context.collectEvents(event, [Done, Done]) ? StopEvent({ result: "both" }) : undefined,
    );
  await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await process.start("w");
  await process.advance(3_600);
  expect([signals.map(({ aborted }) => aborted), process.isInMemory(run)]).toEqual([
    [false, false],
    true,
  ]);
  expect(JSON.stringify(await process.stream(run, true))).not.toContain("WorkflowIdleEvent");
  opened.open();
  expect(await process.result(run)).toBe("both");
});

test("2: the timeouts of waits and of workflows hold also for a run that has left memory", async () => {
  const wait = oneStep(async (_event, context) => {
    const error = await rejectionOf(context.waitForEvent(Answer, { timeout: 600 }));
    return StopEvent({ result: error.split(":")[0] });
  });
  const whole = oneStep((_event, context) => context.waitForEvent(Answer), {}, { timeout: 600 });
  await using process = await Process.open({ wait, whole }, { idleMs: 1_000 });
  const runs = [await process.start("wait"), await process.start("whole")];
  await process.advance(599);
  expect(runs.map((run) => process.isInMemory(run))).toEqual([false, false]);
  await process.advance(2);
  expect(await process.result(runs[0]!)).toBe("wait_timed_out");
  expect((await process.record(runs[1]!)).error).toBe("Workflow timed out after 600s");
});

test("3: two waits for one type in one step get an event each", async () => {
  const run = runStep(async (_event, context) => {
    const first = await context.waitForEvent(Answer);
    const second = await context.waitForEvent(Answer);
    return StopEvent({ result: [first.data.n, second.data.n] });
  });
  for (const n of [1, 2]) await run.sendEvent(Answer({ n }));
  expect(await run).toEqual([1, 2]);
});

test("4: steps that need a resource at the same time for the first time all get it", async () => {
  const db = defineResource("db", {}, async () => {
    await Bun.sleep(2);
    return "db";
  });
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work] }, () => [1, 2, 3].map((n) => Work({ n })))
    .step("t", { accepts: [Work], emits: [Done], resources: { db } }, () => Done())
    .step("u", { accepts: [Done], emits: [StopEvent] }, (event, context) =>
      context.collectEvents(event, [Done, Done, Done]) ? StopEvent({ result: "all" }) : undefined,
    );
  expect(await workflow.run()).toBe("all");
});

test("5: elapsed time is the seconds since the first attempt, and bounds on it hold", async () => {
  const seen: number[] = [];
  const workflow = oneStep(
    (_event, { attempt }) => {
      seen.push(attempt.elapsedSeconds);
      throw new Error("busy");
    },
    { retry: { attempts: 99, delay: 2, within: 5 } },
  );
  await using process = await Process.open({ w: workflow });
  const run = await process.start("w");
  await process.advance(60);
  expect(seen).toEqual([0, 2, 4]);
  expect(await process.stream(run)).toMatchObject([
    ["WorkflowFailedEvent", { attempts: 3, elapsed_seconds: 4 }],
  ]);
});

test("6: a retry that is due later is made, whatever becomes of the process meanwhile", async () => {
  const workflow = oneStep(
    (_event, { attempt }) => {
      if (attempt.number === 1) throw new Error("busy");
      return StopEvent({ result: attempt.number });
    },
    { retry: { attempts: 2, delay: 50 } },
  );
  const first = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await first.start("w");
  await first.advance(20);
  await first.runtime.close();
  const { store, clock } = first;
  await using second = await Process.open({ w: workflow }, { store, clock, idleMs: 1_000 });
  await second.advance(29);
  expect((await second.record(run)).status).toBe("running");
  await second.advance(2);
  expect(await second.result(run)).toBe(2);
});

test("7: a result that cannot be serialised is a failure with an end, not a dead run", async () => {
  const run = runStep(() => StopEvent({ result: () => "behaviour" }));
  expect([await rejectionOf(run), await typesOf(run)]).toEqual([
    "run_failed: Expected `StopEvent.data.result` to be JSON, got a function: pass data, not behaviour.",
    ["WorkflowFailedEvent"],
  ]);
});

test("8: the end of an inner workflow, shown on the outer one's stream, ends nothing", async () => {
  const inner = oneStep(() => StopEvent({ result: "inner" }), {}, { name: "inner" });
  const outer = oneStep(
    async (_event, context) => {
      await context.runWorkflow(inner, {}, { events: true });
      context.writeEventToStream(StopEvent({ result: "written" }));
      await Bun.sleep(1);
      context.writeEventToStream(Note({ n: 1 }));
      return StopEvent({ result: "outer" });
    },
    { children: [inner] },
  );
  const run = outer.run();
  expect([typesAndData(await Array.fromAsync(run)), await run]).toEqual([
    [
      ["StopEvent", { result: "written" }],
      ["Note", { n: 1 }],
      ["StopEvent", { result: "outer" }],
    ],
    "outer",
  ]);
});

test("11: a run whose process died while it only waited goes on in the next one", async () => {
  const workflow = oneStep(async (_event, context) => {
    const { data } = await context.waitForEvent(Answer);
    return StopEvent({ result: data.n });
  });
  const first = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await first.start("w");
  await first.advance(10);
  // It is not closed: it is as if it had been killed.
  await using second = await Process.open({ w: workflow }, { store: first.store });
  await second.send(run, Answer({ n: 3 }));
  expect(await second.result(run)).toBe(3);
});

test("12: a run that never pauses cannot hold up its timeout, nor the timers of others", async () => {
  const spin = new Workflow({ timeout: 0.4 })
    .step("s", { accepts: [StartEvent], emits: [Work] }, () => Work())
    .step("t", { accepts: [Work], emits: [Work, StopEvent] }, () => Work());
  const waits = oneStep(async (_event, context) =>
    StopEvent({
      result: (await rejectionOf(context.waitForEvent(Answer, { timeout: 0.01 }))).split(":")[0],
    }),
  );
  const order: string[] = [];
  await Promise.all([
    rejectionOf(spin.run()).then((text) => order.push(text)),
    waits.run().then((text) => order.push(String(text))),
  ]);
  expect(order).toEqual(["wait_timed_out", "run_failed: Workflow timed out after 0.4s"]);
});

test("14: jobs of one step that wait at the same time ask a question each", async () => {
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work] }, () => [1, 2].map((n) => Work({ n })))
    .step(
      "t",
      { accepts: [Work], emits: [Done], waits: [Answer], prompts: [Ask] },
      async ({ data: { n } }, context) =>
        Done((await context.waitForEvent(Answer, { prompt: Ask({ n }), where: { n } })).data),
    )
    .step("u", { accepts: [Done], emits: [StopEvent] }, (event, context) => {
      const all = context.collectEvents(event, [Done, Done]);
      return all && StopEvent({ result: all.map(({ data }) => data.n) });
    });
  const run = workflow.run();
  const asked: unknown[] = [];
  for await (const event of run) {
    if (!Ask.is(event)) continue;
    asked.push(event.data.n);
    if (asked.length === 2) for (const n of [2, 1]) await run.sendEvent(Answer({ n }));
  }
  expect([asked, await run]).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test("15: the first wait before a retry is the delay itself", async () => {
  const at: number[] = [];
  const workflow = oneStep(
    () => {
      at.push(process.clock.now());
      throw new Error("busy");
    },
    { retry: { attempts: 4, delay: 1, backoff: "exponential" } },
  );
  await using process = await Process.open({ w: workflow });
  await process.start("w");
  await process.advance(60);
  expect(at.map((time) => (time - at[0]!) / 1_000)).toEqual([0, 1, 3, 7]);
});

test("16: an edit that fails leaves no trace, may read, and nothing read is shared", async () => {
  const workflow = oneStep(
    async (_event, { store }) => {
      const failed = await rejectionOf(
        store.edit(async (draft) => {
          draft["n"] = (await store.get("n")) as number;
          (draft["list"] as number[]).push(9);
          throw new Error("no");
        }),
      );
      ((await store.get("list")) as number[]).push(8);
      await store.set("items", "of the author");
      return StopEvent({ result: [failed, await store.get(), await store.get("items")] });
    },
    {},
    { state: { n: v.optional(v.number(), 1), list: v.optional(v.array(v.number()), [1]) } },
  );
  expect(await workflow.run()).toEqual([
    "Error: no",
    { n: 1, list: [1], items: "of the author" },
    "of the author",
  ]);
});

test("21: an extension of what a step accepts is not lost in silence", async () => {
  const Child = Work.extend("Child", {});
  const flow = (subtypes: boolean) =>
    new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Child] }, () => Child())
      .step("t", { accepts: [Work], emits: [StopEvent], subtypes }, (event) =>
        StopEvent({ result: event.type }),
      );
  expect(mistakesOf(flow(false))[0]).toContain(
    "A step accepts its parent `Work`, but steps take exactly the types that they name",
  );
  expect(await flow(true).run()).toBe("Child");
});

test("23: an answer that comes before its wait is kept for it", async () => {
  const opened = gate();
  const run = runStep(async (_event, context) => {
    await opened.opened;
    return StopEvent({ result: (await context.waitForEvent(Answer)).data.n });
  });
  await run.sendEvent(Answer({ n: 5 }));
  await settle();
  opened.open();
  expect(await run).toBe(5);
});

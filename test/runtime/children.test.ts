/** Workflows that a step runs: runs of their own that belong to it. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import type { AnyWorkflow } from "../../src/workflow/definition.ts";
import { Answer, Ask, Note, type OneStep, oneStep, rejectionOf, Work } from "./fixtures.ts";
import { titled } from "../support/titles.ts";
import { Process, settle } from "./process.ts";

const Sum = StartEvent.extend("Sum", { a: v.number(), b: v.number() });
const Total = StopEvent.extend("Total", { total: v.number() });

const adder = new Workflow({ name: "adder" }).step(
  "add",
  { accepts: [Sum], emits: [Total] },
  ({ data: { a, b } }) => Total({ total: a + b }),
);

/** Asks for a number, and gives it. */
const asker = oneStep(
  async (_event, context) => {
    context.writeEventToStream(Ask({ n: 1 }));
    return StopEvent({ result: (await context.waitForEvent(Answer)).data.n });
  },
  {},
  { name: "asker" },
);

const breaker = oneStep(
  () => {
    throw new RangeError("too far");
  },
  {},
  { name: "breaker" },
);

/** A workflow whose only step does this with its children. */
function parentOf(
  children: readonly AnyWorkflow[],
  work: (context: StepContext) => unknown,
  step: object = {},
): OneStep {
  return oneStep(async (_event, context) => StopEvent({ result: (await work(context)) ?? null }), {
    children,
    ...step,
  });
}

/** The run that a step of another has started. */
async function childOf(process: Process, workflowName: string) {
  const runs = await process.store.listHandlers({ workflowNames: [workflowName] });
  const run = runs[0];
  if (!run) throw new Error("There is no child.");
  return run;
}

describe("a child", () => {
  test("gets its input checked, and gives its result", async () => {
    const workflow = new Workflow().step(
      "s",
      { accepts: [StartEvent], emits: [StopEvent], children: [adder] },
      async (_event, context) => {
        const { data } = await context.runWorkflow(adder, { a: 2, b: 3 });
        return StopEvent({ result: data.total });
      },
    );
    expect(await workflow.run()).toBe(5);
    const wrong = parentOf([adder], (context) => context.runWorkflow(adder, { a: 2 } as never));
    expect(await rejectionOf(wrong.run())).toBe(
      'run_failed: Event `Sum` is not valid. `b`: Invalid key: Expected "b" but received undefined.',
    );
  });

  test("that fails throws in the step that runs it, which may go on", async () => {
    const failing = parentOf([breaker], (context) => context.runWorkflow(breaker, {}));
    expect(await rejectionOf(failing.run())).toBe("run_failed: too far");
    const going = parentOf([breaker], (context) => rejectionOf(context.runWorkflow(breaker, {})));
    expect(await going.run()).toBe("run_failed: too far");
  });

  test("has to be named by the step that runs it", async () => {
    const workflow = parentOf([], (context) => context.runWorkflow(adder, { a: 1, b: 1 }));
    expect(await rejectionOf(workflow.run())).toBe(
      "run_failed: Step `s` runs a workflow that it does not name. Put it in the `children` of the step.",
    );
  });

  test("is a run of its own, with a handler, under its parent's name and its own", async () => {
    const workflow = parentOf([asker], (context) => context.runWorkflow(asker, {}));
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    const child = await childOf(process, "w.asker");
    expect([child.status, child.runId.startsWith(run.runId)]).toEqual(["running", true]);
    await process.send(child, Answer({ n: 4 }));
    expect([await process.result(run), (await process.record(child)).status]).toEqual([
      4,
      "completed",
    ]);
  });

  test("one of many runs at the same time as the others", async () => {
    const workflow = parentOf([adder], async (context) => {
      const results = await Promise.all(
        [1, 2, 3].map((a) => context.runWorkflow(adder, { a, b: 10 })),
      );
      return results.map(({ data }) => data.total);
    });
    expect(await workflow.run()).toEqual([11, 12, 13]);
  });

  test("is run once per key, whatever becomes of the attempts of the step", async () => {
    let runs = 0;
    const counted = oneStep(() => StopEvent({ result: ++runs }), {}, { name: "counted" });
    const workflow = parentOf(
      [counted],
      async (context) => {
        const result = await context.runWorkflow(counted, {}, { key: "k" });
        if (context.attempt.number < 3) throw new Error("after the child");
        return result;
      },
      { retry: { attempts: 3, delay: 0 } },
    );
    expect([await workflow.run(), runs]).toEqual([1, 1]);
  });

  test("has an id of its own for each key, whatever is in it", async () => {
    const keys = ["Müller", "Möller", "a b", "a/b", "a-b", "日本", "中国"];
    const workflow = parentOf([adder], async (context) => {
      const run = (key: string, a: number) => context.runWorkflow(adder, { a, b: 0 }, { key });
      return (await Promise.all(keys.map(run))).map(({ data }) => data.total);
    });
    expect(await workflow.run()).toEqual([...keys.keys()]);
  });

  test("has the same id in every version, by which a step finds the child that it had started", async () => {
    const workflow = parentOf([adder], async (context) => {
      for (const options of [{ key: "plain" }, { key: "a b" }, {}, {}]) {
        await context.runWorkflow(adder, { a: 1, b: 2 }, options);
      }
    });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.result(run);
    const children = await process.store.listHandlers({ workflowNames: ["w.adder"] });
    expect(children.map(({ runId }) => runId.replace(run.runId, "parent"))).toEqual([
      "parent.1.1.plain",
      "parent.1.1.a-b-c8687a08aa5d",
      "parent.1.1.w-adder-3",
      "parent.1.1.w-adder-4",
    ]);
  });

  test("may be served by itself too, and goes by that name", async () => {
    const workflow = parentOf([adder, breaker], async (context) => {
      const { data } = await context.runWorkflow(adder, { a: 1, b: 2 });
      return [data.total, await rejectionOf(context.runWorkflow(breaker, {}))];
    });
    await using process = await Process.open({ adder, w: workflow });
    const run = await process.start("w");
    expect(await process.result(run)).toEqual([3, "run_failed: too far"]);
    expect((await childOf(process, "adder")).status).toBe("completed");
    expect((await childOf(process, "w.breaker")).status).toBe("failed");
  });

  test("may be of the same workflow as its parent", async () => {
    const children: AnyWorkflow[] = [];
    const countdown: OneStep = oneStep(
      async ({ data }, { runWorkflow }) => {
        const left = Number(data["left"]);
        if (left > 0) await runWorkflow(countdown, { left: left - 1 });
        return StopEvent({ result: left });
      },
      { children },
    );
    children.push(countdown);
    expect(await countdown.run({ left: 3 })).toBe(3);
  });

  test("has to be told by its name from the others of its parent, unless it is served", async () => {
    const [one, other] = [1, 2].map((result) => oneStep(() => StopEvent({ result }))) as [
      OneStep,
      OneStep,
    ];
    const workflow = parentOf([one, other], (context) => context.runWorkflow(other, {}));
    const refusal =
      "definition_invalid: Expected the children of workflow `w` to have a name each, " +
      'but two are called `w.workflow`. Give each its own: `new Workflow({ name: "…" })`.';
    expect(await rejectionOf(Process.open({ w: workflow }))).toBe(refusal);
    expect(await rejectionOf(workflow.run())).toBe(refusal.replaceAll("`w", "`workflow"));
    await using process = await Process.open({ w: workflow, other });
    expect(await process.result(await process.start("w"))).toBe(2);
  });

  test("may run children itself", async () => {
    const middle = parentOf([adder], async (context) => {
      const { data } = await context.runWorkflow(adder, { a: 1, b: 2 });
      return data.total * 10;
    });
    const workflow = parentOf([middle], (context) => context.runWorkflow(middle, {}));
    expect(await workflow.run()).toBe(30);
  });
});

describe("the events of a child", () => {
  const chatty = oneStep(
    (_event, context) => {
      for (const n of [1, 2]) context.writeEventToStream(Note({ n }));
      return StopEvent({ result: "inner" });
    },
    {},
    { name: "chatty" },
  );
  const types = async (options: { readonly events?: boolean }) => {
    const workflow = parentOf([chatty], async (context) => {
      await context.runWorkflow(chatty, {}, options);
      context.writeEventToStream(Note({ n: 3 }));
      return "outer";
    });
    const run = workflow.run();
    const shown = await Array.fromAsync(run, ({ type, data }): unknown => [type, data]);
    return { shown, result: await run };
  };

  test("are shown on its parent's stream where that is asked for, but never its end", async () => {
    expect(await types({ events: true })).toEqual({
      shown: [
        ["Note", { n: 1 }],
        ["Note", { n: 2 }],
        ["Note", { n: 3 }],
        ["StopEvent", { result: "outer" }],
      ],
      result: "outer",
    });
  });

  test.each(titled([{}, { events: false }]))("are its own with %s", async (_title, options) => {
    expect(await types(options)).toEqual({
      shown: [
        ["Note", { n: 3 }],
        ["StopEvent", { result: "outer" }],
      ],
      result: "outer",
    });
  });
});

describe("when its parent ends", () => {
  test.each(["cancel", "timeout", "failure"])("a child is cancelled: by %s", async (how) => {
    const workflow = new Workflow({ timeout: 60 })
      .step(
        "s",
        { accepts: [StartEvent], emits: [Work, StopEvent], children: [asker] },
        async (_event, context) => {
          context.sendEvent(Work());
          return StopEvent({ result: await context.runWorkflow(asker, {}) });
        },
      )
      .step(
        "t",
        { accepts: [Work], emits: [StopEvent], waits: [Answer] },
        async (_event, context) => {
          await context.waitForEvent(Answer);
          throw new Error("elsewhere");
        },
      );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    if (how === "cancel") await process.cancel(run);
    else if (how === "failure") await process.send(run, Answer());
    else await process.advance(60);
    await settle();
    expect((await childOf(process, "w.asker")).status).toBe("cancelled");
    expect((await process.record(run)).status).toBe(how === "cancel" ? "cancelled" : "failed");
  });

  test("a child of a child is cancelled too", async () => {
    const middle = parentOf([asker], (context) => context.runWorkflow(asker, {}));
    const workflow = parentOf([middle], (context) => context.runWorkflow(middle, {}));
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    await process.cancel(run);
    await settle();
    expect((await childOf(process, "w.workflow.asker")).status).toBe("cancelled");
  });
});

test("a step whose time is over ends the child that it was waiting for, and starts another", async () => {
  const workflow = parentOf([asker], (context) => context.runWorkflow(asker, {}), {
    timeout: 1,
    retry: { attempts: 2, delay: 1 },
  });
  await using process = await Process.open({ w: workflow });
  const run = await process.start("w");
  const statuses = async () =>
    (await process.store.listHandlers({})).map(({ status }) => status).toSorted();
  await process.advance(1);
  expect(await statuses()).toEqual(["cancelled", "running"]);
  await process.advance(1);
  expect(await statuses()).toEqual(["cancelled", "running", "running"]);
  const [, , second] = await process.store.listHandlers({});
  await process.send(second!, Answer({ n: 8 }));
  expect(await process.result(run)).toBe(8);
});

test("children need no place of their own: their parent has one for them", async () => {
  const narrow = new Workflow({ name: "narrow", concurrency: 1 }).step(
    "s",
    { accepts: [StartEvent], emits: [StopEvent] },
    () => StopEvent({ result: 1 }),
  );
  const workflow = parentOf([narrow], (context) =>
    Promise.all([context.runWorkflow(narrow, {}), context.runWorkflow(narrow, {})]),
  );
  await using process = await Process.open({ w: workflow }, { concurrency: 1 });
  expect(await process.result(await process.start("w"))).toEqual([1, 1]);
});

describe("in the next process", () => {
  test("a step finds the child that it had started, and its result", async () => {
    let started = 0;
    const counted = oneStep(
      async (_event, context) => {
        await context.run("count", () => ++started);
        return StopEvent({ result: (await context.waitForEvent(Answer)).data.n });
      },
      {},
      { name: "counted" },
    );
    const workflow = parentOf([counted], (context) => context.runWorkflow(counted, {}));
    const first = await Process.open({ w: workflow });
    const run = await first.start("w");
    await settle();
    await first.runtime.close();
    await using second = await Process.open({ w: workflow }, { store: first.store });
    await settle();
    const child = await childOf(second, "w.counted");
    await second.send(child, Answer({ n: 6 }));
    expect([await second.result(run), started]).toEqual([6, 1]);
    expect(await second.store.listHandlers({})).toHaveLength(2);
  });

  test("a child that rests is cancelled if its parent has ended just before", async () => {
    const workflow = parentOf([asker], (context) => context.runWorkflow(asker, {}));
    const first = await Process.open({ w: workflow }, { idleMs: 0 });
    const { store } = first;
    const run = await first.start("w");
    await settle();
    await first.runtime.close();
    const outcome = { status: "cancelled", result: null, error: null, completedAt: 1 } as const;
    const epoch = await store.claim(run.runId);
    await store.commit(run.runId, epoch, { ticks: [], events: [], outcome });
    expect(await childOf(first, "w.asker")).toMatchObject({ status: "running", isResting: true });
    await using second = await Process.open({ w: workflow }, { store });
    await settle();
    expect((await childOf(second, "w.asker")).status).toBe("cancelled");
  });

  test("a child that rests takes no place: its parent has one", async () => {
    const workflow = parentOf([asker], (context) => context.runWorkflow(asker, {}));
    const first = await Process.open({ w: workflow }, { concurrency: 2, idleMs: 0 });
    const { store } = first;
    await first.start("w");
    await settle();
    await first.runtime.close();
    expect(await childOf(first, "w.asker")).toMatchObject({ isResting: true });
    await using second = await Process.open({ w: workflow }, { store, concurrency: 2 });
    const other = await second.start("w");
    await settle();
    expect(await second.stream(other, true)).not.toContainEqual(["WorkflowQueuedEvent", {}]);
  });

  test("the events of a child are shown on from where they were, none twice", async () => {
    const talker = oneStep(
      async (_event, context) => {
        await context.run("first", () => context.writeEventToStream(Note({ n: 1 })));
        const { data } = await context.waitForEvent(Answer);
        context.writeEventToStream(Note(data));
        return StopEvent();
      },
      {},
      { name: "talker" },
    );
    const workflow = parentOf([talker], (context) =>
      context.runWorkflow(talker, {}, { events: true }),
    );
    const first = await Process.open({ w: workflow });
    const run = await first.start("w");
    await settle();
    await first.runtime.close();
    await using second = await Process.open({ w: workflow }, { store: first.store });
    await settle();
    await second.send(await childOf(second, "w.talker"), Answer({ n: 2 }));
    await second.result(run);
    expect(await second.stream(run)).toEqual([
      ["Note", { n: 1 }],
      ["Note", { n: 2 }],
      ["StopEvent", {}],
    ]);
  });
});

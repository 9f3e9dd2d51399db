/** Time: of a step, of a workflow; and a function that goes on when its time is over. */
import { describe, expect, test } from "bun:test";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import { Answer, Done, gate, Note, oneStep, rejectionOf, runStep, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

const never = (): Promise<never> => new Promise(() => {});

describe("the timeout of a step", () => {
  test("ends an attempt that never settles, and is its failure", async () => {
    await using process = await Process.open({ w: oneStep(never, { timeout: 1.5 }) });
    const run = await process.start("w");
    await process.advance(1.499);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.001);
    const { status, error } = await process.record(run);
    expect([status, error]).toEqual(["failed", "Step `s` took longer than its timeout of 1.5 s."]);
  });

  test("raises the function's signal, with the reason", async () => {
    const reasons: unknown[] = [];
    const workflow = oneStep(
      (_event, { signal }) => {
        signal.addEventListener("abort", () => reasons.push(signal.reason.name));
        return never();
      },
      { timeout: 1 },
    );
    await using process = await Process.open({ w: workflow });
    await process.start("w");
    await process.advance(1);
    expect(reasons).toEqual(["TimeoutError"]);
  });

  test("is each attempt's own", async () => {
    let attempts = 0;
    const workflow = oneStep(
      (_event, { attempt }) => {
        attempts = attempt.number;
        return attempt.number < 3 ? never() : StopEvent({ result: attempt.number });
      },
      { timeout: 1, retry: { attempts: 3, delay: 1 } },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(3);
    expect(attempts).toBe(2);
    await process.advance(1);
    expect(await process.result(run)).toBe(3);
  });

  test("stands still while the function waits for an event, and goes on with the rest", async () => {
    const workflow = oneStep(
      async (_event, context) => {
        await context.waitForEvent(Answer);
        return never();
      },
      { timeout: 1 },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(3_600);
    await process.send(run, Answer());
    await process.advance(0.999);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.001);
    expect((await process.record(run)).status).toBe("failed");
  });

  test("counts what a function did before its wait, and not the wait", async () => {
    const work = gate();
    const workflow = oneStep(
      async (_event, context) => {
        await work.opened;
        await context.waitForEvent(Answer);
        return never();
      },
      { timeout: 4 },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(3);
    work.open();
    await process.advance(60);
    await process.send(run, Answer());
    await process.advance(0.999);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.001);
    expect((await process.record(run)).status).toBe("failed");
  });

  test("stands still in a wait also after two waits that ended at once", async () => {
    const workflow = oneStep(
      async (_event, context) => {
        await Promise.all([context.waitForEvent(Answer), context.waitForEvent(Answer)]);
        await context.waitForEvent(Answer);
        return StopEvent();
      },
      { timeout: 1 },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    await Promise.all([process.send(run, Answer()), process.send(run, Answer())]);
    await process.advance(60);
    expect((await process.record(run)).status).toBe("running");
    expect(process.clock.nextAt).toBeNull();
  });

  test("does not come to an attempt that has ended", async () => {
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work], timeout: 1 }, () => Work())
      .step("t", { accepts: [Work], emits: [StopEvent] }, never);
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(0.5);
    expect([(await process.record(run)).status, process.clock.nextAt]).toEqual(["running", null]);
  });
});

describe("the timeout of a workflow", () => {
  test("ends a run with a function that never settles, and names the step", async () => {
    await using process = await Process.open({ w: oneStep(never, {}, { timeout: 2 }) });
    const run = await process.start("w");
    await process.advance(2);
    expect(await process.stream(run)).toEqual([
      ["WorkflowTimedOutEvent", { timeout: 2, active_steps: ["s"] }],
    ]);
    expect(await rejectionOf(process.result(run))).toBe("run_failed: Workflow timed out after 2s");
  });

  test("counts the time that it waits", async () => {
    const workflow = oneStep((_event, context) => context.waitForEvent(Answer), {}, { timeout: 2 });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(1.999);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.001);
    expect((await process.record(run)).status).toBe("failed");
  });

  test("is kept by a run that never pauses", async () => {
    const spin = new Workflow({ timeout: 0.05 })
      .step("begin", { accepts: [StartEvent], emits: [Work] }, () => Work())
      .step("turn", { accepts: [Work], emits: [Work, StopEvent] }, () => Work());
    const start = performance.now();
    expect(await rejectionOf(spin.run())).toBe("run_failed: Workflow timed out after 0.05s");
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test("of a run that never pauses lets the others go on", async () => {
    const spin = new Workflow({ timeout: 0.4 })
      .step("begin", { accepts: [StartEvent], emits: [Work] }, () => Work())
      .step("turn", { accepts: [Work], emits: [Work, StopEvent] }, () => Work());
    const order: string[] = [];
    const busy = spin.run().then(null, () => order.push("busy"));
    const other = runStep(() => StopEvent()).then(() => order.push("other"));
    await Promise.all([busy, other]);
    expect(order).toEqual(["other", "busy"]);
  });
});

describe("a function that goes on after its step has ended", () => {
  /** A context that its function has left behind, by a timeout. */
  async function leftBehind(): Promise<StepContext> {
    let left: StepContext | undefined;
    const workflow = oneStep(
      (_event, context) => {
        left ??= context;
        return never();
      },
      { timeout: 1, retry: { attempts: 2, delay: 100 } },
    );
    await using process = await Process.open({ w: workflow });
    await process.start("w");
    await process.advance(1);
    return left!;
  }

  const reason = "TimeoutError: Step `s` took longer than its timeout of 1 s.";
  const calls: readonly (readonly [what: string, call: (context: StepContext) => unknown])[] = [
    ["show an event", (context) => context.writeEventToStream(Note())],
    ["send an event", (context) => context.sendEvent(StopEvent())],
    ["collect events", (context) => context.collectEvents(StopEvent(), [StopEvent, StopEvent])],
    ["wait for an event", (context) => context.waitForEvent(Answer)],
    ["do an effect", (context) => context.run("k", () => 1)],
    ["change the state", (context) => context.store.set("n", 1)],
    ["edit the state", (context) => context.store.edit((draft) => void (draft["n"] = 1))],
  ];

  test.each(calls)("cannot %s any more", async (_what, call) => {
    const context = await leftBehind();
    expect(await rejectionOf(Promise.try(() => call(context)))).toBe(reason);
  });

  test("does no effect any more: the next attempt does it", async () => {
    const context = await leftBehind();
    let isDone = false;
    await rejectionOf(context.run("k", () => void (isDone = true)));
    expect(isDone).toBe(false);
  });

  test("has no part in the run: the next attempt goes on alone", async () => {
    const contexts: StepContext[] = [];
    const workflow = oneStep(
      async (_event, context) => {
        contexts.push(context);
        if (context.attempt.number === 1) return never();
        await context.store.set("by", "second");
        return StopEvent({ result: await context.store.get("by") });
      },
      { timeout: 1, retry: { attempts: 2, delay: 0 } },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(1);
    expect(await rejectionOf(contexts[0]!.store.set("by", "first"))).toContain("TimeoutError");
    expect(await process.result(run)).toBe("second");
  });
});

/** A rejection that nobody heard would fail these tests, and end a process. */
describe("what is left of a step that nobody waits for any more", () => {
  test("waits that the function did not look at", async () => {
    const run = runStep((_event, context) => {
      void context.waitForEvent(Answer);
      void context.waitForEvent(Done);
      return StopEvent({ result: 1 });
    });
    expect(await run).toBe(1);
    await settle();
  });

  test("a function that fails after its time", async () => {
    const opened = gate();
    const late = async (): Promise<void> => {
      await opened.opened;
      throw new Error("too late");
    };
    await using process = await Process.open({ w: oneStep(late, { timeout: 1 }) });
    const run = await process.start("w");
    await process.advance(1);
    opened.open();
    await settle();
    expect((await process.record(run)).error).toBe("Step `s` took longer than its timeout of 1 s.");
  });

  test("a function whose wait is over because its run has ended, and cleans up after itself", async () => {
    const reasons: unknown[] = [];
    const run = runStep(async (_event, context) => {
      try {
        await context.waitForEvent(Answer);
      } catch (error) {
        reasons.push((error as Error).message);
        throw error;
      }
    });
    await settle();
    await run.cancel();
    await settle();
    expect([reasons, await rejectionOf(run)]).toEqual([
      ["The run has ended."],
      "run_failed: The run was cancelled.",
    ]);
  });

  test("a resource that cannot be made after the step's time", async () => {
    const opened = gate();
    const slow = defineResource("slow", {}, async () => {
      await opened.opened;
      throw new Error("too late");
    });
    const workflow = oneStep(() => StopEvent(), { timeout: 1, resources: { slow } });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(1);
    opened.open();
    await settle();
    expect((await process.record(run)).status).toBe("failed");
  });

  test("a run whose result nobody asks for", async () => {
    runStep(() => {
      throw new Error("kaboom");
    });
    await settle();
  });
});

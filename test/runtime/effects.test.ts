/** `ctx.run`: an effect that is done once per job and key, whatever becomes of the attempts. */
import { describe, expect, test } from "bun:test";

import { Workflow } from "../../src/runtime/workflow.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, Done, oneStep, rejectionOf, runStep, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** A store that takes its time, and tells what it has stored. */
class SlowStore extends MemoryStore {
  readonly stored: unknown[] = [];
  override async commit(...write: Parameters<Store["commit"]>): Promise<void> {
    await super.commit(...write);
    this.stored.push(write[2].ticks);
  }
}

describe("an effect", () => {
  test("gives its value to the function, as frozen data", async () => {
    const run = runStep(async (_event, context) => {
      const value = await context.run("k", async () => ({ id: [1] }));
      return StopEvent({ result: [value, Object.isFrozen(value), Object.isFrozen(value.id)] });
    });
    expect(await run).toEqual([{ id: [1] }, true, true]);
  });

  test("that gives nothing gives null", async () => {
    const run = runStep(async (_event, context) => {
      const value: unknown = await context.run("k", () => {});
      return StopEvent({ result: [value] });
    });
    expect(await run).toEqual([null]);
  });

  test("that has returned is not done again by the next attempt, which gets its value", async () => {
    let done = 0;
    const run = runStep(
      async (_event, context) => {
        const value = await context.run("pay", () => ++done);
        if (context.attempt.number < 3) throw new Error("after the effect");
        return StopEvent({ result: value });
      },
      { retry: { attempts: 3, delay: 0 } },
    );
    expect([await run, done]).toEqual([1, 1]);
  });

  test("that has failed is done again by the next attempt; its failure is the step's", async () => {
    let tries = 0;
    const run = runStep(
      async (_event, context) => {
        const value = await context.run("pay", () => {
          if (++tries < 3) throw new Error("no connection");
          return tries;
        });
        return StopEvent({ result: value });
      },
      { retry: { attempts: 3, delay: 0 } },
    );
    expect([await run, tries]).toEqual([3, 3]);
    const failing = runStep((_event, context) =>
      context.run("pay", () => {
        throw new Error("no connection");
      }),
    );
    expect(await rejectionOf(failing)).toBe("run_failed: no connection");
  });

  test("may fail and be done without, in the same attempt", async () => {
    const run = runStep(async (_event, context) => {
      const value = await context
        .run("pay", (): string => {
          throw new Error("no connection");
        })
        .catch(() => "cash");
      return StopEvent({ result: value });
    });
    expect(await run).toBe("cash");
  });

  test("is not done again when its function goes on after a wait, also in another process", async () => {
    let done = 0;
    const workflow = oneStep(async (_event, context) => {
      const value = await context.run("pay", () => ++done);
      await context.waitForEvent(Answer);
      return StopEvent({ result: [value, await context.run("mail", () => ++done)] });
    });
    const first = await Process.open({ w: workflow });
    const run = await first.start("w");
    await settle();
    await first.runtime.close();
    await using second = await Process.open({ w: workflow }, { store: first.store });
    await second.send(run, Answer());
    expect([await second.result(run), done]).toEqual([[1, 2], 2]);
  });

  test("is each job's own: the same key in another is another effect", async () => {
    const done: number[] = [];
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, (_event, context) => {
        for (const n of [1, 2]) context.sendEvent(Work({ n }));
      })
      .step("t", { accepts: [Work], emits: [Done] }, async ({ data }, context) =>
        Done({ n: await context.run("k", () => done.push(data.n)) }),
      )
      .step("u", { accepts: [Done], emits: [StopEvent] }, (event, context) => {
        const all = context.collectEvents(event, [Done, Done]);
        return all && StopEvent({ result: all.map(({ data }) => data.n).toSorted() });
      });
    expect([await workflow.run(), done.toSorted()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test("is known to be stored when its function goes on", async () => {
    const store = new SlowStore();
    const workflow = oneStep(async (_event, context) => {
      await context.run("k", () => "kept");
      return StopEvent({ result: JSON.stringify(store.stored).includes("kept") });
    });
    await using process = await Process.open({ w: workflow }, { store });
    expect(await process.result(await process.start("w"))).toBe(true);
  });

  test.each<readonly [what: string, value: unknown, got: string]>([
    ["a class", new Map(), "a Map: use plain objects, arrays, strings and numbers"],
    ["behaviour", { f: () => 1 }, "a function: pass data, not behaviour"],
  ])("that gives %s fails: only data can be kept", async (_what, value, got) => {
    const path = typeof value === "object" && value && "f" in value ? ".f" : "";
    expect(await rejectionOf(runStep((_event, context) => context.run("k", () => value)))).toBe(
      `run_failed: Expected \`ctx.run("k")${path}\` to be JSON, got ${got}.`,
    );
  });
});

describe("a key", () => {
  const reused =
    "run_failed: Step `s` called `ctx.run` twice with the key `pay`. " +
    "A key stands for one effect: number them, as in `pay-1`.";

  test("stands for one effect in an attempt", async () => {
    let done = 0;
    const run = runStep(async (_event, context) => {
      await context.run("pay", () => ++done);
      await context.run("pay", () => ++done);
    });
    expect([await rejectionOf(run), done]).toEqual([reused, 1]);
  });

  test("stands for one effect also while that is under way", async () => {
    const run = runStep((_event, context) =>
      Promise.all([context.run("pay", () => 1), context.run("pay", () => 2)]),
    );
    expect(await rejectionOf(run)).toBe(reused);
  });

  test.each<readonly [what: string, call: (context: { run: Function }) => unknown, got: string]>([
    ["no key", ({ run }) => run(() => 1), "a function and `undefined`"],
    ["no function", ({ run }) => run("pay"), 'the text "pay" and `undefined`'],
  ])("with %s is refused", async (_what, call, got) => {
    expect(await rejectionOf(runStep((_event, context) => call(context)))).toBe(
      `run_failed: Step \`s\`: expected \`ctx.run\` to get a key and a function, got ${got}.`,
    );
  });

  test("may be any text", async () => {
    const keys = ["", "constructor", "__proto__", "toString", "a b/c"];
    const run = runStep(
      async (_event, context) => {
        const values = [];
        for (const key of keys) values.push(await context.run(key, () => key));
        if (context.attempt.number < 2) throw new Error("once more");
        return StopEvent({ result: values });
      },
      { retry: { attempts: 2, delay: 0 } },
    );
    expect(await run).toEqual(keys);
  });
});

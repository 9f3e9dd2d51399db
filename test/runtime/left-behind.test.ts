/** Functions that go on beside a wait when their run has left memory: what they still may do. */
import { expect, test } from "bun:test";

import { WorkflowError } from "../../src/base/errors.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { AnyWorkflow } from "../../src/workflow/definition.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { Answer, gate, Note, oneStep, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** Does an effect beside its waits; the first call is held up before it. */
function charging(): {
  readonly workflow: AnyWorkflow;
  /** The calls that have done the effect. */
  readonly charged: number[];
  readonly goOn: () => void;
} {
  const work = gate();
  const charged: number[] = [];
  let calls = 0;
  const workflow = oneStep(
    async (_event, context) => {
      const call = ++calls;
      const ready = call === 1 ? work.opened : Promise.resolve();
      const effect = ready.then(() => context.run("charge", () => charged.push(call)));
      await Promise.all([effect, context.waitForEvent(Answer)]);
      await context.waitForEvent(Answer);
      return StopEvent({ result: await effect });
    },
    { waits: [Answer] },
  );
  return { workflow, charged, goOn: () => work.open() };
}

const options = { idleMs: 1_000 };

test("an effect beside a wait brings the run back before it is done", async () => {
  const { workflow, charged, goOn } = charging();
  await using process = await Process.open({ w: workflow }, options);
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  goOn();
  await settle();
  expect([process.isInMemory(run), charged]).toEqual([true, [1]]);
  for (const n of [1, 2]) await process.send(run, Answer({ n }));
  expect([await process.result(run), charged]).toEqual([1, [1]]);
});

test("an effect that the next call has done is not done by the call that was left behind", async () => {
  const { workflow, charged, goOn } = charging();
  await using process = await Process.open({ w: workflow }, options);
  const run = await process.start("w");
  await process.advance(2);
  await process.send(run, Answer({ n: 1 }));
  await settle();
  expect([process.isInMemory(run), charged]).toEqual([true, [2]]);
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  goOn();
  await settle();
  expect([process.isInMemory(run), charged]).toEqual([false, [2]]);
  await process.send(run, Answer({ n: 2 }));
  expect([await process.result(run), charged]).toEqual([1, [2]]);
});

test("an effect of a run that was cancelled while it rested is not done", async () => {
  const { workflow, charged, goOn } = charging();
  await using process = await Process.open({ w: workflow }, options);
  const run = await process.start("w");
  await process.advance(2);
  await process.runtime.cancel(run);
  goOn();
  await settle();
  expect(charged).toEqual([]);
});

test("the effects after it are stored once each, as in a run that never left", async () => {
  class Counting extends MemoryStore {
    readonly commits: number[] = [];
    override commit(...write: Parameters<Store["commit"]>): Promise<void> {
      this.commits.push(write[2].ticks.length);
      return super.commit(...write);
    }
  }
  const work = gate();
  const workflow = oneStep(async (_event, context) => {
    const charge = async (): Promise<void> => {
      await work.opened;
      for (const key of ["one", "two", "three"]) await context.run(key, () => key);
    };
    await Promise.all([charge(), context.waitForEvent(Answer)]);
    return StopEvent();
  });
  const store = new Counting();
  await using process = await Process.open({ w: workflow }, { ...options, store });
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  store.commits.length = 0;
  work.open();
  await settle();
  // That the run is back, and then what each has returned.
  expect(store.commits).toEqual([0, 1, 1, 1]);
});

test("an effect of a run that ends as it is brought back is not done", async () => {
  const [stopping, charging] = [gate(), gate()];
  let isCharged = false;
  const on = { accepts: [StartEvent], waits: [Answer] };
  const workflow = new Workflow()
    .step("charge", { ...on, emits: [] }, async (_event, context) => {
      const effect = charging.opened.then(() => context.run("it", () => void (isCharged = true)));
      await Promise.all([effect, context.waitForEvent(Answer)]);
    })
    .step("stop", { ...on, emits: [StopEvent] }, async (_event, context) => {
      await Promise.race([stopping.opened, context.waitForEvent(Answer)]);
      // As this is on its way to the store, the effect asks it, and goes with the end.
      context.writeEventToStream(Note({ n: 1 }));
      await Promise.resolve();
      charging.open();
      return StopEvent({ result: "stopped" });
    });
  await using process = await Process.open({ w: workflow }, options);
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  stopping.open();
  expect(await process.result(run)).toBe("stopped");
  await settle();
  expect(isCharged).toBe(false);
});

/** Stores what it is given, and says once that it has not. */
class LyingStore extends MemoryStore {
  lies = false;
  override async commit(...write: Parameters<Store["commit"]>): Promise<void> {
    await super.commit(...write);
    if (!this.lies) return;
    this.lies = false;
    throw new WorkflowError("store_failed", "The disk has failed.");
  }
}

test("what is sent beside a wait is worked on, also if it was stored in a commit that failed", async () => {
  const work = gate();
  const workflow = new Workflow()
    .step(
      "ask",
      { accepts: [StartEvent], emits: [Work], waits: [Answer] },
      async (_event, context) => {
        const sent = work.opened.then(() => context.sendEvent(Work({ n: 7 })));
        await Promise.all([sent, context.waitForEvent(Answer)]);
      },
    )
    .step("work", { accepts: [Work], emits: [StopEvent] }, ({ data: { n } }) =>
      StopEvent({ result: n }),
    );
  const store = new LyingStore();
  await using process = await Process.open({ w: workflow }, { ...options, store });
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  store.lies = true;
  work.open();
  await settle();
  expect(store.lies).toBe(false);
  await process.advance(60);
  expect((await process.record(run)).status).toBe("completed");
  expect(await process.result(run)).toBe(7);
});

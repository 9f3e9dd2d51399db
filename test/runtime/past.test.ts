/**
 * A function that starts again, since its run had left memory, comes by all that it did once more:
 * it is done already. It is shown the state as it was before each of its changes.
 */
import { expect, test } from "bun:test";

import { MemoryStore } from "../../src/store/memory.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, type Body, Note, oneStep, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** The numbers of the notes that such a step has shown. */
async function shown(body: Body, answers: number): Promise<readonly unknown[]> {
  await using process = await Process.open({ w: oneStep(body) }, { idleMs: 1_000 });
  const run = await process.start("w");
  for (let n = 1; n <= answers; n++) {
    await process.advance(2);
    await process.send(run, Answer({ n }));
  }
  await process.result(run);
  const stream = (await process.stream(run)) as readonly (readonly [string, { n?: number }])[];
  return stream.filter(([type]) => type === "Note").map(([, value]) => value.n);
}

/** What a step comes to that is called once more for each answer, with what it has seen. */
async function result(body: Body, answers: number): Promise<unknown> {
  await using process = await Process.open({ w: oneStep(body) }, { idleMs: 1_000 });
  const run = await process.start("w");
  for (let n = 1; n <= answers; n++) {
    await process.advance(2);
    expect(process.isInMemory(run)).toBe(false);
    await process.send(run, Answer({ n }));
  }
  return await process.result(run);
}

test("what was changed before a wait is not changed again after it", async () => {
  const counting: Body = async (_event, { store, waitForEvent }) => {
    const seen = [await store.get("count", 0)];
    seen.push(await store.edit((draft) => (draft["count"] = Number(draft["count"] ?? 0) + 1)));
    await store.edit(() => {}); // Changes nothing, and is told nowhere.
    await waitForEvent(Answer);
    await store.set("count", Number(await store.get("count")) * 10);
    seen.push(await store.get("count"));
    await waitForEvent(Answer);
    await store.set("list", seen);
    await store.clear();
    return StopEvent({ result: [...seen, await store.get("list", "cleared")] });
  };
  expect(await result(counting, 2)).toEqual([0, 1, 10, "cleared"]);
});

test("a function that comes to something else goes its own way, on the state as it is", async () => {
  let calls = 0;
  const restless: Body = async (_event, { store, waitForEvent }) => {
    await store.edit((draft) => (draft["total"] = Number(draft["total"] ?? 0) + ++calls));
    await store.set("last", calls);
    await waitForEvent(Answer);
    return StopEvent({ result: await store.get() });
  };
  // Called with 0 at first; then, for a comparison, with 0 and 2; then in earnest, with 1 and 3.
  expect(await result(restless, 1)).toEqual({ total: 4, last: 3 });
});

test("what was shown before a wait is not shown again after it", async () => {
  const telling: Body = async (_event, context) => {
    context.writeEventToStream(Note({ n: 1 }));
    context.log("info", "asked", { at: Math.random() });
    context.writeEventToStream(Note({ n: 1 }));
    await context.waitForEvent(Answer);
    context.writeEventToStream(Note({ n: 2 }));
    await context.waitForEvent(Answer);
    return StopEvent();
  };
  expect(await shown(telling, 2)).toEqual([1, 1, 2]);
});

test("what is shown otherwise than before is shown, and all that comes after it", async () => {
  let calls = 0;
  const restless: Body = async (_event, context) => {
    context.writeEventToStream(Note({ n: 0 }));
    context.writeEventToStream(Note({ n: ++calls }));
    context.writeEventToStream(Note({ n: 9 }));
    await context.waitForEvent(Answer);
    return StopEvent();
  };
  expect(await shown(restless, 1)).toEqual([0, 1, 9, 2, 9]);
});

test("what is sent otherwise than before is sent, to whom it is meant for", async () => {
  let calls = 0;
  const sends = [
    [1, "t"],
    [2, "t"],
    [2, "u"],
  ] as const;
  const note: Body = ({ data }, { store, stepName }) =>
    store.edit((draft) => {
      draft["seen"] = [...((draft["seen"] ?? []) as unknown[]), `${stepName} ${data["n"]}`];
    });
  const workflow = new Workflow()
    .step(
      "s",
      { accepts: [StartEvent], emits: [Work, StopEvent], waits: [Answer] },
      async (_event, context) => {
        const [n, step] = sends[calls++] ?? [0, "t"];
        context.sendEvent(Work({ n }), { step });
        await context.waitForEvent(Answer);
        await context.waitForEvent(Answer);
        await context.waitForEvent(Answer);
        return StopEvent({ result: await context.store.get("seen") });
      },
    )
    .step("t", { accepts: [Work], emits: [] }, note as () => undefined)
    .step("u", { accepts: [Work], emits: [] }, note as () => undefined);
  await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await process.start("w");
  for (let n = 0; n < 3; n++) {
    // The last answer comes while it is in memory.
    await process.advance(n < 2 ? 2 : 0);
    await process.send(run, Answer());
  }
  expect([await process.result(run), calls]).toEqual([["t 1", "t 2", "u 2"], 3]);
});

test("another attempt makes its changes anew", async () => {
  const body: Body = async (_event, { store, attempt }) => {
    const count = await store.edit((draft) => (draft["count"] = Number(draft["count"] ?? 0) + 1));
    if (attempt.number < 3) throw new Error("once more");
    return StopEvent({ result: count });
  };
  expect(await oneStep(body, { retry: { attempts: 3, delay: 0 } }).run()).toBe(3);
});

test("what others have changed meanwhile is seen once it has caught up", async () => {
  const workflow = oneStep(
    async (_event, { store, sendEvent, waitForEvent }) => {
      await store.set("own", 1);
      sendEvent(Work({ n: 5 }));
      const early = await store.get("other", "nothing");
      await waitForEvent(Answer);
      return StopEvent({ result: [early, await store.get("own"), await store.get("other")] });
    },
    { emits: [StopEvent, Work] },
  ).step("other", { accepts: [Work], emits: [] }, ({ data }, { store }) =>
    store.set("other", data.n),
  );
  await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await process.start("w");
  await process.advance(2);
  await process.send(run, Answer());
  const [, own, other] = (await process.result(run)) as unknown[];
  expect([own, other]).toEqual([1, 5]);
});

test("a function whose run has ended while its story was read is not called, stored or not", async () => {
  const reading = Promise.withResolvers<void>();
  const writing = Promise.withResolvers<void>();
  class Slow extends MemoryStore {
    isSlow = false;
    override async readTicks(...asked: Parameters<MemoryStore["readTicks"]>) {
      await reading.promise;
      return super.readTicks(...asked);
    }
    override async commit(...write: Parameters<MemoryStore["commit"]>): Promise<void> {
      if (this.isSlow) await writing.promise;
      return super.commit(...write);
    }
  }
  let calls = 0;
  const store = new Slow();
  const workflow = oneStep(async (_event, { waitForEvent, writeEventToStream }) => {
    calls++;
    writeEventToStream(Note());
    return StopEvent({ result: (await waitForEvent(Answer)).data.n });
  });
  await using process = await Process.open({ w: workflow }, { store, idleMs: 1_000 });
  const run = await process.start("w");
  await process.advance(2);
  await process.send(run, Answer());
  store.isSlow = true;
  const cancelled = process.cancel(run);
  await settle();
  reading.resolve();
  await settle();
  expect(calls).toBe(1);
  writing.resolve();
  expect(await cancelled).toBe(true);
  expect([calls, (await process.record(run)).status]).toEqual([1, "cancelled"]);
});

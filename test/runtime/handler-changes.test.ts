/** What somebody who watches the list of handlers is told, and what not. */
import { expect, test } from "bun:test";

import { HandlerChanges, type HandlerChange } from "../../src/runtime/handler-changes.ts";
import { WorkflowError } from "../../src/base/errors.ts";
import { pruneIntervalMsMin } from "../../src/base/limits.ts";
import { toSummary } from "../../src/runtime/story.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { RunRecord, RunSummary } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, Note, oneStep } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

const summaryOf = (handlerId: string) =>
  toSummary({ runId: `run-${handlerId}`, handlerId, workflowName: "w", startedAt: 1 });

/** Changes in a word or two each, as a reader that keeps up gets them. */
function watch(changes: HandlerChanges) {
  const stop = new AbortController();
  const told: string[] = [];
  const reading = (async () => {
    for await (const batch of changes.follow(stop.signal)) told.push(...batch.map(wordsOf));
  })();
  return { told, end: () => (stop.abort(), reading) };
}

function wordsOf(change: HandlerChange): string {
  if (change.kind === "deleted") return `${change.handlerId} deleted`;
  const { handlerId, status } = change.run;
  return `${handlerId} ${status}${change.isAsking ? ", asks" : ""}`;
}

test("a run is told of when it starts, asks, asks no more and ends, and not with each event", async () => {
  const process = await Process.open({
    w: oneStep(async (_event, context) => {
      context.writeEventToStream(Note({ n: 1 }));
      await context.run("first", () => 1);
      for (let count = 0; count < 2; count++) {
        await context.waitForEvent(Answer);
        await context.run(`between-${count}`, () => context.writeEventToStream(Note({ n: 2 })));
      }
      return StopEvent();
    }),
  });
  const { told, end } = watch(process.runtime.changes);
  const run = await process.start("w", {}, { handlerId: "h" });
  await settle();
  expect(told).toEqual(["h running", "h running, asks"]);
  await process.send(run, Answer());
  await settle();
  expect(told.slice(2)).toEqual(["h running", "h running, asks"]);
  await process.send(run, Answer());
  await settle();
  expect(told.slice(4)).toEqual(["h running", "h completed"]);
  await process.runtime.delete("h");
  // How a run has ended is told once, also where it asked until then.
  const other = await process.start("w", {}, { handlerId: "other" });
  await settle();
  await process.cancel(other);
  await settle();
  await end();
  expect(told.slice(6)).toEqual([
    ...["h deleted", "other running", "other running, asks", "other cancelled"],
  ]);
});

test("a change says when it was", async () => {
  const process = await Process.open({
    w: oneStep(async (_event, context) => {
      await context.waitForEvent(Answer, { timeout: 5 }).catch(() => {});
      await context.waitForEvent(Answer);
      return StopEvent();
    }),
  });
  const stop = new AbortController();
  const changes = process.runtime.changes.follow(stop.signal);
  const next = changes.next();
  await settle();
  const run = await process.start("w");
  await settle();
  const told = [...((await next).value ?? [])];
  await process.advance(5);
  told.push(...((await changes.next()).value ?? []));
  const times = told.map((one) => one.kind === "changed" && one.run.updatedAt - run.startedAt);
  expect([told.map((one) => wordsOf(one).split(" ").slice(1).join(" ")), times]).toEqual([
    ["running", "running, asks"],
    [0, 5_000],
  ]);
  stop.abort();
});

test("a reader that is slow is owed each handler once, as it is now, in the order of the changes", async () => {
  const changes = new HandlerChanges();
  const stop = new AbortController();
  const reader = changes.follow(stop.signal);
  const first = reader.next();
  changes.changed(summaryOf("a"), false);
  expect((await first).value?.map(wordsOf)).toEqual(["a running"]);
  changes.changed(summaryOf("a"), false);
  changes.changed(summaryOf("b"), false);
  changes.changed(summaryOf("c"), false);
  changes.deleted("c");
  changes.changed(summaryOf("a"), true);
  expect((await reader.next()).value?.map(wordsOf)).toEqual([
    ...["b running", "c deleted", "a running, asks"],
  ]);
  const waiting = reader.next();
  stop.abort();
  expect((await waiting).done).toBe(true);
});

test("a run that is deleted before its end is answered is told of as deleted, at the last", async () => {
  const answered = Promise.withResolvers<void>();
  class Slow extends MemoryStore {
    override async commit(...[runId, epoch, commit]: Parameters<MemoryStore["commit"]>) {
      await super.commit(runId, epoch, commit);
      if (commit.outcome) await answered.promise;
    }
  }
  const process = await Process.open(
    { w: oneStep(() => StopEvent()) },
    { store: new Slow(), retention: { keepMs: null, keepMax: 0 } },
  );
  const { told, end } = watch(process.runtime.changes);
  await process.start("w", {}, { handlerId: "h" });
  await settle();
  await process.advance(pruneIntervalMsMin / 1000);
  expect(await process.store.getHandler("h")).toBeUndefined();
  answered.resolve();
  await settle();
  await end();
  expect(told).toEqual(["h running", "h deleted"]);
});

test("that a run asks is told when it is stored, and not before", async () => {
  const held: PromiseWithResolvers<void>[] = [];
  class Held extends MemoryStore {
    override async commit(...args: Parameters<MemoryStore["commit"]>) {
      const gate = Promise.withResolvers<void>();
      held.push(gate);
      await gate.promise;
      return super.commit(...args);
    }
  }
  const work = oneStep(async (_event, { run, waitForEvent, writeEventToStream }) => {
    await run("first", () => 1);
    writeEventToStream(Note({ n: 1 }));
    await Promise.resolve();
    await waitForEvent(Answer);
    return StopEvent();
  });
  const process = await Process.open({ w: work }, { store: new Held() });
  const { told, end } = watch(process.runtime.changes);
  await process.start("w", {}, { handlerId: "h" });
  await settle();
  // While a commit is on its way, it comes to its wait, which is stored with the next.
  while (held.length < 3) {
    held.at(-1)?.resolve();
    await settle();
  }
  expect(told).toEqual(["h running"]);
  held.at(-1)?.resolve();
  await settle();
  await end();
  expect(told.at(-1)).toBe("h running, asks");
});

test("an end that was stored, though nobody was told so, is told when that is found out", async () => {
  class Odd extends MemoryStore {
    override async commit(...[runId, epoch, commit]: Parameters<MemoryStore["commit"]>) {
      await super.commit(runId, epoch, commit);
      if (commit.outcome) throw new WorkflowError("store_failed", "Nobody knows.");
    }
  }
  const process = await Process.open({ w: oneStep(() => StopEvent()) }, { store: new Odd() });
  const { told, end } = watch(process.runtime.changes);
  await process.start("w", {}, { handlerId: "h" });
  await process.advance(1);
  await end();
  expect(told).toEqual(["h running", "h completed"]);
});

test("a run that was started just before its handler was deleted goes with it", async () => {
  class Late extends MemoryStore {
    between: (() => Promise<unknown>) | undefined;
    override async delete(handlerId: string) {
      await this.between?.();
      return super.delete(handlerId);
    }
  }
  const store = new Late();
  const { process, told, end } = await openOnceCancelled(store);
  let second: RunSummary | undefined;
  store.between = async () => (second = await process.start("w", {}, { handlerId: "h" }));
  expect(await process.runtime.delete("h")).toBe(true);
  await settle();
  expect(process.runtime.inspect(second?.runId ?? "")).toBeUndefined();
  await end();
  expect(told.at(-1)).toBe("h deleted");
});

test("so does one whose start is answered after that, with an event on its way", async () => {
  class Slow extends MemoryStore {
    answered: Promise<void> | undefined;
    /** What the next look at the handler finds: it was under way before the start. */
    found: RunRecord | undefined;
    override async getHandler(handlerId: string) {
      const { found } = this;
      this.found = undefined;
      return found ?? super.getHandler(handlerId);
    }
    override async create(...args: Parameters<MemoryStore["create"]>) {
      await super.create(...args);
      await this.answered;
    }
  }
  const store = new Slow();
  const { process, told, end, first } = await openOnceCancelled(store);
  const record = await process.record(first);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.answered = promise;
  const request = { workflowName: "w", event: StartEvent(), handlerId: "h", runId: "second" };
  const starting = process.runtime.start(request);
  await settle();
  const sending = process.runtime.send({ ...record, runId: "second" }, Answer(), null);
  store.found = record;
  const deleting = process.runtime.delete("h");
  await settle();
  resolve();
  await Promise.allSettled([starting, sending, deleting]);
  await settle();
  await end();
  expect(told.at(-1)).toBe("h deleted");
});

test("a reader that has gone is told nothing, and holds nobody up", async () => {
  const changes = new HandlerChanges();
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) =>
    void listeners.delete(listener);
  const gone = changes.follow(signal);
  const first = gone.next();
  changes.changed(summaryOf("a"), false);
  await first;
  expect(listeners.size).toBe(1);
  await gone.return();
  expect(listeners.size).toBe(0);
  const refs = Array.from({ length: 100 }, (_, index) => {
    const run = summaryOf(`h${index}`);
    changes.changed(run, false);
    return new WeakRef(run);
  });
  await settle();
  Bun.gc(true);
  // The collector may miss a few.
  expect(refs.filter((ref) => ref.deref()).length).toBeLessThan(50);
  const { told, end } = watch(changes);
  changes.changed(summaryOf("b"), false);
  await settle();
  await end();
  expect(told).toEqual(["b running"]);
});

/** A workflow that waits for an answer, and a handler `h` whose run was cancelled. */
async function openOnceCancelled(store: MemoryStore) {
  const work = oneStep(async (_event, { waitForEvent }) => {
    await waitForEvent(Answer);
    return StopEvent();
  });
  const process = await Process.open({ w: work }, { store });
  const { told, end } = watch(process.runtime.changes);
  const first = await process.start("w", {}, { handlerId: "h" });
  await settle();
  await process.cancel(first);
  return { process, told, end, first };
}

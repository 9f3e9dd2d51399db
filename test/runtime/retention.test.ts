/** Runs that have ended go when they need not be kept, and no sooner. */
import { describe, expect, test } from "bun:test";

import { pruneHandlersMax, pruneIntervalMsMax, pruneIntervalMsMin } from "../../src/base/limits.ts";
import { type Retention, startRetention } from "../../src/runtime/retention.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { createFakeClock } from "../http/fake-clock.ts";

/** Runs that have ended at these times, one after another. */
async function keep(
  ends: readonly number[],
  retention: Partial<Retention>,
  store = new MemoryStore(),
) {
  const end = async (completedAt: number, index: number): Promise<void> => {
    const run = { runId: `r${index}`, handlerId: `h${index}`, workflowName: "w", startedAt: 0 };
    const outcome = { status: "completed", result: "null", error: null, completedAt } as const;
    await store.create(run, { ticks: [], events: [], outcome });
  };
  await Promise.all(ends.map(end));
  const clock = createFakeClock();
  const deleted: string[] = [];
  const lines: string[] = [];
  const stop = startRetention(
    store,
    clock,
    (level, message) => void lines.push(`${level} ${message}`),
    { keepMs: null, keepMax: null, ...retention },
    (handlerIds) => void deleted.push(...handlerIds),
  );
  await clock.turn();
  const left = async () => (await store.listHandlers({})).map(({ handlerId }) => handlerId);
  return { store, clock, deleted, lines, stop, left };
}

describe("runs that have ended", () => {
  test("are kept for ever, unless somebody says otherwise", async () => {
    const { clock, left, stop } = await keep([0, 0], {});
    await clock.advance(10 * pruneIntervalMsMin);
    expect([await left(), clock.pending]).toEqual([["h0", "h1"], 0]);
    stop();
  });

  test("go once they have been kept for as long as was asked, and whoever lists them is told", async () => {
    const keepMs = 2 * pruneIntervalMsMin;
    const { clock, left, deleted, lines } = await keep([-keepMs - 1, -keepMs, 5], { keepMs });
    expect([await left(), deleted]).toEqual([["h1", "h2"], ["h0"]]);
    expect(lines).toEqual(["info 1 ended runs were deleted: they need not be kept."]);
    await clock.advance(pruneIntervalMsMin);
    expect(await left()).toEqual(["h2"]);
    await clock.advance(pruneIntervalMsMin);
    expect(await left()).toEqual(["h2"]);
    await clock.advance(pruneIntervalMsMin);
    expect([await left(), deleted]).toEqual([[], ["h0", "h1", "h2"]]);
  });

  test.each([
    [{ keepMs: 60_000 }, 6_000],
    [{ keepMs: 86_400_000 }, pruneIntervalMsMax],
    [{ keepMs: 86_400_000, keepMax: 5 }, pruneIntervalMsMin],
    [{ keepMax: 20_000 }, 20_000],
    [{ keepMax: 1_000_000 }, pruneIntervalMsMax],
  ])(
    "are looked for the more seldom, the longer or the more are kept: %j",
    async (asked, after) => {
      const { clock, store } = await keep([], asked);
      let looks = 0;
      store.prune = async () => (looks++, []);
      await clock.advance(after - 1);
      expect(looks).toBe(0);
      await clock.advance(1);
      expect(looks).toBe(1);
    },
  );

  test("go when there are more than were asked for, however many those are", async () => {
    const count = 2 * pruneHandlersMax + 3;
    const { left, lines } = await keep(
      Array.from({ length: count }, (_, index) => index),
      { keepMax: 2 },
    );
    expect(await left()).toEqual([`h${count - 2}`, `h${count - 1}`]);
    expect(lines.length).toBe(3);
  });
});

test("what could not be deleted is deleted later, and the log says why", async () => {
  class Broken extends MemoryStore {
    isBroken = true;
    override prune(...pruning: Parameters<MemoryStore["prune"]>): Promise<readonly string[]> {
      return this.isBroken ? Promise.reject(new Error("No.")) : super.prune(...pruning);
    }
  }
  const store = new Broken();
  const { clock, left, lines } = await keep([0], { keepMax: 0 }, store);
  expect([await left(), lines]).toEqual([["h0"], ["error Ended runs could not be deleted."]]);
  store.isBroken = false;
  await clock.advance(pruneIntervalMsMin - 1);
  expect(await left()).toEqual(["h0"]);
  await clock.advance(1);
  expect(await left()).toEqual([]);
});

test("the file is made shorter for as long as there is something to gain", async () => {
  class Large extends MemoryStore {
    parts = 3;
    override async shrink(): Promise<boolean> {
      return --this.parts > 0;
    }
  }
  const store = new Large();
  await keep([0], { keepMax: 0 }, store);
  expect(store.parts).toBe(0);
});

test("a process that closes deletes nothing more, and says nothing", async () => {
  class Slow extends MemoryStore {
    readonly under: PromiseWithResolvers<readonly string[]>[] = [];
    override prune(): Promise<readonly string[]> {
      const pruning = Promise.withResolvers<readonly string[]>();
      this.under.push(pruning);
      return pruning.promise;
    }
    override async shrink(): Promise<boolean> {
      throw new Error("The store is closed.");
    }
  }
  const answers: ((of: PromiseWithResolvers<readonly string[]>) => void)[] = [
    ({ resolve }) => resolve(["h0"]),
    ({ reject }) => reject(new Error("The store is closed.")),
  ];
  for (const answer of answers) {
    const store = new Slow();
    const { clock, stop, lines } = await keep([], { keepMax: 0 }, store);
    stop();
    for (const pruning of store.under) answer(pruning);
    await clock.advance(3 * pruneIntervalMsMin);
    const errors = lines.filter((line) => line.startsWith("error"));
    expect([store.under.length, errors, clock.pending]).toEqual([1, [], 0]);
  }
  const { clock, stop, left } = await keep([0], { keepMs: pruneIntervalMsMin });
  stop();
  expect(clock.pending).toBe(0);
  await clock.advance(3 * pruneIntervalMsMin);
  expect(await left()).toEqual(["h0"]);
});

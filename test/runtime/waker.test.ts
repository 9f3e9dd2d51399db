/** Resting runs are woken when they are due: by one timer for all of them, and again if it fails. */
import { describe, expect, test } from "bun:test";

import { wakesMax } from "../../src/base/limits.ts";
import { Waker } from "../../src/runtime/waker.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { createFakeClock } from "../http/fake-clock.ts";
import { TestClock } from "../../src/testing/test-clock.ts";
import { Answer, oneStep } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** Runs that rest until these times; one that is woken rests no more, as if it had gone on. */
async function wakeAt(times: readonly (number | null)[]) {
  const clock = createFakeClock();
  const woken: string[] = [];
  const errors: unknown[] = [];
  class Counting extends MemoryStore {
    looks = 0;
    isBroken = false;
    override async listDue(...asked: Parameters<MemoryStore["listDue"]>) {
      this.looks++;
      if (this.isBroken) throw new Error("The store is away.");
      return super.listDue(...asked);
    }
  }
  const store = new Counting();
  const rest = async (runId: string, at: number | null): Promise<void> => {
    const run = { runId, handlerId: runId, workflowName: "w", startedAt: 0 };
    await store.create(run, { ticks: [], events: [], rest: { wakeAt: at } });
  };
  await Promise.all(times.map((at, index) => rest(`r${index}`, at)));
  const waker = new Waker({
    clock,
    store,
    wake: (runId) => {
      woken.push(`${runId} at ${clock.now()}`);
      void store.commit(runId, 1, { ticks: [], events: [], rest: null });
    },
    onError: (error) => void errors.push(error),
  });
  await waker.start();
  return { clock, store, waker, woken, errors, rest };
}

describe("runs that rest", () => {
  test("are woken when they are due, and one timer stands for all of them", async () => {
    const { clock, woken } = await wakeAt([1_000, null, 300, 300]);
    expect(clock.pending).toBe(1);
    await clock.advance(299);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual(["r2 at 300", "r3 at 300"]);
    expect(clock.pending).toBe(1);
    await clock.advance(10_000);
    expect(woken.slice(2)).toEqual(["r0 at 1000"]);
    expect(clock.pending).toBe(0);
  });

  test("may come to rest for a shorter time than those before them", async () => {
    const { clock, waker, woken, rest } = await wakeAt([1_000]);
    for (const [runId, at] of [["sooner", 200] as const, ["later", 5_000] as const]) {
      await rest(runId, at);
      waker.consider(at);
    }
    waker.consider(null);
    expect(clock.pending).toBe(1);
    await clock.advance(1_000);
    expect(woken).toEqual(["sooner at 200", "r0 at 1000"]);
    await clock.advance(4_000);
    expect(woken.slice(2)).toEqual(["later at 5000"]);
  });

  test("come in parts when there are many, with room for others in between", async () => {
    const { clock, store, woken } = await wakeAt(Array(2 * wakesMax + 1).fill(10));
    await clock.advance(10);
    expect([woken.length, store.looks]).toEqual([wakesMax, 1]);
    await clock.advance(0);
    expect(store.looks).toBe(1);
    await clock.advance(1_000);
    expect([woken.length, new Set(woken).size, store.looks]).toEqual([
      ...[2 * wakesMax + 1, 2 * wakesMax + 1, 3],
    ]);
  });

  test("are looked up again when the store has failed", async () => {
    const { clock, store, woken, errors } = await wakeAt([100]);
    store.isBroken = true;
    await clock.advance(500);
    expect([errors.length, store.looks, woken]).toEqual([1, 1, []]);
    store.isBroken = false;
    await clock.advance(1_000);
    expect([woken, errors.length]).toEqual([["r0 at 1100"], 1]);
  });

  test("are left alone by a process that is closed, also while it looks them up", async () => {
    const { clock, store, waker, woken, errors } = await wakeAt([100]);
    waker.stop();
    waker.consider(50);
    expect(clock.pending).toBe(0);
    const other = await wakeAt([100]);
    other.store.isBroken = true;
    other.store.listDue = async () => {
      other.waker.stop();
      throw new Error("The store is closed.");
    };
    await other.clock.advance(1_000);
    expect([woken, errors, store.looks, other.errors, other.clock.pending]).toEqual([
      ...[[], [], 0, [], 0],
    ]);
  });
});

test("a run that is due and whose workflow nobody knows goes on where somebody does", async () => {
  const workflow = oneStep(async (_event, { waitForEvent }) => {
    await waitForEvent(Answer, { timeout: 5 }).catch(() => {});
    return StopEvent({ result: "late" });
  });
  const first = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const { store, clock } = first;
  const run = await first.start("w");
  await first.advance(2);
  await first.runtime.close();
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level} ${message}`);
  const stranger = await Process.open({ other: oneStep(() => StopEvent()) }, { store, clock, log });
  await stranger.advance(60);
  expect(lines).toEqual(["warn A run of `w` is left alone: there is no such workflow."]);
  expect((await stranger.record(run)).status).toBe("running");
  await stranger.runtime.close();
  const last = await Process.open({ w: workflow }, { store, clock, idleMs: 1_000 });
  await last.advance(1);
  expect(await last.result(run)).toBe("late");
  await last.runtime.close();
});

test("such a run rests again where somebody does, and is woken in time, also if the clock was set back", async () => {
  const asking = oneStep(async (_event, context) => {
    await context.waitForEvent(Answer, { timeout: 60 });
    return StopEvent();
  });
  const store = new MemoryStore();
  const start = Date.UTC(2026, 0, 1);
  const first = await Process.open(
    { w: asking },
    { store, idleMs: 1_000, clock: new TestClock(start) },
  );
  const run = await first.start("w");
  await first.advance(2);
  await first.runtime.close();
  const second = await Process.open({}, { store, clock: new TestClock(start + 70_000) });
  await second.advance(1);
  expect((await second.record(run)).isResting).toBe(false);
  await second.runtime.close();
  const clock = new TestClock(start + 30_000);
  await using third = await Process.open({ w: asking }, { store, idleMs: 1_000, clock });
  await settle();
  expect((await third.record(run)).isResting).toBe(true);
  await third.advance(2);
  expect(third.isInMemory(run)).toBe(false);
  await third.advance(40);
  expect((await third.record(run)).status).toBe("failed");
});

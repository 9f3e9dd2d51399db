/** When a run whose store has failed is looked at again. */
import { describe, expect, test } from "bun:test";

import { parkedRunRetryMs, parkedRunRetryMsMax, storeProbeMs } from "../../src/base/limits.ts";
import { Alarms } from "../../src/runtime/alarms.ts";
import { createFakeClock } from "../http/fake-clock.ts";

function createAlarms() {
  const clock = createFakeClock();
  const rung: string[] = [];
  const probed: string[] = [];
  const store: { answer: boolean | Promise<boolean> } = { answer: false };
  const alarms = new Alarms({
    clock,
    due: (runId) => void rung.push(`${runId} at ${clock.now()}`),
    isStoreBack: async (runId) => {
      probed.push(`${runId} at ${clock.now()}`);
      return store.answer;
    },
  });
  return { clock, rung, probed, store, alarms };
}

test("each failure in a row is waited out twice as long, up to a limit", async () => {
  const { clock, alarms } = createAlarms();
  const delays: number[] = [];
  for (let failures = 0; failures < 10; failures++) {
    delays.push(alarms.set("r", false));
    await clock.advance(parkedRunRetryMsMax);
  }
  const doubled = [1, 2, 4, 8, 16, 32, 64].map((times) => times * parkedRunRetryMs);
  expect(delays).toEqual([...doubled, ...Array(3).fill(parkedRunRetryMsMax)]);
});

test("it rings once, when the time is over, and for the newest failure alone", async () => {
  const { clock, rung, alarms } = createAlarms();
  alarms.set("r", false);
  await clock.advance(parkedRunRetryMs - 1);
  expect(rung).toEqual([]);
  const delayMs = alarms.set("r", false);
  await clock.advance(delayMs - 1);
  expect(rung).toEqual([]);
  await clock.advance(parkedRunRetryMsMax);
  expect(rung).toEqual([`r at ${parkedRunRetryMs - 1 + delayMs}`]);
});

test("a run that goes well again is not looked at, and its failures are forgotten", async () => {
  const { clock, rung, alarms } = createAlarms();
  alarms.set("r", false);
  alarms.set("other", false);
  alarms.cancel("r");
  await clock.advance(parkedRunRetryMs);
  expect(rung).toEqual([`other at ${parkedRunRetryMs}`]);
  expect(alarms.set("r", false)).toBe(parkedRunRetryMs);
});

test("a process that is closed looks at nothing any more", async () => {
  const { clock, rung, probed, alarms } = createAlarms();
  alarms.set("r", false);
  alarms.set("other", true);
  alarms.clear();
  expect(clock.pending).toBe(0);
  await clock.advance(parkedRunRetryMsMax);
  expect([rung, probed, alarms.set("r", false)]).toEqual([[], [], parkedRunRetryMs]);
});

describe("while the store is cut off", () => {
  /** Runs that have failed so often already, so that their own times are far. */
  async function cutOff(...runIds: readonly string[]) {
    const made = createAlarms();
    for (let failures = 0; failures < 9; failures++) {
      for (const runId of runIds) made.alarms.set(runId, false);
    }
    for (const runId of runIds) made.alarms.set(runId, true);
    return made;
  }

  test("one run asks for it, now and then, and the others are left alone", async () => {
    const { clock, rung, probed } = await cutOff("a", "b");
    await clock.advance(2 * storeProbeMs);
    expect(probed).toEqual([`a at ${storeProbeMs}`, `a at ${2 * storeProbeMs}`]);
    expect(rung).toEqual([]);
  });

  test("nobody waits any longer once it is back, but for those who failed otherwise", async () => {
    const { clock, rung, probed, store, alarms } = await cutOff("a", "b");
    for (let failures = 0; failures < 9; failures++) alarms.set("c", false);
    store.answer = true;
    await clock.advance(storeProbeMs);
    expect(rung).toEqual([`a at ${storeProbeMs}`, `b at ${storeProbeMs}`]);
    await clock.advance(parkedRunRetryMsMax);
    expect(probed).toEqual([`a at ${storeProbeMs}`]);
    expect(rung.slice(2)).toEqual([`c at ${parkedRunRetryMsMax}`]);
  });

  test("who fails again as soon as it is back waits as long as it would have, once", async () => {
    const { clock, rung, probed, store, alarms } = await cutOff("a");
    store.answer = true;
    await clock.advance(storeProbeMs);
    expect(alarms.set("a", true)).toBe(parkedRunRetryMsMax);
    await clock.advance(parkedRunRetryMsMax);
    expect(rung).toEqual([`a at ${storeProbeMs}`, `a at ${storeProbeMs + parkedRunRetryMsMax}`]);
    expect(probed.length).toBe(1);
    alarms.set("a", true);
    await clock.advance(storeProbeMs);
    expect([probed.length, rung.length]).toEqual([2, 3]);
  });

  test("nobody asks for it when there is nobody to ask for", async () => {
    const { clock, probed, alarms } = await cutOff("a");
    alarms.cancel("a");
    await clock.advance(storeProbeMs);
    expect([probed, clock.pending]).toEqual([[], 0]);
    for (let failures = 0; failures < 9; failures++) alarms.set("b", true);
    await clock.advance(storeProbeMs);
    expect(probed).toEqual([`b at ${2 * storeProbeMs}`]);
  });

  test.each([true, false])(
    "a process that is closed while it asks is left alone (%p)",
    async (isBack) => {
      const { clock, rung, probed, store, alarms } = await cutOff("a");
      const answer = Promise.withResolvers<boolean>();
      store.answer = answer.promise;
      await clock.advance(storeProbeMs);
      expect(probed.length).toBe(1);
      alarms.clear();
      answer.resolve(isBack);
      await clock.turn();
      expect([rung, clock.pending]).toEqual([[], 0]);
    },
  );
});

/** Who goes on at once when a process starts, who has to wait, and for how long. */
import { describe, expect, test } from "bun:test";

import {
  crashesMax,
  killHoldAloneMs,
  killHoldMs,
  killsAlone,
  killSliceMs,
  killSlices,
  killsMax,
  killTrialMs,
} from "../../src/base/limits.ts";
import type { LogFields } from "../../src/base/log.ts";
import { recover } from "../../src/runtime/recovery.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Legacy, RunRecord, Store } from "../../src/store/store.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { TestClock } from "../../src/testing/test-clock.ts";
import { createFakeClock } from "../http/fake-clock.ts";
import { Answer, gate, oneStep, rejectionOf } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** How the process before has ended: by a step of a run, by a kill, or in order. */
type Death = { readonly by: string } | "kill" | "none";

/** A store that remembers it. */
class Remembering extends MemoryStore {
  readonly #death: Death;

  constructor(death: Death) {
    super();
    this.#death = death;
  }

  override async open(): Promise<Legacy> {
    const death = this.#death;
    if (typeof death === "string") return { wasClosed: death === "none" };
    return { wasClosed: false, culprit: { runId: death.by, step: "s", job: 0, attempt: 1 } };
  }
}

type Counts = Readonly<Record<string, { readonly crashes?: number; readonly kills?: number }>>;

/** Runs with so many crashes or kills each, and a process that takes them up. */
async function start(death: Death, runs: Counts, store: MemoryStore = new Remembering(death)) {
  for (const [runId, { crashes = 0, kills = 0 }] of Object.entries(runs)) {
    const run = { runId, handlerId: runId, workflowName: "w", startedAt: 1 };
    await store.create(run, { ticks: [], events: [] });
    if (crashes + kills > 0) await store.setDeaths(runId, { crashes, kills });
  }
  const clock = createFakeClock();
  const went: string[] = [];
  const failed: string[] = [];
  const lines: string[] = [];
  const told: LogFields[] = [];
  const suspects: string[] = [];
  const stop = new AbortController();
  const getsSomewhere = new Map<string, () => void>();
  await recover({
    store,
    legacy: await store.open(),
    clock,
    log: (_level, message, fields) => {
      lines.push(message);
      if (fields) told.push(fields);
    },
    signal: stop.signal,
    isKnown: () => true,
    go: async ({ runId, crashes }: RunRecord) => {
      if (crashes >= crashesMax) {
        failed.push(runId);
        return undefined;
      }
      await new Promise((resolve) => setImmediate(resolve)); // It takes a while.
      went.push(`${runId} at ${clock.now()}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      getsSomewhere.set(runId, resolve);
      return { progress: promise };
    },
    suspect: ({ runId }) => {
      suspects.push(runId);
      return () => void suspects.splice(suspects.indexOf(runId), 1);
    },
  });
  const kills = async (runId: string) => (await store.getRun(runId))?.kills;
  const crashes = async (runId: string) => (await store.getRun(runId))?.crashes;
  return {
    ...{ store, clock, went, failed, lines, told, suspects, stop, kills, crashes, getsSomewhere },
  };
}

const many = (count: number, kills: number): Counts =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, { kills }]));

describe("after an end by a step", () => {
  test("its run alone is counted and held back, and nobody else waits or is blamed", async () => {
    const runs = { ...many(200, 1), poison: {} };
    const { clock, went, kills, crashes, failed } = await start({ by: "poison" }, runs);
    expect(went).toHaveLength(200);
    expect([await crashes("poison"), await kills("poison"), await kills("s7")]).toEqual([1, 0, 1]);
    expect(failed).toEqual([]);
    await clock.advance(killSliceMs);
    expect(went.slice(200)).toEqual([`poison at ${killSliceMs}`]);
  });

  test("a run that has done it too often has failed", async () => {
    const { clock, failed, went } = await start(
      { by: "guilty" },
      { guilty: { crashes: crashesMax - 1 }, other: { crashes: 1 }, free: {} },
    );
    expect([failed, went]).toEqual([["guilty"], ["free at 0"]]);
    await clock.advance(killSliceMs);
    expect(went.slice(1)).toEqual([`other at ${killSliceMs}`]);
  });

  test("one that had long ended, or is gone, or cannot be counted, keeps nobody from going on", async () => {
    expect((await start({ by: "gone" }, { a: {} })).went).toEqual(["a at 0"]);
    class Failing extends Remembering {
      override async setDeaths(): Promise<void> {
        throw new Error("The disk has failed.");
      }
    }
    const death = { by: "a" };
    const { went, lines } = await start(death, { a: {}, b: {} }, new Failing(death));
    expect(went).toEqual(["a at 0", "b at 0"]);
    expect(lines).toEqual(["Step `s` has ended the process, and that could not be counted."]);
  });
});

describe("after a kill", () => {
  test("everybody goes on at once, and is counted", async () => {
    const { went, kills } = await start("kill", { a: {}, b: { kills: killsMax - 1 } });
    expect(went).toEqual(["a at 0", "b at 0"]);
    expect([await kills("a"), await kills("b")]).toEqual([1, killsMax]);
  });

  test("who alone was there at many is held back, for longer each time, up to a limit", async () => {
    const { clock, went, kills } = await start("kill", {
      often: { kills: killsAlone + 1 },
      thrice: { kills: killsMax },
      first: {},
      always: { kills: killsAlone + 99 },
    });
    expect(went).toEqual(["first at 0"]);
    // Should it be killed now, it was none of those: they are held back for less the next time.
    expect(await Promise.all(["often", "thrice", "always"].map(kills))).toEqual([
      killsAlone,
      killsMax,
      killsAlone + 98,
    ]);
    await clock.advance(killSliceMs);
    expect(went.slice(1)).toEqual([`thrice at ${killSliceMs}`]);
    expect(await kills("thrice")).toBe(killsAlone);
    await clock.advance(2 * killHoldAloneMs);
    expect(went.slice(2)).toEqual([`often at ${4 * killSliceMs}`, `always at ${killHoldAloneMs}`]);
    expect(await kills("often")).toBe(0);
  });

  test("who is taken up alone counts on, and the next one waits for it", async () => {
    const alone = { kills: killsAlone };
    const { clock, went, kills } = await start("kill", { a: alone, b: alone });
    await clock.advance(2 * killSliceMs);
    expect(went).toEqual([`b at ${killSliceMs}`, `a at ${2 * killSliceMs}`]);
    expect([await kills("a"), await kills("b")]).toEqual([killsAlone + 1, killsAlone + 1]);
  });

  test("who is held back alone is named, with its time; the others are counted", async () => {
    const runs = { a: { kills: killsMax }, b: { kills: killsAlone }, c: { kills: killsMax } };
    const { told } = await start("kill", runs);
    const named = { run: "b", handler: "b", workflow: "w", seconds: killSliceMs / 1_000 };
    expect(told).toEqual([named, { runs: 2 }]);
    const [only] = (await start("kill", { a: { kills: killsMax } })).told;
    expect(only).toMatchObject({ run: "a" });
  });

  test("many suspects go on in three slices, one after another, the newest first", async () => {
    const { clock, went, kills, lines } = await start("kill", many(6, killsMax));
    expect(went).toEqual([]);
    const gone = async (afterMs: number) => {
      await clock.advance(afterMs);
      return went.splice(0).map((line) => line.split(" ")[0]);
    };
    expect(await gone(killSliceMs)).toEqual(["s5", "s4"]);
    // Killed now, it was one of these two, and they are told apart the next time.
    expect([await kills("s4"), await kills("s3")]).toEqual([killsMax + 1, killsMax]);
    expect(await gone(killSliceMs - 1)).toEqual([]);
    expect(await gone(1)).toEqual(["s3", "s2"]);
    expect(await gone((killSlices - 2) * killSliceMs)).toHaveLength(2);
    expect(lines).toHaveLength(1);
  });

  test("many that are taken up one by one have together the time of three", async () => {
    const { clock, went } = await start("kill", many(20, killsAlone));
    await clock.advance(killSliceMs);
    expect(went).toHaveLength(1);
    await clock.advance(killSlices * killSliceMs);
    expect(went).toHaveLength(20);
  });

  test("who is taken up alone is suspect of keeping the thread, until it gets somewhere", async () => {
    const runs = { a: { kills: killsMax }, b: { kills: killsMax }, c: { crashes: 1 } };
    const { clock, suspects, getsSomewhere } = await start("kill", runs);
    await clock.advance(killSliceMs);
    expect(suspects).toEqual(["b"]);
    getsSomewhere.get("b")?.();
    await clock.advance(0);
    expect(suspects).toEqual(["a"]);
    await clock.advance(killTrialMs - killSliceMs);
    expect(suspects).toEqual(["a", "c"]);
    await clock.advance(2 * killSliceMs);
    expect(suspects).toEqual([]);
    expect((await start("kill", many(20, killsMax))).suspects).toEqual([]);
  });

  test("the less suspect go on before the others, and have time to get somewhere", async () => {
    const runs = { a: { kills: 4 }, b: { kills: 5 }, c: { kills: 4 }, d: { kills: 5 } };
    const { clock, went, getsSomewhere } = await start("kill", runs);
    await clock.advance(4 * killSliceMs);
    expect(went).toEqual(["c at 800"]);
    getsSomewhere.get("c")?.();
    await clock.advance(0);
    expect(went.slice(1)).toEqual(["a at 800"]);
    await clock.advance(killTrialMs);
    // These are held back for two seconds at most, and have 3.2 each.
    expect(went.slice(2)).toEqual([`d at ${killHoldMs}`, `b at ${killHoldMs + 3_200}`]);
  });

  test("five hundred suspects that get nowhere are all under way after a second", async () => {
    const { clock, went } = await start("kill", many(500, killsMax));
    await clock.advance(1_000);
    expect(went).toHaveLength(500);
  });

  test("whoever kills at will stops nobody: after it all are soon under way", async () => {
    let counts = many(40, 0);
    let random = 1;
    for (let life = 0; life < 100; life++) {
      const { clock, went, store, getsSomewhere } = await start("kill", counts);
      const isLast = life === 99;
      random = (random * 48_271) % 2_147_483_647;
      const endAt = isLast ? 5_000 : 5 + (random % 495);
      // Each step takes 400 ms, and is begun again in each process.
      while (clock.now() < endAt) {
        await clock.advance(100);
        for (const line of went) {
          const [run = "", , at] = line.split(" ");
          if (clock.now() - Number(at) >= 400) getsSomewhere.get(run)?.();
        }
      }
      if (isLast) expect(went).toHaveLength(40);
      const runs = await Promise.all(Object.keys(counts).map((id) => store.getRun(id)));
      counts = Object.fromEntries(runs.map((run) => [run?.runId, { kills: run?.kills ?? 0 }]));
    }
  });

  test("whoever kills at will a second or two after each start waits little for a single run", async () => {
    let kills = 0;
    let random = 1;
    for (let life = 0; life < 50; life++) {
      random = (random * 48_271) % 2_147_483_647;
      const { clock, kills: killsOf } = await start("kill", { a: { kills } });
      await clock.advance(1_000 + (random % 2_000));
      kills = (await killsOf("a")) ?? 0;
      const last = await start("kill", { a: { kills } });
      await last.clock.advance(4_000);
      expect(last.went).toHaveLength(1);
    }
  });

  /** How many processes it takes until those left are held back one by one. */
  async function kill(poisons: readonly number[], lifeMs: number): Promise<number> {
    let counts = many(500, killsMax);
    for (let life = 1; life < 60; life++) {
      const { clock, went, store } = await start("kill", counts);
      const isDead = () => poisons.some((n) => went.some((line) => line.startsWith(`s${n} `)));
      while (!isDead() && clock.now() < 70_000) await clock.advance(100);
      if (!isDead()) return life;
      await clock.advance(lifeMs);
      const runs = await Promise.all(Object.keys(counts).map((id) => store.getRun(id)));
      counts = Object.fromEntries(runs.map((run) => [run?.runId, { kills: run?.kills ?? 0 }]));
    }
    return Infinity;
  }

  test("one of five hundred that kills is left alone after six processes, and others go on", async () => {
    for (const poison of [0, 77, 250, 499]) expect(await kill([poison], 0)).toBeLessThan(7);
    // It takes longer with one that kills late.
    for (const poison of [3, 333, 480]) expect(await kill([poison], 10_000)).toBeLessThan(8);
  });

  test("several that kill are told apart, too", async () => {
    expect(await kill([12, 130, 420], 0)).toBeLessThan(16);
    expect(await kill([490, 491], 0)).toBeLessThan(8);
  });

  test("who is under way for a minute after that is forgotten, and who has ended is left alone", async () => {
    const held = { kills: killsMax };
    const { clock, went, kills, store } = await start("kill", { gone: held, long: held });
    await store.delete("gone");
    await clock.advance(killSliceMs + killTrialMs - 1);
    expect(await kills("long")).toBe(killsAlone);
    await clock.advance(1);
    expect(await kills("long")).toBe(0);
    expect(went).toEqual([`long at ${killSliceMs}`]);
  });

  test("who cannot be looked up then goes on all the same, and that is told", async () => {
    class Failing extends Remembering {
      override async getRun(): Promise<never> {
        throw new Error("The disk has failed.");
      }
    }
    const store = new Failing("kill");
    const { clock, went, lines } = await start("kill", { a: { kills: killsMax } }, store);
    await clock.advance(killSliceMs);
    expect(went).toEqual([`a at ${killSliceMs}`]);
    expect(lines).toContain("A run that was held back could not be looked up.");
  });

  test("a process that stops takes nobody up any more", async () => {
    const { clock, went, stop } = await start("kill", { a: { kills: killsMax } });
    stop.abort();
    await clock.advance(10 * killHoldMs);
    expect([went, clock.pending]).toEqual([[], 0]);
  });
});

test.each([
  ["at once", 0],
  ["after it was held back", killsMax],
])(
  "no step is taken %s before it is stored that it may be why the process ends",
  async (_when, kills) => {
    const counting = gate();
    class Slow extends Remembering {
      isSlow = false;
      override async setDeaths(...write: Parameters<Store["setDeaths"]>): Promise<void> {
        if (this.isSlow) await counting.opened;
        await super.setDeaths(...write);
      }
    }
    const store = new Slow("kill");
    let calls = 0;
    const workflow = oneStep(() => {
      calls++;
      return new Promise(() => {});
    });
    const before = await Process.open({ w: workflow }, { store });
    const { runId } = await before.start("w");
    await store.setDeaths(runId, { kills });
    store.isSlow = true;
    calls = 0;
    const clock = new TestClock();
    const since = clock.now();
    const opening = Process.open({ w: workflow }, { store, clock });
    await settle();
    while (clock.step(since + killSliceMs)) await settle();
    expect(calls).toBe(0);
    counting.open();
    await using _ = await opening;
    await settle();
    expect(calls).toBe(1);
  },
);

test("after a stop in order everybody goes on at once, and kills before it are forgotten", async () => {
  const { went, kills } = await start("none", { a: { kills: 7 }, b: { crashes: 2 } });
  expect([went.toSorted(), await kills("a")]).toEqual([["a at 0", "b at 0"], 0]);
});

test("a run that is held back takes no step when it is cancelled or deleted, but ends", async () => {
  let calls = 0;
  const workflow = oneStep(() => {
    calls++;
    return new Promise(() => {});
  });
  for (const end of ["cancel", "delete"] as const) {
    const store = new Remembering("kill");
    const before = await Process.open({ w: workflow }, { store });
    const run = await before.start("w", {}, { handlerId: "h" });
    await store.setDeaths(run.runId, { kills: killsMax });
    calls = 0;
    const after = await Process.open({ w: workflow }, { store });
    const { signal } = new AbortController();
    const seen = Array.fromAsync(store.feed.follow(run.runId, -1, signal));
    await (end === "cancel" ? after.cancel(run) : after.runtime.delete("h"));
    const last = (await seen).flat().at(-1);
    expect([calls, JSON.parse(last?.json ?? "{}").type]).toEqual([0, "WorkflowCancelledEvent"]);
  }
});

test("a run that is held back is deleted with its children that are under way", async () => {
  const child = oneStep((_event, { waitForEvent }) => waitForEvent(Answer), {}, { name: "child" });
  const parent = oneStep(
    async (_event, context) => {
      await context.runWorkflow(child, {});
      return StopEvent();
    },
    { children: [child] },
  );
  const store = new Remembering("kill");
  const before = await Process.open({ w: parent }, { store });
  const run = await before.start("w", {}, { handlerId: "h" });
  await settle();
  expect(await store.listHandlers({})).toHaveLength(2);
  await store.setDeaths(run.runId, { kills: killsMax });
  await using after = await Process.open({ w: parent }, { store });
  expect(after.isInMemory(run)).toBe(false);
  await after.runtime.delete("h");
  expect(await store.listHandlers({})).toEqual([]);
});

test("a run whose steps have ended the process too often fails whoever takes it up", async () => {
  let calls = 0;
  const workflow = oneStep(async (_event, context) => {
    calls++;
    await context.waitForEvent(Answer);
    return StopEvent();
  });
  await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await process.start("w");
  await process.advance(1);
  expect([calls, process.isInMemory(run)]).toEqual([1, false]);
  // Counted by a process that died before it could draw the conclusion.
  await process.store.setDeaths(run.runId, { crashes: crashesMax });
  expect(await rejectionOf(process.send(run, Answer()))).toStartWith("handler_finished:");
  expect([calls, (await process.record(run)).status]).toEqual([1, "failed"]);
});

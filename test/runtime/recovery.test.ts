/** Who goes on at once when a process starts, who has to wait, and for how long. */
import { describe, expect, test } from "bun:test";

import { crashesMax, killHoldMs, killsMax, killTrialMs, trialMs } from "../../src/base/limits.ts";
import { recover } from "../../src/runtime/recovery.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { RunRecord } from "../../src/store/store.ts";
import { createFakeClock } from "../http/fake-clock.ts";

type Death = "exit" | "kill" | "none";

/** A store that remembers how the process before has ended. */
class Remembering extends MemoryStore {
  readonly #death: Death;

  constructor(death: Death) {
    super();
    this.#death = death;
  }

  override wasClosed(): boolean {
    return this.#death === "none";
  }

  override wasExit(): boolean {
    return this.#death === "exit";
  }
}

/** Runs with so many crashes or kills each, and a process that takes them up. */
async function start(
  death: Death,
  runs: Readonly<Record<string, { readonly crashes?: number; readonly kills?: number }>>,
) {
  const store = new Remembering(death);
  for (const [runId, { crashes = 0, kills = 0 }] of Object.entries(runs)) {
    const run = { runId, handlerId: runId, workflowName: "w", startedAt: 1 };
    await store.create(run, { ticks: [], events: [] });
    for (let count = 0; count < crashes; count++) await store.countCrash(runId);
    await store.setKills(runId, kills);
  }
  const clock = createFakeClock();
  const went: string[] = [];
  const failed: string[] = [];
  const stop = new AbortController();
  const getsSomewhere = new Map<string, () => void>();
  await recover({
    store,
    clock,
    log: () => {},
    signal: stop.signal,
    isKnown: () => true,
    go: async ({ runId }: RunRecord) => {
      went.push(`${runId} at ${clock.now()}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      getsSomewhere.set(runId, resolve);
      return { progress: promise };
    },
    acquit: async () => {},
    quarantine: async ({ runId }) => void failed.push(runId),
  });
  const kills = async (runId: string) => (await store.getRun(runId))?.kills;
  return { store, clock, went, failed, stop, kills, getsSomewhere };
}

const many = (count: number, crashes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, { crashes }]));

describe("after an exit", () => {
  test("fifty suspects, who are tried one by one, hold up no innocent", async () => {
    const { clock, went } = await start("exit", { ...many(50, 1), a: {}, b: {} });
    expect(went).toEqual(["a at 0", "b at 0"]);
    await clock.advance(0);
    expect(went.slice(2)).toEqual(["s49 at 0"]);
    await clock.advance(trialMs);
    expect(went.slice(2)).toEqual(["s49 at 0", `s48 at ${trialMs}`]);
  });

  test("who was there at too many exits has failed, and kills are held against nobody", async () => {
    const { failed, went } = await start("exit", {
      guilty: { crashes: crashesMax - 1 },
      unlucky: { kills: 9 },
    });
    expect(failed).toEqual(["guilty"]);
    expect(went).toEqual(["unlucky at 0"]);
  });
});

describe("after a kill", () => {
  test("everybody goes on at once, and is counted", async () => {
    const { went, kills } = await start("kill", { a: {}, b: { kills: killsMax - 1 } });
    expect(went).toEqual(["a at 0", "b at 0"]);
    expect([await kills("a"), await kills("b")]).toEqual([1, killsMax]);
  });

  test("who was there at many is held back, for longer each time, and others are not", async () => {
    const { clock, went, kills } = await start("kill", {
      often: { kills: killsMax + 1 },
      thrice: { kills: killsMax },
      first: {},
      always: { kills: 99 },
    });
    expect(went).toEqual(["first at 0"]);
    // Should it be killed now, it was none of those.
    for (const id of ["often", "thrice", "always"]) expect(await kills(id)).toBe(0);
    await clock.advance(killHoldMs);
    expect(went.slice(1)).toEqual([`thrice at ${killHoldMs}`]);
    expect(await kills("thrice")).toBe(killsMax + 1);
    await clock.advance(200_000);
    expect(went.slice(2)).toEqual([`often at ${4 * killHoldMs}`, "always at 128000"]);
  });

  test("those that are held back alike are taken up one after another", async () => {
    const held = { kills: killsMax };
    const { clock, went, getsSomewhere } = await start("kill", { a: held, b: held, c: held });
    await clock.advance(killHoldMs);
    expect(went).toEqual([`c at ${killHoldMs}`]);
    getsSomewhere.get("c")?.();
    await clock.advance(0);
    expect(went.slice(1)).toEqual([`b at ${killHoldMs}`]);
    await clock.advance(trialMs);
    expect(went.slice(2)).toEqual([`a at ${killHoldMs + trialMs}`]);
  });

  test("who is under way for a minute after that is forgotten, and who has ended is left alone", async () => {
    const held = { kills: killsMax };
    const { clock, went, kills, store } = await start("kill", { gone: held, long: held });
    await store.delete("gone");
    await clock.advance(killHoldMs + killTrialMs - 1);
    expect(await kills("long")).toBe(killsMax + 1);
    await clock.advance(1);
    expect(await kills("long")).toBe(0);
    expect(went).toEqual([`long at ${killHoldMs}`]);
  });

  test("a process that stops takes nobody up any more", async () => {
    const { clock, went, stop } = await start("kill", { a: { kills: killsMax } });
    stop.abort();
    await clock.advance(10 * killHoldMs);
    expect([went, clock.pending]).toEqual([[], 0]);
  });
});

test("after a stop in order, kills before it are forgotten", async () => {
  const { went, kills } = await start("none", { a: { kills: 7 } });
  expect([went, await kills("a")]).toEqual([["a at 0"], 0]);
});

/** R7: a clock that jumps about: no timer is early, and no run's story goes back in time. */
import { expect, test } from "bun:test";
import * as v from "valibot";

import {
  HumanResponseEvent,
  MemoryStore,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";
import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Tick } from "../../src/engine/tick.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { until } from "../support/until.ts";
import { withHistory } from "./support/history.ts";

const hourMs = 3_600_000;

/** Goes where it is told to, backwards too, and calls whoever is due by then. */
class JumpingClock implements Clock {
  #now = Date.UTC(2028, 1, 28, 23, 30); // A leap day comes.
  #due = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  at(at: number, callback: () => void): () => void {
    const due = { at, callback };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  }

  nextTurn(callback: () => void): void {
    systemClock.nextTurn(callback);
  }

  jump(ms: number): void {
    this.#now += ms;
    for (const due of [...this.#due].toSorted((a, b) => a.at - b.at)) {
      if (due.at > this.#now || !this.#due.delete(due)) continue;
      due.callback();
    }
  }
}

const Start = StartEvent.extend("Start", { seconds: v.number() });
const Never = HumanResponseEvent.extend("Never", {});

const timed = new Workflow().step(
  "wait",
  { accepts: [Start], emits: [StopEvent], waits: [Never], retry: { attempts: 3, delay: 600 } },
  async ({ data: { seconds } }, context) => {
    const code = await context
      .waitForEvent(Never, { timeout: seconds })
      .catch((error: { code?: string }) => error.code);
    if (code !== "wait_timed_out") throw new Error("stopped");
    if (context.attempt.number < 3) throw new Error("again");
    return StopEvent({ result: 1 });
  },
);

test("timers are never early and all fire, however the clock jumps, over restarts too", async () => {
  await withHistory("clock", async ({ dice, note }) => {
    const clock = new JumpingClock();
    const store = new MemoryStore();
    const open = async (): Promise<Runtime> => {
      const runtime = new Runtime({ store, clock, idleMs: 60_000 });
      runtime.register(timed, timed.define("timed"));
      await runtime.open();
      return runtime;
    };
    let runtime = await open();
    const ids: string[] = [];
    for (let index = 0; index < 40; index++) {
      const event = Start.parse({ seconds: 1 + dice.roll(7_200) });
      ids.push((await runtime.start({ workflowName: "timed", event })).runId);
    }
    for (let round = 0; round < 400; round++) {
      const ms = dice.pick([1, 1_000, 60_000, 10 * 60_000, hourMs, -hourMs]);
      note("jump", { ms });
      clock.jump(ms);
      await turns(6);
      if (!dice.isOnce(60)) continue;
      await runtime.close();
      runtime = await open();
    }
    await until(async () => {
      clock.jump(hourMs);
      await turns(6);
      const runs = await Promise.all(ids.map((id) => store.getRun(id)));
      return runs.every((run) => run?.status === "completed");
    }, "all have completed");
    for (const id of ids) expect(wrongTimes(await ticksOf(store, id))).toEqual([]);
    await runtime.close();
  });
}, 20_000);

// ---

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

async function ticksOf(store: MemoryStore, runId: string): Promise<readonly Tick[]> {
  return (await store.readTicks(runId)) as unknown as readonly Tick[]; // As loops write them.
}

function wrongTimes(ticks: readonly Tick[]): readonly string[] {
  const wrong: string[] = [];
  const due = new Map<string, number>();
  let last = 0;
  for (const tick of ticks) {
    if (tick.at < last) wrong.push(`${tick.kind} at ${tick.at} after ${last}`);
    last = tick.at;
    if (tick.kind === "wait_opened") due.set("wait", tick.deadlineAt ?? 0);
    if (tick.kind === "step_failed") due.set("retry", tick.retryAt ?? 0);
    if (tick.kind !== "timer_fired") continue;
    const at = due.get(tick.timer.kind) ?? Infinity;
    if (tick.at < at) wrong.push(`${tick.timer.kind} fired ${at - tick.at} ms early`);
  }
  return wrong;
}

/**
 * A process that dies at any of its writes, right before or right after it: whatever it had not
 * stored has not happened, and the next process brings the run to the same end. A step that was
 * stored as completed never runs again; an effect that was stored is never done again.
 */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import type { Tick } from "../../src/engine/tick.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import type { StoredEvent } from "../../src/store/event.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { createCrashingStore, type Death } from "../../src/testing/crashing-store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { AnyWorkflow } from "../../src/workflow/definition.ts";
import { collect } from "../../src/workflow/join.ts";
import { Answer, Ask, Done, Note, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** What functions did, as long as their process was alive. */
interface Trace {
  readonly isAlive: () => boolean;
  /** Jobs that were worked on. */
  readonly jobs: string[];
  /** Effects that were done. */
  readonly effects: string[];
}

const state = { seen: v.optional(v.array(v.number()), []) };

/** A child that asks, and gives the answer. */
const asker = (trace: Trace) =>
  new Workflow({ name: "asker" }).step(
    "ask",
    { accepts: [StartEvent], emits: [StopEvent], waits: [Answer], prompts: [Ask] },
    async (_event, context) => {
      note(trace.jobs, trace, context.attempt.key);
      const { data } = await context.waitForEvent(Answer, { prompt: Ask() });
      return StopEvent({ result: data.n });
    },
  );

/** Everything that a run can do: branches, effects, a failure, a wait, a child, shared state. */
function everything(trace: Trace) {
  const child = asker(trace);
  return new Workflow({ state })
    .step("split", { accepts: [StartEvent], emits: [Work] }, (_event, context) => {
      note(trace.jobs, trace, context.attempt.key);
      context.writeEventToStream(Note({ n: 0 }));
      return [1, 2, 3].map((n) => Work({ n }));
    })
    .step(
      "work",
      { accepts: [Work], emits: [Done], workers: 2, retry: { attempts: 2, delay: 1 } },
      async ({ data: { n } }, context) => {
        const { attempt } = context;
        note(trace.jobs, trace, attempt.key);
        const square = await context.run("square", () => {
          note(trace.effects, trace, `${attempt.key}/square`);
          return n * n;
        });
        if (n === 2 && attempt.number === 1) throw new Error("once");
        // A step that runs again does this again: what it does to the state is the same each time.
        await context.store.edit((draft) => {
          draft.seen = [...new Set([...draft.seen, n])].toSorted();
        });
        return Done({ n: square });
      },
    )
    .step(
      "join",
      {
        accepts: [collect(Done)],
        emits: [StopEvent],
        waits: [Answer],
        prompts: [Ask],
        children: [child],
      },
      async (dones, context) => {
        note(trace.jobs, trace, context.attempt.key);
        const squares = dones.map(({ data }) => data.n).toSorted();
        const { data } = await context.waitForEvent(Answer, { prompt: Ask() });
        const inner = await context.runWorkflow(child, {});
        await context.run("mail", () => note(trace.effects, trace, `${context.attempt.key}/mail`));
        return StopEvent({ result: [squares, data.n, inner, await context.store.get("seen")] });
      },
    );
}

const result = [[1, 4, 9], 7, 7, [1, 2, 3]];

/** Fans out by sending, and counts what comes back: an event that is sent twice is counted twice. */
function sending() {
  return new Workflow()
    .step("start", { accepts: [StartEvent], emits: [Work] }, async (_event, context) => {
      for (const [index, n] of [1, 1, 2].entries()) {
        context.sendEvent(Work({ n }));
        // Stored by itself: the process can die between one send and the next.
        await context.run(`pause-${index}`, () => {});
      }
    })
    .step("work", { accepts: [Work], emits: [Done] }, ({ data: { n } }) => Done({ n }))
    .step("gather", { accepts: [Done], emits: [StopEvent] }, async (event, context) => {
      const dones = context.collectEvents(event, [Done, Done, Done]);
      return dones && StopEvent({ result: dones.map(({ data }) => data.n).toSorted() });
    });
}

/** Counts in the shared state, which every change of it that is made twice spoils. */
function counting() {
  const counts = { count: v.optional(v.number(), 0), log: v.optional(v.array(v.string()), []) };
  return new Workflow({ state: counts })
    .step("start", { accepts: [StartEvent], emits: [Work] }, async (_event, { store }) => {
      const first = await store.edit((draft) => ++draft.count);
      await store.set("count", (await store.get("count")) + first);
      await store.edit((draft) => void draft.log.push(`start ${draft.count}`));
      return [1, 2, 3].map((n) => Work({ n }));
    })
    .step("work", { accepts: [Work], emits: [Done] }, async ({ data: { n } }, context) => {
      const { store } = context;
      const count = await store.get("count");
      await store.edit((draft) => void (draft.count += n));
      // Stored by itself: the process can die between one change and the next.
      await context.run("pause", () => {});
      await store.edit((draft) => void draft.log.push(`work ${n}`));
      return Done({ n: count > 0 ? 1 : 0 });
    })
    .step(
      "end",
      { accepts: [collect(Done)], emits: [StopEvent], waits: [Answer], prompts: [Ask] },
      async (_dones, context) => {
        const { store } = context;
        const asked = await store.edit((draft) => (draft.count += 100));
        await context.waitForEvent(Answer, { prompt: Ask() });
        const { count, log } = await store.get();
        await store.clear();
        return StopEvent({ result: [asked, count, log.toSorted(), await store.get("count")] });
      },
    );
}

function note(list: string[], { isAlive }: Trace, entry: string): void {
  if (isAlive()) list.push(entry);
}

function newTrace(isAlive: () => boolean): Trace {
  return { isAlive, jobs: [], effects: [] };
}

/** Lets time pass, and answers whoever asks, until the run has ended or its process has died. */
async function drive(process: Process, disk: MemoryStore, isAlive: () => boolean): Promise<void> {
  for (let turn = 0; turn < 40 && isAlive(); turn++) {
    await process.advance(1);
    for (const run of await disk.listHandlers({ statuses: ["running"] })) {
      const live = process.runtime.inspect(run.runId);
      // A run that only waits is not brought into memory by a new process.
      const asks =
        !live || Object.values(live.state.steps).some(({ waiting }) => waiting.length > 0);
      // A process that dies answers nobody.
      if (asks && isAlive()) void process.send(run, Answer({ n: 7 })).catch(() => {});
      await settle();
    }
    const handler = await disk.getHandler("h");
    if (handler && handler.status !== "running") return;
  }
}

/** Jobs and effects that are stored as done, by the names that a trace gives them. */
async function storedOf(disk: MemoryStore): Promise<{ jobs: string[]; effects: string[] }> {
  const jobs: string[] = [];
  const effects: string[] = [];
  for (const { runId } of await disk.listHandlers({})) {
    for (const tick of (await disk.readTicks(runId)) as unknown as readonly Tick[]) {
      if (tick.kind === "step_succeeded") jobs.push(`${runId}:${tick.job}`);
      if (tick.kind === "effect_returned") effects.push(`${runId}:${tick.job}/${tick.key}`);
    }
  }
  return { jobs, effects };
}

async function streamOf(disk: MemoryStore): Promise<readonly StoredEvent[]> {
  const run = await disk.getHandler("h");
  return run ? disk.readEvents(run.runId, -1, 1_000) : [];
}

/** A process that dies there, and the next one. Null: the first one came to the end alive. */
async function dieAndGoOn(death: Death, build: (trace: Trace) => AnyWorkflow = everything) {
  const disk = new MemoryStore();
  const dying = createCrashingStore(disk, death);
  const isAlive = (): boolean => dying.writeCount <= death.write;
  const first = newTrace(isAlive);
  const one = await Process.open({ w: build(first) }, { store: dying.store });
  void one.start("w", {}, { handlerId: "h" });
  await drive(one, disk, isAlive);
  if (isAlive()) return null;
  const stored = await storedOf(disk);
  const seen = await streamOf(disk);
  const second = newTrace(() => true);
  await using two = await Process.open({ w: build(second) }, { store: disk, clock: one.clock });
  // A start that was not acknowledged may not have happened: whoever asked for it asks again.
  if (!(await disk.getHandler("h"))) await two.start("w", {}, { handlerId: "h" });
  await drive(two, disk, () => true);
  const run = (await disk.getHandler("h"))!;
  return { run, result: await two.result(run), stored, second, seen, stream: await streamOf(disk) };
}

describe("a process that dies", () => {
  const allOf = async (build: (trace: Trace) => AnyWorkflow) => {
    const all = [];
    for (const isAfter of [false, true]) {
      for (let write = 0; ; write++) {
        const lived = await dieAndGoOn({ write, isAfter }, build);
        if (!lived) break;
        all.push(lived);
      }
    }
    return all;
  };
  const cases = allOf(everything);

  test("leaves a run that comes to the same end", async () => {
    const all = await cases;
    expect(all.length).toBeGreaterThan(20);
    for (const lived of all)
      expect([lived.run.status, lived.result]).toEqual(["completed", result]);
  });

  test("leaves no completed step to be run again", async () => {
    for (const { stored, second } of await cases) {
      expect(second.jobs.filter((job) => stored.jobs.includes(job))).toEqual([]);
    }
  });

  test("leaves no stored effect to be done again", async () => {
    for (const { stored, second } of await cases) {
      expect(second.effects.filter((effect) => stored.effects.includes(effect))).toEqual([]);
    }
  });

  test("leaves no event to be sent twice by a step that starts again", async () => {
    const all = await allOf(sending);
    expect(all.length).toBeGreaterThan(10);
    for (const lived of all) expect(lived.result).toEqual([1, 1, 2]);
  });

  test("leaves no change of the shared state to be made twice by a step that starts again", async () => {
    const all = await allOf(counting);
    expect(all.length).toBeGreaterThan(20);
    const log = ["start 2", "work 1", "work 2", "work 3"];
    for (const lived of all) expect(lived.result).toEqual([108, 108, log, 0]);
  });

  test("leaves no event to be shown twice by a step that starts again", async () => {
    for (const { stream } of await cases) {
      const shown = stream.filter((row) => row.json.includes('"type":"Note"'));
      expect(shown).toHaveLength(1);
    }
  });

  test("leaves every event that a reader may have seen as it was, and one end, the last", async () => {
    for (const { seen, stream } of await cases) {
      expect(stream.slice(0, seen.length)).toEqual([...seen]);
      expect(stream.filter((row) => row.isTerminal)).toEqual(stream.slice(-1));
      expect(stream.map((row) => row.sequence)).toEqual([...stream.keys()]);
    }
  });
});

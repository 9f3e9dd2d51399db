/** A fork goes on from a point of another run's story: what it gets, and whose place it takes. */
import { describe, expect, test } from "bun:test";

import { feedPageLength } from "../../src/base/limits.ts";
import type { ForkPoint } from "../../src/runtime/fork.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { RunSummary } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Event } from "../../src/workflow/event.ts";
import { Answer, Done, Note, oneStep, rejectionOf, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

const asking = () =>
  oneStep(async (_event, { waitForEvent }) => {
    const { data } = await waitForEvent(Answer);
    return StopEvent({ result: data.n });
  });

/** The sequence of the last event of a type that a run has shown. */
async function cameBy(process: Process, run: RunSummary, type: string): Promise<number> {
  const events = await process.store.readEvents(run.runId, -1, 10_000);
  return events.findLast(({ json }) => JSON.parse(json).type === type)?.sequence ?? -1;
}

async function fork(process: Process, run: RunSummary, point: ForkPoint, event?: Event) {
  const from = await process.record(run);
  return process.runtime.fork(from, { point, ...(event && { event }) });
}

describe("an event for a fork", () => {
  test("is received by it, where no step works on one of its type", async () => {
    await using process = await Process.open({ w: asking() });
    const run = await process.start("w");
    await settle();
    const sequence = await cameBy(process, run, "WorkflowIdleEvent");
    const forked = await fork(process, run, { sequence }, Answer({ n: 7 }));
    expect(await process.result(forked)).toBe(7);
    expect((await process.record(run)).status).toBe("running");
  });

  test("is stored with the fork, so that none is there without it", async () => {
    /** Its process ends when a run is created. */
    class Last extends MemoryStore {
      isLast = false;
      override async create(...args: Parameters<MemoryStore["create"]>) {
        await super.create(...args);
        if (this.isLast) return new Promise<void>(() => {});
      }
    }
    const store = new Last();
    const first = new Process({ w: asking() }, { store });
    await first.runtime.open();
    const run = await first.start("w");
    await settle();
    const sequence = await cameBy(first, run, "WorkflowIdleEvent");
    store.isLast = true;
    void fork(first, run, { sequence }, Answer({ n: 7 }));
    await settle();
    await using second = await Process.open({ w: asking() }, { store });
    const [forked] = await store.listForks(run.runId);
    expect(forked && (await second.result(forked))).toBe(7);
  });

  test("takes the place of the one that a step works on, or is to", async () => {
    const gate = Promise.withResolvers<void>();
    const workflow = new Workflow()
      .step("begin", { accepts: [StartEvent], emits: [Work, Note] }, () => [
        Note({ n: 9 }),
        ...[1, 2].map((n) => Work({ n })),
      ])
      .step("note", { accepts: [Note], emits: [] }, () => gate.promise)
      .step("work", { accepts: [Work], emits: [Done], workers: 1 }, async ({ data }) => {
        await gate.promise;
        return Done(data);
      })
      .step("end", { accepts: [Done], emits: [StopEvent], workers: 1 }, (event, context) => {
        const all = context.collectEvents(event, [Done, Done]);
        return all && StopEvent({ result: all.map(({ data }) => data.n) });
      });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    const { lastSequence: sequence } = await process.record(run);
    const forked = await fork(process, run, { sequence }, Work({ n: 5 }));
    gate.resolve();
    expect([await process.result(run), await process.result(forked)]).toEqual([
      [1, 2],
      [5, 2],
    ]);
    // It is not sent in as well.
    const ticks = (await process.store.readTicks(forked.runId)) as readonly { kind: string }[];
    expect(ticks.map(({ kind }) => kind)).not.toContain("event_received");
  });
});

describe("the place of a fork, where one run may be under way", () => {
  test("is its own: those who wait for their turn wait for it too", async () => {
    const workflow = oneStep(
      async (_event, { waitForEvent }) => {
        await waitForEvent(Answer);
        return StopEvent();
      },
      {},
      { concurrency: 1 },
    );
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    const next = await process.start("w");
    await settle();
    const forked = await fork(process, run, {
      sequence: await cameBy(process, run, "WorkflowIdleEvent"),
    });
    await process.send(run, Answer());
    await settle();
    expect(await process.stream(next, true)).toEqual([["WorkflowQueuedEvent", {}]]);
    await process.send(forked, Answer());
    await settle();
    await process.send(next, Answer());
    await process.result(next);
  });

  test("is had at once, also where the other run waited for its turn", async () => {
    const workflow = oneStep(
      async (_event, { waitForEvent }) =>
        StopEvent({ result: (await waitForEvent(Answer)).data.n }),
      {},
      { concurrency: 1 },
    );
    await using process = await Process.open({ w: workflow });
    await process.start("w");
    const queued = await process.start("w");
    const forked = await fork(process, queued, { sequence: 0 });
    await settle();
    await process.send(forked, Answer({ n: 3 }));
    expect(await process.result(forked)).toBe(3);
    expect(await process.stream(queued, true)).toEqual([["WorkflowQueuedEvent", {}]]);
  });
});

describe("the point of a fork", () => {
  const counting = oneStep(
    async (_event, context) => {
      for (let n = 0; n < 2 * feedPageLength; n++) context.writeEventToStream(Note({ n }));
      if (context.attempt.number < 3) throw new Error("Once more.");
      const { data } = await context.waitForEvent(Answer);
      return StopEvent({ result: [context.attempt.number, data.n] });
    },
    { retry: { attempts: 3, delay: 0 } },
  );

  test("may be where a step began: the last time, or the nth, however long the story is", async () => {
    await using process = await Process.open({ w: counting });
    const run = await process.start("w");
    await settle();
    const attempts = [undefined, 1, 2, 3];
    const forks = await Promise.all(
      attempts.map((attempt) => fork(process, run, { step: "s", attempt })),
    );
    const notes = 2 * feedPageLength;
    // A start is an event of the run, before what the step shows.
    const starts = [2 * notes, 0, notes, 2 * notes];
    const shown = await Promise.all(
      forks.map(async ({ runId }) => {
        const events = await process.store.readEvents(runId, -1, 10_000);
        const types = events.map(({ json }) => JSON.parse(json).type as string);
        const before = types.slice(0, types.indexOf("WorkflowForkedEvent"));
        return before.filter((type) => type === "Note").length;
      }),
    );
    expect(shown).toEqual(starts);
  });

  test("has to be one of the run's, before its end; the refusal says what there is", async () => {
    await using process = await Process.open({ w: counting });
    const run = await process.start("w");
    await settle();
    await process.send(run, Answer());
    await process.result(run);
    const { lastSequence } = await process.record(run);
    const refused = (point: ForkPoint) => rejectionOf(fork(process, run, point));
    const range = `Expected \`after_sequence\` to be from 0 to ${lastSequence}, the events of this run`;
    expect(await refused({ sequence: -1 })).toBe(`request_invalid: ${range}, got -1.`);
    expect(await refused({ sequence: lastSequence + 1 })).toBe(
      `request_invalid: ${range}, got ${lastSequence + 1}.`,
    );
    expect(await refused({ sequence: lastSequence })).toBe(
      `request_invalid: With event ${lastSequence} the run had ended. Choose an earlier point.`,
    );
    // Three attempts, of which the last began to work again when it had its answer.
    expect(await refused({ step: "s", attempt: 5 })).toContain("got `s`, 5: it did so 4 times");
    expect(await refused({ step: "t" })).toContain("got `t`, last: it did so 0 times");
    expect((await fork(process, run, { sequence: 0 })).status).toBe("running");
  });

  test("has to be there still: a handler that is deleted meanwhile leaves no half of a story", async () => {
    for (const isEarly of [true, false]) {
      class Deleting extends MemoryStore {
        override async readTicks(runId: string) {
          if (isEarly) await super.delete("h");
          const ticks = await super.readTicks(runId);
          await super.delete("h");
          return ticks;
        }
      }
      await using process = await Process.open({ w: asking() }, { store: new Deleting() });
      const run = await process.start("w", {}, { handlerId: "h" });
      await settle();
      const sequence = await cameBy(process, run, "WorkflowIdleEvent");
      expect(await rejectionOf(fork(process, run, { sequence }))).toBe(
        "handler_not_found: Handler `h` was deleted meanwhile.",
      );
    }
  });
});

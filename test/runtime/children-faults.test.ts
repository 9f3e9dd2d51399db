/** Children whose store fails or is slow: none is forgotten, and none outlives its parent. */
import { describe, expect, test } from "bun:test";

import type { Tick } from "../../src/engine/tick.ts";
import { WorkflowError } from "../../src/base/errors.ts";
import { parkedRunRetryMs } from "../../src/base/limits.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { RunRecord, Store } from "../../src/store/store.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, Note, oneStep } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** Asks for a number, and gives it. */
const asker = oneStep(
  async (_event, context) => StopEvent({ result: (await context.waitForEvent(Answer)).data.n }),
  {},
  { name: "asker" },
);

const parent = oneStep(
  async (_event, context) =>
    StopEvent({ result: (await context.runWorkflow(asker, {})) as number }),
  { children: [asker] },
);

async function childOf(process: Process, workflowName: string) {
  const [run] = await process.store.listHandlers({ workflowNames: [workflowName] });
  return run;
}

describe("a child that is on its way to the store", () => {
  /** Holds back the children that are created. */
  class Slow extends MemoryStore {
    readonly gate = Promise.withResolvers<void>();
    known: unknown;
    override async create(...write: Parameters<Store["create"]>): Promise<void> {
      const [{ runId, parentRunId }] = write;
      if (parentRunId !== undefined) {
        const ticks = (await this.readTicks(parentRunId)) as unknown as readonly Tick[];
        this.known = ticks.find((tick) => tick.kind === "child_started" && tick.runId === runId);
        await this.gate.promise;
      }
      await super.create(...write);
    }
  }

  test("is known to its parent before, and is ended if that has ended meanwhile", async () => {
    const store = new Slow();
    await using process = await Process.open({ w: parent }, { store });
    const run = await process.start("w");
    await settle();
    expect(store.known).toBeDefined();
    await process.cancel(run);
    await settle();
    store.gate.resolve();
    await settle();
    expect((await childOf(process, "w.asker"))?.status).toBe("cancelled");
  });
});

test("a child that no disk has room for is waited for as long as its step may take, and no longer", async () => {
  class Full extends MemoryStore {
    asked = 0;
    override async create(...write: Parameters<Store["create"]>): Promise<void> {
      if (write[0].parentRunId === undefined) return super.create(...write);
      this.asked++;
      // A step that asked on and on would leave no room for anything else.
      const code = this.asked < 1_000 ? "store_unavailable" : "store_failed";
      throw new WorkflowError(code, "The disk is full.");
    }
  }
  const store = new Full();
  const hasty = oneStep(
    async (_event, context) => StopEvent({ result: await context.runWorkflow(asker, {}) }),
    { children: [asker], timeout: 1 },
  );
  const process = await Process.open({ w: hasty }, { store });
  const run = await process.start("w");
  await process.advance(1);
  const { error } = await process.record(run);
  expect(error).toContain("took longer than its timeout of 1 s");
  expect(store.asked).toBe(1_000 / parkedRunRetryMs);
  await process.advance(10);
  expect(store.asked).toBe(1_000 / parkedRunRetryMs);
});

test("all events of a child are shown, however slowly they are read", async () => {
  class Slow extends MemoryStore {
    override async readEvents(...read: Parameters<Store["readEvents"]>) {
      await settle();
      return super.readEvents(...read);
    }
  }
  const talker = oneStep(
    (_event, context) => {
      for (let n = 0; n < 2_000; n++) context.writeEventToStream(Note({ n }));
      return StopEvent();
    },
    {},
    { name: "talker" },
  );
  const workflow = oneStep(
    async (_event, context) => {
      await context.runWorkflow(talker, {}, { events: true });
      return StopEvent();
    },
    { children: [talker] },
  );
  await using process = await Process.open({ w: workflow }, { store: new Slow() });
  const run = await process.start("w");
  await process.result(run);
  expect(await process.stream(run)).toHaveLength(2_001);
});

describe("a child that cannot be cancelled when its parent ends", () => {
  /** Cannot read children while it is broken. */
  class Shaky extends MemoryStore {
    isBroken = false;
    answer = Promise.resolve();
    override async getRun(runId: string): Promise<RunRecord | undefined> {
      if (!this.isBroken || !runId.includes(".")) return super.getRun(runId);
      await this.answer;
      throw new WorkflowError("store_failed", "It cannot be read.");
    }
  }

  async function endParent() {
    const store = new Shaky();
    const lines: string[] = [];
    const log = (_level: unknown, message: string) => void lines.push(message);
    const process = await Process.open({ w: parent }, { store, log });
    const run = await process.start("w");
    await settle();
    const answer = Promise.withResolvers<void>();
    store.answer = answer.promise;
    store.isBroken = true;
    await process.cancel(run);
    await settle();
    return { store, process, lines, answer };
  }

  test("is tried again, a few times a second, until it is", async () => {
    const { store, process, lines, answer } = await endParent();
    answer.resolve();
    await process.advance(10);
    const retries = lines.filter((line) => line.startsWith("A child could not be cancelled"));
    expect(retries.length).toBe(1 + (10 * 1_000) / parkedRunRetryMs);
    store.isBroken = false;
    await process.advance(parkedRunRetryMs / 1_000);
    expect((await childOf(process, "w.asker"))?.status).toBe("cancelled");
    expect(process.clock.nextAt).toBeNull();
  });

  test.each([true, false])(
    "is left to the next process (told after the close: %p)",
    async (isLate) => {
      const { process, answer } = await endParent();
      if (!isLate) answer.resolve();
      await settle();
      await process.runtime.close();
      answer.resolve();
      await settle();
      expect(process.clock.nextAt).toBeNull();
    },
  );
});

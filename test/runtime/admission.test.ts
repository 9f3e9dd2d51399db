/** How many runs may be under way: the others wait for their turn, where everybody can see it. */
import { describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/store/memory.ts";
import type { Journal, RunSummary } from "../../src/store/store.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, gate, oneStep, rejectionOf } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** Runs that wait for an answer each, and tell in which order they began. */
function waiters(options: object = {}) {
  const began: unknown[] = [];
  const workflow = oneStep(
    async ({ data }, context) => {
      await context.run("begin", () => void began.push(data["name"]));
      const answer = await context.waitForEvent(Answer);
      return StopEvent({ result: answer.data.n });
    },
    {},
    options,
  );
  return { began, workflow };
}

async function startAll(process: Process, workflow: string, names: readonly string[]) {
  const runs: RunSummary[] = [];
  for (const name of names) runs.push(await process.start(workflow, { name }, { handlerId: name }));
  await settle();
  return runs;
}

const isQueued = async (process: Process, run: RunSummary): Promise<boolean> =>
  (await process.stream(run, true)).length === 1;

describe("a workflow of which one run may be under way", () => {
  test("runs one after another, in the order in which they were started", async () => {
    const { began, workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow });
    const runs = await startAll(process, "w", ["a", "b", "c"]);
    expect(began).toEqual(["a"]);
    for (const run of runs) {
      await process.send(run, Answer({ n: 1 }));
      expect(await process.result(run)).toBe(1);
      await settle();
    }
    expect(began).toEqual(["a", "b", "c"]);
  });

  test("shows that a run waits: it is running, and its stream says why nothing happens", async () => {
    const { workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow });
    const [, second] = await startAll(process, "w", ["a", "b"]);
    expect([(await process.record(second!)).status, await process.stream(second!, true)]).toEqual([
      "running",
      [["WorkflowQueuedEvent", {}]],
    ]);
  });

  test.each<readonly [how: string, end: (process: Process, run: RunSummary) => Promise<unknown>]>([
    ["cancelled", (process, run) => process.cancel(run)],
    ["deleted", (process, run) => process.runtime.delete(run.handlerId)],
    ["timed out", (process) => process.advance(60)],
  ])("lets the next one start when one is %s", async (_how, end) => {
    const { began, workflow } = waiters({ concurrency: 1, timeout: 60 });
    await using process = await Process.open({ w: workflow });
    const [first] = await startAll(process, "w", ["a", "b"]);
    await end(process, first!);
    await settle();
    expect(began).toEqual(["a", "b"]);
  });

  test("is not kept from starting by one that was deleted while it was taken up again", async () => {
    class DeletingStore extends MemoryStore {
      override async readJournal(runId: string): Promise<Journal> {
        await this.delete("a");
        return super.readJournal(runId);
      }
    }
    const { began, workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow }, { store: new DeletingStore() });
    const [first] = await startAll(process, "w", ["a"]);
    await process.cancel(first!);
    const sent = rejectionOf(process.runtime.send(first!, Answer(), "nobody"));
    expect(await sent).toContain("was deleted");
    await startAll(process, "w", ["b"]);
    expect(began).toEqual(["a", "b"]);
  });

  test("lets a run that waits be cancelled, and passes it over", async () => {
    const { began, workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow });
    const [first, second, third] = await startAll(process, "w", ["a", "b", "c"]);
    await process.cancel(second!);
    await process.send(first!, Answer());
    await settle();
    expect([
      began,
      (await process.record(second!)).status,
      await isQueued(process, third!),
    ]).toEqual([["a", "c"], "cancelled", false]);
  });

  test("keeps an event that came to a run while it waited for its turn", async () => {
    const { workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow });
    const [first, second] = await startAll(process, "w", ["a", "b"]);
    await process.send(second!, Answer({ n: 7 }));
    await process.send(first!, Answer());
    expect(await process.result(second!)).toBe(7);
  });

  test("counts the time of a run from its turn", async () => {
    const { workflow } = waiters({ concurrency: 1, timeout: 60 });
    await using process = await Process.open({ w: workflow });
    const [first, second] = await startAll(process, "w", ["a", "b"]);
    await process.advance(59);
    await process.send(first!, Answer());
    await process.advance(59);
    expect((await process.record(second!)).status).toBe("running");
    await process.advance(1);
    expect((await process.record(second!)).status).toBe("failed");
  });

  test("counts a run that only waits, in memory or not", async () => {
    const { began, workflow } = waiters({ concurrency: 1 });
    await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
    const [first, second] = await startAll(process, "w", ["a", "b"]);
    await process.advance(10);
    expect([process.isInMemory(first!), began]).toEqual([false, ["a"]]);
    await process.send(first!, Answer());
    await settle();
    expect([began, await isQueued(process, second!)]).toEqual([["a", "b"], false]);
  });

  test("frees the place of a start that was refused", async () => {
    const { began, workflow } = waiters({ concurrency: 2 });
    await using process = await Process.open({ w: workflow });
    await startAll(process, "w", ["a"]);
    expect(await rejectionOf(process.start("w", {}, { handlerId: "a" }))).toBe(
      "handler_active: Handler 'a' is already running",
    );
    await startAll(process, "w", ["b"]);
    expect(began).toEqual(["a", "b"]);
  });
});

describe("several workflows", () => {
  test("do not hold each other up", async () => {
    const one = waiters({ concurrency: 1 });
    const other = waiters();
    await using process = await Process.open({ one: one.workflow, other: other.workflow });
    await startAll(process, "one", ["a", "b"]);
    await startAll(process, "other", ["c", "d"]);
    expect([one.began, other.began]).toEqual([["a"], ["c", "d"]]);
  });

  test("share the places of a process; one that is full lets those behind it pass", async () => {
    const one = waiters({ concurrency: 1 });
    const other = waiters();
    const workflows = { one: one.workflow, other: other.workflow };
    await using process = await Process.open(workflows, { concurrency: 2 });
    const [a] = await startAll(process, "one", ["a", "b"]);
    const [c, d] = await startAll(process, "other", ["c", "d"]);
    expect([one.began, other.began, await isQueued(process, d!)]).toEqual([["a"], ["c"], true]);
    await process.send(c!, Answer());
    await settle();
    expect([one.began, other.began]).toEqual([["a"], ["c", "d"]]);
    await process.send(a!, Answer());
    await settle();
    expect(one.began).toEqual(["a", "b"]);
  });
});

describe("in the next process", () => {
  test.each([
    ["of its workflow", { concurrency: 1 }, {}],
    ["in all", {}, { concurrency: 1 }],
  ])(
    "the same run %s is under way, and the others wait in the same order",
    async (_title, ofWorkflow, inAll) => {
      const { began, workflow } = waiters(ofWorkflow);
      const first = await Process.open({ w: workflow }, inAll);
      const runs = await startAll(first, "w", ["a", "b", "c"]);
      await first.runtime.close();
      await using second = await Process.open({ w: workflow }, { store: first.store, ...inAll });
      await settle();
      expect(began).toEqual(["a"]);
      await second.send(runs[0]!, Answer());
      await settle();
      expect(began).toEqual(["a", "b"]);
    },
  );

  test("a run that was at work keeps its place", async () => {
    const began: unknown[] = [];
    const workflow = oneStep(
      ({ data }) => {
        began.push(data["name"]);
        return new Promise(() => {});
      },
      {},
      { concurrency: 1 },
    );
    const first = await Process.open({ w: workflow });
    await startAll(first, "w", ["a", "b"]);
    await first.runtime.close();
    await using second = await Process.open({ w: workflow }, { store: first.store });
    await startAll(second, "w", ["c"]);
    expect(began).toEqual(["a", "a"]);
  });

  test("a queued run of an old handler does not push in before one that is under way", async () => {
    const { began, workflow } = waiters({ concurrency: 1 });
    const first = await Process.open({ w: workflow });
    const [old] = await startAll(first, "w", ["old"]);
    await first.send(old!, Answer());
    await first.result(old!);
    await startAll(first, "w", ["young", "old"]);
    await first.runtime.close();
    await using second = await Process.open({ w: workflow }, { store: first.store });
    await settle();
    expect(began).toEqual(["old", "young"]);
    expect(await isQueued(second, (await second.store.getHandler("old"))!)).toBe(true);
  });
});

test("runs without a server share the places of their workflow", async () => {
  const opened = gate();
  let most = 0;
  let count = 0;
  const workflow = oneStep(
    async () => {
      most = Math.max(most, ++count);
      await opened.opened;
      count--;
      return StopEvent();
    },
    {},
    { concurrency: 1 },
  );
  const runs = [workflow.run(), workflow.run()];
  await settle();
  opened.open();
  await Promise.all(runs);
  expect(most).toBe(1);
});

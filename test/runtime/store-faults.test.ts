/** A store that fails: nothing is acknowledged that is not stored, and the run is taken up again. */
import { describe, expect, test } from "bun:test";

import { WorkflowError } from "../../src/base/errors.ts";
import { parkedRunRetryMs } from "../../src/base/limits.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, Note, oneStep, rejectionOf } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** A store whose writes fail while a test says so. */
class ShakyStore extends MemoryStore {
  isBroken = false;
  isRoomForClaims = true;
  override create(...write: Parameters<Store["create"]>): Promise<void> {
    return this.isBroken ? broken() : super.create(...write);
  }
  override commit(...write: Parameters<Store["commit"]>): Promise<void> {
    return this.isBroken ? broken() : super.commit(...write);
  }
  override claim(runId: string): Promise<number> {
    return this.isBroken && !this.isRoomForClaims ? broken() : super.claim(runId);
  }
}

function broken(): Promise<never> {
  return Promise.reject(new WorkflowError("store_unavailable", "The disk is full."));
}

const asking = (onCall = (): void => {}) =>
  oneStep(async (_event, context) => {
    onCall();
    const { data } = await context.waitForEvent(Answer);
    context.writeEventToStream(Note(data));
    return StopEvent({ result: data.n });
  });

async function openShaky() {
  const store = new ShakyStore();
  const lines: string[] = [];
  let calls = 0;
  const process = await Process.open(
    { w: asking(() => void calls++) },
    { store, log: (level, message) => void lines.push(`${level} ${message}`) },
  );
  return { store, process, lines, called: () => calls };
}

const full = "store_unavailable: The disk is full.";

test("a start that cannot be stored is refused, and there is no run", async () => {
  const { store, process, called } = await openShaky();
  store.isBroken = true;
  expect(await rejectionOf(process.start("w", {}, { handlerId: "h" }))).toBe(full);
  await process.advance(600);
  expect([await store.getHandler("h"), called()]).toEqual([undefined, 0]);
  store.isBroken = false;
  expect((await process.start("w", {}, { handlerId: "h" })).status).toBe("running");
});

test("an event that cannot be stored is refused, and has not happened", async () => {
  const { store, process } = await openShaky();
  const run = await process.start("w");
  await settle();
  store.isBroken = true;
  expect(await rejectionOf(process.send(run, Answer({ n: 1 })))).toBe(full);
  store.isBroken = false;
  await process.advance(600);
  expect([(await process.record(run)).status, await process.stream(run)]).toEqual(["running", []]);
  await process.send(run, Answer({ n: 2 }));
  expect([await process.result(run), await process.stream(run)]).toEqual([
    2,
    [
      ["Note", { n: 2 }],
      ["StopEvent", { result: 2 }],
    ],
  ]);
});

test("a run that goes well again has its failures forgotten: the next one is the first", async () => {
  const store = new ShakyStore();
  const delays: unknown[] = [];
  const process = await Process.open(
    { w: asking() },
    {
      store,
      additionalEvents: [Note],
      log: (_level, _message, fields) => {
        if (fields?.["delayMs"] !== undefined) delays.push(fields["delayMs"]);
      },
    },
  );
  const run = await process.start("w");
  await settle();
  for (let count = 0; count < 2; count++) {
    store.isBroken = true;
    expect(await rejectionOf(process.send(run, Note()))).toBe(full);
    store.isBroken = false;
    // Somebody needs it before it is tried again, and it goes on at once.
    await process.send(run, Note());
    await settle();
  }
  expect(delays).toEqual([parkedRunRetryMs, parkedRunRetryMs]);
});

test("a run whose step could not be stored is taken up again, until it can be", async () => {
  const { store, process, lines } = await openShaky();
  const run = await process.start("w");
  await settle();
  await process.send(run, Answer({ n: 5 }));
  store.isBroken = true;
  await process.advance(30);
  expect((await process.record(run)).status).toBe("running");
  store.isBroken = false;
  await process.advance(60);
  expect(await process.result(run)).toBe(5);
  expect(await process.stream(run)).toEqual([
    ["Note", { n: 5 }],
    ["StopEvent", { result: 5 }],
  ]);
  expect(lines.filter((line) => line.startsWith("error"))[0]).toBe(
    "error A run could not be stored or loaded; it is tried again.",
  );
});

test("runs go on a second after the store is back, however long it was cut off", async () => {
  const { store, process } = await openShaky();
  const runs = [];
  for (let n = 0; n < 3; n++) {
    const run = await process.start("w");
    await settle();
    await process.send(run, Answer({ n }));
    runs.push(run);
  }
  store.isBroken = true;
  store.isRoomForClaims = false;
  await process.advance(3_600);
  store.isBroken = false;
  await process.advance(1.1);
  expect(await Promise.all(runs.map((run) => process.result(run)))).toEqual([0, 1, 2]);
});

test("a run that cannot be stored though others can is tried less and less often", async () => {
  const { store, process, called } = await openShaky();
  const run = await process.start("w");
  await settle();
  await process.send(run, Answer({ n: 5 }));
  store.isBroken = true; // Its claims are stored: what it does not get through is too large.
  await process.advance(60);
  const before = called();
  await process.advance(300);
  expect(called() - before).toBeLessThanOrEqual(2 * (300 / 30) + 2);
});

test("a process that is closed while runs are to be tried again waits for nothing more", async () => {
  const { store, process } = await openShaky();
  const run = await process.start("w");
  await settle();
  store.isBroken = true;
  store.isRoomForClaims = false;
  expect(await rejectionOf(process.send(run, Answer()))).toBe(full);
  expect(process.clock.nextAt).not.toBeNull();
  await process.runtime.close();
  expect(process.clock.nextAt).toBeNull();
});

describe("a run that another process has taken", () => {
  async function taken() {
    const store = new MemoryStore();
    const workflow = oneStep(
      async (_event, context) => StopEvent({ result: (await context.waitForEvent(Answer)).data.n }),
      {},
      { concurrency: 1 },
    );
    const first = await Process.open({ w: workflow }, { store });
    const run = await first.start("w");
    await settle();
    const second = await Process.open({ w: workflow }, { store });
    await second.send(run, Answer({ n: 1 }));
    return { first, second, run, store };
  }

  test("goes on there, and here nothing of it is stored any more", async () => {
    const { first, second, run } = await taken();
    const late = rejectionOf(first.send(run, Answer({ n: 2 })));
    expect(await second.result(run)).toBe(1);
    expect(await late).toMatch(/^(lease_lost|handler_finished): /);
    expect(
      (await second.stream(run)).filter((event) => String(event).startsWith("StopEvent")),
    ).toHaveLength(1);
  });

  test("takes no place here any more", async () => {
    const { first, run } = await taken();
    await rejectionOf(first.send(run, Answer({ n: 2 })));
    const next = await first.start("w");
    await first.send(next, Answer({ n: 3 }));
    expect(await first.result(next)).toBe(3);
  });
});

test("a run that acts after it was let go goes on where it was taken up meanwhile, and there alone", async () => {
  /** Answers commits when the test says so; they are stored at once. */
  class Slow extends MemoryStore {
    answers: (() => void)[] | undefined;
    override async commit(...write: Parameters<Store["commit"]>): Promise<void> {
      await super.commit(...write);
      const { answers } = this;
      if (answers) await new Promise<void>((resolve) => answers.push(resolve));
    }
  }
  const store = new Slow();
  const gate = Promise.withResolvers<void>();
  const workflow = oneStep(async (_event, context) => {
    void gate.promise.then(() => context.writeEventToStream(Note()));
    return StopEvent({ result: (await context.waitForEvent(Answer)).data.n });
  });
  const options = { store, idleMs: 1_000, additionalEvents: [Note] };
  await using process = await Process.open({ w: workflow }, options);
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  store.answers = [];
  gate.resolve();
  await settle();
  const sent = process.send(run, Note());
  await settle();
  const [first, second] = store.answers;
  store.answers = undefined;
  second?.();
  await settle();
  first?.();
  await sent;
  await settle();
  await process.send(run, Answer({ n: 4 }));
  expect(await process.result(run)).toBe(4);
});

test("a run whose claim is stored although it fails is driven by whoever claimed it", async () => {
  class ShakyClaims extends MemoryStore {
    isBroken = false;
    override async claim(runId: string): Promise<number> {
      const epoch = await super.claim(runId);
      return this.isBroken ? broken() : epoch;
    }
  }
  const store = new ShakyClaims();
  const workflow = asking();
  const first = await Process.open({ w: workflow }, { store });
  await using second = await Process.open({ w: workflow }, { store });
  const run = await first.start("w");
  await settle();
  store.isBroken = true;
  expect(await rejectionOf(second.send(run, Answer({ n: 1 })))).toBe(full);
  store.isBroken = false;
  await second.advance(1);
  expect(second.isInMemory(run)).toBe(true);
  expect(await rejectionOf(first.send(run, Answer({ n: 2 })))).toStartWith("lease_lost");
});

describe("a handler", () => {
  const counter = oneStep(async (_event, { store }) => {
    const count = await store.edit((draft) => (draft["count"] = Number(draft["count"] ?? 0) + 1));
    return StopEvent({ result: count });
  });

  test("goes on with the state of its last run", async () => {
    await using process = await Process.open({ w: counter });
    const results = [];
    for (let i = 0; i < 3; i++) {
      results.push(await process.result(await process.start("w", {}, { handlerId: "h" })));
    }
    expect(results).toEqual([1, 2, 3]);
  });

  test("goes on with a state that it is given instead", async () => {
    await using process = await Process.open({ w: counter });
    await process.result(await process.start("w", {}, { handlerId: "h" }));
    const run = await process.start("w", {}, { handlerId: "h", state: { count: 10 } });
    expect(await process.result(run)).toBe(11);
  });

  test("has one run at a time, however many are asked for at once", async () => {
    await using process = await Process.open({ w: asking() });
    const starts = Array.from({ length: 5 }, () => process.start("w", {}, { handlerId: "h" }));
    const refusals = await Promise.all(starts.map(rejectionOf));
    expect(refusals.toSorted()).toEqual(
      [
        ...Array.from({ length: 4 }, () => "handler_active: Handler 'h' is already running"),
        "It was not rejected.",
      ].toSorted(),
    );
  });

  test("numbers its events on, over all its runs", async () => {
    await using process = await Process.open({ w: counter });
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const run = await process.start("w", {}, { handlerId: "h" });
      await process.result(run);
      runs.push(await process.record(run));
    }
    expect(runs.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence])).toEqual([
      [0, 2],
      [3, 5],
    ]);
  });

  test("that is deleted is gone, with its run, and whoever waits for it is told", async () => {
    await using process = await Process.open({ w: asking() });
    const run = await process.start("w", {}, { handlerId: "h" });
    await settle();
    const ended = rejectionOf(process.result(run));
    expect(await process.runtime.delete("h")).toBe(true);
    expect([
      await ended,
      await process.store.getRun(run.runId),
      await process.runtime.delete("h"),
    ]).toEqual(["run_failed: The run was cancelled.", undefined, false]);
  });
});

test("a run whose workflow is gone keeps neither a place nor anybody waiting once it is deleted", async () => {
  const store = new MemoryStore();
  const first = await Process.open({ gone: asking() }, { store });
  const { runId, handlerId } = await first.start("gone");
  await settle();
  await first.runtime.close();
  await using process = await Process.open({ w: asking() }, { store, concurrency: 1 });
  const ended = rejectionOf(process.runtime.ended(runId));
  const next = await process.start("w");
  await process.runtime.delete(handlerId);
  expect(await ended).toStartWith("handler_not_found");
  await process.send(next, Answer({ n: 2 }));
  expect(await process.result(next)).toBe(2);
});

test("an event from outside is checked before it enters the run", async () => {
  const run = asking().run();
  const wrong = { type: "Answer", data: { n: "many" } };
  expect(await rejectionOf(run.sendEvent(wrong))).toBe(
    'event_invalid: Event `Answer` is not valid. `n`: Invalid type: Expected number but received "many".',
  );
});

test("a run that has ended can be asked for again, also after a late request came for it", async () => {
  await using process = await Process.open({ w: asking() });
  const run = await process.start("w");
  await process.send(run, Answer({ n: 1 }));
  await process.result(run);
  expect([
    await process.runtime.cancel(run),
    await rejectionOf(process.runtime.send(run, Answer(), null)),
    process.isInMemory(run),
    await process.result(run),
  ]).toEqual([false, "handler_finished: Workflow already completed", false, 1]);
});

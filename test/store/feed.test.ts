/** The feed: every event after a cursor, once, in order, whatever happens in between. */
import { describe, expect, test } from "bun:test";

import {
  feedPageCharsMax,
  feedPageLength,
  feedTailCharsMax,
  feedTailLength,
} from "../../src/base/limits.ts";
import { Feed } from "../../src/store/feed.ts";
import type { EventSource } from "../../src/store/feed.ts";
import type { StoredEvent } from "../../src/store/event.ts";
import type { RunRecord } from "../../src/store/store.ts";
import { createChance, startedAt } from "./fixtures.ts";

/** A store of one run, `a`, that can be slow: its answers are as of the call, and come later. */
class Run implements EventSource {
  readonly feed: Feed = new Feed(this);
  readonly events: StoredEvent[] = [];
  readonly reads: { after: number; limit: number }[] = [];
  readonly #delay: () => Promise<void>;
  isDeleted = false;

  constructor(delay: () => Promise<void> = () => Promise.resolve()) {
    this.#delay = delay;
  }

  get isOver(): boolean {
    return this.events.at(-1)?.isTerminal ?? false;
  }

  append(count: number, isTerminal = false, json = "{}"): void {
    const first = this.events.length;
    const events = Array.from({ length: count }, (_, index) => ({
      sequence: first + index,
      json,
      at: startedAt,
      isInternal: false,
      isTerminal: isTerminal && index === count - 1,
    }));
    for (const event of events) this.events.push(event);
    this.feed.published("a", events);
  }

  delete(): void {
    this.isDeleted = true;
    this.events.length = 0;
    this.feed.deleted("a");
  }

  async readEvents(_: string, after: number, limit: number): Promise<readonly StoredEvent[]> {
    this.reads.push({ after, limit });
    const page = this.events.slice(after + 1, after + 1 + limit).map((event) => ({ ...event }));
    await this.#delay();
    return page;
  }

  async getRun(): Promise<RunRecord | undefined> {
    const status = this.isOver ? "completed" : "running";
    const record = this.isDeleted ? undefined : ({ ...someRecord, status } as const);
    await this.#delay();
    return record;
  }
}

const someRecord: RunRecord = {
  runId: "a",
  handlerId: "h",
  workflowName: "greet",
  status: "running",
  result: null,
  error: null,
  startedAt,
  updatedAt: startedAt,
  completedAt: null,
  parentRunId: null,
  forkedFrom: null,
  crashes: 0,
  kills: 0,
  isResting: false,
  firstSequence: 0,
  lastSequence: -1,
};

const never: AbortSignal = new AbortController().signal;

async function readAll(run: Run, after: number, signal = never): Promise<number[]> {
  const sequences: number[] = [];
  for await (const batch of run.feed.follow("a", after, signal)) {
    for (const event of batch) sequences.push(event.sequence);
  }
  return sequences;
}

/** A signal that is never raised, and who would be told if it were. */
function countListeners() {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) =>
    void listeners.delete(listener);
  return { signal, listeners };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Lets everything happen that is ready to. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("reading", () => {
  test("a reader gets the backlog, then what comes, then the end", async () => {
    const run = new Run();
    run.append(3);
    const reading = readAll(run, -1);
    await settle();
    run.append(2);
    await settle();
    run.append(1, true);
    expect(await reading).toEqual(range(0, 6));
  });

  test("a reader attaches anywhere with one read of one page", async () => {
    const run = new Run();
    run.append(100_000);
    const reader = run.feed.follow("a", 99_000, never);
    const { value } = await reader.next();
    expect(value?.[0]?.sequence).toBe(99_001);
    expect(run.reads).toEqual([{ after: 99_000, limit: feedPageLength }]);
    await reader.return();
  });

  test("a reader far behind the tail reads pages until it has caught up", async () => {
    const run = new Run();
    run.append(1);
    const reader = run.feed.follow("a", -1, never);
    await reader.next();
    run.append(3 * feedTailLength);
    run.append(1, true);
    const lengths: number[] = [];
    let next = 1;
    for await (const batch of reader) {
      for (const event of batch) expect(event.sequence).toBe(next++);
      lengths.push(batch.length);
    }
    expect(next).toBe(run.events.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(feedPageLength);
    // Pages up to where the tail begins, and none after.
    const pages = Math.ceil((3 * feedTailLength - feedTailLength) / feedPageLength);
    expect(run.reads.length - 1).toBeWithin(pages, pages + 2);
  });

  test("long events come in short batches, at least one at a time", async () => {
    const run = new Run();
    run.append(1);
    const reader = run.feed.follow("a", -1, never);
    await reader.next();
    run.append(5, false, "x".repeat(feedPageCharsMax / 2));
    run.append(1, false, "x".repeat(3 * feedPageCharsMax));
    run.append(1, true);
    const lengths: number[] = [];
    for await (const batch of reader) lengths.push(batch.length);
    expect(lengths).toEqual([2, 2, 1, 1, 1]);
  });

  test("live events are read from the tail, the same object for all", async () => {
    const run = new Run();
    run.append(1);
    const readers = [0, 1, 2].map(() => run.feed.follow("a", -1, never));
    for (const reader of readers) await reader.next();
    const before = run.reads.length;
    run.append(2);
    const batches = await Promise.all(readers.map((reader) => reader.next()));
    for (const { value } of batches) {
      expect(value?.[0]).toBe(run.events[1]);
      expect(value?.[1]).toBe(run.events[2]);
    }
    expect(run.reads.length).toBe(before);
    for (const reader of readers) await reader.return();
  });

  test("of long events few are kept ready, of short ones many", async () => {
    const cases: readonly (readonly [json: string, kept: number])[] = [
      ["{}", feedTailLength],
      ["x".repeat(feedTailCharsMax / 4), 4],
      // The newest is kept, however long it is.
      ["x".repeat(2 * feedTailCharsMax + 1), 1],
    ];
    for (const [json, kept] of cases) {
      const run = new Run();
      run.append(1);
      const live = run.feed.follow("a", -1, never);
      await live.next();
      // The tail is cut when it is twice as long as it is to be.
      const count = 2 * kept + 1;
      for (let at = 0; at < count; at++) run.append(1, false, json);
      const newest = run.events.length - 1;
      const reads = async (after: number): Promise<boolean> => {
        const before = run.reads.length;
        const reader = run.feed.follow("a", after, never);
        expect((await reader.next()).value?.[0]?.sequence).toBe(after + 1);
        await reader.return();
        return run.reads.length > before;
      };
      expect([await reads(newest - kept), await reads(newest - kept - 1)]).toEqual([false, true]);
      // And not with each event from then on, while there is room.
      run.append(1);
      expect(await reads(newest - kept)).toBe(kept === 1);
      await live.return();
    }
  });

  test("one commit may bring any number of events", async () => {
    const run = new Run();
    run.append(1);
    const reading = readAll(run, -1);
    await settle();
    run.append(200_000, true);
    expect(await reading).toHaveLength(200_001);
  });
});

describe("ending", () => {
  test("an aborted reader that waits ends at once", async () => {
    const run = new Run();
    run.append(1);
    const controller = new AbortController();
    const reading = readAll(run, -1, controller.signal);
    await settle();
    controller.abort();
    expect(await reading).toEqual([0]);
    expect(run.feed.channelCount).toBe(0);
  });

  test("a reader ends wherever the abort meets it: reading, asking for the end, or waiting", async () => {
    for (let turns = 0; turns < 8; turns++) {
      const run = new Run(settle);
      const controller = new AbortController();
      const reading = readAll(run, -1, controller.signal);
      for (let turn = 0; turn < turns; turn++) await settle();
      controller.abort();
      expect(await reading).toEqual([]);
    }
  });

  test("a reader whose signal was aborted before reads nothing", async () => {
    const run = new Run();
    run.append(1, true);
    expect(await readAll(run, -1, AbortSignal.abort())).toEqual([]);
    expect(run.reads).toEqual([]);
  });

  test("a reader that is aborted while the store is asked gets nothing more", async () => {
    const run = new Run(settle);
    run.append(1);
    const controller = new AbortController();
    const reading = readAll(run, -1, controller.signal);
    controller.abort();
    expect(await reading).toEqual([]);
  });

  test("an end that comes while the store is asked is not missed", async () => {
    const run = new Run(settle);
    run.append(1);
    const reading = readAll(run, 0);
    run.append(1, true);
    expect(await reading).toEqual([1]);
  });

  test("a cursor beyond the end ends when the run does", async () => {
    const run = new Run();
    run.append(2);
    const reading = readAll(run, 50);
    await settle();
    run.append(1);
    await settle();
    run.append(1, true);
    expect(await reading).toEqual([]);
  });

  test("a cursor at or beyond the end of a run that is over ends at once", async () => {
    const run = new Run();
    run.append(3, true);
    expect(await readAll(run, 1)).toEqual([2]);
    expect(run.reads.length).toBe(1); // The end says that it is one.
    expect(await readAll(run, 2)).toEqual([]);
    expect(await readAll(run, 50)).toEqual([]);
  });

  test("readers of a deleted run end, those that wait and those that come", async () => {
    const run = new Run();
    run.append(2);
    const reading = [readAll(run, -1), readAll(run, 1), readAll(run, 50)];
    await settle();
    run.append(1);
    await settle();
    run.delete();
    expect(await Promise.all(reading)).toEqual([[0, 1, 2], [2], []]);
    expect(await readAll(run, -1)).toEqual([]);
    expect(run.feed.channelCount).toBe(0);
  });

  test("who reads a deleted run sees the rest of it, and nobody else does, nor it of the next", async () => {
    const run = new Run();
    const { signal } = new AbortController();
    const slow = run.feed.follow("a", -1, signal);
    run.append(1);
    await slow.next();
    run.append(2);
    run.delete();
    expect(await readAll(run, -1)).toEqual([]);
    run.isDeleted = false;
    run.append(5);
    const sequences: number[] = [];
    for await (const batch of slow) sequences.push(...batch.map(({ sequence }) => sequence));
    expect(sequences).toEqual([1, 2]);
    run.append(1, true);
    expect(await readAll(run, 1)).toEqual([2, 3, 4, 5]);
  });

  test("a reader that stops reading is forgotten, and the last one takes the channel along", async () => {
    const run = new Run();
    run.append(1);
    const { signal, listeners } = countListeners();
    const readers = [0, 1].map(() => run.feed.follow("a", -1, signal));
    expect(run.feed.channelCount).toBe(0);
    for (const reader of readers) await reader.next();
    expect(run.feed.channelCount).toBe(1);
    expect(listeners.size).toBe(2);
    await readers[0]?.return();
    expect(run.feed.channelCount).toBe(1);
    await readers[1]?.return();
    expect([run.feed.channelCount, listeners.size]).toEqual([0, 0]);
    run.append(1, true); // Nobody is told, and nothing is kept.
    expect(run.feed.channelCount).toBe(0);
  });

  test("a store that fails ends its reader with the error", async () => {
    const run = new Run(() => Promise.reject(new Error("disk on fire")));
    expect(readAll(run, -1)).rejects.toThrow("disk on fire");
    await settle();
    expect(run.feed.channelCount).toBe(0);
  });
});

/**
 * Readers that come, are slow, leave in the middle and come back at their cursor, while a run goes
 * on. Each of them, over all its visits, has every event after its first cursor, once, in order.
 */
async function interleave(seed: number): Promise<void> {
  const chance = createChance(seed);
  const pause = async (): Promise<void> => {
    const turns = Math.floor(chance() * 4);
    for (let turn = 0; turn < turns; turn++) await (chance() < 0.5 ? settle() : undefined);
  };
  const run = new Run(pause);
  const read = async (start: number): Promise<void> => {
    let cursor = start;
    while (!(run.isOver && cursor >= run.events.length - 1)) {
      const controller = new AbortController();
      let hasLeft = false;
      for await (const batch of run.feed.follow("a", cursor, controller.signal)) {
        for (const event of batch) expect([seed, event.sequence]).toEqual([seed, ++cursor]);
        await pause();
        hasLeft = chance() < 0.4;
        if (!hasLeft) continue;
        if (chance() < 0.5) break;
        controller.abort();
      }
      // Who did not leave was led to the end.
      if (!hasLeft) expect([seed, run.isOver, cursor]).toEqual([seed, true, run.events.length - 1]);
    }
  };
  const write = async (): Promise<void> => {
    const commits = 1 + Math.floor(chance() * 30);
    for (let commit = 0; commit < commits; commit++) {
      // Now and then more than the tail keeps, so that readers fall behind it.
      run.append(chance() < 0.05 ? 3 * feedTailLength : Math.floor(chance() * 4));
      await pause();
    }
    run.append(1, true);
  };
  run.append(Math.floor(chance() * 300));
  const starts = Array.from({ length: 4 }, () => Math.floor(chance() * run.events.length) - 1);
  await Promise.all([write(), ...starts.map(read)]);
  expect(run.feed.channelCount).toBe(0);
}

test("backlog and live events join without gap or repetition, in 200 random orders", async () => {
  for (let seed = 1; seed <= 200; seed++) await interleave(seed);
}, 30_000);

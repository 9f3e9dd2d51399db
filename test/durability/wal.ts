/** R3: copies of a database whose log was cut or damaged somewhere: what opens is a prefix. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { SqliteStore, WorkflowError } from "../../src/index.ts";
import type { History } from "./support/history.ts";
import { createScratch } from "./support/scratch.ts";

const runIds = ["a", "b", "c"];

export interface WalReport {
  readonly opened: number;
  readonly refused: number;
  readonly walBytes: number;
  readonly problems: readonly string[];
}

export async function damageWal({ dice, note }: History, offsets: number): Promise<WalReport> {
  using scratch = createScratch({ inMemory: true });
  const origin = scratch.file("origin.db");
  const total = await writeLoad(origin, scratch.file("copied.db"));
  const wal = readFileSync(scratch.file("copied.db-wal"));
  const counts = { opened: 0, refused: 0 };
  const problems: string[] = [];
  for (let index = 0; index < offsets; index++) {
    // The header of the log and of its first page are worth more than their bytes.
    const offset = dice.roll(dice.isOnce(10) ? 128 : wal.length);
    const isCut = dice.isOnce(2);
    const bit = dice.roll(8);
    const path = scratch.file("damaged.db");
    cpSync(scratch.file("copied.db"), path);
    writeFileSync(`${path}-wal`, isCut ? wal.subarray(0, offset) : flipped(wal, offset, bit));
    const what = isCut ? `cut at ${offset}` : `bit ${bit} of ${offset} flipped`;
    note(what);
    const found = await check(path, total);
    counts[found.isOpened ? "opened" : "refused"]++;
    problems.push(...found.problems.map((problem) => `${what}: ${problem}`));
    for (const end of ["", "-wal", "-shm", ".lock", ".owner"]) {
      rmSync(path + end, { force: true });
    }
  }
  return { ...counts, walBytes: wal.length, problems };
}

// ---

/** Commits to several runs; in the middle of it the files are copied. */
async function writeLoad(path: string, copy: string): Promise<number> {
  const store = new SqliteStore({ path, durability: "process" });
  await store.open();
  const text = "z".repeat(200);
  const rounds = 40;
  const copiedAt = 30;
  for (const runId of runIds) {
    const run = { runId, handlerId: runId, workflowName: "w", startedAt: 1 };
    await store.create(run, { ticks: [], events: [] });
  }
  for (let number = 0; number < rounds; number++) {
    const event = { json: `"${number} ${text}"`, at: 1, isInternal: false, isTerminal: false };
    const commit = { ticks: [number], events: [event] };
    await Promise.all(runIds.map((runId) => store.commit(runId, 1, commit)));
    if (number !== copiedAt) continue;
    cpSync(path, copy);
    cpSync(`${path}-wal`, `${copy}-wal`);
  }
  await store.close();
  return copiedAt + 1;
}

function flipped(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

async function check(
  path: string,
  total: number,
): Promise<{ readonly isOpened: boolean; readonly problems: readonly string[] }> {
  const store = new SqliteStore({ path, durability: "process" });
  try {
    await store.open();
    const problems: string[] = [];
    const lengths = new Set<number>();
    for (const runId of runIds) {
      if (!(await store.getRun(runId))) continue;
      const ticks = await store.readTicks(runId);
      const events = await store.readEvents(runId, -1, total + 10);
      lengths.add(ticks.length);
      const isPrefix =
        ticks.every((tick, index) => tick === index) &&
        events.every(
          ({ sequence, json }, index) => sequence === index && json.startsWith(`"${index} `),
        );
      if (!isPrefix) problems.push(`run ${runId} is no prefix`);
      if (events.length !== ticks.length) problems.push(`run ${runId} is torn`);
    }
    // They were always written together.
    if (lengths.size > 1) problems.push(`runs of ${[...lengths].join(" and ")} ticks`);
    const run = { runId: "new", handlerId: "new", workflowName: "w", startedAt: 1 };
    await store.create(run, { ticks: [1], events: [] });
    await store.close();
    return { isOpened: true, problems };
  } catch (error) {
    await store.close().catch(() => {});
    const isClear = error instanceof WorkflowError && error.message.includes(path);
    return { isOpened: false, problems: isClear ? [] : [`thrown: ${String(error)}`] };
  }
}

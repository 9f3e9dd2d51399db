/** R3: copies of a database whose log was cut or damaged somewhere: what opens is a prefix. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { SqliteStore } from "../../src/index.ts";
import type { History } from "./support/history.ts";
import { createRuns, readPrefix, writeRound } from "./support/prefix.ts";
import { createScratch } from "./support/scratch.ts";

export interface WalReport {
  readonly opened: number;
  readonly refused: number;
  readonly walBytes: number;
  readonly problems: readonly string[];
}

export async function damageWal({ dice, note }: History, offsets: number): Promise<WalReport> {
  using scratch = createScratch({ inMemory: true });
  const origin = scratch.file("origin.db");
  await writeLoad(origin, scratch.file("copied.db"));
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
    const found = await readPrefix(path);
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
async function writeLoad(path: string, copy: string): Promise<void> {
  const store = new SqliteStore({ path, durability: "process" });
  await store.open();
  await createRuns(store);
  for (let number = 0; number < 40; number++) {
    await writeRound(store, number, "z".repeat(200));
    if (number !== 30) continue;
    cpSync(path, copy);
    cpSync(`${path}-wal`, `${copy}-wal`);
  }
  await store.close();
}

function flipped(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

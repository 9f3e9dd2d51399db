/**
 * R4: the power goes at any moment. Every write and sync of a store is recorded; at any place in that
 * record, what was synced is there, and of the rest some or nothing, in any order, also torn.
 */
import { realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createDisk, cutPower, readDiskLog } from "./support/disk.ts";
import type { History } from "./support/history.ts";
import { readPrefix } from "./support/prefix.ts";
import { createScratch } from "./support/scratch.ts";

export interface PowerReport {
  readonly records: number;
  /** Rounds that were acknowledged, and are not there: none with `full`. */
  readonly lostMost: number;
  readonly problems: readonly string[];
}

export interface PowerOptions {
  readonly cuts: number;
  readonly durability: "full" | "process";
}

export async function losePower(
  { dice, note }: History,
  { cuts, durability }: PowerOptions,
): Promise<PowerReport> {
  using scratch = createScratch({ inMemory: true });
  const log = await recordLoad(scratch, durability);
  const places = Array.from({ length: cuts }, () => dice.roll(log.length + 1));
  const path = scratch.file("wreck.db");
  const problems: string[] = [];
  let lostMost = 0;
  let index = 0;
  const sorted = places.toSorted((a, b) => a - b);
  for (const { database, wal, mark } of cutPower(log, sorted, dice)) {
    writeFileSync(path, database);
    if (wal) writeFileSync(`${path}-wal`, wal);
    const { isOpened, refusal, length, problems: found } = await readPrefix(path);
    const what = `cut after ${sorted[index++]} of ${log.length}`;
    note(what, { mark, length, database: database.length, wal: wal?.length });
    if (!isOpened) problems.push(`${what}: ${refusal}`);
    problems.push(...found.map((problem) => `${what}: ${problem}`));
    lostMost = Math.max(lostMost, mark - length);
    if (durability === "full" && length < mark) {
      problems.push(`${what}: ${length} of ${mark} rounds are there`);
    }
    for (const end of ["", "-wal", "-shm", ".lock", ".owner"]) rmSync(path + end, { force: true });
  }
  return { records: log.length, lostMost, problems };
}

// ---

async function recordLoad(
  scratch: Disposable & { readonly path: string; file(name: string): string },
  durability: "full" | "process",
) {
  const path = join(realpathSync(scratch.path), "state.db");
  const disk = createDisk(scratch, path);
  const env = { ...process.env, ...disk.env, DURABILITY: durability, ROUNDS: "400" };
  const file = join(import.meta.dir, "fixtures/disk.ts");
  const child = Bun.spawn([process.execPath, file], { env, stderr: "pipe" });
  const [code, text] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0) throw new Error(`The load ended with ${code}: ${text}`);
  return readDiskLog(disk.logPath);
}

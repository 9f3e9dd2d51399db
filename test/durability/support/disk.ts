/**
 * A disk that is watched (`disk.c`), and what is left of it when the power goes: of what was not
 * synced, anything may be there or not, in sectors.
 *
 * A record of its log: what (1 byte), on which file (1), where or how much (8), length of the bytes
 * (4, little endian), and the bytes of a write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Dice } from "../../support/random.ts";
import type { Scratch } from "./scratch.ts";

const compiler = Bun.which("cc") ?? Bun.which("gcc");

/** Why there is no such disk here; null: there is. */
export const noDisk: string | null =
  process.platform !== "linux"
    ? "only Linux can stand between a program and its disk like this"
    : compiler === null
      ? "there is no C compiler"
      : null;

export interface Disk {
  readonly logPath: string;
  /** For the process that is to work on it. */
  readonly env: Readonly<Record<string, string>>;
  readonly library: string;
  /** From now on these fail with an error number of the system; 0 or absent: they succeed. */
  fail(faults: { readonly write?: number; readonly sync?: number; readonly read?: number }): void;
}

/** The disk under the database `path`, which has no symbolic link in it. */
export function createDisk(scratch: Scratch, path: string): Disk {
  const library = scratch.file("disk.so");
  const source = join(import.meta.dir, "disk.c");
  const command = [compiler ?? "cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source];
  const { success, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`The disk does not compile: ${stderr.toString()}`);
  const logPath = scratch.file("disk.log");
  const control = scratch.file("disk.faults");
  writeFileSync(control, Uint8Array.of(0, 0, 0));
  return {
    logPath,
    library,
    env: { LD_PRELOAD: library, DISK_FILE: path, DISK_LOG: logPath, DISK_FAULTS: control },
    // In place: the process has mapped this file.
    fail: ({ write = 0, sync = 0, read = 0 }) =>
      writeFileSync(control, Uint8Array.of(write, sync, read), { flag: "r+" }),
  };
}

/** What is on the platter when the power goes; null: there is no such file. */
export interface Wreck {
  readonly database: Uint8Array;
  readonly wal: Uint8Array | null;
  /** The last mark before. */
  readonly mark: number;
}

/** The wrecks after so many records each; these numbers rise. */
export function* cutPower(
  log: readonly DiskRecord[],
  cuts: readonly number[],
  dice: Dice,
): Generator<Wreck, void, void> {
  const platters = { 1: new Platter(), 2: new Platter() };
  let mark = -1;
  let done = 0;
  for (const cut of cuts) {
    for (; done < cut; done++) {
      const record = log[done];
      if (!record) break;
      if (record.what === "mark") mark = record.at;
      else if (record.file === 3) for (const platter of [platters[1], platters[2]]) platter.name();
      else platters[record.file].take(record);
    }
    const database = platters[1].wreck(dice) ?? new Uint8Array();
    yield { database, wal: platters[2].wreck(dice), mark };
  }
}

export type DiskRecord =
  | { readonly what: "mark"; readonly at: number }
  | { readonly what: "sync"; readonly file: 1 | 2 | 3 }
  | {
      readonly what: "write" | "truncate" | "unlink";
      readonly file: 1 | 2;
      readonly at: number;
      readonly bytes: Uint8Array;
    };

export function readDiskLog(path: string): readonly DiskRecord[] {
  const all = readFileSync(path);
  const records: DiskRecord[] = [];
  for (let place = 0; place < all.length;) {
    const what = whats[all[place] ?? 0];
    const file = all[place + 1] as 1 | 2 | 3;
    const at = Number(all.readBigUInt64LE(place + 2));
    const length = what === "write" ? all.readUInt32LE(place + 10) : 0;
    const bytes = all.subarray(place + 14, place + 14 + length);
    if (what === "mark") records.push({ what, at });
    else if (what === "sync") records.push({ what, file });
    else if (what && file !== 3) records.push({ what, file, at, bytes });
    place += 14 + length;
  }
  return records;
}

// ---

const whats = [undefined, "write", "truncate", "sync", "unlink", "mark"] as const;
const sectorBytes = 512;

type Change = Extract<DiskRecord, { readonly file: 1 | 2; readonly at: number }>;

/** One file: what is safe, and what is on its way. */
class Platter {
  #safe: Uint8Array = new Uint8Array();
  #changes: Change[] = [];
  /** Whether its name in the directory is safe, and whether it has one still. */
  #isNamed = false;
  #isUnlinked = false;

  take(record: Exclude<DiskRecord, { readonly what: "mark" }>): void {
    if (record.what === "sync") {
      this.#safe = applyAll(this.#safe, this.#changes);
      this.#changes = [];
    } else if (record.what === "unlink") {
      this.#isUnlinked = true;
    } else {
      this.#isUnlinked = false;
      this.#changes.push(record);
    }
  }

  /** The directory was synced. */
  name(): void {
    this.#isNamed = !this.#isUnlinked;
    if (this.#isUnlinked) this.#safe = new Uint8Array();
    if (this.#isUnlinked) this.#changes = [];
  }

  wreck(dice: Dice): Uint8Array | null {
    const isThere = this.#isNamed ? !this.#isUnlinked || dice.isOnce(2) : dice.isOnce(2);
    if (!isThere) return null;
    const luck = dice.pick(["none", "all", "some", "sectors", "first"] as const);
    const until = dice.roll(this.#changes.length + 1);
    const chosen = this.#changes.filter((_, index) => {
      if (luck === "none") return false;
      return luck === "first" ? index < until : luck !== "some" || dice.isOnce(2);
    });
    return applyAll(
      this.#safe,
      luck === "sectors" ? chosen.flatMap((one) => tear(one, dice)) : chosen,
    );
  }
}

function tear(change: Change, dice: Dice): readonly Change[] {
  if (change.what !== "write") return dice.isOnce(2) ? [change] : [];
  const parts: Change[] = [];
  for (let from = 0; from < change.bytes.length;) {
    const at = change.at + from;
    const length = sectorBytes - (at % sectorBytes);
    const bytes = change.bytes.subarray(from, from + length);
    if (dice.isOnce(2)) parts.push({ ...change, at, bytes });
    from += length;
  }
  return parts;
}

function applyAll(before: Uint8Array, changes: readonly Change[]): Uint8Array {
  let length = before.length;
  let most = length;
  for (const { what, at, bytes } of changes) {
    length = what === "truncate" ? at : Math.max(length, at + bytes.length);
    most = Math.max(most, length);
  }
  const after = new Uint8Array(most);
  after.set(before);
  let end = before.length;
  for (const { what, at, bytes } of changes) {
    if (what === "truncate" && at < end) after.fill(0, at, end);
    if (what === "write") after.set(bytes, at);
    end = what === "truncate" ? at : Math.max(end, at + bytes.length);
  }
  return after.subarray(0, length);
}

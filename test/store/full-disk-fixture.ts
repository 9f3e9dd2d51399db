/**
 * A process whose disk is full for a while: `bun full-disk-fixture.ts <durability> <path>`. The
 * system refuses it to let a file grow (`RLIMIT_FSIZE`), then allows it again. It says as JSON what
 * came of each step, all with one store that stays open.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";

import { WorkflowError } from "../../src/base/errors.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { eventsOf, newCommit, newEvent, newRun, ticksOf } from "./fixtures.ts";

const library = process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6";
const { symbols } = dlopen(library, {
  setrlimit: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
});

/** No file may grow beyond this many bytes. */
function limitFiles(bytes: bigint): void {
  const fileSize = 1;
  const unlimited = 2n ** (process.platform === "darwin" ? 63n : 64n) - 1n;
  const limits = new BigUint64Array([bytes < 0n ? unlimited : bytes, unlimited]);
  if (symbols.setrlimit(fileSize, ptr(limits)) !== 0) throw new Error("Could not limit files.");
}

const [durability = "full", path = ""] = process.argv.slice(2);
const store = new SqliteStore({ path, durability: durability === "full" ? "full" : "process" });
await store.open();
await store.create(newRun("a"), newCommit({ ticks: ["0"], events: [newEvent("0")] }));
const write = (number: number): Promise<void> => {
  const text = String(number).padEnd(9_000, "x");
  const events = [newEvent(String(number), { json: JSON.stringify({ type: text }) })];
  return store.commit("a", 1, newCommit({ ticks: [String(number)], events }));
};

limitFiles(256n * 1024n);
let number = 1;
const refusals: WorkflowError[] = [];
while (refusals.length < 3) {
  try {
    await write(number);
    number++;
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    refusals.push(error);
  }
}
console.log(JSON.stringify(refusals.map(({ code, message }) => ({ code, message }))));
const state = async (): Promise<string> => {
  const ticks = await ticksOf(store, "a");
  const events = await eventsOf(store, "a");
  const sequences = events.map((label) => label.split(":")[0]);
  return JSON.stringify({ ticks, sequences });
};
console.log(await state()); // It reads while it cannot write.

limitFiles(-1n);
await write(number);
await store.create(newRun("b"), newCommit());
console.log(await state());
await store.close();

/** One process owns a file, until it ends, however it ends. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SqliteStore } from "../../src/store/sqlite.ts";
import { startChild } from "./child.ts";
import { commitOf, eventsOf, newCommit, newRun, refusalOf, ticksOf } from "./fixtures.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

test("a store that another process has is refused, with the process named", async () => {
  const path = join(directory, "held.db");
  await using child = startChild("hold", path);
  expect(await child.readLine()).toBe("open");
  const refusal = await refusalOf(new SqliteStore({ path }).open(), "store_locked");
  expect(refusal.message).toContain(`\`${path}\``);
  expect(refusal.message).toContain(`process ${child.pid} `);
  expect(refusal.message).toContain("stop that process, or name another file");
  expect(refusal.details).toMatchObject({ path, pid: child.pid });
});

test("this process refuses another one, and is named", async () => {
  const path = join(directory, "here.db");
  const store = new SqliteStore({ path });
  await store.open();
  await using child = startChild("hold", path);
  const refusal = JSON.parse((await child.readLine()) ?? "null");
  expect(refusal).toMatchObject({ code: "store_locked" });
  expect(refusal.message).toContain(`process ${process.pid} `);
  await store.close();
});

test("two stores of one process do not share a file, and asking does not lose the lock", async () => {
  const path = join(directory, "twice.db");
  symlinkSync(path, join(directory, "alias.db"));
  const store = new SqliteStore({ path });
  await store.open();
  for (const other of [path, join(directory, "alias.db")]) {
    const refusal = await refusalOf(new SqliteStore({ path: other }).open(), "store_locked");
    expect(refusal.message).toContain("this process has it open");
  }
  // POSIX locks would be gone by now, because descriptors of the same file were closed.
  await using child = startChild("hold", path);
  expect(JSON.parse((await child.readLine()) ?? "null")).toMatchObject({ code: "store_locked" });
  await store.create(newRun("a"), commitOf("One"));
  await store.close();
});

test("a store that was closed can be opened by others, and again", async () => {
  const path = join(directory, "handed.db");
  const store = new SqliteStore({ path });
  for (let round = 0; round < 2; round++) {
    await store.open();
    await store.close();
    expect(existsSync(`${path}.owner`)).toBe(false);
    await using child = startChild("hold", path);
    expect(await child.readLine()).toBe("open");
  }
});

test("a store whose owner was killed is taken over, with all that was acknowledged", async () => {
  const path = join(directory, "killed.db");
  await using child = startChild("write", path);
  expect(await child.readLine()).toBe("open");
  let acknowledged = 0;
  while (acknowledged < 200) acknowledged = Number(await child.readLine());
  await child.kill();
  for (let line = await child.readLine(); line; line = await child.readLine()) {
    acknowledged = Number(line);
  }

  const store = new SqliteStore({ path });
  await store.open();
  const events = await eventsOf(store, "a");
  // The last one may have been written and not yet acknowledged.
  expect(events.length - 1 - acknowledged).toBeOneOf([0, 1]);
  expect(events).toEqual(events.map((_, index) => `${index}:${index}`));
  expect(await ticksOf(store, "a")).toHaveLength(events.length);
  expect(await store.claim("a")).toBe(2);
  await store.commit("a", 2, commitOf(String(events.length)));
  expect(await eventsOf(store, "a")).toHaveLength(events.length + 1);
  await store.close();
});

test("many processes that want one file get it one at a time", async () => {
  const path = join(directory, "wanted.db");
  const children = Array.from({ length: 6 }, () => startChild("hold", path));
  const lines = await Promise.all(children.map((child) => child.readLine()));
  expect(lines.filter((line) => line === "open")).toHaveLength(1);
  expect(lines.filter((line) => line?.includes("store_locked"))).toHaveLength(5);
  await Promise.all(children.map((child) => child.kill()));
});

test("the next owner knows whether the one before let go in order, and only the next", async () => {
  const path = join(directory, "crashed.db");
  const store = new SqliteStore({ path });
  const wasClosed = async (): Promise<boolean> => {
    const legacy = await store.open();
    await store.close();
    return legacy.wasClosed;
  };
  expect(await wasClosed()).toBe(true); // There was nobody before.
  expect(await wasClosed()).toBe(true);

  await using killed = startChild("hold", path);
  expect(await killed.readLine()).toBe("open");
  await refusalOf(store.open(), "store_locked"); // Asking in vain changes nothing.
  await killed.kill();
  expect(await wasClosed()).toBe(false);
  expect(await wasClosed()).toBe(true);

  await using closed = startChild("close", path);
  expect(await closed.exited).toBe(0);
  expect(await wasClosed()).toBe(true);
});

test("an open that fails does not hide that the owner before died, nor by whom", async () => {
  const path = join(directory, "hidden.db");
  await using child = startChild("hold", path);
  expect(await child.readLine()).toBe("open");
  await child.kill();
  const culprit = { runId: "a", step: "s", job: 1, attempt: 1 };
  writeFileSync(`${path}.culprit`, JSON.stringify(culprit));
  const store = new SqliteStore({ path });
  const version = setVersion(path, 1_000);
  await refusalOf(store.open(), "store_failed");
  setVersion(path, version);
  expect(await store.open()).toMatchObject({ wasClosed: false, culprit });
  expect(existsSync(`${path}.culprit`)).toBe(false);
  await store.close();
});

test("an open that fails is no owner that died", async () => {
  const path = join(directory, "vain.db");
  const store = new SqliteStore({ path });
  await store.open();
  await store.close();
  const version = setVersion(path, 1_000);
  await refusalOf(store.open(), "store_failed");
  setVersion(path, version);
  expect(await store.open()).toMatchObject({ wasClosed: true });
  await store.close();
});

test("a copy of the file alone was closed in order", async () => {
  const path = join(directory, "original.db");
  await using child = startChild("crash", path);
  expect(await child.readLine()).toBe("open");
  await child.kill();
  copyFileSync(path, join(directory, "copy.db"));
  const store = new SqliteStore({ path: join(directory, "copy.db") });
  expect(await store.open()).toMatchObject({ wasClosed: true });
  await store.close();
});

test("a crash that was noted stays noted, however the process ends", async () => {
  const path = join(directory, "counted.db");
  for (const count of ["1", "2", "3"]) {
    await using child = startChild("crash", path);
    expect([await child.readLine(), await child.readLine()]).toEqual(["open", count]);
    await child.kill();
  }
  const store = new SqliteStore({ path });
  await store.open();
  expect(await store.getRun("a")).toMatchObject({ crashes: 3 });
  await store.commit("a", 1, newCommit({ isProgress: true }));
  expect(await store.getRun("a")).toMatchObject({ crashes: 0 });
  await store.close();
});

/** Makes the file one of another version; returns the version that it had. */
function setVersion(path: string, version: number): number {
  using database = new Database(path);
  const before = Number(database.query("PRAGMA user_version").values()[0]?.[0]);
  database.run(`PRAGMA user_version = ${version}`);
  return before;
}

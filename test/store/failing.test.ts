/** Surroundings that fail: what is told, that nothing is half written, and that it goes on. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { SqliteStore } from "../../src/store/sqlite.ts";
import { toStoreError } from "../../src/store/sqlite/failure.ts";
import { createTransact } from "../../src/store/sqlite/transact.ts";
import { startChild } from "./child.ts";
import { commitOf, eventsOf, newRun, refusalOf, ticksOf } from "./fixtures.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

describe("codes", () => {
  const codeOf = (deed: Parameters<typeof toStoreError>[0], code: string): string =>
    toStoreError(deed, "state.db", Object.assign(new Error("no"), { code })).code;

  test("what may pass is tried again", () => {
    for (const code of [
      "SQLITE_FULL",
      "SQLITE_IOERR_WRITE",
      "SQLITE_IOERR_FSYNC",
      "SQLITE_READONLY",
      "SQLITE_READONLY_DBMOVED",
      "SQLITE_CANTOPEN",
      "SQLITE_BUSY",
      "SQLITE_BUSY_SNAPSHOT",
      "SQLITE_LOCKED",
      "SQLITE_PROTOCOL",
      "SQLITE_NOMEM",
      "ENOSPC",
      "EIO",
      "EROFS",
      // What a disk that cannot be read looks like.
      "SQLITE_CORRUPT",
      "SQLITE_CORRUPT_INDEX",
      "SQLITE_NOTADB",
      "SQLITE_IOERR_CORRUPTFS",
      "SQLITE_IOERR_DATA",
    ]) {
      expect([code, codeOf("read", code)]).toEqual([code, "store_unavailable"]);
      expect([code, codeOf("write to", code)]).toEqual([code, "store_unavailable"]);
      // What cannot be opened is for people to mend.
      expect([code, codeOf("open", code)]).toEqual([code, "store_failed"]);
    }
  });

  test("what does not mend itself is a failure", () => {
    for (const code of ["SQLITE_CONSTRAINT_CHECK", "SQLITE_ERROR", "SQLITE_MISUSE"]) {
      expect([code, codeOf("write to", code)]).toEqual([code, "store_failed"]);
    }
    expect(toStoreError("read", "state.db", new SyntaxError("no JSON")).code).toBe("store_failed");
  });
});

describe("a full disk", () => {
  for (const durability of ["process", "full"]) {
    test.skipIf(process.platform === "win32")(
      `refuses writes, not reads, and once there is room all goes on (${durability})`,
      async () => {
        const path = join(directory, durability, "state.db");
        const script = join(import.meta.dir, "full-disk-fixture.ts");
        await using child = startChild(durability, path, script);
        const refusals = JSON.parse((await child.readLine()) ?? "[]");
        expect(refusals).toHaveLength(3);
        for (const refusal of refusals) {
          expect(refusal).toMatchObject({ code: "store_unavailable" });
          expect(refusal.message).toContain(`Could not write to \`${path}\``);
        }
        const during = JSON.parse((await child.readLine()) ?? "{}");
        const after = JSON.parse((await child.readLine()) ?? "{}");
        expect(await child.exited).toBe(0);

        // Dense, and of each refused commit there is nothing.
        const count: number = during.ticks.length;
        expect(count).toBeGreaterThan(1);
        const numbers = Array.from({ length: count + 1 }, (_, index) => String(index));
        expect(during).toEqual({ ticks: numbers.slice(0, -1), sequences: numbers.slice(0, -1) });
        expect(after).toEqual({ ticks: numbers, sequences: numbers });

        const store = new SqliteStore({ path });
        expect(await store.open()).toMatchObject({ wasClosed: true });
        expect(await ticksOf(store, "a")).toEqual(numbers);
        expect(await eventsOf(store, "a")).toHaveLength(numbers.length);
        expect(await store.getRun("b")).toBeDefined();
        await store.close();
      },
    );
  }
});

describe("a file in use", () => {
  async function openWithRun(name: string) {
    const path = join(directory, name);
    const store = new SqliteStore({ path });
    await store.open();
    await store.create(newRun("a"), commitOf("One"));
    return { path, store };
  }

  test("that is moved away takes no writes until it is back; reads go on", async () => {
    const { path, store } = await openWithRun("moved.db");
    renameSync(path, `${path}.away`);
    const refusal = await refusalOf(store.commit("a", 1, commitOf("Two")), "store_unavailable");
    expect(refusal.message).toBe(
      `Expected \`${path}\` to stay where it is, but it was deleted, moved or replaced: ` +
        "bring it back, or start the server again with the file that is there.",
    );
    expect(await eventsOf(store, "a")).toEqual(["0:One"]);
    renameSync(`${path}.away`, path);
    await store.commit("a", 1, commitOf("Three"));
    expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Three"]);
    await store.close();
  });

  test("that another one took the place of is not mixed with that one", async () => {
    const { path, store } = await openWithRun("replaced.db");
    await store.close();
    copyFileSync(path, `${path}.backup`);
    await store.open();
    await store.commit("a", 1, commitOf("Two"));
    renameSync(path, `${path}.away`);
    renameSync(`${path}.backup`, path);
    await refusalOf(store.close(), "store_unavailable");
    await store.open();
    expect(await eventsOf(store, "a")).toEqual(["0:One"]);
    await store.close();
    renameSync(`${path}.away`, path);
    await store.open();
    expect(await eventsOf(store, "a")).toEqual(["0:One", "1:Two"]);
    await store.close();
  });

  test("that was deleted takes no writes, and the next one is new", async () => {
    const { path, store } = await openWithRun("deleted.db");
    rmSync(path);
    await refusalOf(store.create(newRun("b"), commitOf("One")), "store_unavailable");
    await refusalOf(store.close(), "store_unavailable");
    await store.open();
    expect(await store.listHandlers({})).toEqual([]);
    await store.close();
  });
});

describe("transactions", () => {
  test("what could not be rolled back is rolled back before the next one", () => {
    using database = new Database();
    database.run("CREATE TABLE one (x)");
    const transact = createTransact(database);
    database.run("BEGIN");
    database.run("INSERT INTO one VALUES ('never committed')");
    transact(() => database.run("INSERT INTO one VALUES ('committed')"));
    expect(database.inTransaction).toBe(false);
    expect(database.query("SELECT x FROM one").values()).toEqual([["committed"]]);
  });

  test("a failure after which SQLite has rolled back by itself is told as it was", () => {
    using database = new Database();
    database.run("CREATE TABLE one (x UNIQUE ON CONFLICT ROLLBACK)");
    const transact = createTransact(database);
    const insert = (): unknown => database.run("INSERT INTO one VALUES (1)");
    const twice = (): unknown => transact(() => [insert(), insert()]);
    expect(twice).toThrow("UNIQUE constraint failed");
    expect(database.inTransaction).toBe(false);
    transact(insert);
    expect(database.query("SELECT count(*) FROM one").values()).toEqual([[1]]);
  });
});

test("a reader whose store fails ends with the error, and can come back", async () => {
  const path = join(directory, "reader.db");
  const store = new SqliteStore({ path, durability: "process" });
  await store.open();
  await store.create(newRun("a"), commitOf("One", "Two"));
  using other = new Database(path);
  other.run("ALTER TABLE entry RENAME TO hidden");
  const reader = store.feed.follow("a", 0, new AbortController().signal);
  await refusalOf(reader.next(), "store_failed");
  other.run("ALTER TABLE hidden RENAME TO entry");
  const again = store.feed.follow("a", 0, new AbortController().signal);
  expect((await again.next()).value).toHaveLength(1);
  await again.return();
  await store.close();
});

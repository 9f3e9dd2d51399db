/** Every store keeps the same contract. A store that is added here is held to all of it. */
import { describe, test } from "bun:test";
import { join } from "node:path";

import { MemoryStore } from "../../src/store/memory.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { conformance } from "./conformance.ts";
import { temporaryFolder } from "../support/folder.ts";

const directory = temporaryFolder();

let files = 0;
const nextPath = (): string => join(directory, `${++files}.db`);

const stores: readonly (readonly [name: string, create: () => Store])[] = [
  ["memory", () => new MemoryStore()],
  ["sqlite, process", () => new SqliteStore({ path: nextPath(), durability: "process" })],
  ["sqlite, full", () => new SqliteStore({ path: nextPath(), durability: "full" })],
];

for (const [name, create] of stores) {
  describe(name, () => {
    for (const { name: sentence, check } of conformance) {
      test(sentence, async () => {
        const store = create();
        await store.open();
        try {
          await check(store);
        } finally {
          await store.close();
        }
      });
    }
  });
}

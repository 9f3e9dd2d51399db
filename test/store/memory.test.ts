/** When the store for tests answers: as late as one that has a disk, and no later. */
import { expect, test } from "bun:test";

import { MemoryStore } from "../../src/store/memory.ts";
import { createFakeClock } from "../http/fake-clock.ts";
import { commitOf, newCommit, newRun } from "./fixtures.ts";

test("writes take effect at once, and all of a turn are answered together in a later one", async () => {
  const clock = createFakeClock();
  const store = new MemoryStore({ clock });
  const answered: string[] = [];
  const note = (name: string, write: Promise<void>): void => {
    void write.then(() => answered.push(name));
  };
  note("create", store.create(newRun("a"), newCommit()));
  note("commit", store.commit("a", 1, commitOf("One")));
  expect(await store.getRun("a")).toMatchObject({ lastSequence: 0 });
  expect([answered, clock.pending]).toEqual([[], 1]);
  await clock.turn();
  expect(answered.toSorted()).toEqual(["commit", "create"]);
  note("next", store.commit("a", 1, commitOf("Two")));
  expect([answered.length, clock.pending]).toEqual([2, 1]);
  await clock.turn();
  expect(answered.slice(2)).toEqual(["next"]);
});

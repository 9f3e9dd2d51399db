/** Whatever clients do, in whatever order, and whenever the server is killed: the model is right. */
import { expect, test } from "bun:test";

import { playMany } from "./model.ts";
import { seedOf } from "./support/history.ts";

test("300 sequences of 40 commands, with kills and restarts, in memory", async () => {
  await playMany(seedOf(), 300, false);
  expect().pass();
}, 60_000);

test("20 sequences of 40 commands, with restarts, in a file", async () => {
  await playMany(seedOf(), 20, true);
  expect().pass();
}, 60_000);

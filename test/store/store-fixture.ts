/**
 * A process of its own that has a store open: `bun store-fixture.ts hold|write <path>`. It says
 * `open`, or the refusal as JSON. With `write` it then commits for ever, and says each number once
 * its commit is acknowledged.
 */
import { WorkflowError } from "../../src/base/errors.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { commitOf, newRun } from "./fixtures.ts";

const [mode, path = ""] = process.argv.slice(2);
const store = new SqliteStore({ path });

try {
  await store.open();
} catch (error) {
  if (!(error instanceof WorkflowError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
  process.exit(1);
}
console.log("open");
if (mode === "write") {
  await store.create(newRun("a"), commitOf("0"));
  for (let number = 1; ; number++) {
    await store.commit("a", 1, commitOf(String(number)));
    console.log(number);
  }
}
// It holds the store until it is killed.
setInterval(() => store.about, 60_000);

/**
 * A process of its own that has a store open: `bun store-fixture.ts <mode> <path>`. It says `open`,
 * or the refusal as JSON, and then does what the mode says:
 *
 * - `hold` keeps the store until it is killed.
 * - `close` closes it and ends.
 * - `write` commits for ever, and says each number once its commit is acknowledged.
 * - `crash` notes a crash of a run that it has created, says how many there are, and holds.
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
if (mode === "close") {
  await store.close();
  process.exit(0);
}
if (mode === "crash") {
  if (!(await store.getRun("a"))) await store.create(newRun("a"), commitOf("0"));
  const crashes = ((await store.getRun("a"))?.crashes ?? 0) + 1;
  await store.setDeaths("a", { crashes });
  console.log(crashes);
}
if (mode === "write") {
  await store.create(newRun("a"), commitOf("0"));
  for (let number = 1; ; number++) {
    await store.commit("a", 1, commitOf(String(number)));
    console.log(number);
  }
}
// It holds the store until it is killed.
setInterval(() => store.about, 60_000);

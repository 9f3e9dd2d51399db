/**
 * The simulation as a test: the seeds that failed once, then two thousand more. They run in
 * processes of their own, as `main.ts` does it: a rejection that nobody sees must name its seed.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";

/** Of an idle machine it takes a third. */
const timeoutMs = 600_000;

test("seeds that have failed once fail no more", () => runMain("--file"), timeoutMs);

test(
  "two thousand seeds break no law, and come to everything that there is",
  () => runMain("--seeds", "2000", "--remember"),
  timeoutMs,
);

// ---

async function runMain(...args: readonly string[]): Promise<void> {
  const main = Bun.spawn({
    cmd: [process.execPath, join(import.meta.dir, "main.ts"), ...args],
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, errors] = await Promise.all([
    new Response(main.stdout).text(),
    new Response(main.stderr).text(),
  ]);
  const exitCode = await main.exited;
  expect({ exitCode, report: exitCode === 0 ? "" : `${text}${errors}` }).toEqual({
    exitCode: 0,
    report: "",
  });
}

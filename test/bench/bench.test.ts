/** Every benchmark still runs and prints its table. How fast anything is fails no test. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const names = readdirSync(import.meta.dir)
  .filter((name) => name.endsWith(".ts") && !["main.ts", "bench.test.ts"].includes(name))
  .map((name) => name.replace(/\.ts$/, ""));

test("all benchmarks run, quickly, from one command", async () => {
  const main = join(import.meta.dir, "main.ts");
  const child = Bun.spawn(["bun", main, "--quick"], { stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect({ code: await child.exited, errors }).toEqual({ code: 0, errors: "" });
  const seen = output.split(/^# /m).slice(1);
  expect(seen.map((text) => text.split("\n")[0]).toSorted()).toEqual(names.toSorted());
  const empty = seen.filter((text) => !text.includes("──") && !text.includes("SKIPPED"));
  expect(empty).toEqual([]);
}, 120_000);

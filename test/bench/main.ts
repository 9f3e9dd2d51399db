/**
 * Runs benchmarks, each in a process of its own: all of them, or those that are named.
 *
 *     bun test/bench/main.ts [--quick] [--large] [NAME…]
 */
import { join } from "node:path";

const names = [
  "in-process",
  "run",
  "nowait",
  "fanout-readers",
  "many-streams",
  "token-latency",
  "attach",
  "recovery",
  "idle",
  "cold-start",
  "debugger",
  "peer",
];

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("--"));
const chosen = args.filter((arg) => !arg.startsWith("--"));
const unknown = [
  ...chosen.filter((name) => !names.includes(name)),
  ...flags.filter((flag) => !["--quick", "--large"].includes(flag)),
];
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}. The benchmarks are ${names.join(", ")}.`);
  process.exit(2);
}

const failed: string[] = [];
for (const name of chosen.length > 0 ? chosen : names) {
  const script = join(import.meta.dir, `${name}.ts`);
  const child = Bun.spawn(["bun", script, ...flags], { stdio: ["ignore", "inherit", "inherit"] });
  if ((await child.exited) !== 0) failed.push(name);
}
if (failed.length > 0) console.error(`These did not come to an end: ${failed.join(", ")}.`);
process.exit(failed.length > 0 ? 1 : 0);

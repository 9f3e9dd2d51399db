/**
 * The long form of these tests, for a night or a release:
 *
 *     bun test/durability/main.ts --kills 1000 --failpoints 20 --wal 2000 --power 2000 --models 20000
 *
 * Each part runs only if it is asked for. Every life of a server takes about half a second, an offset
 * of a log or a power cut 15 ms, a sequence of 40 commands 25 ms.
 */
import { parseArgs } from "node:util";

import { failpoints, runFailpoints } from "./failpoints.ts";
import { killLoop } from "./kill-loop.ts";
import { playMany } from "./model.ts";
import { losePower } from "./power.ts";
import { seedOf, withHistory } from "./support/history.ts";
import { damageWal } from "./wal.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string" },
    width: { type: "string", default: "30" },
    durability: { type: "string", default: "full" },
    failpoints: { type: "string" },
    wal: { type: "string" },
    power: { type: "string" },
    models: { type: "string" },
  },
});
const seed = seedOf();
console.info(`DURABILITY_SEED=${seed}`);
const width = Number(values.width);
const env = { DURABILITY: values.durability };
let failures = 0;

await part("kills", values.kills, async (kills) =>
  withHistory("kill-loop", (history) => killLoop(history, { kills, width, env }), seed),
);
await part("failpoints", values.failpoints, async (count) => {
  const points = failpoints(Array.from({ length: count }, (_, number) => number));
  return withHistory("failpoints", (history) => runFailpoints(history, points), seed);
});
await part("wal", values.wal, async (offsets) =>
  withHistory("wal", (history) => damageWal(history, offsets), seed),
);
await part("power cuts", values.power, async (cuts) => {
  const durability = values.durability === "process" ? "process" : "full";
  return withHistory("power", (history) => losePower(history, { cuts, durability }), seed);
});
await part("models", values.models, async (count) => {
  await playMany(seed, count, false);
  await playMany(seed, Math.ceil(count / 10), true);
  return { problems: [] };
});
process.exit(failures === 0 ? 0 : 1);

// ---

async function part(
  name: string,
  count: string | undefined,
  run: (count: number) => Promise<{ readonly problems: readonly string[] }>,
): Promise<void> {
  if (count === undefined) return;
  const startedAt = performance.now();
  try {
    const { problems, ...report } = await run(Number(count));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.info(`${name} ${count}: ${problems.length} problems in ${seconds} s`, report);
    for (const problem of problems.slice(0, 50)) console.info(`  ${problem}`);
    failures += problems.length;
  } catch (error) {
    console.error(`${name} ${count} failed.`, error);
    failures++;
  }
}

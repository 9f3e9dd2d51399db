/** Runs that wait for a human: what each costs in memory, and what all of them cost a start. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { ask } from "./support/connection.ts";
import { startRuns } from "./support/runs.ts";
import { type ServerProcess, type ServerStats, startServer } from "./support/server.ts";
import type { Row, Table } from "./support/table.ts";

const benchmark: Benchmark = { name: "idle", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const rows: Row[] = [];
  const sizes = scene.isQuick ? [100] : scene.isLarge ? [10_000, 100_000] : [10_000];
  for (const runs of sizes) rows.push(await measure(scene, runs));
  const notes = [
    "Bytes a run: of the heap, and of the process, once they were released and garbage was collected.",
    "The heap tells best: a process seldom gives back what it once had.",
    "Start: of a new process with all of them in its file, until `/health` says 200, and until its heap is at rest.",
    "--large measures 100,000 as well.",
  ];
  return [{ title: "Runs that wait for a human, store `full`", rows, notes }];
}

// ---

async function measure(scene: Scene, runs: number): Promise<Row> {
  const { directory, isPinned } = scene;
  const options = { store: "full", file: `idle-${runs}.db`, directory, isPinned } as const;
  const row: Record<string, number> = { runs };
  const idleSeconds = 0.2;
  {
    await using server = await startServer({ ...options, idleSeconds });
    await startRuns(server.url, "human", {}, scene.pick(500, 20));
    const before = await settled(server, scene);
    const startAt = performance.now();
    await startRuns(server.url, "human", {}, runs);
    row["starts/s"] = Math.round((runs * 1000) / (performance.now() - startAt));
    const after = await settled(server, scene);
    row["heap B/run"] = Math.round((after.heapBytes - before.heapBytes) / runs);
    row["RSS B/run"] = Math.round((after.rssBytes - before.rssBytes) / runs);
  }
  const startAt = performance.now();
  await using server = await startServer({ ...options, idleSeconds });
  await ask(server.url, "GET", "/health");
  row["start ms"] = performance.now() - startAt;
  const after = await settled(server, scene);
  row["at rest ms"] = performance.now() - startAt;
  row["heap MB"] = after.heapBytes / 2 ** 20;
  row["RSS MB"] = after.rssBytes / 2 ** 20;
  return row;
}

/** When the heap shrinks no more: every run that can be let go has been. */
async function settled(server: ServerProcess, scene: Scene): Promise<ServerStats> {
  let stats = await server.ask("gc");
  for (let calm = 0, looks = 0; calm < 3 && looks < 200; looks++) {
    await Bun.sleep(scene.pick(150, 20));
    const next = await server.ask("gc");
    calm = next.heapBytes > stats.heapBytes * 0.995 ? calm + 1 : 0;
    stats = next;
  }
  return stats;
}

/** `kill -9` with runs in flight, and a new start: until the server answers, and all runs go on. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { ask } from "./support/connection.ts";
import { preciseNow } from "./support/process.ts";
import { startRuns } from "./support/runs.ts";
import { type ServerOptions, startServer } from "./support/server.ts";
import { median } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const benchmark: Benchmark = { name: "recovery", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const rows: Row[] = [];
  for (const store of scene.isQuick ? (["full"] as const) : (["process", "full"] as const)) {
    for (const runs of scene.isQuick ? [20] : [1, 1000]) {
      const rounds: Recovery[] = [];
      for (let round = 0; round < scene.pick(5, 1); round++) {
        rounds.push(await recover(scene, store, runs, `${store}-${runs}-${round}.db`));
      }
      rows.push({
        store,
        runs,
        "listening ms": median(rounds.map(({ listeningMs }) => listeningMs)),
        "healthy ms": median(rounds.map(({ healthyMs }) => healthyMs)),
        "all resumed ms": median(rounds.map(({ resumedMs }) => resumedMs)),
        "not resumed": Math.max(...rounds.map(({ missing }) => missing)),
      });
    }
  }
  const notes = [
    "From the start of the new process. A run counts when its step function is called.",
  ];
  return [{ title: "Recovery after kill -9", rows, notes }];
}

// ---

interface Recovery {
  readonly listeningMs: number;
  readonly healthyMs: number;
  readonly resumedMs: number;
  readonly missing: number;
}

async function recover(
  scene: Scene,
  store: NonNullable<ServerOptions["store"]>,
  runs: number,
  file: string,
): Promise<Recovery> {
  const options = { store, file, directory: scene.directory, isPinned: scene.isPinned };
  const first = await startServer(options);
  await startRuns(first.url, "hold", {}, runs);
  await first.kill();

  const startAt = preciseNow();
  await using server = await startServer(options);
  const listeningMs = preciseNow() - startAt;
  await ask(server.url, "GET", "/health");
  const healthyMs = preciseNow() - startAt;
  let stats = await server.ask("stats");
  // Asked seldom: each question takes of the time that is measured.
  for (const endAt = preciseNow() + 20_000; stats.starts < runs && preciseNow() < endAt;) {
    await Bun.sleep(20);
    stats = await server.ask("stats");
  }
  const resumedMs = stats.lastStartAt - startAt;
  return { listeningMs, healthyMs, resumedMs, missing: runs - stats.starts };
}

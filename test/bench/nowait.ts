/** How long `run-nowait` takes to say that a run is stored, while runs come at a fixed rate. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { toRequest } from "./support/connection.ts";
import { type LoadResult, openLoop } from "./support/load.ts";
import { type ServerProcess, startServer } from "./support/server.ts";
import { medianBy } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const stores = ["memory", "process", "full"] as const;

const benchmark: Benchmark = { name: "nowait", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const rows: Row[] = [];
  for (const store of scene.isQuick ? (["full"] as const) : stores) {
    const { directory, isPinned } = scene;
    await using server = await startServer({ store, directory, isPinned });
    await load(server, scene.pick(1000, 50), scene.pick(2, 0.1));
    for (const perSecond of scene.isQuick ? [50] : [500, 1000]) {
      const rounds: LoadResult[] = [];
      for (let round = 0; round < scene.pick(3, 1); round++) {
        rounds.push(await load(server, perSecond, scene.pick(4, 0.1)));
      }
      rows.push(toRow(store, perSecond, rounds));
    }
  }
  const notes = [
    "Open loop: a latency counts from the time at which its request was due.",
    "Lag is how late the generator was: if it is not small, latencies are the generator's.",
  ];
  return [{ title: "POST /workflows/three/run-nowait, open loop", rows, notes }];
}

// ---

function load(server: ServerProcess, perSecond: number, seconds: number): Promise<LoadResult> {
  const request = toRequest(server.url, "POST", "/workflows/three/run-nowait", { start_event: {} });
  return openLoop(server, request, { perSecond, seconds });
}

function toRow(store: string, perSecond: number, rounds: readonly LoadResult[]): Row {
  const round = medianBy(rounds, ({ latency }) => latency.p99);
  return {
    store,
    "due/s": perSecond,
    "answered/s": round.perSecond,
    "p50 ms": round.latency.p50,
    "p99 ms": round.latency.p99,
    "max ms": round.latency.max,
    "lag p99 ms": round.lagMs?.p99 ?? null,
    "CPU %": round.serverCpu === null ? null : Math.round(round.serverCpu * 100),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}

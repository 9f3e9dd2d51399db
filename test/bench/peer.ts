/**
 * The same requests to the Python server that this one stands in for, from the same generator, in
 * turn with ours. Needs `python3` and, once, the network: the server goes into a directory of its
 * own under the temporary one. Without it, nothing is measured, and that is said.
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { ask, toRequest } from "./support/connection.ts";
import { closedLoop, type LoadResult } from "./support/load.ts";
import { ServerProcess, startServer } from "./support/server.ts";
import { medianBy } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const packages = ["llama-agents-server==0.8.0", "llama-index-workflows==2.26.1"];

const benchmark: Benchmark = { name: "peer", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  const python = scene.isQuick ? undefined : install();
  if (python === undefined) {
    const why = scene.isQuick ? "A quick run has no network." : "It could not be installed.";
    return [{ title: `SKIPPED: the Python server is not compared. ${why}`, rows: [] }];
  }
  pin(scene);
  const rows: Row[] = [];
  for (const [ours, theirs] of [
    ["memory", "memory"],
    ["full", join(scene.directory, "peer.db")],
  ] as const) {
    const { directory, isPinned } = scene;
    await using own = await startServer({ store: ours, directory, isPinned });
    const peer = await startPeer(python, theirs, isPinned);
    for (const name of ["one", "three"]) {
      for (const concurrency of [1, 16, 64]) {
        rows.push(...(await compare({ own, peer }, name, concurrency, ours)));
      }
    }
    await peer.kill();
  }
  const notes = [
    `The peer is ${packages.join(" with ")}, on uvicorn.`,
    "Store: `full` syncs with every commit; the peer's SQLite does so too, by Python's default.",
  ];
  return [{ title: "POST /run, beside the Python server", rows, notes }];
}

// ---

interface Pair {
  readonly own: ServerProcess;
  readonly peer: ServerProcess;
}

async function compare(
  { own, peer }: Pair,
  name: string,
  concurrency: number,
  store: string,
): Promise<readonly Row[]> {
  const rounds: { readonly own: LoadResult[]; readonly peer: LoadResult[] } = { own: [], peer: [] };
  await load(own, name, concurrency, 1);
  await load(peer, name, concurrency, 1);
  for (let round = 0; round < 3; round++) {
    rounds.own.push(await load(own, name, concurrency, 1.5));
    rounds.peer.push(await load(peer, name, concurrency, 1.5));
  }
  const ours = medianBy(rounds.own, ({ perSecond }) => perSecond);
  const theirs = medianBy(rounds.peer, ({ perSecond }) => perSecond);
  return [
    {
      run: name,
      store,
      conc: concurrency,
      "ours req/s": Math.round(ours.perSecond),
      "peer req/s": Math.round(theirs.perSecond),
      "× req/s": ours.perSecond / theirs.perSecond,
      "ours p99 ms": ours.latency.p99,
      "peer p99 ms": theirs.latency.p99,
      "× p99": theirs.latency.p99 / ours.latency.p99,
      "ours errors": ours.errors,
      "peer errors": theirs.errors,
    },
  ];
}

function load(
  server: ServerProcess,
  name: string,
  concurrency: number,
  seconds: number,
): Promise<LoadResult> {
  const request = toRequest(server.url, "POST", `/workflows/${name}/run`, { start_event: {} });
  return closedLoop(server, request, { concurrency, seconds });
}

async function startPeer(python: string, store: string, isPinned: boolean): Promise<ServerProcess> {
  const port = String(20_000 + Math.floor(Math.random() * 10_000));
  const script = join(import.meta.dir, "support", "peer.py");
  const peer = await ServerProcess.start([python, script, port, store], isPinned);
  for (let looks = 0; looks < 200; looks++) {
    const isHealthy = await ask(peer.url, "GET", "/health").then(
      () => true,
      () => false,
    );
    if (isHealthy) return peer;
    await Bun.sleep(100);
  }
  await peer.kill();
  throw new Error("The Python server did not get healthy in time.");
}

/** The interpreter that has the packages; undefined if it cannot be had. */
function install(): string | undefined {
  const directory = join(tmpdir(), "workflows-server-bench-peer");
  const python = join(directory, "bin", "python");
  const isDone = (): boolean =>
    existsSync(python) && Bun.spawnSync([python, "-c", "import llama_agents.server"]).success;
  if (isDone()) return python;
  if (Bun.which("python3") === null) return undefined;
  Bun.spawnSync(["python3", "-m", "venv", directory]);
  Bun.spawnSync([python, "-m", "pip", "install", "--quiet", ...packages]);
  return isDone() ? python : undefined;
}

/** From `writeEventToStream` in a step to the byte at a client, at 200 tokens a second a run. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { openReaders, Seen } from "./support/readers.ts";
import { sendGo, startRuns } from "./support/runs.ts";
import { type ServerOptions, type ServerProcess, startServer } from "./support/server.ts";
import { summarize } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const perSecond = 200;

const benchmark: Benchmark = { name: "token-latency", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const rows: Row[] = [];
  for (const store of scene.isQuick
    ? (["full"] as const)
    : (["memory", "process", "full"] as const)) {
    for (const runs of scene.isQuick ? [5] : [1, 10, 50, 100]) {
      rows.push(await measure(scene, store, runs));
    }
  }
  const notes = ["One reader a run. Below the wanted rate, the server is beyond its capacity."];
  return [{ title: `Tokens: ${perSecond} a second a run, write to client`, rows, notes }];
}

// ---

async function measure(
  scene: Scene,
  store: NonNullable<ServerOptions["store"]>,
  runs: number,
): Promise<Row> {
  const { directory, isPinned } = scene;
  const file = `${store}-${runs}.db`;
  await using server = await startServer({ store, directory, isPinned, file });
  const warm = scene.pick(400, 20);
  const count = scene.pick(1000, 20);
  await stream(server, runs, warm);
  const { seen, seconds, cpu, generatorCpu } = await stream(server, runs, count);
  const latency = summarize(seen.latencies);
  return {
    store,
    runs,
    "wanted/s": runs * perSecond,
    "arrived/s": Math.round(seen.events / seconds),
    lost: runs * count - seen.events,
    errors: seen.errors,
    "p50 ms": latency.p50,
    "p99 ms": latency.p99,
    "max ms": latency.max,
    "CPU %": cpu === undefined ? null : Math.round((cpu / seconds) * 100),
    "CPU µs/token": cpu === undefined ? null : (cpu * 1e6) / seen.events,
    "generator CPU %": Math.round(generatorCpu * 100),
  };
}

interface Streamed {
  readonly seen: Seen;
  readonly seconds: number;
  /** Seconds of the server on its core. */
  readonly cpu: number | undefined;
  readonly generatorCpu: number;
}

/** Measured from the moment at which all readers are attached, and the runs may begin. */
async function stream(server: ServerProcess, runs: number, count: number): Promise<Streamed> {
  const { url } = server;
  const started = await startRuns(url, "ticks", { perSecond, count, waits: true }, runs);
  const seen = new Seen();
  const paths = started.map(({ handlerId }) => `/events/${handlerId}?after_sequence=-1`);
  const readers = await openReaders(url, paths, seen);
  const [before, own, startAt] = [server.usage, process.cpuUsage(), performance.now()];
  await Promise.all(started.map(({ handlerId }) => sendGo(url, handlerId)));
  await Promise.all(readers.map((reader) => reader.ended.promise));
  const seconds = (performance.now() - startAt) / 1000;
  const [after, used] = [server.usage, process.cpuUsage(own)];
  const cpu = before && after && after.cpuSeconds - before.cpuSeconds;
  return { seen, seconds, cpu, generatorCpu: (used.user + used.system) / 1e6 / seconds };
}

/** Thousands of streams at once, a message a second on each. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { openReaders, Seen } from "./support/readers.ts";
import { startRuns } from "./support/runs.ts";
import { type ServerOptions, startServer } from "./support/server.ts";
import { summarize } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const benchmark: Benchmark = { name: "many-streams", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const streams = scene.pick(5000, 50);
  const rows: Row[] = [];
  for (const store of scene.isQuick ? (["memory"] as const) : (["memory", "process"] as const)) {
    for (const runs of scene.isQuick ? [streams] : [streams / 50, streams]) {
      rows.push(await measure(scene, store, runs, streams));
    }
  }
  const notes = ["Streams are SSE. A message's time counts from the write in its step."];
  return [{ title: "Many streams, 1 message a second each", rows, notes }];
}

// ---

async function measure(
  scene: Scene,
  store: NonNullable<ServerOptions["store"]>,
  runs: number,
  streams: number,
): Promise<Row> {
  const { directory, isPinned } = scene;
  const file = `${store}-${runs}.db`;
  await using server = await startServer({ store, directory, isPinned, file });
  const input = { perSecond: 1, count: 600 };
  const started = await startRuns(server.url, "ticks", input, runs);
  const before = await server.ask("gc");
  const seen = new Seen();
  const paths = Array.from({ length: streams }, (_, i) => {
    return `/events/${started[i % runs]?.handlerId}?after_sequence=now`;
  });
  const readers = await openReaders(server.url, paths, seen);
  const after = await server.ask("gc");
  await Bun.sleep(scene.pick(2000, 50));

  seen.latencies.length = 0;
  const [usageBefore, own, startAt] = [server.usage, process.cpuUsage(), performance.now()];
  await Bun.sleep(scene.pick(10_000, 1100));
  const seconds = (performance.now() - startAt) / 1000;
  const [usageAfter, used] = [server.usage, process.cpuUsage(own)];
  const latency = summarize(seen.latencies);
  const cpu = usageBefore && usageAfter && usageAfter.cpuSeconds - usageBefore.cpuSeconds;
  for (const reader of readers) reader[Symbol.dispose]();
  return {
    store,
    runs,
    streams,
    "messages/s": Math.round(latency.count / seconds),
    errors: seen.errors + seen.ended,
    "p50 ms": latency.p50,
    "p95 ms": latency.p95,
    "p99 ms": latency.p99,
    "CPU %": cpu === undefined ? null : Math.round((cpu / seconds) * 100),
    "generator CPU %": Math.round((used.user + used.system) / 1e4 / seconds),
    "RSS kB/stream": (after.rssBytes - before.rssBytes) / 1024 / streams,
  };
}

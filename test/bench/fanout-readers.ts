/** One run that many watch: what arrives, how late, and how often an event was encoded for it. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { openReaders, Seen } from "./support/readers.ts";
import { sendGo, startRun } from "./support/runs.ts";
import { type ServerProcess, startServer } from "./support/server.ts";
import { summarize } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const benchmark: Benchmark = { name: "fanout-readers", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const rows: Row[] = [];
  for (const store of scene.isQuick ? (["full"] as const) : (["memory", "full"] as const)) {
    const { directory, isPinned } = scene;
    await using server = await startServer({ store, directory, isPinned });
    for (const readers of scene.isQuick ? [10] : [100, 1000]) {
      await measure(server, readers, scene.pick(200, 20)); // A warm-up.
      rows.push({ store, ...(await measure(server, readers, scene.pick(1000, 20))) });
    }
  }
  const notes = ["100 events a second. Encoded: frames that the server made, per event."];
  return [{ title: "One run, many readers over SSE", rows, notes }];
}

// ---

async function measure(server: ServerProcess, readers: number, events: number): Promise<Row> {
  const input = { perSecond: 100, count: events, waits: true };
  const { handlerId } = await startRun(server.url, "ticks", input);
  const seen = new Seen();
  const path = `/events/${handlerId}?after_sequence=-1`;
  const opened = await openReaders(server.url, new Array<string>(readers).fill(path), seen);
  const [statsBefore, usageBefore, own] = [
    await server.ask("gc"),
    server.usage,
    process.cpuUsage(),
  ];
  const startAt = performance.now();
  await sendGo(server.url, handlerId);
  await Promise.all(opened.map((reader) => reader.ended.promise));
  const seconds = (performance.now() - startAt) / 1000;
  const used = process.cpuUsage(own);
  const [after, usageAfter] = [await server.ask("stats"), server.usage];
  const cpu = usageBefore && usageAfter && usageAfter.cpuSeconds - usageBefore.cpuSeconds;
  const latency = summarize(seen.latencies);
  return {
    readers,
    "messages/s": Math.round(seen.events / seconds),
    lost: readers * events - seen.events,
    errors: seen.errors,
    // The terminal event, and the one with which the wait opened, are frames as well.
    "encoded/event": (after.encodings - statsBefore.encodings) / events,
    "p50 ms": latency.p50,
    "p99 ms": latency.p99,
    "max ms": latency.max,
    "CPU %": cpu === undefined ? null : Math.round((cpu / seconds) * 100),
    "generator CPU %": Math.round((used.user + used.system) / 1e4 / seconds),
    "RSS MB": Math.round(after.rssBytes / 2 ** 20),
  };
}

/** Attaching to a stream with a long past: at its end, near it, and at its beginning. */
import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { Reader, Seen } from "./support/readers.ts";
import { startRun } from "./support/runs.ts";
import { type ServerOptions, type ServerProcess, startServer } from "./support/server.ts";
import { summarize } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const benchmark: Benchmark = { name: "attach", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const events = scene.pick(100_000, 2000);
  const rows: Row[] = [];
  for (const store of scene.isQuick ? (["full"] as const) : (["memory", "full"] as const)) {
    rows.push(...(await measureStore(scene, store, events)));
  }
  const title = `Attaching to a run with ${events.toLocaleString("en")} events`;
  const notes = [
    "First byte: of the body, which tells that the reader is attached. First event: the first of the past.",
    "RSS: growth of the server over all attachments of a row, before garbage is collected.",
  ];
  return [{ title, rows, notes }];
}

// ---

async function measureStore(
  scene: Scene,
  store: NonNullable<ServerOptions["store"]>,
  events: number,
): Promise<readonly Row[]> {
  const { directory, isPinned } = scene;
  await using server = await startServer({ store, directory, isPinned });
  const startAt = performance.now();
  const { handlerId } = await startRun(server.url, "history", { count: events });
  while ((await server.ask("stats")).starts === 0) await Bun.sleep(10);
  const writeSeconds = (performance.now() - startAt) / 1000;
  const path = (after: string): string => `/events/${handlerId}?after_sequence=${after}`;
  const times = scene.pick(200, 5);
  const rows: Row[] = [];
  for (const [place, after] of [
    ["now", "now"],
    ["10 events before the end", String(events - 10)],
    ["at the beginning", "-1"],
  ] as const) {
    await attach(server, path(after), after !== "now", Math.min(times, 20));
    rows.push({
      store,
      written: `${Math.round(events / writeSeconds)}/s`,
      at: place,
      ...(await attach(server, path(after), after !== "now", times)),
    });
  }
  return rows;
}

async function attach(
  server: ServerProcess,
  path: string,
  hasPast: boolean,
  times: number,
): Promise<Row> {
  const before = await server.ask("gc");
  const firstBytes: number[] = [];
  const firstEvents: number[] = [];
  for (let i = 0; i < times; i++) {
    const seen = new Seen();
    const startAt = performance.now();
    using reader = await Reader.open(server.url, path, seen);
    await reader.attached.promise;
    firstBytes.push(performance.now() - startAt);
    while (hasPast && seen.events === 0)
      await new Promise<void>((resolve) => setImmediate(resolve));
    if (hasPast) firstEvents.push(performance.now() - startAt);
  }
  const after = await server.ask("stats");
  const bytes = summarize(firstBytes);
  return {
    "first byte p50 ms": bytes.p50,
    "p99 ms": bytes.p99,
    "first event p50 ms": hasPast ? summarize(firstEvents).p50 : null,
    "RSS MB": (after.rssBytes - before.rssBytes) / 2 ** 20,
  };
}

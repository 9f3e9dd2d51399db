/**
 * `POST /run`: a request that waits for its run to end, of one step and of three, in each store.
 * Beside it, measured in turn with it: a bare server that answers the same bytes, and a bare
 * database that writes the same rows.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { recordRows, writeRows } from "./support/bare-rows.ts";
import { ask, toRequest } from "./support/connection.ts";
import { closedLoop, type LoadResult } from "./support/load.ts";
import { type ServerProcess, startBareServer, startServer } from "./support/server.ts";
import { median, medianBy } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";
import { one, three } from "./support/workflows.ts";

const stores = ["memory", "process", "full"] as const;

const benchmark: Benchmark = { name: "run", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const tables: Table[] = [];
  for (const name of scene.isQuick ? (["three"] as const) : (["one", "three"] as const))
    tables.push(await measureWorkflow(scene, name));
  return tables;
}

// ---

async function measureWorkflow(scene: Scene, name: "one" | "three"): Promise<Table> {
  const directory = join(scene.directory, name);
  mkdirSync(directory);
  const rows = await recordRows(name === "one" ? one : three, directory);
  await using memory = await startServer({ store: "memory", directory, isPinned: scene.isPinned });
  await using process = await startServer({
    store: "process",
    directory,
    isPinned: scene.isPinned,
  });
  await using full = await startServer({ store: "full", directory, isPinned: scene.isPinned });
  await using bare = await startBareServer(await answerOf(memory, name), scene.isPinned);
  const servers = { bare, memory, process, full };
  const seconds = scene.pick(1.5, 0.05);
  for (const server of Object.values(servers)) await load(server, name, 16, scene.pick(2, 0.05));

  const found: Row[] = [];
  for (const concurrency of scene.isQuick ? [4] : [1, 16, 64]) {
    const rounds: Record<string, LoadResult[]> = {};
    const writes: Record<string, number[]> = {};
    for (let round = 0; round < scene.pick(3, 1); round++) {
      for (const [kind, server] of Object.entries(servers)) {
        (rounds[kind] ??= []).push(await load(server, name, concurrency, seconds));
      }
      for (const durability of ["process", "full"] as const) {
        const options = { directory, durability, concurrency, seconds: seconds / 3 };
        (writes[durability] ??= []).push(writeRows(rows, options).runsPerSecond);
      }
    }
    const ceiling = median((rounds["bare"] ?? []).map(({ perSecond }) => perSecond));
    found.push(toRow("bare Bun.serve", concurrency, rounds["bare"] ?? [], ceiling));
    for (const store of stores) {
      found.push(toRow(store, concurrency, rounds[store] ?? [], ceiling));
    }
    for (const [durability, perSecond] of Object.entries(writes)) {
      found.push(toBareRow(`bare bun:sqlite, ${durability}`, concurrency, median(perSecond)));
    }
  }
  const notes = [
    `A run writes its rows in ${rows.entries.length} commits.`,
    "Each row is the round of median throughput. CPU is the server's, of one core.",
    "* the generator, not the server, was the limit.",
  ];
  return { title: `POST /workflows/${name}/run`, rows: found, notes };
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

/** An answer of the real server, for the bare one to repeat. */
async function answerOf(
  server: ServerProcess,
  name: string,
): Promise<{ body: string; headers: Record<string, string> }> {
  const { head, body } = await ask(server.url, "POST", `/workflows/${name}/run`, {});
  const fields = head
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(": ") as [string, string])
    .filter(([field]) => !["date", "content-length"].includes(field.toLowerCase()));
  return { body, headers: Object.fromEntries(fields) };
}

function toRow(
  kind: string,
  concurrency: number,
  rounds: readonly LoadResult[],
  ceiling: number,
): Row {
  const round = medianBy(rounds, ({ perSecond }) => perSecond);
  return {
    store: kind,
    conc: concurrency,
    "req/s": Math.round(round.perSecond),
    "of ceiling": `${Math.round((round.perSecond / ceiling) * 100)} %${round.isGeneratorBound ? " *" : ""}`,
    "p50 ms": round.latency.p50,
    "p99 ms": round.latency.p99,
    "max ms": round.latency.max,
    "CPU %": round.serverCpu === null ? null : Math.round(round.serverCpu * 100),
    "CPU µs/req": round.serverMsEach === null ? null : Math.round(round.serverMsEach * 1000),
    "RSS MB": round.serverRssMb === null ? null : Math.round(round.serverRssMb),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function toBareRow(kind: string, concurrency: number, perSecond: number): Row {
  return { store: kind, conc: concurrency, "req/s": Math.round(perSecond), "of ceiling": "" };
}

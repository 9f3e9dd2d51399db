/** Much of everything: long stories, many runs at rest, readers that do not read. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";

import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { readWorld } from "./support/laws.ts";
import { startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

const mib = 1024 * 1024;

test("a run of 100,000 events goes on after a restart, soon and in little memory", async () => {
  using scratch = createScratch();
  const options = { fixture: "streams.ts", store: scratch.file("state.db") };
  const count = 100_000;
  let id = "";
  {
    await using server = await startServer(options);
    const client = new Client(server.url);
    id = (await client.start("history", { count, bytes: 20 })).handler_id;
    await until(() => eventCount(options.store) >= count + 3, "all is said", 30_000);
  }
  await using server = await startServer(options);
  const client = new Client(server.url);
  const before = server.rssBytes();
  const startedAt = performance.now();
  expect(await client.send(id, "Next", {})).toBe(200);
  await until(async () => (await client.handler(id)).status === "completed", "it has ended");
  const resumedMs = performance.now() - startedAt;
  const grownMib = (server.rssBytes() - before) / mib;
  const attachedAt = performance.now();
  for await (const _ of client.events(id, count - 5)) break;
  const attachMs = performance.now() - attachedAt;
  console.info(
    `100,000 events: ready after ${Math.round(server.startMs)} ms, resumed in ${Math.round(resumedMs)} ms with ${Math.round(grownMib)} MiB more, attached near the end in ${Math.round(attachMs)} ms`,
  );
  expect(server.startMs + resumedMs).toBeLessThan(10_000);
  expect(grownMib).toBeLessThan(150);
  expect(attachMs).toBeLessThan(1_000);
}, 60_000);

test("an event of 10 MB is refused, and disturbs nobody", async () => {
  using scratch = createScratch();
  await using server = await startServer({ fixture: "load.ts", store: scratch.file("state.db") });
  const client = new Client(server.url);
  const { handler_id: id } = await client.start("human");
  const value = { round: 0, text: "x".repeat(10 * mib) };
  expect(await client.send(id, "Answer", value)).toBe(413);
  const body = { start_event: value };
  expect((await client.ask("POST", "/workflows/human/run-nowait", { body })).status).toBe(413);
  expect(await client.send(id, "Answer", { round: 0, text: "small" })).toBe(200);
});

test("a herd of 2,000 runs at rest with timers and 300 at work is up soon after a death, and whole", async () => {
  using scratch = createScratch();
  const world = scratch.file("world.jsonl");
  const options = { fixture: "herd.ts", store: scratch.file("state.db") };
  const dueAt = Date.now() + 9_000;
  let resting: readonly string[] = [];
  let working: readonly string[] = [];
  {
    await using server = await startServer({ ...options, env: { WORLD_FILE: world, LIFE: "0" } });
    const client = new Client(server.url);
    resting = await startMany(client, "resting", 2_000, { dueAt });
    working = await startMany(client, "working", 300, { ms: 1_500 });
  }
  await using server = await startServer({ ...options, env: { WORLD_FILE: world, LIFE: "1" } });
  const client = new Client(server.url);
  await until(
    async () => (await client.list("?status=running&workflow_name=working")).length === 0,
    "all that was at work has ended",
    15_000,
  );
  const workedMs = performance.now();
  await until(
    async () => (await client.list("?status=running")).length === 0,
    "all timers have fired",
    20_000,
  );
  const deeds = readWorld(world).filter(([what]) => what === "fired");
  const late = deeds.map(([, , , ms]) => Number(ms)).toSorted((a, b) => a - b);
  console.info(
    `Herd: ready after ${Math.round(server.startMs)} ms; ${late.length} timers, from ${late[0]} to ${late.at(-1)} ms late, half by ${late[late.length >> 1]} ms`,
  );
  expect(workedMs).toBeGreaterThan(0);
  expect(new Set(deeds.map(([, , runId]) => runId)).size).toBe(resting.length);
  expect(late[0]).toBeGreaterThanOrEqual(0);
  const statuses = new Map((await client.list()).map((run) => [run.handler_id, run.status]));
  const ended = [...resting, ...working].map((id) => statuses.get(id));
  expect(new Set(ended)).toEqual(new Set(["completed"]));
  expect(server.startMs).toBeLessThan(10_000);
}, 60_000);

// ---

function eventCount(path: string): number {
  using database = new Database(path, { readonly: true });
  const row = database.query("SELECT max(last_sequence) + 1 AS count FROM entry").get() as {
    count: number;
  };
  return row.count;
}

async function startMany(
  client: Client,
  workflow: string,
  count: number,
  input: object,
): Promise<readonly string[]> {
  const ids: string[] = [];
  const width = 50;
  for (let index = 0; index < count; index += width) {
    const some = Array.from({ length: Math.min(width, count - index) }, () =>
      client.start(workflow, input),
    );
    ids.push(...(await Promise.all(some)).map(({ handler_id: id }) => id));
  }
  return ids;
}

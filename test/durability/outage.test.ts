/** A store that cannot write for a while: nothing is acknowledged that is not kept, and all goes on. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";

import type { HandlerBody } from "../../src/protocol/handler.ts";
import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { withHistory } from "./support/history.ts";
import { readWorld, wrongDeeds } from "./support/laws.ts";
import { runServer, type ServerProcess, startServer } from "./support/process.ts";
import { createScratch, type Scratch } from "./support/scratch.ts";

const workflows = ["sequence", "fan", "tokens", "parent", "timers"];

interface Flood {
  readonly accepted: string[];
  readonly refused: { readonly status: number; readonly retryAfter: string | null }[];
}

/** Starts runs, one after the other, until told to stop. */
async function flood(client: Client, isOver: (flood: Flood) => boolean): Promise<Flood> {
  const result: Flood = { accepted: [], refused: [] };
  for (let index = 0; !isOver(result); index++) {
    const workflow = workflows[index % workflows.length] ?? "";
    const reply = await client.ask("POST", `/workflows/${workflow}/run-nowait`, { body: {} });
    if (reply.status === 200) result.accepted.push((reply.body as HandlerBody).handler_id);
    else {
      const retryAfter = reply.headers.get("retry-after");
      result.refused.push({ status: reply.status, retryAfter });
    }
  }
  return result;
}

/** Resolves with the time that it took for all of them to complete. */
async function drained(client: Client, ids: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const open = new Set(ids);
  await until(
    async () => {
      for (const { handler_id: id, status, error } of await client.list()) {
        if (open.has(id) && status === "failed") throw new Error(`${id} failed: ${error}`);
        if (status === "completed") open.delete(id);
      }
      return open.size === 0;
    },
    "all accepted runs have completed",
    20_000,
  );
  return performance.now() - startedAt;
}

function optionsOf(scratch: Scratch) {
  const env = { WORLD_FILE: scratch.file("world.jsonl") };
  return { fixture: "load.ts", store: scratch.file("state.db"), env };
}

const canLift = Bun.which("prlimit") !== null;

test.skipIf(!canLift)(
  "with no room on the disk, starts are refused for a while, and what was accepted completes",
  async () => {
    await withHistory("disk-full", async ({ note }) => {
      using scratch = createScratch();
      await using server = await startServer({
        ...optionsOf(scratch),
        before: "ulimit -S -f 2000",
      });
      const client = new Client(server.url);
      const full = await flood(client, ({ refused }) => refused.length === 20);
      note("full", full);
      expect(full.refused).toEqual(full.refused.map(() => ({ status: 503, retryAfter: "1" })));
      expect(full.accepted.length).toBeGreaterThan(3);
      await Bun.sleep(1_000);
      lift(server);
      const drainedMs = await drained(client, full.accepted);
      console.info(
        `Disk full: ${full.accepted.length} accepted, drained ${Math.round(drainedMs)} ms after there was room`,
      );
      expect((await client.list()).length).toBeGreaterThanOrEqual(full.accepted.length);
      expect(await client.start("sequence")).toMatchObject({ status: "running" });
      const deeds = readWorld(scratch.file("world.jsonl"));
      expect(wrongDeeds(deeds, { mayBeginAgain: true })).toEqual([]);
    });
  },
  40_000,
);

test("while another program holds the file locked, nothing is acknowledged, and then all goes on", async () => {
  await withHistory("locked", async ({ note }) => {
    using scratch = createScratch();
    await using server = await startServer(optionsOf(scratch));
    const client = new Client(server.url);
    const before = await flood(client, ({ accepted }) => accepted.length === 20);
    const human = await client.start("human");
    const during = await withLock(scratch.file("state.db"), async () => {
      const purge = await client.ask("POST", `/handlers/${human.handler_id}/cancel?purge=true`);
      expect(purge.status).toBe(503);
      expect(await client.send(human.handler_id, "Answer", { round: 0, text: "a" })).toBe(503);
      return flood(client, ({ refused }) => refused.length === 2);
    });
    note("locked", { before, during });
    expect(during.refused).toEqual(during.refused.map(() => ({ status: 503, retryAfter: "1" })));
    const drainedMs = await drained(client, [...before.accepted, ...during.accepted]);
    console.info(`Locked: drained ${Math.round(drainedMs)} ms after it was free`);
    // What could not be purged is as it was.
    for (const round of [0, 1]) {
      const answer = () => client.send(human.handler_id, "Answer", { round, text: "b" });
      expect(await answer()).toBe(200);
    }
    await drained(client, [human.handler_id]);
  });
}, 40_000);

test("a store in a place that cannot be written to is refused in words", async () => {
  const ended = await runServer({ fixture: "load.ts", store: "/proc/nowhere/state.db" });
  expect(ended.code).toBe(1);
  expect(ended.output).toContain("/proc/nowhere");
  expect(ended.output).not.toContain("    at ");
});

// ---

function lift({ pid }: ServerProcess): void {
  const { exitCode } = Bun.spawnSync(["prlimit", "--pid", `${pid}`, "--fsize=unlimited:unlimited"]);
  if (exitCode !== 0) throw new Error("The limit could not be lifted.");
}

async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  using database = new Database(path);
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN EXCLUSIVE");
  try {
    return await work();
  } finally {
    database.run("ROLLBACK");
  }
}

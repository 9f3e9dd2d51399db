/** A step that keeps the only thread to itself is not silent, and does not do it for ever. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";

import { crashesMax, killsMax } from "../../src/base/limits.ts";
import { exitCodeBlocked } from "../../src/server/watchdog.ts";
import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { readWorld } from "./support/laws.ts";
import { type ServerProcess, startServer } from "./support/process.ts";
import { createScratch, type Scratch } from "./support/scratch.ts";

/** `blockedSeconds`: after which it ends; undefined: the default. */
function start(scratch: Scratch, blockedSeconds?: number): Promise<ServerProcess> {
  const env = {
    WORLD_FILE: scratch.file("world.jsonl"),
    ...(blockedSeconds !== undefined && { BLOCKED_TIMEOUT: String(blockedSeconds) }),
  };
  return startServer({ fixture: "poison.ts", store: scratch.file("state.db"), env });
}

/** It may not be answered before the thread is kept. */
function startAndForget(server: ServerProcess, workflow: string, ms: number): void {
  void new Client(server.url).start(workflow, { ms }).catch(() => {});
}

async function completed(client: Client, id: string): Promise<void> {
  const isCompleted = async () => (await client.handler(id)).status === "completed";
  await until(isCompleted, `${id} has completed`, 30_000);
}

test.each(["block", "later"])(
  "a step that keeps the thread is told of while it does, and afterwards (`%s`)",
  async (workflow) => {
    using scratch = createScratch();
    await using server = await start(scratch);
    const client = new Client(server.url);
    startAndForget(server, workflow, 6_000);
    const isTold = () => server.stderr().includes("has kept the thread to itself for 4 s");
    await until(isTold, "it is told of", 30_000);
    const run = readWorld(scratch.file("world.jsonl"))[0]?.[2];
    expect(server.stderr()).toContain(`\`${workflow}\``);
    expect(server.stderr()).toContain(` run=${run}\n`);
    expect(server.stderr()).not.toContain("nothing else went on");
    // Killed by whoever watches over its health, it was the doing of that step, if that is known.
    await until(() => existsSync(scratch.file("state.db.culprit")) === (workflow === "block"), "");
    const [handler] = await client.list();
    await completed(client, handler?.handler_id ?? "");
    expect(server.stderr()).toContain("kept the thread to itself");
    expect(server.stderr()).toContain("nothing else went on");
    expect(existsSync(scratch.file("state.db.culprit"))).toBe(false);
  },
  60_000,
);

test("at the third time that the process had to be ended, the run has failed, and others go on", async () => {
  using scratch = createScratch();
  let other = "";
  for (let life = 0; life < 3; life++) {
    await using server = await start(scratch, 1);
    if (life === 0) {
      other = (await new Client(server.url).start("slow", { ms: 60_000 })).handler_id;
      startAndForget(server, "block", 3_600_000);
    }
    expect(await server.exited).toBe(exitCodeBlocked);
    expect(server.stderr()).toContain("The process ends with 75");
  }
  await using server = await start(scratch, 1);
  const client = new Client(server.url);
  const [blocked] = await client.list("?workflow_name=block");
  expect(blocked).toMatchObject({
    status: "failed",
    error: "A step of this run has ended the process 3 times, so it is not tried again.",
  });
  expect((await client.handler(other)).status).toBe("running");
  await completed(client, (await client.start("slow", { ms: 10 })).handler_id);
}, 60_000);

test("one that keeps it after it has waited is found among others, and has failed, too", async () => {
  using scratch = createScratch();
  let other = "";
  let lives = 0;
  for (; ; lives++) {
    await using server = await start(scratch, 1);
    const client = new Client(server.url);
    if (lives === 0) {
      other = (await client.start("slow", { ms: 600_000 })).handler_id;
      startAndForget(server, "later", 3_600_000);
    } else if (lives > killsMax) {
      const handlers = await client.list("?workflow_name=later").catch(() => []);
      if (handlers[0]?.status === "failed") break;
    }
    expect(lives).toBeLessThan(10);
    expect(await server.exited).toBe(exitCodeBlocked);
  }
  // One that nobody was suspect of, three that made it one, three that it was caught at.
  expect(lives).toBe(1 + killsMax + crashesMax);
  await using server = await start(scratch, 1);
  const client = new Client(server.url);
  expect((await client.handler(other)).status).toBe("running");
}, 120_000);

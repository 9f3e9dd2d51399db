/** A run that ends its process costs a few restarts, and takes nobody with it. */
import { expect, test } from "bun:test";

import { killsMax } from "../../src/base/limits.ts";
import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { readWorld } from "./support/laws.ts";
import {
  killEarly,
  type ServerProcess,
  startServer,
  type StartOptions,
} from "./support/process.ts";
import { createScratch, type Scratch } from "./support/scratch.ts";

function optionsOf(scratch: Scratch, life: number): StartOptions {
  const env = { WORLD_FILE: scratch.file("world.jsonl"), LIFE: String(life) };
  return { fixture: "poison.ts", store: scratch.file("state.db"), env };
}

function start(scratch: Scratch, life: number): Promise<ServerProcess> {
  return startServer(optionsOf(scratch, life));
}

async function completed(client: Client, id: string, withinMs?: number): Promise<void> {
  await until(
    async () => (await client.handler(id)).status === "completed",
    `${id} has completed`,
    withinMs,
  );
}

test("a run that ends the process three times has failed, and everybody else completes", async () => {
  using scratch = createScratch();
  const ids: string[] = [];
  let poison = "";
  {
    await using server = await start(scratch, 0);
    const client = new Client(server.url);
    for (let index = 0; index < 4; index++) {
      ids.push((await client.start("slow", { ms: 600 })).handler_id);
      ids.push((await client.start("patient")).handler_id);
    }
    poison = (await client.start("poison")).handler_id;
    expect(await server.exited).toBe(1);
  }
  for (let life = 1; life <= 2; life++) {
    await using server = await start(scratch, life);
    expect(await server.exited).toBe(1);
  }
  await using server = await start(scratch, 3);
  const client = new Client(server.url);
  const handler = await client.handler(poison);
  expect(handler).toMatchObject({ status: "failed", error: expect.stringContaining("3 times") });
  const events = await client.allEvents(poison);
  expect(events.at(-1)?.data).toContain('"exception_type":"QuarantineError"');
  for (const id of ids) await client.send(id, "Nudge", {});
  for (const id of ids) await completed(client, id);
  const deaths = readWorld(scratch.file("world.jsonl")).filter(([what]) => what === "poison");
  expect(deaths).toHaveLength(3);
  // Nobody else was blamed, nor had to wait.
  const blamed = server.stderr().match(/has ended the process\. run=(\S+)/g);
  expect(blamed).toEqual([`has ended the process. run=${handler.run_id}`]);
  expect(server.stderr()).not.toContain("held back");
}, 60_000);

test("a run that is held back is driven once, although it is sent an event before its turn", async () => {
  using scratch = createScratch();
  const world = scratch.file("world.jsonl");
  let ids: readonly string[] = [];
  {
    await using server = await start(scratch, 0);
    const client = new Client(server.url);
    const first = await client.start("slow", { ms: 1500 });
    const second = await client.start("slow", { ms: 3000 });
    ids = [first.handler_id, second.handler_id];
  }
  for (let life = 1; life <= killsMax; life++) await (await start(scratch, life)).kill();
  await using server = await start(scratch, killsMax + 1);
  const client = new Client(server.url);
  // Both have to wait, and the first one is woken by an event.
  expect(await client.send(ids[0] ?? "", "Nudge", {})).toBe(200);
  for (const id of ids) await completed(client, id, 20_000);
  const begun = readWorld(world).filter(([what, life]) => what === "slow" && life === killsMax + 1);
  expect(begun.map(([, , runId]) => runId).toSorted()).toEqual(
    [...new Set(begun.map(([, , runId]) => runId))].toSorted(),
  );
}, 60_000);

test("a run that others kill three times within one step is not taken for the killer", async () => {
  using scratch = createScratch();
  let id = "";
  for (let life = 0; life < 3; life++) {
    await using server = await start(scratch, life);
    const client = new Client(server.url);
    if (life === 0) id = (await client.start("slow", { ms: 1_000 })).handler_id;
    await client.list();
  }
  await using server = await start(scratch, 3);
  expect((await new Client(server.url).handler(id)).status).toBe("running");
}, 30_000);

test("a run for which the process is killed each time is held back, so that all others go on", async () => {
  using scratch = createScratch();
  const deaths = (): number =>
    readWorld(scratch.file("world.jsonl")).filter(([what]) => what === "glutton").length;
  let glutton = "";
  const ids: string[] = [];
  {
    await using server = await start(scratch, 0);
    const client = new Client(server.url);
    for (let index = 0; index < 4; index++) {
      ids.push((await client.start("slow", { ms: 700 })).handler_id);
    }
    glutton = (await client.start("glutton")).handler_id;
    expect(await server.exited).not.toBe(0);
  }
  for (let life = 1; life <= killsMax; life++) {
    await using server = await start(scratch, life);
    await server.exited;
  }
  expect(deaths()).toBe(killsMax + 1);
  // Beside it nobody has got anywhere, so at first it is one of five suspects. With each further
  // kill it has less company, and the others have more time.
  for (let life = killsMax + 1; ; life++) {
    expect(deaths()).toBeLessThan(killsMax + 12);
    await using server = await start(scratch, life);
    const client = new Client(server.url);
    const all = Promise.all(ids.map((id) => completed(client, id, 20_000)));
    const isDone = all.then(
      () => true,
      () => false, // The server has ended.
    );
    if (!(await isDone)) continue;
    expect(server.stderr()).toContain("it is held back");
    expect((await client.handler(glutton)).status).toBe("running");
    const purged = await client.ask("POST", `/handlers/${glutton}/cancel?purge=true`);
    expect(purged.status).toBe(200);
    return;
  }
}, 60_000);

test("a run that keeps the thread to itself is held back like one that kills", async () => {
  using scratch = createScratch();
  const blocks = () => readWorld(scratch.file("world.jsonl")).filter(([what]) => what === "block");
  {
    await using server = await start(scratch, 0);
    void new Client(server.url).start("block", { ms: 600_000 }).catch(() => {});
    await until(() => blocks().length > 0, "it blocks");
  }
  // Whoever supervises it gives up on a server that says nothing.
  for (let life = 1; life <= killsMax; life++) {
    const isBlocked = until(() => blocks().length > life, "it blocks");
    await killEarly(optionsOf(scratch, life), isBlocked);
  }
  await using server = await start(scratch, 4);
  const client = new Client(server.url);
  const [blocked] = await client.list("?workflow_name=block");
  // To end it, it need not go on.
  const cancelled = await client.ask("POST", `/handlers/${blocked?.handler_id}/cancel`);
  expect(cancelled.status).toBe(200);
  await completed(client, (await client.start("slow", { ms: 100 })).handler_id);
  expect(server.stderr()).toContain("it is held back");
  expect(blocks()).toHaveLength(killsMax + 1);
}, 60_000);

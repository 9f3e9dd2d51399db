/** A disk that fails, in one way or another: nothing is acknowledged, nothing is lost, all goes on. */
import { expect, test } from "bun:test";
import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

import { until } from "../support/until.ts";
import { Client } from "./support/client.ts";
import { createDisk, type Disk, noDisk } from "./support/disk.ts";
import { readWorld, wrongDeeds } from "./support/laws.ts";
import { type ServerProcess, startServer } from "./support/process.ts";
import { createScratch, type Scratch } from "./support/scratch.ts";

if (noDisk !== null) console.warn(`Left out: disks that fail, because ${noDisk}.`);

const { EIO, ENOSPC, EROFS } = constants.errno;
const workflows = ["sequence", "fan", "tokens", "parent", "timers"];

interface Faulty {
  readonly server: ServerProcess;
  readonly client: Client;
  readonly disk: Disk;
}

async function open(scratch: Scratch): Promise<Faulty> {
  const path = join(realpathSync(scratch.path), "state.db");
  const disk = createDisk(scratch, path);
  const { DISK_LOG: _, ...watched } = disk.env;
  const env = { ...watched, WORLD_FILE: scratch.file("world.jsonl") };
  const server = await startServer({ fixture: "load.ts", store: path, env });
  return { server, client: new Client(server.url), disk };
}

/** Starts one run of each kind; their ids. */
async function startAll(client: Client): Promise<readonly string[]> {
  const started = workflows.map((workflow) => client.start(workflow));
  return (await Promise.all(started)).map(({ handler_id: id }) => id);
}

async function allCompleted(client: Client, ids: readonly string[]): Promise<void> {
  const look = async (): Promise<boolean> => {
    const all = new Map((await client.list()).map((handler) => [handler.handler_id, handler]));
    for (const id of ids) expect(all.get(id)?.status).not.toBe("failed");
    return ids.every((id) => all.get(id)?.status === "completed");
  };
  await until(look, "all that was accepted has completed", 20_000);
}

test.skipIf(noDisk !== null).each([
  ["writes fail", { write: EIO }],
  ["there is no room", { write: ENOSPC }],
  ["it has become read-only", { write: EROFS }],
  ["syncs fail", { sync: EIO }],
  ["writes and reads fail", { write: EIO, read: EIO }],
  ["all of it fails", { write: EIO, sync: EIO, read: EIO }],
])(
  "while %s, starts and events are refused for a while; then all goes on",
  async (_title, faults) => {
    using scratch = createScratch();
    const { server, client, disk } = await open(scratch);
    await using _ = server;
    const { handler_id: human } = await client.start("human");
    const accepted = [...(await startAll(client))];
    for (let round = 0; round < 2; round++) {
      disk.fail(faults);
      for (let index = 0; index < 10; index++) {
        const path = `/workflows/${workflows[index % workflows.length]}/run-nowait`;
        const { status, headers } = await client.ask("POST", path, { body: {} });
        expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
      }
      expect(await client.send(human, "Answer", { round: 0, text: "too early" })).toBe(503);
      expect((await client.ask("GET", "/health")).status).toBe(200);
      disk.fail({});
      const mendedAt = performance.now();
      accepted.push(...(await startAll(client)));
      await allCompleted(client, accepted);
      expect(performance.now() - mendedAt).toBeLessThan(15_000);
    }
    for (const round of [0, 1]) {
      expect(await client.send(human, "Answer", { round, text: `answer ${round}` })).toBe(200);
    }
    await allCompleted(client, [human]);
    const handler = await client.handler(human);
    expect(JSON.stringify(handler.result)).toContain('["answer 0","answer 1"]');
    const deeds = readWorld(scratch.file("world.jsonl"));
    expect(wrongDeeds(deeds, { mayBeginAgain: true })).toEqual([]);
    expect(await server.kill("SIGTERM")).toBe(0);
    // What it has left behind is whole.
    await using again = await startServer({
      fixture: "load.ts",
      store: scratch.file("state.db"),
    });
    await allCompleted(new Client(again.url), [human, ...accepted]);
  },
  60_000,
);

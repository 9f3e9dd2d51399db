/** One process at a time has a file: a second one is refused, the next one takes over. */
import { expect, test } from "bun:test";

import { Client } from "./support/client.ts";
import { Crowd } from "./support/crowd.ts";
import { withHistory } from "./support/history.ts";
import { readWorld, wrongDeeds, wrongWords } from "./support/laws.ts";
import { runServer, startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

test("a second server on one file is refused with the owner's name, and starts when that is killed", async () => {
  using scratch = createScratch();
  const options = { fixture: "load.ts", store: scratch.file("state.db") };
  await using first = await startServer(options);
  const refused = await runServer(options);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(`process ${first.pid} `);
  const client = new Client(first.url);
  const { handler_id: id } = await client.start("sequence");
  await first.kill();
  await using second = await startServer(options);
  const frames = await new Client(second.url).allEvents(id);
  expect(frames.at(-1)?.data).toContain('"StopEvent"');
});

test("an owner that stands still keeps its file, and goes on when it may", async () => {
  using scratch = createScratch();
  const options = { fixture: "load.ts", store: scratch.file("state.db") };
  await using first = await startServer(options);
  const client = new Client(first.url);
  const { handler_id: id } = await client.start("timers");
  process.kill(first.pid, "SIGSTOP");
  const refused = await runServer(options);
  process.kill(first.pid, "SIGCONT");
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(`process ${first.pid} `);
  const frames = await client.allEvents(id);
  expect(frames.at(-1)?.data).toContain('"StopEvent"');
});

test("a deploy under load fails no accepted run, and streams go on with the next process", async () => {
  await withHistory("deploy", async ({ dice, note }) => {
    using scratch = createScratch();
    const world = scratch.file("world.jsonl");
    const names = ["sequence", "fan", "human", "timers", "tokens", "parent"];
    const crowd = new Crowd({ workflows: names, width: 40, dice, note });
    let port = 0;
    const stops: number[] = [];
    for (let life = 0; life < 5; life++) {
      const env = { WORLD_FILE: world, LIFE: String(life) };
      const store = scratch.file("state.db");
      await using server = await startServer({ fixture: "load.ts", store, port, env });
      port = Number(new URL(server.url).port);
      const over = new AbortController();
      const isLast = life === 4;
      const client = new Client(server.url, over.signal);
      const living = crowd.live(client, over.signal, !isLast);
      await (isLast ? living : Bun.sleep(300 + dice.roll(300)));
      const stoppedAt = performance.now();
      expect(await server.kill("SIGTERM")).toBe(0);
      stops.push(Math.round(performance.now() - stoppedAt));
      over.abort();
      await living;
      note("deployed", { life, runs: crowd.runs.length });
    }
    await using server = await startServer({ fixture: "load.ts", store: scratch.file("state.db") });
    const client = new Client(server.url);
    const wrong: string[] = [];
    for (const run of crowd.runs) wrong.push(...(await wrongWords(client, run)));
    expect([...wrong, ...wrongDeeds(readWorld(world))].slice(0, 10)).toEqual([]);
    console.info(`5 deploys: ${crowd.runs.length} runs; stopped after ${stops.join(", ")} ms`);
  });
}, 40_000);

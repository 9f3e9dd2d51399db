/**
 * R1: a server under load is killed again and again; what it had promised holds every time. It dies
 * at work, while it starts (and takes up what the life before left), and while it stops.
 */
import { Client } from "./support/client.ts";
import { Crowd } from "./support/crowd.ts";
import type { History } from "./support/history.ts";
import { readWorld, wrongDeeds, wrongWords } from "./support/laws.ts";
import { killEarly, type ServerProcess, startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

const workflows = ["sequence", "fan", "human", "timers", "tokens", "parent", "long"];
/** More than a run is held back that the last kills have met. */
const stuckMs = 12_000;

export interface KillLoopReport {
  readonly runs: number;
  readonly events: number;
  readonly deeds: number;
  readonly startMsMax: number;
  readonly problems: readonly string[];
}

export interface KillLoopOptions {
  readonly kills: number;
  readonly width: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function killLoop(
  { dice, note }: History,
  { kills, width, env = {} }: KillLoopOptions,
): Promise<KillLoopReport> {
  using scratch = createScratch();
  const world = scratch.file("world.jsonl");
  const crowd = new Crowd({ workflows, width, dice, note });
  const problems: string[] = [];
  let startMsMax = 0;
  for (let life = 0; life < kills; life++) {
    if (dice.isOnce(8)) {
      const delayMs = dice.roll(250);
      note("early", { life, delayMs });
      await killEarly(optionsOf(life), Bun.sleep(delayMs));
      continue;
    }
    await using server = await startServer(optionsOf(life));
    startMsMax = Math.max(startMsMax, server.startMs);
    const delayMs = 1 + dice.roll(499);
    const stopMs = dice.isOnce(10) ? dice.roll(60) : null;
    problems.push(...(await wrongAfterRestart(new Client(server.url), crowd)));
    note("life", { life, delayMs, stopMs, runs: crowd.runs.length, open: crowd.open.length });
    const over = new AbortController();
    const living = crowd.live(new Client(server.url, over.signal), over.signal);
    await Promise.race([Bun.sleep(delayMs), living]);
    if (stopMs !== null) await Promise.race([server.kill("SIGTERM"), Bun.sleep(stopMs)]);
    await server.kill();
    over.abort();
    await living;
    if (problems.length > 0) break;
  }
  await using server = await startServer(optionsOf(kills));
  const client = new Client(server.url);
  await finish(server, crowd);
  for (const run of crowd.runs) problems.push(...(await wrongWords(client, run)));
  const deeds = readWorld(world);
  problems.push(...wrongDeeds(deeds));
  for (const problem of problems) note("problem", { problem });
  const events = crowd.runs.reduce((sum, run) => sum + run.seen.size, 0);
  return { runs: crowd.runs.length, events, deeds: deeds.length, startMsMax, problems };

  function optionsOf(life: number) {
    const facts = { WORLD_FILE: world, LIFE: String(life), ...env };
    return { fixture: "load.ts", store: scratch.file("state.db"), env: facts };
  }
}

// ---

/** Everything that was acknowledged is there, and what had ended has ended. */
async function wrongAfterRestart(client: Client, crowd: Crowd): Promise<readonly string[]> {
  const all = new Map((await client.list()).map((handler) => [handler.handler_id, handler]));
  return crowd.runs.flatMap(({ handlerId, isEnded, key, workflow }) => {
    if (handlerId === null) return [];
    const handler = all.get(handlerId);
    if (!handler) return [`${key}: ${workflow} was accepted, and is gone`];
    const isLost = isEnded && handler.status === "running";
    return isLost ? [`${key}: ${workflow} had ended, and is ${handler.status}`] : [];
  });
}

/** Lets all runs come to their end, which they have to come nearer to all the time. */
async function finish(server: ServerProcess, crowd: Crowd): Promise<void> {
  const over = new AbortController();
  crowd.heardAt = performance.now();
  const living = crowd.live(new Client(server.url, over.signal), over.signal, false);
  let isDone = false;
  const done = living.then(() => void (isDone = true));
  while (!isDone) {
    await Promise.race([done, Bun.sleep(100)]);
    if (performance.now() - crowd.heardAt < stuckMs) continue;
    over.abort();
    await living;
    const stuck = crowd.open.map(({ key, workflow }) => `${key} ${workflow}`);
    throw new Error(`Nothing was heard for ${stuckMs} ms of ${stuck.join()}\n${server.stderr()}`);
  }
}

/** Lives of a server, each of which ends at a named point, with clients that use all that writes. */
import { Client } from "./support/client.ts";
import { Crowd } from "./support/crowd.ts";
import type { History } from "./support/history.ts";
import { readWorld, wrongDeeds, wrongWords } from "./support/laws.ts";
import { startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

const writes = ["create", "commit", "claim", "setDeaths", "fork", "delete", "prune"];
/** Not long: what is never reached is no death. */
const lifeMs = 700;

/** Names of points, such as `commit:3:after`. */
export function failpoints(numbers: readonly number[]): readonly string[] {
  return numbers.flatMap((number) =>
    ["before", "after"].flatMap((moment) => writes.map((write) => `${write}:${number}:${moment}`)),
  );
}

export interface FailpointReport {
  readonly points: number;
  readonly deaths: number;
  readonly runs: number;
  readonly problems: readonly string[];
}

export async function runFailpoints(
  { dice, note }: History,
  points: readonly string[],
): Promise<FailpointReport> {
  using scratch = createScratch();
  const world = scratch.file("world.jsonl");
  const workflows = ["sequence", "fan", "human", "timers", "parent"];
  const crowd = new Crowd({ workflows, width: 12, dice, note });
  let deaths = 0;
  const start = (life: number, point: string) =>
    startServer({
      fixture: "failpoints.ts",
      store: null,
      env: {
        STORE_FILE: scratch.file("state.db"),
        WORLD_FILE: world,
        LIFE: String(life),
        DIE_AT: point,
      },
    }).catch(() => null); // It may die before it has opened.
  for (const [life, point] of points.entries()) {
    await using server = await start(life, point);
    note("life", { life, point, runs: crowd.runs.length });
    if (!server) {
      deaths++;
      continue;
    }
    const over = new AbortController();
    const client = new Client(server.url, over.signal);
    const living = Promise.all([
      crowd.live(client, over.signal),
      forkAndPurge(client, crowd, over.signal),
    ]);
    const died = server.exited.then(() => true);
    if (await Promise.race([died, Bun.sleep(lifeMs).then(() => false)])) deaths++;
    // Runs that nobody can kill three times in a row are not suspected: this life ends in order.
    else await server.kill("SIGTERM");
    over.abort();
    await living;
  }
  await using server = await start(points.length, "");
  if (!server) throw new Error("The server did not start after all that.");
  const over = new AbortController();
  const late = setTimeout(() => over.abort(), 15_000);
  await crowd.live(new Client(server.url, over.signal), over.signal, false);
  clearTimeout(late);
  const problems = crowd.open.map(({ key, workflow }) => `${key}: ${workflow} is stuck`);
  return {
    points: points.length,
    deaths,
    runs: crowd.runs.length,
    problems: [...problems, ...(await problemsOf(new Client(server.url), crowd, world))],
  };
}

// ---

/** Forks of runs that nobody reads, which are purged again. */
async function forkAndPurge(client: Client, crowd: Crowd, signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted; number++) {
    const run = crowd.runs.findLast(({ handlerId }) => handlerId !== null);
    const id = `fork-${crypto.randomUUID()}`;
    try {
      await client.ask("POST", `/handlers/${run?.handlerId}/fork`, {
        body: { after_sequence: 0, handler_id: id },
      });
      await client.ask("POST", `/handlers/${id}/cancel?purge=true`);
    } catch {
      await Bun.sleep(5); // The server has died.
    }
    await Bun.sleep(10);
  }
}

/** What is kept no more cannot be asked for; what is, has to be as it was. */
async function problemsOf(client: Client, crowd: Crowd, world: string): Promise<readonly string[]> {
  const kept = new Set((await client.list()).map((handler) => handler.handler_id));
  const wrong: string[] = [];
  for (const run of crowd.runs) {
    if (kept.has(run.handlerId ?? "")) wrong.push(...(await wrongWords(client, run)));
  }
  // A run that was let go of while it waited begins its step again when the answer comes.
  return [...wrong, ...wrongDeeds(readWorld(world), { mayBeginAgain: true })];
}

/**
 * Load on a server.
 *
 * - Closed loop: so many connections, each with its next request when the last is answered. Tells
 *   the throughput.
 * - Open loop: requests at times that were fixed beforehand, whatever the server does. A latency
 *   counts from the time at which its request was due, so a server that stalls is not spared the
 *   requests that it would have got meanwhile (no coordinated omission).
 *
 * The generator says when it, and not the server, was the limit.
 */
import { Connection } from "./connection.ts";
import type { ServerProcess } from "./server.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly latency: Summary;
  readonly errors: number;
  /** Share of a core that the server used, and its time per request. */
  readonly serverCpu: number | null;
  readonly serverMsEach: number | null;
  readonly serverRssMb: number | null;
  readonly generatorCpu: number;
  /** Open loop: how much later than due requests were sent, because of the generator. */
  readonly lagMs: Summary | null;
  /** The figures are those of the generator. */
  readonly isGeneratorBound: boolean;
}

export async function closedLoop(
  server: ServerProcess,
  request: Uint8Array,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<LoadResult> {
  const connections = await openAll(server.url, concurrency);
  const latencies: number[] = [];
  let errors = 0;
  const finish = measure(server);
  const endAt = performance.now() + seconds * 1000;
  const drive = (connection: Connection): Promise<void> =>
    new Promise((resolve) => {
      let sentAt = 0;
      const next = (): void => {
        sentAt = performance.now();
        if (sentAt >= endAt) resolve();
        else connection.send(request, onAnswer, onBroken);
      };
      const onAnswer = (status: number): void => {
        latencies.push(performance.now() - sentAt);
        if (status >= 300) errors++;
        next();
      };
      const onBroken = (): void => {
        errors++;
        resolve();
      };
      next();
    });
  await Promise.all(connections.map(drive));
  const result = finish(latencies, errors, null);
  for (const connection of connections) connection[Symbol.dispose]();
  return result;
}

export async function openLoop(
  server: ServerProcess,
  request: Uint8Array,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<LoadResult> {
  const idle = await openAll(server.url, Math.min(perSecond, 256));
  const all = [...idle];
  const latencies: number[] = [];
  const lags: number[] = [];
  const late: number[] = [];
  let errors = 0;
  let open = 0;
  const finish = measure(server);
  const startAt = performance.now();
  const count = perSecond * seconds;
  const send = (connection: Connection, dueAt: number): void => {
    open++;
    const end = (isError: boolean): void => {
      open--;
      latencies.push(performance.now() - dueAt);
      if (isError) errors++;
    };
    connection.send(
      request,
      (status) => {
        end(status >= 300);
        const nextDueAt = late.shift();
        if (nextDueAt === undefined) idle.push(connection);
        else send(connection, nextDueAt);
      },
      () => end(true),
    );
  };
  for (let i = 0; i < count; i++) {
    const dueAt = startAt + (i * 1000) / perSecond;
    await waitUntil(dueAt);
    lags.push(performance.now() - dueAt);
    const connection = idle.pop();
    if (connection) send(connection, dueAt);
    else late.push(dueAt); // The server holds every connection: its own doing, and it is counted.
  }
  while (open > 0) await Bun.sleep(1);
  const result = finish(latencies, errors, summarize(lags));
  for (const connection of all) connection[Symbol.dispose]();
  return result;
}

// ---

function openAll(url: URL, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(url)));
}

/** To a fraction of a millisecond: the last two are spent looking at the clock. */
async function waitUntil(at: number): Promise<void> {
  const wait = at - performance.now();
  if (wait > 2) await Bun.sleep(wait - 2);
  while (performance.now() < at) await new Promise<void>((resolve) => setImmediate(resolve));
}

function measure(
  server: ServerProcess,
): (latencies: readonly number[], errors: number, lagMs: Summary | null) => LoadResult {
  const [startAt, before, own] = [performance.now(), server.usage, process.cpuUsage()];
  return (latencies, errors, lagMs) => {
    const seconds = (performance.now() - startAt) / 1000;
    const after = server.usage;
    const used = process.cpuUsage(own);
    const generatorCpu = (used.user + used.system) / 1e6 / seconds;
    const cpu = before && after ? after.cpuSeconds - before.cpuSeconds : null;
    return {
      perSecond: latencies.length / seconds,
      latency: summarize(latencies),
      errors,
      serverCpu: cpu === null ? null : cpu / seconds,
      serverMsEach: cpu === null ? null : (cpu * 1000) / latencies.length,
      serverRssMb: after ? after.rssBytes / 2 ** 20 : null,
      generatorCpu,
      lagMs,
      // An open loop looks at the clock all the time: there, only lateness tells.
      isGeneratorBound: lagMs ? lagMs.p99 > 5 : generatorCpu > 0.9,
    };
  };
}

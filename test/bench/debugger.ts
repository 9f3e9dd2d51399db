/**
 * The page at `/` in a real browser: until it can be used, what many events do to it, what it does
 * while events come, and how long a graph takes to be laid out.
 *
 * Budgets: interactive with its graph in 0.5 s; at 10,000 events a worst frame of 200 ms and 1,000
 * nodes; at 100 events a second no task over 50 ms; 200 steps laid out in 100 ms.
 */
import type { Browser, Page } from "playwright-core";

import { layOut } from "../../static/model/layout.ts";
import { hasChromium, launch } from "../static/chromium.ts";
import { createServer, startRun } from "../static/workflows.ts";
import { createDice } from "../support/random.ts";
import { type Benchmark, runBenchmark, type Scene } from "./support/benchmark.ts";
import { median } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const cpuNote =
  "Task CPU: the longest task of the page by the time that it had a core, whatever else ran.";

const benchmark: Benchmark = { name: "debugger", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  const layouts = layoutTable(scene); // First: it is the cold call that a reader waits for.
  if (!hasChromium) {
    console.info("SKIPPED: what needs a browser.\n");
    return [layouts];
  }
  const server = createServer();
  const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
  const browser = await launch();
  try {
    const place = { browser, origin: url.origin, scene };
    return [layouts, await openingTable(place), await manyTable(place), await liveTable(place)];
  } finally {
    await browser.close();
    await server.close();
  }
}

// ---

interface Place {
  readonly browser: Browser;
  readonly origin: string;
  readonly scene: Scene;
}

function layoutTable(scene: Scene): Table {
  const node = (_: unknown, index: number) => ({
    id: `n${index}`,
    width: 120,
    height: 40,
    isAside: false,
  });
  const chain = Array.from({ length: 401 }, node);
  const line = chain.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }));
  const dice = createDice(3);
  const tree = Array.from({ length: 401 }, node);
  const links = tree.slice(1).map(({ id }, index) => ({
    source: `n${Math.max(index - dice.roll(8), 0)}`,
    target: id,
  }));
  for (let more = 0; more < 60; more++) {
    const from = dice.roll(380);
    links.push({ source: `n${from}`, target: `n${from + 1 + dice.roll(20)}` });
  }
  const measure = (nodes: typeof chain, edges: typeof line): Row => {
    const times = Array.from({ length: scene.pick(21, 2) }, () => {
      const startAt = performance.now();
      layOut(nodes, edges, { lengthMax: 1_000, heightMax: 400 });
      return performance.now() - startAt;
    });
    return {
      nodes: nodes.length,
      edges: edges.length,
      "first ms": times[0] ?? null,
      "median ms": median(times),
    };
  };
  return {
    title: "A graph of 200 steps and their events, laid out (budget: 100 ms)",
    rows: [
      { graph: "one chain", ...measure(chain, line) },
      { graph: "branches", ...measure(tree, links) },
    ],
  };
}

async function openingTable({ browser, origin, scene }: Place): Promise<Table> {
  const rows: Row[] = [];
  for (const [name, hash] of [
    ["a small graph", "#/workflow/order"],
    ["200 steps", "#/workflow/chain_200"],
  ]) {
    const times: number[] = [];
    for (let round = 0; round < scene.pick(7, 1); round++) {
      await using watched = await watch(browser);
      await watched.page.goto(`${origin}/${hash}`);
      times.push(await graphAt(watched.page));
    }
    rows.push({
      page: name ?? "",
      "median ms": median(times),
      "worst ms": Math.max(...times),
    });
  }
  return { title: "From the request to the first frame with the graph (budget: 500 ms)", rows };
}

async function manyTable({ browser, origin, scene }: Place): Promise<Table> {
  const rows: Row[] = [];
  for (const count of scene.isQuick ? [500] : [10_000, 100_000]) {
    const id = await startRun(origin, "burst", { count });
    while ((await fetch(`${origin}/handlers/${id}`)).status !== 200) await Bun.sleep(20);
    const rounds: (Seen & { readonly taskCpuMs: number })[] = [];
    const filters: number[] = [];
    for (let round = 0; round < scene.pick(5, 1); round++) {
      await using watched = await watch(browser);
      const { page } = watched;
      const taskCpuMs = await longestTask(browser, page, async () => {
        await page.goto(`${origin}/#/run/${id}`);
        await page.locator(".events .server.is-ended").waitFor();
      });
      rounds.push({ ...(await readSeen(page)), taskCpuMs });
      await page.evaluate("seen.worstFrame = 0");
      await page.getByLabel("Filter events").fill(String(count - 1));
      await page.locator(".events .count").getByText(/^1 of/).waitFor();
      filters.push((await readSeen(page)).worstFrame);
    }
    const of = (key: keyof Seen | "taskCpuMs"): number[] => rounds.map((seen) => seen[key]);
    rows.push({
      events: count,
      "complete ms": median(of("now")),
      "worst frame ms": median(of("worstFrame")),
      "at worst ms": Math.max(...of("worstFrame")),
      "task CPU ms": median(of("taskCpuMs")),
      nodes: Math.max(...of("nodes")),
      "heap MB": median(of("heapMb")),
      "filter ms": median(filters),
    });
  }
  const notes = ["Worst frame: between two frames, from the request of the page on.", cpuNote];
  return {
    title: "A run that has shown many events is opened (budget: 200 ms, 1,000 nodes)",
    rows,
    notes,
  };
}

async function liveTable({ browser, origin, scene }: Place): Promise<Table> {
  const rows: Row[] = [];
  for (const workflow of ["burst"]) {
    await using watched = await watch(browser);
    const { page } = watched;
    await page.goto(`${origin}/#/workflow/${workflow}`);
    await graphAt(page);
    const id = await startRun(origin, workflow, { count: scene.pick(1_000, 50), pauseMs: 9.5 });
    await page.goto(`${origin}/#/run/${id}`);
    await page.locator(".events .server.is-open").waitFor();
    await page.evaluate("seen.worstFrame = seen.longestTask = seen.longTasks = 0");
    const taskCpuMs = await longestTask(browser, page, () =>
      page.locator(".events .server.is-ended").waitFor({ timeout: 60_000 }),
    );
    const seen = await readSeen(page);
    rows.push({
      workflow,
      "worst frame ms": seen.worstFrame,
      "longest task ms": seen.longestTask,
      "tasks over 50 ms": seen.longTasks,
      "task CPU ms": taskCpuMs,
      nodes: seen.nodes,
    });
  }
  const title = "100 events a second, followed (budget: no task over 50 ms)";
  return { title, rows, notes: [cpuNote] };
}

interface Seen {
  readonly graphAt: number;
  readonly worstFrame: number;
  readonly longestTask: number;
  readonly longTasks: number;
  readonly nodes: number;
  readonly heapMb: number;
  readonly now: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** On a machine with other work, the clock says little of a page: the core says how long it took. */
async function longestTask(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<number> {
  await browser.startTracing(page, { categories: ["devtools.timeline", "toplevel"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const of = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mains = traceEvents.filter(({ args }) => args.name === "CrRendererMain").map(of);
  const tasks = traceEvents.filter((event) => event.name.endsWith("RunTask"));
  const times = tasks.filter((event) => mains.includes(of(event))).map(({ tdur = 0 }) => tdur);
  return Math.max(...times, 0) / 1_000;
}

async function watch(browser: Browser): Promise<AsyncDisposable & { readonly page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(`
    globalThis.seen = { graphAt: 0, worstFrame: 0, longestTask: 0, longTasks: 0 };
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      seen.worstFrame = Math.max(seen.worstFrame, now - last);
      last = now;
      if (!seen.graphAt && document.querySelector(".graph .node-box")) seen.graphAt = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        seen.longestTask = Math.max(seen.longestTask, duration);
        seen.longTasks++;
      }
    }).observe({ type: "longtask", buffered: true });
  `);
  return { page, [Symbol.asyncDispose]: () => context.close() };
}

/** Looked at from here: a function that waits in the page would need `eval`, which it forbids. */
async function graphAt(page: Page): Promise<number> {
  for (;;) {
    const { graphAt: at } = await readSeen(page);
    if (at > 0) return at;
    await Bun.sleep(20);
  }
}

async function readSeen(page: Page): Promise<Seen> {
  return (await page.evaluate(`({
    ...seen,
    now: performance.now(),
    nodes: document.querySelectorAll("*").length,
    heapMb: performance.memory.usedJSHeapSize / 1e6,
  })`)) as Seen;
}

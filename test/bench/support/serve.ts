/**
 * The server that is measured, as a process of its own:
 *
 *     bun test/bench/support/serve.ts --store memory|process|full [--path FILE] [--idle SECONDS]
 *
 * Prints its address, then answers each line of its input with a line of JSON about itself: `stats`,
 * or `gc`, which collects garbage before. It ends with its input, so that it outlives nobody.
 */
import { heapStats } from "bun:jsc";
import { parseArgs } from "node:util";

import { MemoryStore, SqliteStore, type Store, WorkflowServer } from "../../../src/index.ts";
import type { ServerStats } from "./server.ts";
import { counters, workflows } from "./workflows.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "memory" },
    path: { type: "string", default: "" },
    idle: { type: "string", default: "60" },
  },
});

const encodings = countEncodings();
const server = new WorkflowServer({
  store: createStore(values.store, values.path),
  idleTimeout: Number(values.idle),
  log: (level, ...line) => {
    if (level === "error" || level === "warn") console.error(level, ...line);
  },
});
for (const [name, workflow] of workflows) server.addWorkflow(name, workflow);
const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
console.info(url.href);

for await (const line of console) {
  if (line === "gc") Bun.gc(true);
  console.info(JSON.stringify(stats()));
}
await server.close();
process.exit(0);

// ---

function createStore(kind: string, path: string): Store {
  if (kind === "memory") return new MemoryStore();
  return new SqliteStore({ path, durability: kind === "full" ? "full" : "process" });
}

function stats(): ServerStats {
  const { heapSize } = heapStats();
  const rssBytes = process.memoryUsage.rss();
  return { ...counters, heapBytes: heapSize, rssBytes, encodings: encodings() };
}

/** Counts how often text becomes a frame of a stream: every one is made by `Buffer.from`. */
function countEncodings(): () => number {
  let count = 0;
  const { from } = Buffer;
  Buffer.from = ((...args: Parameters<typeof from>) => {
    const text: unknown = args[0];
    if (typeof text === "string" && text.startsWith("id: ")) count++;
    return from(...args);
  }) as typeof from;
  return () => count;
}

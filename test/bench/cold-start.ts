/** From the start of the command to the first 200 of `/health`. */
import { join } from "node:path";

import { type Benchmark, pin, runBenchmark, type Scene } from "./support/benchmark.ts";
import { Connection, toRequest } from "./support/connection.ts";
import { onServerCore, usageOf } from "./support/process.ts";
import { median, summarize } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";

const root = join(import.meta.dir, "..", "..");
const author = join(root, "test", "examples", "my_server.ts");

const benchmark: Benchmark = { name: "cold-start", run };
if (import.meta.main) await runBenchmark(benchmark);

async function run(scene: Scene): Promise<readonly Table[]> {
  pin(scene);
  const cli = join(root, "cli", "main.ts");
  const empty = join(scene.directory, "empty.ts");
  await Bun.write(empty, "Bun.serve({ port: process.env.PORT, fetch: () => new Response() });\n");
  const cases: [string, string[], string][] = [
    ["bare Bun.serve", ["bun", empty], "memory"],
    ["command, store in memory", ["bun", cli, author], "memory"],
    ["command, store in a new file", ["bun", cli, author], "file"],
  ];
  if (!scene.isQuick) {
    const binary = await compile(scene);
    cases.push(
      ["binary, store in memory", [binary], "memory"],
      ["binary, store in a new file", [binary], "file"],
    );
  }
  const rows: Row[] = [];
  for (const [name, command, store] of scene.isQuick ? cases.slice(1, 2) : cases) {
    if (!scene.isQuick) await start(scene, command, store, -1); // The disk cache has the files from then on.
    const rounds: Start[] = [];
    for (let round = 0; round < scene.pick(15, 1); round++) {
      rounds.push(await start(scene, command, store, round));
    }
    const times = summarize(rounds.map(({ ms }) => ms));
    rows.push({
      what: name,
      "p50 ms": times.p50,
      "max ms": times.max,
      "CPU ms": median(rounds.map(({ cpuMs }) => cpuMs ?? NaN)),
      "RSS MB": median(rounds.map(({ rssMb }) => rssMb ?? NaN)),
    });
  }
  return [{ title: "Cold start to /health", rows }];
}

// ---

/** One file with everything in it, as `bun build --compile` makes it of a program that serves. */
async function compile(scene: Scene): Promise<string> {
  const program = join(scene.directory, "program.ts");
  const binary = join(scene.directory, "program");
  const code = `import server from ${JSON.stringify(author)};\n\nvoid server.serve();\n`;
  await Bun.write(program, code);
  const command = ["bun", "build", "--compile", program, "--outfile", binary];
  const build = Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] });
  if ((await build.exited) !== 0) throw new Error(`\`${command.join(" ")}\` has failed.`);
  return binary;
}

interface Start {
  readonly ms: number;
  readonly cpuMs: number | null;
  readonly rssMb: number | null;
}

async function start(
  scene: Scene,
  command: readonly string[],
  store: string,
  round: number,
): Promise<Start> {
  const port = freePort();
  const startAt = performance.now();
  const child = Bun.spawn(onServerCore(command, scene.isPinned), {
    env: {
      ...process.env,
      PORT: `${port}`,
      WORKFLOWS_SERVER_HOST: "127.0.0.1",
      WORKFLOWS_SERVER_PORT: `${port}`,
      WORKFLOWS_SERVER_STORE:
        store === "file" ? join(scene.directory, `start-${round}.db`) : "memory",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await untilHealthy(new URL(`http://127.0.0.1:${port}/`), startAt + 20_000);
    const ms = performance.now() - startAt;
    const usage = usageOf(child.pid);
    return {
      ms,
      cpuMs: usage ? usage.cpuSeconds * 1000 : null,
      rssMb: usage ? usage.rssBytes / 2 ** 20 : null,
    };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

async function untilHealthy(url: URL, endAt: number): Promise<void> {
  while (performance.now() < endAt) {
    try {
      using connection = await Connection.open(url);
      const { status } = await connection.request(toRequest(url, "GET", "/health"));
      if (status === 200) return;
    } catch {
      // Nobody listens yet: that is what is waited for.
    }
    await Bun.sleep(1);
  }
  throw new Error("The server did not get healthy in time.");
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** Server processes: started, asked about themselves, and ended with the benchmark. */
import { join } from "node:path";

import { onServerCore, type Usage, usageOf } from "./process.ts";

/** What `serve.ts` says about itself. */
export interface ServerStats {
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Step functions that count themselves, and when the last one began. */
  readonly starts: number;
  readonly lastStartAt: number;
  /** Events that were made into frames of a stream. */
  readonly encodings: number;
}

export interface ServerOptions {
  readonly store?: "memory" | "process" | "full";
  /** Directory of the database. */
  readonly directory: string;
  readonly file?: string;
  readonly idleSeconds?: number;
  readonly isPinned: boolean;
}

/** Flags for `bun`, such as `--cpu-prof-md`, from the environment. */
const flags = (process.env["BENCH_SERVER_FLAGS"] ?? "").split(" ").filter(Boolean);

export function startServer(options: ServerOptions): Promise<ServerProcess> {
  const { store = "memory", directory, file = `${store}.db`, idleSeconds = 60 } = options;
  const args = ["--store", store, "--path", join(directory, file), "--idle", `${idleSeconds}`];
  const script = join(import.meta.dir, "serve.ts");
  return ServerProcess.start(["bun", ...flags, script, ...args], options.isPinned);
}

/** The ceiling: answers everything with one body. */
export function startBareServer(
  answer: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  isPinned: boolean,
): Promise<ServerProcess> {
  const headers = JSON.stringify(answer.headers);
  const script = join(import.meta.dir, "bare.ts");
  const command = ["bun", script, "--body", answer.body, "--headers", headers];
  return ServerProcess.start(command, isPinned);
}

type Child = Bun.Subprocess<"pipe", "pipe", "inherit">;

export class ServerProcess implements AsyncDisposable {
  readonly url: URL;
  readonly pid: number;
  readonly #child: Child;
  readonly #lines: AsyncGenerator<string, void, void>;

  private constructor(child: Child, lines: AsyncGenerator<string, void, void>, url: URL) {
    this.url = url;
    this.pid = child.pid;
    this.#child = child;
    this.#lines = lines;
  }

  /** Resolves when it has printed its address. */
  static async start(command: readonly string[], isPinned: boolean): Promise<ServerProcess> {
    // Streams are files: as many as the system allows. `exec` keeps one process.
    const shell = 'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn); exec "$@"';
    const child = Bun.spawn(["sh", "-c", shell, "sh", ...onServerCore(command, isPinned)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = linesOf(child.stdout);
    const { value } = await lines.next();
    if (!value) throw new Error(`\`${command.join(" ")}\` did not start.`);
    return new ServerProcess(child, lines, new URL(value));
  }

  get usage(): Usage | undefined {
    return usageOf(this.pid);
  }

  /** `gc` collects garbage before it answers. */
  async ask(question: "stats" | "gc"): Promise<ServerStats> {
    this.#child.stdin.write(`${question}\n`);
    await this.#child.stdin.flush();
    const { value } = await this.#lines.next();
    if (!value) throw new Error("The server has gone.");
    return JSON.parse(value) as ServerStats;
  }

  /** As a power cut would, for its own part. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#child.exited;
    clearTimeout(late);
  }
}

// ---

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

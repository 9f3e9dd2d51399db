/** The real command as a process of its own, which can be killed, stopped and started again. */
import { join } from "node:path";

const cli = join(import.meta.dir, "../../../cli/main.ts");

export interface StartOptions {
  /** File name under `fixtures`. */
  readonly fixture: string;
  /** Null: the file has a store of its own. */
  readonly store: string | null;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands before it, such as `ulimit -f 100`. */
  readonly before?: string;
}

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** From the start of the process to the printed address. */
  readonly startMs: number;
  readonly exited: Promise<number>;
  stderr(): string;
  /** Sends the signal, and waits for the end; the exit code, or 128 and the signal. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<number>;
  rssBytes(): number;
}

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Resolves when it serves. Rejects with what it printed when it ends before. */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(options);
  const output = { stdout: "", stderr: "" };
  const serving = Promise.withResolvers<string>();
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of child[name]) {
      output[name] = (output[name] + decoder.decode(bytes, { stream: true })).slice(-200_000);
      const url = /http:\/\/\S+/.exec(output.stdout)?.[0];
      if (url) serving.resolve(url);
    }
  };
  const ended = Promise.all([child.exited, collect("stdout"), collect("stderr")]);
  void ended.then(([code]) =>
    serving.reject(new Error(`The server ended with ${code}: ${output.stdout}${output.stderr}`)),
  );
  const kill = async (signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number> => {
    child.kill(signal);
    return child.exited;
  };
  const url = await serving.promise;
  return {
    pid: child.pid,
    url,
    startMs: performance.now() - startedAt,
    exited: child.exited,
    stderr: () => output.stderr,
    kill,
    rssBytes: () => rssOf(child.pid),
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
}

/** Starts it, and kills it then, whether it serves by that time or not. */
export async function killEarly(options: StartOptions, then: Promise<unknown>): Promise<void> {
  const child = spawn(options);
  await Promise.race([child.exited, then]);
  child.kill("SIGKILL");
  await child.exited;
}

/** For a server that is expected to end by itself. */
export async function runServer(options: StartOptions): Promise<Ended> {
  const child = spawn(options);
  await using _ = { [Symbol.asyncDispose]: async () => child.kill("SIGKILL") };
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output: stdout + stderr };
}

// ---

function spawn({ fixture, store, port = 0, env = {}, before }: StartOptions) {
  const file = join(import.meta.dir, "../fixtures", fixture);
  const place = store === null ? [] : ["--store", store];
  const address = ["--host", "127.0.0.1", "--port", String(port), ...place];
  const command = [process.execPath, cli, file, ...address];
  const all =
    before === undefined ? command : ["sh", "-c", `${before}; exec "$@"`, "sh", ...command];
  return Bun.spawn(all, {
    env: { ...inherited(), NO_COLOR: "1", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** What the machine's own settings say must not reach the servers under test. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || name.startsWith("WORKFLOWS_") ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

function rssOf(pid: number): number {
  const { stdout } = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]);
  return Number(stdout.toString().trim()) * 1024;
}

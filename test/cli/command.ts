/** The real command in a process of its own, with authors' files in a directory of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The package, for files that are not inside it. */
export const packageEntry: string = join(root, "src/index.ts");

export interface Folder extends Disposable {
  readonly path: string;
}

/** A new directory with these files; it goes with everything in it. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<Folder> {
  const path = mkdtempSync(join(tmpdir(), "workflows-cli-"));
  for (const [name, text] of Object.entries(files)) await Bun.write(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A file of an author: the usual imports, a workflow `one` that results in 1, and then `rest`. */
export function authorFile(rest: string): string {
  return `import { StartEvent, StopEvent, Workflow, WorkflowServer } from "${packageEntry}";
const one = new Workflow().step("only", { accepts: [StartEvent], emits: [StopEvent] }, () =>
  StopEvent({ result: 1 }),
);
${rest}`;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A command under way. Disposing of it kills it, whatever it does. */
export interface Running extends AsyncDisposable {
  /** The address that it has printed. */
  readonly url: string;
  readonly exited: Promise<number>;
  stdout(): string;
  stderr(): string;
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Resolves when it has printed this, on either stream; rejects when it ends without. */
  printed(pattern: RegExp): Promise<void>;
}

export function startCommand(args: readonly string[], { cwd, env = {} }: CommandOptions): Running {
  const child = Bun.spawn([process.execPath, join(root, "cli/main.ts"), ...args], {
    cwd,
    env: { ...inheritedEnv(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = { stdout: "", stderr: "" };
  const waiters = new Set<() => void>();
  const collect = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of child[name]) {
      output[name] += decoder.decode(bytes, { stream: true });
      for (const check of waiters) check();
    }
  };
  const ended = Promise.all([child.exited, collect("stdout"), collect("stderr")]);
  const all = (): string => `${output.stdout}\n${output.stderr}`;
  return {
    get url() {
      return /http:\/\/\S+/.exec(output.stdout)?.[0] ?? "";
    },
    exited: ended.then(([code]) => code),
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    kill: (signal) => child.kill(signal),
    async printed(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = (): void => void (pattern.test(all()) && resolve());
      waiters.add(check);
      check();
      void ended.then(([code]) => reject(new Error(`It ended with ${code}, and printed${all()}`)));
      await promise.finally(() => waiters.delete(check));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts the command, and waits until it serves. */
export async function serve(args: readonly string[], options: CommandOptions): Promise<Running> {
  const running = startCommand(["--host", "127.0.0.1", "--port", "0", ...args], options);
  try {
    await running.printed(/API key/);
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs a command that ends by itself; one that serves instead is told to stop. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  await using running = startCommand(args, options);
  const served = running.printed(/API key/).then(
    () => running.kill("SIGTERM"),
    () => {}, // It has ended by itself, as it should.
  );
  const code = await running.exited;
  await served;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** Runs a workflow to its end. */
export async function runWorkflow(url: string, name: string): Promise<unknown> {
  const response = await fetch(`${url}/workflows/${name}/run`, { method: "POST", body: "{}" });
  const { result } = (await response.json()) as { result: { value: { result: unknown } } };
  return result.value.result;
}

// ---

/** Whatever this process was told about servers is not meant for those that it starts. */
function inheritedEnv(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(WORKFLOWS_|FORCE_COLOR$)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  };
}

/** An empty project somewhere else, with the packed package in it and nothing left behind to help. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Serving extends AsyncDisposable {
  readonly url: string;
}

export class Project implements Disposable {
  readonly folder: string;
  readonly tarball: string;

  /** Packs the package. */
  static async create(): Promise<Project> {
    const base = mkdtempSync(join(tmpdir(), "workflows-package-"));
    const project = new Project(base);
    const args = ["pm", "pack", "--quiet", "--filename", project.tarball];
    await mustRun([process.execPath, ...args], { cwd: root });
    return project;
  }

  private readonly base: string;

  private constructor(base: string) {
    this.base = base;
    this.folder = join(base, "project");
    this.tarball = join(base, "workflows-server.tgz");
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  async write(files: Readonly<Record<string, string | object>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Bun.write(join(this.folder, name), text);
    }
  }

  /** Runs Bun in the project, with a home and a cache that were empty at the beginning. */
  async bun(...args: readonly string[]): Promise<Finished> {
    return this.run([process.execPath, ...args]);
  }

  /** Runs a program in the project. */
  async run(command: readonly string[]): Promise<Finished> {
    return run(command, { cwd: this.folder, env: this.env });
  }

  /** Starts a server in the project, and waits for its address. */
  async serve(command: readonly string[]): Promise<Serving> {
    const child = Bun.spawn([...command], {
      cwd: this.folder,
      env: this.env,
      stdout: "pipe",
      stderr: "pipe",
    });
    const errors = new Response(child.stderr).text();
    const dispose = async (): Promise<void> => {
      child.kill("SIGTERM");
      await child.exited;
    };
    let output = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      const url = /(http:\/\/\S+)\s/.exec(output)?.[1];
      if (url !== undefined) return { url, [Symbol.asyncDispose]: dispose };
    }
    await dispose();
    throw new Error(`${command.join(" ")} ended:\n${output}${await errors}`);
  }

  private get env(): Record<string, string> {
    const env = Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(WORKFLOWS_|BUN_|NODE_|XDG_)/.test(entry[0]),
    );
    const cache = join(this.base, "cache");
    return { ...Object.fromEntries(env), HOME: this.base, BUN_INSTALL_CACHE_DIR: cache };
  }
}

/** What is in a tarball, without the folder that everything is in. */
export async function listTarball(path: string): Promise<readonly string[]> {
  const files = await new Bun.Archive(await Bun.file(path).bytes()).files();
  return [...files.keys()].map((name) => name.replace(/^package\//, "")).toSorted();
}

// ---

interface RunOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

async function run(command: readonly string[], options: RunOptions): Promise<Finished> {
  await using child = Bun.spawn([...command], {
    ...options,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

async function mustRun(command: readonly string[], options: RunOptions): Promise<void> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}

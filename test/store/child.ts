/** Starts a process such as that of `store-fixture.ts` and reads what it says, line by line. */
import { join } from "node:path";

export const fixturePath: string = join(import.meta.dir, "store-fixture.ts");

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** The next line that it says; undefined when it says no more. */
  readLine(): Promise<string | undefined>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** Waits until it has ended by itself. */
  readonly exited: Promise<number>;
}

export function startChild(mode: string, path: string, script: string = fixturePath): Child {
  const child = Bun.spawn([process.execPath, script, mode, path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = readLines(child.stdout);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    pid: child.pid,
    readLine: async () => (await lines.next()).value ?? undefined,
    kill,
    exited: child.exited,
    [Symbol.asyncDispose]: kill,
  };
}

// ---

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** Starts the example server with the package's own script, as the README says. */
import { dirname } from "node:path";

export interface RunningStart extends AsyncDisposable {
  readonly url: string;
}

export async function start(root: string): Promise<RunningStart> {
  const child = Bun.spawn([process.execPath, "run", "start"], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
      WORKFLOWS_SERVER_HOST: "127.0.0.1",
      WORKFLOWS_SERVER_PORT: "0",
      WORKFLOWS_SERVER_STORE: "memory",
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = new Response(child.stderr).text();
  const dispose = async (): Promise<void> => {
    child.kill("SIGTERM"); // Which the script passes on.
    await child.exited;
  };
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    const url = /http:\/\/\S+/.exec(output)?.[0];
    if (url && output.includes("API key")) return { url, [Symbol.asyncDispose]: dispose };
  }
  await dispose();
  throw new Error(`\`bun run start\` ended:\n${output}${await errors}`);
}

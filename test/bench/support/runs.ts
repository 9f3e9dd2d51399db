/** Runs that a benchmark starts over HTTP, and does not wait for. */
import { ask, Connection, toRequest } from "./connection.ts";

export interface StartedRun {
  readonly handlerId: string;
}

export async function startRun(url: URL, workflow: string, input: object): Promise<StartedRun> {
  const path = `/workflows/${workflow}/run-nowait`;
  const { body } = await ask(url, "POST", path, { start_event: input });
  return { handlerId: handlerIdOf(body) };
}

/** Many runs of the same input, over a few connections. */
export async function startRuns(
  url: URL,
  workflow: string,
  input: object,
  count: number,
): Promise<readonly StartedRun[]> {
  const path = `/workflows/${workflow}/run-nowait`;
  const request = toRequest(url, "POST", path, { start_event: input });
  const started: StartedRun[] = [];
  let left = count;
  const drive = async (): Promise<void> => {
    using connection = await Connection.open(url);
    while (left-- > 0) {
      const { status, body } = await connection.request(request);
      if (status !== 200) throw new Error(`A start was answered with ${status}: ${body}`);
      started.push({ handlerId: handlerIdOf(body) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, 64) }, drive));
  return started;
}

/** Lets a run go on that waits for `Go`. */
export async function sendGo(url: URL, handlerId: string): Promise<void> {
  await ask(url, "POST", `/events/${handlerId}`, { event: { type: "Go", value: {} } });
}

// ---

function handlerIdOf(body: string): string {
  return (JSON.parse(body) as { handler_id: string }).handler_id;
}

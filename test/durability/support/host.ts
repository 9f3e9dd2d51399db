/** Servers in this process on one SQLite file, one after the other, as restarts would have them. */
import type { HandlerBody } from "../../../src/protocol/handler.ts";
import type { AnyEventType, AnyWorkflow, WorkflowServerOptions } from "../../../src/index.ts";
import { type Answer, type Host, openServer } from "../../support/server.ts";
import { type Frame, readFrames, readFramesUntil } from "../../support/sse.ts";

export type Workflows = readonly (readonly [
  name: string,
  workflow: AnyWorkflow,
  additionalEvents?: readonly AnyEventType[],
])[];

/** Runs `use` with a server on the file, and closes it: what comes next is a restart. */
export async function withServer<T>(
  path: string,
  workflows: Workflows,
  use: (host: Host) => Promise<T>,
  options: WorkflowServerOptions = {},
): Promise<T> {
  await using host = openServer({ store: path, ...options }, workflows);
  return await use(host);
}

export function bodyOf(answer: Answer): HandlerBody {
  return answer.body as HandlerBody;
}

export async function handlerOf(host: Host, id: string): Promise<HandlerBody> {
  return bodyOf(await host.ask(`GET /handlers/${id}`));
}

/** All events of a run that has ended, internal ones too. */
export async function framesOf(host: Host, id: string): Promise<readonly Frame[]> {
  return Array.fromAsync(readFrames(await host.fetch(lineOf(id))));
}

/** Resolves when an event with this text has been published. */
export async function cameBy(host: Host, id: string, text: string): Promise<number> {
  const response = await host.fetch(lineOf(id));
  const frames = await readFramesUntil(response, ({ data }) => data.includes(text));
  return Number(frames.at(-1)?.id);
}

/** `type` of each event, and what it is about if that can be said in a word. */
export function typesOf(frames: readonly Frame[]): readonly string[] {
  return frames.map(({ data }) => (JSON.parse(data) as { type: string }).type);
}

export function sendTo(host: Host, id: string, type: string, value: object = {}): Promise<Answer> {
  return host.post(`/events/${id}`, { event: { type, value } });
}

// ---

function lineOf(id: string): string {
  return `GET /events/${id}?after_sequence=-1&include_internal=true`;
}

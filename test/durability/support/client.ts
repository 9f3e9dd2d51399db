/** A client of a server process, with as much sense as a good one has: nothing is assumed of it. */
import type { HandlerBody } from "../../../src/protocol/handler.ts";
import { type Frame, readFrames } from "../../support/sse.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface ListedHandlers {
  readonly handlers: readonly HandlerBody[];
}

export class Client {
  readonly url: string;
  /** Ends every request when the server's life is over. */
  readonly #signal: AbortSignal | null;

  constructor(url: string, signal: AbortSignal | null = null) {
    this.url = url.replace(/\/$/, "");
    this.#signal = signal;
  }

  async ask(
    method: string,
    path: string,
    { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<Reply> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: this.#signal,
    });
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
    const parsed: unknown = isJson && text !== "" ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: parsed };
  }

  /** The handler's record. Throws when the start was not accepted. */
  async start(
    workflow: string,
    input: object = {},
    { key, handlerId }: { key?: string; handlerId?: string } = {},
  ): Promise<HandlerBody> {
    const reply = await this.ask("POST", `/workflows/${workflow}/run-nowait`, {
      body: { start_event: input, ...(handlerId !== undefined && { handler_id: handlerId }) },
      headers: key === undefined ? {} : { "idempotency-key": key },
    });
    if (reply.status !== 200) throw new Error(`start: ${reply.status} ${text(reply.body)}`);
    return reply.body as HandlerBody;
  }

  async send(handlerId: string, type: string, value: object): Promise<number> {
    const body = { event: { type, value } };
    return (await this.ask("POST", `/events/${handlerId}`, { body })).status;
  }

  async handler(handlerId: string): Promise<HandlerBody> {
    return (await this.ask("GET", `/handlers/${handlerId}`)).body as HandlerBody;
  }

  async list(query = ""): Promise<readonly HandlerBody[]> {
    return ((await this.ask("GET", `/handlers${query}`)).body as ListedHandlers).handlers;
  }

  /** Events with a sequence above `after`, internal ones too, as they come. */
  async *events(
    handlerId: string,
    after: number,
    by: "query" | "header" = "query",
  ): AsyncGenerator<Frame, void, void> {
    const query = by === "query" ? `&after_sequence=${after}` : "";
    const response = await fetch(`${this.url}/events/${handlerId}?include_internal=true${query}`, {
      signal: this.#signal,
      headers: by === "header" ? { "last-event-id": String(after) } : {},
    });
    if (response.status === 204) return;
    if (response.status !== 200) throw new Error(`events: ${response.status}`);
    yield* readFrames(response);
  }

  /** The whole stream, of a run that has ended. */
  async allEvents(handlerId: string): Promise<readonly Frame[]> {
    return Array.fromAsync(this.events(handlerId, -1));
  }
}

export function text(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

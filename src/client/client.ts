/**
 * A typed client of the server. Methods ask one route each and throw a `ClientError` for anything
 * but an answer; streams resume by themselves.
 */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Envelope } from "../protocol/envelope.ts";
import { fromWireValue } from "../protocol/wire-value.ts";
import type {
  DefinitionBody,
  GraphBody,
  HandlerBody,
  HandlerEntry,
  HandlerFrame,
  JournalBody,
  Json,
  JsonObject,
  LineageBody,
  SchemaBody,
  TimedEnvelope,
} from "./bodies.ts";
import { followSse } from "./follow.ts";
import type { SseFrame } from "./sse.ts";
import { type Ask, type ClientOptions, createRequester } from "./request.ts";

export interface SequencedEvent {
  readonly sequence: number;
  readonly envelope: TimedEnvelope;
}

/** An event as an event type makes it, or as it stands on the wire. */
export type EventInput =
  | { readonly type: string; readonly data: object }
  | { readonly type: string; readonly value: Json };

/** An event of a run's stream. */
export interface RunEvent {
  /** Ask for what comes after it with `after`. */
  readonly sequence: number;
  readonly type: string;
  readonly data: JsonObject;
}

export interface StartOptions {
  /** An id of your own; a handler that has ended goes on with its state. */
  readonly handlerId?: string;
  /** Makes it safe to ask again: the same key and input give the same run. */
  readonly idempotencyKey?: string;
}

export interface EventsOptions {
  /** Only events after this sequence. Default -1: all. */
  readonly after?: number;
  /** Also the engine's own events, such as `StepStateChanged`. Default false. */
  readonly includeInternal?: boolean;
  /** Ends the stream, not the run. */
  readonly signal?: AbortSignal;
}

export interface ForkRequest {
  readonly after_sequence?: number;
  readonly step?: string;
  readonly attempt?: number;
  readonly event?: EventInput;
}

export interface HandlersPage {
  readonly limit: number;
  /** A handler id: only those that are older. */
  readonly after?: string;
}

type OnState = (state: "open" | "lost") => void;

export interface Client {
  listWorkflows(): Promise<readonly string[]>;
  getGraph(workflow: string): Promise<GraphBody>;
  getSchema(workflow: string): Promise<SchemaBody>;
  getDefinition(workflow: string): Promise<DefinitionBody>;
  /** Starts a run; resolves when it is stored. */
  start(workflow: string, input?: object, options?: StartOptions): Promise<HandlerBody>;
  /** Starts a run; resolves when it has ended, whatever it has come to: see its `status`. */
  run(workflow: string, input?: object, options?: StartOptions): Promise<HandlerBody>;
  /** The events of a run, past and to come, until it has ended. */
  events(handlerId: string, options?: EventsOptions): AsyncGenerator<RunEvent, void, void>;
  /** Newest first. */
  listHandlers(page: HandlersPage): Promise<readonly HandlerBody[]>;
  /** The same with what a page of runs wants to know of them. */
  listEntries(page: HandlersPage): Promise<readonly HandlerEntry[]>;
  getHandler(handlerId: string): Promise<HandlerBody>;
  getJournal(handlerId: string, after: number): Promise<JournalBody>;
  getLineage(handlerId: string): Promise<LineageBody>;
  /** Sends an event into a run, to one step or to all that take it; resolves when it is stored. */
  send(handlerId: string, event: EventInput, step?: string | null): Promise<void>;
  /** Ends a run; resolves when it has ended. */
  cancel(handlerId: string): Promise<void>;
  /** Deletes a handler with everything of its runs. */
  delete(handlerId: string): Promise<void>;
  fork(handlerId: string, request: ForkRequest): Promise<HandlerBody>;
  /** All events of a run with the engine's own, in batches as they come in. */
  followEvents(
    handlerId: string,
    signal: AbortSignal,
    onState?: OnState,
  ): AsyncGenerator<readonly SequencedEvent[], void, void>;
  /** The newest handlers, then every change of any. */
  followHandlers(
    signal: AbortSignal,
    onState?: OnState,
  ): AsyncGenerator<readonly HandlerFrame[], void, void>;
}

/**
 * A client of the server at an address, such as `http://localhost:8080`.
 *
 * @example
 * const client = createClient("http://localhost:8080");
 * const { handler_id: id } = await client.start("order", { sku: "book" });
 * for await (const event of client.events(id)) {
 *   if (event.type === "Approve") await client.send(id, Approved({ by: "ada", ok: true }));
 * }
 */
export function createClient(options: ClientOptions | string, clock: Clock = systemClock): Client {
  const request = createRequester(typeof options === "string" ? { baseUrl: options } : options);
  // The shape of an answer is not checked: it is the server's word.
  const read = async <T>(path: string): Promise<T> => (await (await request(path)).json()) as T;
  const post = async <T>(path: string, body?: unknown, ask: Ask = {}): Promise<T> =>
    (await (await request(path, { method: "POST", body, ...ask })).json()) as T;
  const id = encodeURIComponent;
  const begin = (path: string, input: object, options: StartOptions, isLong: boolean) => {
    const { handlerId, idempotencyKey: key } = options;
    const body = { start_event: input, ...(handlerId !== undefined && { handler_id: handlerId }) };
    const headers = { ...(key !== undefined && { "idempotency-key": key }) };
    return post<HandlerBody>(path, body, { headers, isLong });
  };
  const follow = (path: string, isResumable: boolean, signal: AbortSignal, onState?: OnState) =>
    followSse(request, { path, signal, clock, isResumable, ...(onState && { onState }) });
  return {
    listWorkflows: async () => (await read<{ workflows: string[] }>("workflows")).workflows,
    getGraph: async (name) =>
      (await read<{ graph: GraphBody }>(`workflows/${id(name)}/representation`)).graph,
    getSchema: (name) => read(`workflows/${id(name)}/schema`),
    getDefinition: (name) => read(`debug/workflows/${id(name)}/definition`),
    start: (name, input = {}, options = {}) =>
      begin(`workflows/${id(name)}/run-nowait`, input, options, false),
    run: (name, input = {}, options = {}) =>
      begin(`workflows/${id(name)}/run?failure_status=200`, input, options, true),
    async *events(handlerId, { after = -1, includeInternal = false, signal } = {}) {
      const path = `events/${id(handlerId)}?include_internal=${includeInternal}&after_sequence=${after}`;
      for await (const frames of follow(path, true, signal ?? new AbortController().signal)) {
        for (const frame of frames) yield toRunEvent(frame);
      }
    },
    listHandlers: async (page) =>
      (await read<{ handlers: HandlerBody[] }>(`handlers?${toQuery(page)}`)).handlers,
    listEntries: async (page) =>
      (await read<{ handlers: HandlerEntry[] }>(`debug/handlers?${toQuery(page)}`)).handlers,
    getHandler: (handlerId) => read(`handlers/${id(handlerId)}?failure_status=200`),
    getJournal: (handlerId, after) =>
      read(`debug/handlers/${id(handlerId)}/journal?after=${after}`),
    getLineage: (handlerId) => read(`handlers/${id(handlerId)}/lineage`),
    async send(handlerId, event, step = null) {
      const body = { event: toWire(event), ...(step !== null && { step }) };
      await post(`events/${id(handlerId)}`, body);
    },
    async cancel(handlerId) {
      await post(`handlers/${id(handlerId)}/cancel`);
    },
    async delete(handlerId) {
      await post(`handlers/${id(handlerId)}/cancel?purge=true`);
    },
    fork: (handlerId, { event, ...point }) =>
      post(`handlers/${id(handlerId)}/fork`, { ...point, ...(event && { event: toWire(event) }) }),
    async *followEvents(handlerId, signal, onState) {
      const path = `events/${id(handlerId)}?sse=true&include_internal=true&include_timestamps=true&after_sequence=-1`;
      for await (const frames of follow(path, true, signal, onState)) {
        yield frames.map((frame) => ({
          sequence: Number(frame.id),
          envelope: JSON.parse(frame.data) as TimedEnvelope,
        }));
      }
    },
    async *followHandlers(signal, onState) {
      for await (const frames of follow("debug/handlers/stream", false, signal, onState)) {
        yield frames.map((frame) => JSON.parse(frame.data) as HandlerFrame);
      }
    },
  };
}

// ---

function toQuery({ limit, after }: HandlersPage): string {
  const cursor = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
  return `order=newest&limit=${limit}${cursor}`;
}

function toWire(event: EventInput): { readonly type: string; readonly value: unknown } {
  return "data" in event ? { type: event.type, value: event.data } : event;
}

function toRunEvent({ id, data }: SseFrame): RunEvent {
  const { type, value } = JSON.parse(data) as Envelope;
  return { sequence: Number(id), type, data: fromWireValue(value) };
}

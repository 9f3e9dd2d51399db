/**
 * A typed client of the server. Methods ask one route each and throw a `ClientError` for anything
 * but an answer; streams resume by themselves.
 */
import { type Clock, systemClock } from "../base/clock.ts";
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
import { type ClientOptions, createRequester } from "./request.ts";

export interface SequencedEvent {
  readonly sequence: number;
  readonly envelope: TimedEnvelope;
}

export interface EventInput {
  readonly type: string;
  readonly value: Json;
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
  start(workflow: string, event: JsonObject): Promise<HandlerBody>;
  /** Newest first. */
  listHandlers(page: HandlersPage): Promise<readonly HandlerBody[]>;
  /** The same with what a page of runs wants to know of them. */
  listEntries(page: HandlersPage): Promise<readonly HandlerEntry[]>;
  getHandler(handlerId: string): Promise<HandlerBody>;
  getJournal(handlerId: string, after: number): Promise<JournalBody>;
  getLineage(handlerId: string): Promise<LineageBody>;
  send(handlerId: string, event: EventInput, step: string | null): Promise<void>;
  cancel(handlerId: string): Promise<void>;
  delete(handlerId: string): Promise<void>;
  fork(handlerId: string, request: ForkRequest): Promise<HandlerBody>;
  /** All events of a run, past and to come, until it has ended. */
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

export function createClient(options: ClientOptions, clock: Clock = systemClock): Client {
  const request = createRequester(options);
  // The server's word for its shape.
  const read = async <T>(path: string): Promise<T> => (await (await request(path)).json()) as T;
  const post = async <T>(path: string, body?: unknown): Promise<T> =>
    (await (await request(path, { method: "POST", body })).json()) as T;
  const id = encodeURIComponent;
  const follow = (path: string, isResumable: boolean, signal: AbortSignal, onState?: OnState) =>
    followSse(request, { path, signal, clock, isResumable, ...(onState && { onState }) });
  return {
    listWorkflows: async () => (await read<{ workflows: string[] }>("workflows")).workflows,
    getGraph: async (name) =>
      (await read<{ graph: GraphBody }>(`workflows/${id(name)}/representation`)).graph,
    getSchema: (name) => read(`workflows/${id(name)}/schema`),
    getDefinition: (name) => read(`debug/workflows/${id(name)}/definition`),
    start: (name, event) => post(`workflows/${id(name)}/run-nowait`, { start_event: event }),
    listHandlers: async (page) =>
      (await read<{ handlers: HandlerBody[] }>(`handlers?${toQuery(page)}`)).handlers,
    listEntries: async (page) =>
      (await read<{ handlers: HandlerEntry[] }>(`debug/handlers?${toQuery(page)}`)).handlers,
    getHandler: (handlerId) => read(`handlers/${id(handlerId)}?failure_status=200`),
    getJournal: (handlerId, after) =>
      read(`debug/handlers/${id(handlerId)}/journal?after=${after}`),
    getLineage: (handlerId) => read(`handlers/${id(handlerId)}/lineage`),
    async send(handlerId, event, step) {
      await post(`events/${id(handlerId)}`, { event, ...(step !== null && { step }) });
    },
    async cancel(handlerId) {
      await post(`handlers/${id(handlerId)}/cancel`);
    },
    async delete(handlerId) {
      await post(`handlers/${id(handlerId)}/cancel?purge=true`);
    },
    fork: (handlerId, body) => post(`handlers/${id(handlerId)}/fork`, body),
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

/**
 * `/debug/…`: what the page at `/` needs beyond what clients do: live lists, journals, definitions.
 */
import { debugHandlersLength } from "../../base/limits.ts";
import { parseInteger, readWord } from "../../http/query.ts";
import { json } from "../../http/respond.ts";
import { sseData } from "../../http/sse.ts";
import { toHandlerBody } from "../../protocol/handler.ts";
import type { HandlerChange } from "../../runtime/handler-changes.ts";
import type { RunSummary } from "../../store/store.ts";
import type { Definition } from "../../workflow/definition.ts";
import { type Endpoint, mustHandler, mustWorkflow, type Services } from "../endpoint.ts";
import { openStream } from "../open-stream.ts";
import { readPage } from "../paging.ts";

/** The newest handlers, then `ready`, then every handler whenever its record changes. */
export const streamHandlers: Endpoint = (services, call) =>
  openStream(services, call, {
    isSse: true,
    source: (signal) => handlerFrames(services, signal),
    name: "A stream of handlers",
  });

/** A page of what the stream begins with, for lists that go further back. */
export const listEntries: Endpoint = async ({ runtime }, { query }) => {
  const { limit = debugHandlersLength, ...page } = readPage(query);
  const runs = await runtime.store.listHandlers({}, { order: "newest", ...page, limit });
  return json(200, { handlers: runs.map((run) => toEntry(run, runtime.isAsking(run))) });
};

/**
 * The ticks of a run as they are stored: with its workflow's definition, a replay needs no more.
 */
export const getJournal: Endpoint = async (services, { params, query }) => {
  const run = await mustHandler(services, params["handler_id"]);
  const { store } = services.runtime;
  const after = parseInteger(readWord(query, "after") ?? "") ?? 0;
  return json(200, {
    handler: toHandlerBody(run),
    forked_from: run.forkedFrom,
    first_sequence: run.firstSequence,
    ticks: await store.readTicks(run.runId, Math.max(after, 0)),
  });
};

export const getDefinition: Endpoint = (services, { params }) =>
  json(200, describe(mustWorkflow(services, params["name"])));

// ---

async function* handlerFrames(
  { runtime }: Services,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const over = new AbortController();
  // Followed before it is listed, so that nothing falls between; what comes twice is the same.
  const changes = runtime.changes.follow(AbortSignal.any([signal, over.signal]));
  const next = changes.next();
  try {
    const page = { order: "newest", limit: debugHandlersLength } as const;
    const runs = await runtime.store.listHandlers({}, page);
    for (const run of runs.toReversed()) yield frame(toEntry(run, runtime.isAsking(run)));
    yield frame({ ready: true });
    for (let batch = await next; !batch.done; batch = await changes.next()) {
      for (const change of batch.value) yield frame(toFrame(change));
    }
  } finally {
    // However this ends: what is followed waits for changes, and nobody else would tell it.
    over.abort();
  }
}

function toFrame(change: HandlerChange): object {
  return change.kind === "changed"
    ? toEntry(change.run, change.isAsking)
    : { deleted: change.handlerId };
}

/**
 * The record as clients get it, but without its result, which a list does not show and which may be
 * long; and what only a page of runs wants to know.
 */
function toEntry(run: RunSummary, isAsking: boolean): object {
  return { handler: toHandlerBody({ ...run, result: null }), is_asking: isAsking };
}

function frame(value: object): Uint8Array {
  return sseData(JSON.stringify(value));
}

/** A definition without the author's functions: maps become objects. */
function describe(definition: Definition): object {
  const { steps, routes, catchers, eventTypes, startType, stopType } = definition;
  const { name, title, description, timeoutMs, concurrency, isOpen, joins } = definition;
  return {
    name,
    title,
    description,
    timeoutMs,
    concurrency,
    isOpen,
    joins,
    steps: [...steps.values()].map(({ run: _, retry, resources, children, ...step }) => ({
      ...step,
      retries: retry !== null,
      resources: Object.keys(resources),
      children: children.map((child) => child.title),
    })),
    routes: Object.fromEntries(routes),
    catchers: Object.fromEntries(catchers),
    startType: startType.type,
    stopType: stopType.type,
    eventTypes: [...eventTypes.values()].map(({ type, family, parents, fields, jsonSchema }) => ({
      type,
      family,
      parents,
      fields: [...fields],
      jsonSchema,
    })),
  };
}

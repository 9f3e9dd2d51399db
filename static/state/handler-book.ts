/** All handlers that this page knows, newest first; kept up by the server's stream of changes. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

import type { HandlerBody, HandlerEntry, HandlerFrame } from "../../src/client/bodies.ts";
import type { Client } from "../../src/client/client.ts";
import { createFrame } from "./frame.ts";

export type Connection = "opening" | "open" | "lost";

export interface HandlerBook {
  readonly list: ReadonlySignal<readonly HandlerBody[]>;
  readonly connection: ReadonlySignal<Connection>;
  readonly isLoaded: ReadonlySignal<boolean>;
  /** Whether the server has older ones. */
  readonly hasMore: ReadonlySignal<boolean>;
  /** The one that was deleted last, by whomever. */
  readonly deleted: ReadonlySignal<string | null>;
  /** Whether older ones are on their way. */
  readonly isReading: ReadonlySignal<boolean>;
  /** Those that want something from outside, as far as the server has said so. */
  readonly asking: ReadonlySignal<ReadonlySet<string>>;
  get(handlerId: string): HandlerBody | undefined;
  put(handler: HandlerBody): void;
  remove(handlerId: string): void;
  /** Older ones, so many at most. */
  loadMore(count?: number): Promise<void>;
  /** Until the signal. Throws what the server answers instead, such as that it wants a key. */
  follow(signal: AbortSignal): Promise<void>;
}

const pageLength = 200;

export function createHandlerBook(client: Client): HandlerBook {
  const known = new Map<string, HandlerBody>();
  const list: Signal<readonly HandlerBody[]> = signal([]);
  const connection: Signal<Connection> = signal("opening");
  const isLoaded = signal(false);
  const hasMore = signal(false);
  const isReading = signal(false);
  const deleted: Signal<string | null> = signal(null);
  const askingNow = new Set<string>();
  const asking: Signal<ReadonlySet<string>> = signal(new Set());
  const frame = createFrame(() => {
    asking.value = new Set(askingNow);
    list.value = [...known.values()].toSorted((a, b) => (a.started_at < b.started_at ? 1 : -1));
  });
  /** What a list begun anew has shown: what else was known was deleted meanwhile. */
  let shown: Set<string> | null = null;
  const put = (handler: HandlerBody): void => {
    known.set(handler.handler_id, handler);
    shown?.add(handler.handler_id);
    frame.request();
  };
  const putEntry = ({ handler, is_asking: isAsking }: HandlerEntry): void => {
    if (isAsking) askingNow.add(handler.handler_id);
    else askingNow.delete(handler.handler_id);
    put(handler);
  };
  const remove = (handlerId: string): void => {
    known.delete(handlerId);
    askingNow.delete(handlerId);
    frame.request();
  };
  const take = (change: HandlerFrame): void => {
    if ("handler" in change) putEntry(change);
    else if ("deleted" in change) {
      remove(change.deleted);
      deleted.value = change.deleted;
    } else {
      for (const id of known.keys()) if (shown && !shown.has(id)) remove(id);
      hasMore.value = (shown?.size ?? 0) >= pageLength;
      shown = null;
      isLoaded.value = true;
      frame.request();
    }
  };
  return {
    list,
    connection,
    isLoaded,
    hasMore,
    isReading,
    asking,
    deleted,
    get: (handlerId) => known.get(handlerId),
    put,
    remove,
    async loadMore(count = pageLength) {
      // Of all that are known: the list is made anew only with the next frame.
      const oldest = [...known.values()].reduce<HandlerBody | undefined>(
        (found, handler) => (found && found.started_at < handler.started_at ? found : handler),
        undefined,
      );
      if (!oldest || !hasMore.value || isReading.value) return;
      isReading.value = true;
      try {
        const page = await client.listEntries({ limit: count, after: oldest.handler_id });
        for (const entry of page) putEntry(entry);
        hasMore.value = page.length === count;
      } catch (error) {
        hasMore.value = false; // Until the stream is open again, which says anew what there is.
        throw error;
      } finally {
        isReading.value = false;
      }
    },
    async follow(abort) {
      const onState = (state: "open" | "lost"): void => {
        connection.value = state;
        if (state === "open") shown = new Set();
      };
      for await (const changes of client.followHandlers(abort, onState)) changes.forEach(take);
    },
  };
}

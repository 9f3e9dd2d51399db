/** All handlers that this page knows, newest first; kept up by the server's stream of changes. */
import { type Signal, signal } from "@preact/signals";

import type { HandlerBody, HandlerEntry, HandlerFrame } from "../../src/client/bodies.ts";
import type { Client } from "../../src/client/client.ts";
import { createFrame } from "./frame.ts";

const pageLength = 200;

export class HandlerBook {
  readonly list: Signal<readonly HandlerBody[]> = signal([]);
  readonly connection: Signal<"opening" | "open" | "lost"> = signal("opening");
  readonly isLoaded: Signal<boolean> = signal(false);
  /** Whether the server has older ones. */
  readonly hasMore: Signal<boolean> = signal(false);
  /** Whether older ones are on their way. */
  readonly isReading: Signal<boolean> = signal(false);
  /** Those that want something from outside, as far as the server has said so. */
  readonly asking: Signal<ReadonlySet<string>> = signal(new Set());
  /** The one that was deleted last, by whomever. */
  readonly deleted: Signal<string | null> = signal(null);

  readonly #client: Client;
  readonly #known = new Map<string, HandlerBody>();
  readonly #asking = new Set<string>();
  /** What a list begun anew has shown: what else was known was deleted meanwhile. */
  #shown: Set<string> | null = new Set();
  /**
   * Those that the server has listed, newest first. Further ones are known, because they were
   * opened or have changed; but not what lies between them and these.
   */
  #listed: string[] = [];
  readonly #frame = createFrame(() => {
    this.asking.value = new Set(this.#asking);
    const all = [...this.#known.values()];
    this.list.value = all.toSorted((a, b) => (a.started_at < b.started_at ? 1 : -1));
  });

  constructor(client: Client) {
    this.#client = client;
  }

  put(handler: HandlerBody): void {
    this.#known.set(handler.handler_id, handler);
    this.#shown?.add(handler.handler_id);
    this.#frame.request();
  }

  remove(handlerId: string): void {
    this.#known.delete(handlerId);
    this.#asking.delete(handlerId);
    this.#frame.request();
  }

  /** Older ones, so many at most. */
  async loadMore(count: number = pageLength): Promise<void> {
    const after = this.#listed.findLast((id) => this.#known.has(id));
    if (after === undefined || !this.hasMore.value || this.isReading.value) return;
    this.isReading.value = true;
    try {
      const page = await this.#client.listEntries({ limit: count, after });
      for (const entry of page) this.#putEntry(entry);
      this.#listed.push(...page.map(({ handler }) => handler.handler_id));
      this.hasMore.value = page.length === count;
    } catch (error) {
      this.hasMore.value = false; // Until the stream is open again, which says anew what there is.
      throw error;
    } finally {
      this.isReading.value = false;
    }
  }

  /** Until the signal. Throws what the server answers instead, such as that it wants a key. */
  async follow(abort: AbortSignal): Promise<void> {
    const onState = (state: "open" | "lost"): void => {
      this.connection.value = state;
      if (state !== "open") return;
      // What was opened before there was a list is as new as that.
      if (this.isLoaded.value) this.#shown = new Set();
      this.#listed = [];
    };
    for await (const changes of this.#client.followHandlers(abort, onState)) {
      for (const change of changes) this.#take(change);
    }
  }

  #putEntry({ handler, is_asking: isAsking }: HandlerEntry): void {
    if (isAsking) this.#asking.add(handler.handler_id);
    else this.#asking.delete(handler.handler_id);
    this.put(handler);
  }

  #take(change: HandlerFrame): void {
    if ("handler" in change) {
      if (this.#shown) this.#listed.unshift(change.handler.handler_id);
      return this.#putEntry(change);
    }
    if ("deleted" in change) {
      this.remove(change.deleted);
      this.deleted.value = change.deleted;
      return;
    }
    const shown = this.#shown;
    for (const id of this.#known.keys()) if (shown && !shown.has(id)) this.remove(id);
    this.hasMore.value = this.#listed.length >= pageLength;
    this.#shown = null;
    this.isLoaded.value = true;
    this.#frame.request();
  }
}

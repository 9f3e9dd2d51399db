/**
 * The feed: the events of a run after a cursor, those that are stored and those to come.
 *
 * A reader pulls. It holds a cursor and no buffer, so a slow one costs nothing but its place: when
 * it falls behind the tail that is kept for everybody, it reads pages from the store until it has
 * caught up. Attaching costs the same at the first event and at the 100,000th.
 */
import {
  feedPageCharsMax,
  feedPageLength,
  feedTailCharsMax,
  feedTailLength,
} from "../base/limits.ts";
import { isTerminal, type RunStatus } from "../protocol/status.ts";
import { type StoredEvent, takePage } from "./event.ts";

/** What the feed needs of its store. */
export interface EventSource {
  readEvents(
    runId: string,
    after: number,
    limit: number,
    charsMax: number,
  ): Promise<readonly StoredEvent[]>;
  getRun(runId: string): Promise<{ readonly status: RunStatus } | undefined>;
}

interface Channel {
  /** The newest committed events, dense, oldest first. */
  tail: StoredEvent[];
  /** Characters of JSON in the tail. */
  tailChars: number;
  readonly readers: Set<() => void>;
  isDeleted: boolean;
}

export class Feed {
  readonly #source: EventSource;
  readonly #channels = new Map<string, Channel>();

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Told by the store, right after these events were committed. */
  published(runId: string, events: readonly StoredEvent[]): void {
    const channel = this.#channels.get(runId);
    if (!channel || events.length === 0) return;
    for (const event of events) {
      channel.tail.push(event);
      channel.tailChars += event.json.length;
    }
    // Cut seldom, so that cutting costs little per event.
    if (channel.tail.length > 2 * feedTailLength || channel.tailChars > 2 * feedTailCharsMax) {
      cutTail(channel);
    }
    for (const wake of channel.readers) wake();
  }

  /** Told by the store when a run is gone: its readers end. */
  deleted(runId: string): void {
    const channel = this.#channels.get(runId);
    if (!channel) return;
    channel.isDeleted = true;
    // Another run may come under its name: those who read this one see nothing of that.
    this.#channels.delete(runId);
    for (const wake of channel.readers) wake();
  }

  /** Runs that somebody reads. */
  get channelCount(): number {
    return this.#channels.size;
  }

  /**
   * Batches of events with a sequence above `after`, in order, without gap or repetition. Ends
   * after the terminal event, when there is no such run (any more), or when `signal` is aborted.
   */
  async *follow(
    runId: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, void> {
    const channel = this.#channels.get(runId) ?? {
      tail: [],
      tailChars: 0,
      readers: new Set(),
      isDeleted: false,
    };
    this.#channels.set(runId, channel);
    let wake: () => void = () => {};
    let hasNews = false;
    const onNews = (): void => {
      hasNews = true;
      wake();
    };
    const onAbort = (): void => wake();
    channel.readers.add(onNews);
    signal.addEventListener("abort", onAbort);
    let cursor = after;
    try {
      while (!signal.aborted) {
        hasNews = false;
        const batch =
          eventsAfter(channel.tail, cursor) ??
          (channel.isDeleted
            ? []
            : await this.#source.readEvents(runId, cursor, feedPageLength, feedPageCharsMax));
        if (signal.aborted) return;
        const last = batch.at(-1);
        if (last) {
          cursor = last.sequence;
          yield batch;
          if (last.isTerminal) return;
        } else if (channel.isDeleted || (await this.#isOver(runId, channel))) {
          // Ask again if something came while asking: it may be what this reader waits for.
          if (!hasNews) return;
        } else if (!hasNews && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      channel.readers.delete(onNews);
      if (channel.readers.size === 0 && this.#channels.get(runId) === channel) {
        this.#channels.delete(runId);
      }
    }
  }

  /** Nothing more will come. Asked with nothing left to read: the cursor may be beyond the end. */
  async #isOver(runId: string, { tail }: Channel): Promise<boolean> {
    const newest = tail.at(-1);
    if (newest) return newest.isTerminal;
    // Nothing came since somebody reads it, so only the store can tell.
    const run = await this.#source.getRun(runId);
    return run === undefined || isTerminal(run.status);
  }
}

// ---

/** Keeps the newest events, as many as may be; the newest of all, however long it is. */
function cutTail(channel: Channel): void {
  const { tail } = channel;
  let chars = 0;
  let start = tail.length;
  while (start > 0 && tail.length - start < feedTailLength) {
    const length = tail[start - 1]?.json.length ?? 0;
    if (start < tail.length && chars + length > feedTailCharsMax) break;
    chars += length;
    start--;
  }
  channel.tail = tail.slice(start);
  channel.tailChars = chars;
}

/** The events of the tail after a cursor, or undefined if the tail does not reach back that far. */
function eventsAfter(
  tail: readonly StoredEvent[],
  cursor: number,
): readonly StoredEvent[] | undefined {
  const oldest = tail[0];
  if (!oldest || cursor + 1 < oldest.sequence) return undefined;
  const start = cursor + 1 - oldest.sequence;
  return takePage(tail.slice(start, start + feedPageLength), feedPageCharsMax);
}

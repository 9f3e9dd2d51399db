/**
 * Responses that go on: an async iterable of chunks becomes a body, for as long as somebody reads.
 *
 * The laws. Nothing is asked of the source before the reader wants it, and then one chunk at a
 * time, so a slow reader costs one chunk; one that takes nothing for long is cut off. When the
 * reader goes, or the server stops, the source is told at once by its signal, is returned, and
 * nothing stays: no timer, no listener. A stream that nobody reads never calls its source: what
 * must be given back later is taken inside of it.
 */
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/clock.ts";
import { streamStallMs } from "../base/limits.ts";
import type { HeaderFields } from "./respond.ts";

export interface StreamOptions {
  /** The signal has to end every wait of the source: `return()` does not reach into an `await`. */
  readonly source: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly headers: HeaderFields;
  /** That of the request. Aborted, it means that the reader is gone. */
  readonly signal: AbortSignal;
  /** Aborted, it ends the body as if the source had ended. */
  readonly shutdown?: AbortSignal;
  /** Sent first if the source has nothing ready: Bun 1.4.5 holds headers back until some byte. */
  readonly opening?: Uint8Array;
  /** Sent whenever nothing was for so long. */
  readonly heartbeat?: { readonly bytes: Uint8Array; readonly intervalMs: number };
  /**
   * A reader that has room for nothing more for so long is cut off: its connection breaks, so that
   * it cannot take that for the end. Default one minute.
   */
  readonly stallMs?: number;
  /** Told that the reader was cut off; must not throw. */
  readonly onStall?: () => void;
  /** Told what the source threw; must not throw. The reader sees its connection break. */
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
}

export function streamResponse(options: StreamOptions): Response {
  let flow: Flow;
  // Not of type "bytes": such a stream detaches a chunk, and chunks are shared between readers. No
  // high-water mark: it would call the source before anybody reads, and keep more than one chunk.
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (flow = new Flow(options, controller)),
      pull: () => flow.pull(),
      cancel: () => flow.end(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: options.headers });
}

// ---

type Answer =
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * One body being written. A pull (the reader wants a chunk) and an answer of the source wait for
 * each other, whichever is first. The opening or a heartbeat may use up the pull; then the answer
 * is kept for the next one.
 */
class Flow {
  readonly #options: StreamOptions;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #state: "new" | "open" | "ended" = "new";
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #isAsked = false;
  #answer: Answer | undefined;
  /** Settles the pull that waits. */
  #settlePull: (() => void) | undefined;
  #hasSent = false;
  #sentAt = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: StreamOptions, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#options = options;
    this.#controller = controller;
    this.#clock = options.clock ?? systemClock;
  }

  pull(): Promise<void> | undefined {
    if (this.#state === "new") this.#open();
    if (this.#state === "ended") return undefined;
    return new Promise((resolve) => {
      this.#settlePull = resolve;
      if (this.#answer) this.#deliver(this.#answer);
      else if (!this.#isAsked) void this.#ask();
      this.#watch();
    });
  }

  /** Ends early: the source has more to say, and nobody to say it to. */
  end(): void {
    if (this.#state === "ended") return;
    this.#release();
    this.#abort.abort();
    void this.#returnSource();
  }

  #open(): void {
    const { signal, shutdown, opening } = this.#options;
    this.#state = "open";
    this.#sentAt = this.#clock.now();
    signal.addEventListener("abort", this.#onReaderGone);
    shutdown?.addEventListener("abort", this.#onShutdown);
    // An aborted signal calls no listener, and the reader may have left before the handler is done.
    if (signal.aborted) this.#onReaderGone();
    else if (shutdown?.aborted) this.#onShutdown();
    else if (opening) this.#clock.nextTurn(() => !this.#hasSent && this.#send(opening));
  }

  readonly #onReaderGone = (): void => {
    this.end();
    this.#controller.error(this.#options.signal.reason);
  };

  readonly #onShutdown = (): void => {
    this.end();
    this.#controller.close();
  };

  async #ask(): Promise<void> {
    this.#isAsked = true;
    const answer = await this.#next();
    this.#isAsked = false;
    if (answer.kind === "failed") this.#report(answer.error);
    if (this.#state === "ended") return;
    this.#answer = answer;
    if (this.#settlePull) this.#deliver(answer);
  }

  async #next(): Promise<Answer> {
    try {
      this.#iterator ??= this.#options.source(this.#abort.signal)[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (done) return { kind: "done" };
        if (value.length > 0) return { kind: "chunk", bytes: value };
      }
    } catch (error) {
      return { kind: "failed", error };
    }
  }

  #deliver(answer: Answer): void {
    this.#answer = undefined;
    switch (answer.kind) {
      case "chunk":
        return this.#send(answer.bytes);
      case "done":
        this.#release();
        return this.#controller.close();
      case "failed":
        this.#release();
        // In the same turn, Bun 1.4.5 would drop what was sent before and print the error.
        return this.#clock.nextTurn(() => this.#controller.error(answer.error));
      default:
        return answer satisfies never;
    }
  }

  #send(bytes: Uint8Array): void {
    const settlePull = this.#settlePull;
    if (!settlePull) return;
    this.#settlePull = undefined;
    this.#hasSent = true;
    this.#sentAt = this.#clock.now();
    this.#controller.enqueue(bytes);
    this.#watch();
    settlePull();
  }

  /** One timer that looks again, not one per chunk: for a heartbeat, or a reader that stalls. */
  #watch(): void {
    if (this.#cancelTimer || this.#state === "ended") return;
    const { heartbeat, stallMs = streamStallMs } = this.#options;
    const now = this.#clock.now();
    const beatMs = heartbeat?.intervalMs ?? Infinity;
    const isWaiting = this.#settlePull !== undefined;
    const dueAt = isWaiting
      ? this.#sentAt + beatMs
      : Math.min(now + beatMs, this.#sentAt + stallMs);
    if (dueAt === Infinity) return;
    this.#cancelTimer = this.#clock.at(dueAt, () => {
      this.#cancelTimer = undefined;
      this.#look(this.#clock.now() - this.#sentAt);
      this.#watch();
    });
  }

  #look(quietMs: number): void {
    const { heartbeat, stallMs = streamStallMs, onStall } = this.#options;
    if (this.#settlePull) {
      if (heartbeat && quietMs >= heartbeat.intervalMs) this.#send(heartbeat.bytes);
    } else if (quietMs >= stallMs) {
      // Without a pull there is no room: what was sent last has not been taken.
      this.end();
      this.#controller.error(new DOMException("The reader took nothing.", "TimeoutError"));
      onStall?.();
    }
  }

  #release(): void {
    this.#state = "ended";
    this.#answer = undefined;
    this.#settlePull = undefined;
    this.#cancelTimer?.();
    this.#options.signal.removeEventListener("abort", this.#onReaderGone);
    this.#options.shutdown?.removeEventListener("abort", this.#onShutdown);
  }

  async #returnSource(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    // A source may well answer its signal by throwing what the signal says.
    const isAnswer =
      this.#abort.signal.aborted && error instanceof Error && error.name === "AbortError";
    if (!isAnswer) this.#options.onError(error);
  }
}

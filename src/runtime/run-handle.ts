/**
 * A run as the program that started it sees it: awaited for its result, iterated for its stream.
 */
import type { RunSummary } from "../store/store.ts";
import type { Event } from "../workflow/event.ts";
import { toEvent } from "./result.ts";
import { handlerFinished } from "./errors.ts";
import type { Runtime } from "./runtime.ts";

export interface StreamOptions {
  /** Also the engine's own events, such as `StepStateChanged`. Default false. */
  readonly includeInternal?: boolean;
  /** Only events after this sequence. Default -1: all. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

export class RunHandle<Result> implements PromiseLike<Result>, AsyncIterable<Event> {
  readonly runId: string;
  readonly #runtime: Runtime;
  readonly #started: Promise<RunSummary>;
  #result: Promise<Result> | undefined;

  constructor(runtime: Runtime, runId: string, started: Promise<RunSummary>) {
    this.runId = runId;
    this.#runtime = runtime;
    this.#started = started;
    started.catch(() => {}); // Whoever uses the handle is told.
  }

  /**
   * The result of its stop event. Rejects with `RunFailedError` when the run failed or was
   * cancelled.
   */
  result(): Promise<Result> {
    this.#result ??= this.#awaitResult();
    return this.#result;
  }

  /** To await a run is to await its result. */
  then<A = Result, B = never>(
    onResult?: ((result: Result) => A | PromiseLike<A>) | null,
    onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(onResult, onFailure);
  }

  /** Every event of the stream, from its start; any number of readers, at any time. */
  [Symbol.asyncIterator](): AsyncIterator<Event> {
    return this.stream()[Symbol.asyncIterator]();
  }

  async *stream(options: StreamOptions = {}): AsyncGenerator<Event, void, void> {
    const { includeInternal = false, after = -1, signal = new AbortController().signal } = options;
    await this.#started;
    for await (const batch of this.#runtime.store.feed.follow(this.runId, after, signal)) {
      for (const { json, isInternal } of batch) {
        if (includeInternal || !isInternal) yield toEvent(json);
      }
    }
  }

  /** Sends an event into the run; resolves when it is stored. */
  async sendEvent(event: Event, options: { readonly step?: string } = {}): Promise<void> {
    const run = await this.#running();
    if (!run) throw handlerFinished((await this.#started).handlerId);
    await this.#runtime.send(run, event, options.step ?? null);
  }

  /** Ends the run; resolves when it has ended. Does nothing when it had ended before. */
  async cancel(): Promise<void> {
    const run = await this.#running();
    if (run) await this.#runtime.cancel(run);
  }

  // ---

  /** Undefined: it has ended. */
  async #running(): Promise<RunSummary | undefined> {
    await this.#started;
    const run = await this.#runtime.store.getRun(this.runId);
    return run?.status === "running" ? run : undefined;
  }

  async #awaitResult(): Promise<Result> {
    await this.#started;
    return (await this.#runtime.result(this.runId)) as Result; // By its type.
  }
}

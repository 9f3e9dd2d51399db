/**
 * One run, followed: its events as they come, and its trace, which the engine makes of its ticks.
 * Both grow in plain arrays; signals only say that they have, once per frame.
 */
import { type Signal, signal } from "@preact/signals";

import type { HandlerBody, TimedEnvelope } from "../../src/client/bodies.ts";
import { ClientError } from "../../src/client/error.ts";
import type { Client, SequencedEvent } from "../../src/client/client.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { Definition } from "../model/definition.ts";
import { openQuestions, type Question } from "../model/questions.ts";
import { addTick, createTrace } from "../model/trace.ts";
import type { Trace } from "../model/trace-parts.ts";
import { createFrame } from "./frame.ts";
import { messageOf } from "./message.ts";
import type { WorkflowInfo } from "./workflows.ts";

export interface EventRow {
  readonly sequence: number;
  readonly envelope: TimedEnvelope;
  /** When it was committed; undefined if the server does not say. */
  readonly at: number | undefined;
}

export interface LiveRunOptions {
  readonly client: Pick<Client, "getJournal" | "followEvents">;
  readonly handlerId: string;
  readonly loadDefinition: (workflow: string) => Promise<Definition>;
  readonly onHandler: (handler: HandlerBody) => void;
  /** Of a run from a file: its workflow, which may be another than the server's of that name. */
  readonly info?: WorkflowInfo | null;
  /** Nothing can be done with it but to look at it. */
  readonly isReadOnly?: boolean;
}

/** Nobody reads faster: a stream of tokens is drawn so often, and no oftener. */
const drawMs = 60;
/** A frame may work at ticks for so long; the rest is for the next one. */
const sliceMs = 8;
/** Between two looks at the journal of a run that goes on. */
const journalMs = 200;
/** Until a server that does not answer is asked again. */
const retryMs = 1_000;

export class LiveRun implements Disposable {
  readonly handlerId: string;
  readonly info: WorkflowInfo | null;
  /** The server has it no more; what was read of it is still shown. */
  readonly isGone: Signal<boolean> = signal(false);
  readonly events: EventRow[] = [];
  /** How many there are of each type. */
  readonly types: Map<string, { readonly isInternal: boolean; count: number }> = new Map();
  readonly handler: Signal<HandlerBody | null> = signal(null);
  /** Goes up when there are more events. */
  readonly eventsVersion: Signal<number> = signal(0);
  /** Goes up when the trace has grown. */
  readonly traceVersion: Signal<number> = signal(0);
  readonly connection: Signal<"opening" | "open" | "lost" | "ended"> = signal("opening");
  readonly problem: Signal<string | null> = signal(null);
  /** The sequence of the first event that tells of an error. */
  firstError: number | undefined;
  /** What the run asks and has got no answer to. */
  readonly openQuestions: Signal<readonly Question[]> = signal([]);
  trace: Trace | null = null;

  readonly #options: LiveRunOptions;
  readonly #abort = new AbortController();
  readonly #frame = createFrame(() => this.#work(), drawMs);
  #newEvents: SequencedEvent[] = [];
  #newTicks: Tick[] = [];
  #ticksRead = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;
  #isStale = false;
  #isOver = false;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.handlerId = options.handlerId;
    this.info = options.info ?? null;
  }

  /** Nothing can be done with it but to look at it. */
  get isReadOnly(): boolean {
    return this.isGone.value || (this.#options.isReadOnly ?? false);
  }

  /** Ends when the run has ended and everything of it was read. */
  async follow(): Promise<void> {
    try {
      await this.#readJournal();
      await this.#followEvents();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const status = error instanceof ClientError ? error.status : undefined;
      if (status === 0 || status === 503) {
        this.connection.value = "lost";
        this.#retryTimer = setTimeout(() => void this.follow(), retryMs);
      } else if (status === 404 && this.handler.peek()) this.setGone();
      else this.problem.value = messageOf(error);
    }
  }

  /** It was deleted: nothing more of it will come. */
  setGone(): void {
    if (this.#options.isReadOnly || this.isGone.peek()) return;
    this.isGone.value = true;
    this.#isOver = true;
    this.#abort.abort();
    this.#frame.request();
  }

  /** Where the event with a sequence stands in the list, or -1. */
  indexOf(sequence: number): number {
    const first = this.events[0]?.sequence ?? 0;
    // Sequences are dense; what a server leaves out moves the rest forward.
    for (let index = Math.min(sequence - first, this.events.length - 1); index >= 0; index--) {
      const found = this.events[index]?.sequence ?? -1;
      if (found === sequence) return index;
      if (found < sequence) return -1;
    }
    return -1;
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
    this.#frame.cancel();
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
  }

  async #followEvents(): Promise<void> {
    const { client } = this.#options;
    const onState = (state: "open" | "lost"): void => {
      this.connection.value = state;
    };
    for await (const batch of client.followEvents(this.handlerId, this.#abort.signal, onState)) {
      this.#newEvents.push(...batch);
      this.#frame.request();
      this.#readSoon();
    }
    if (this.#abort.signal.aborted) return;
    await this.#readJournal();
    this.#isOver = true;
    this.#frame.request();
  }

  /** Ticks are read after the events that they brought: never more often than readers can see. */
  #readSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#readJournal().catch(() => {}); // The stream says that the server is away.
    }, journalMs);
  }

  async #readJournal(): Promise<void> {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    try {
      do {
        this.#isStale = false;
        await this.#readTicks();
      } while (this.#isStale);
    } finally {
      this.#isReading = false;
    }
  }

  async #readTicks(): Promise<void> {
    const { client, loadDefinition, onHandler } = this.#options;
    const journal = await client.getJournal(this.handlerId, this.#ticksRead);
    const definition = await loadDefinition(journal.handler.workflow_name);
    if (this.#abort.signal.aborted) return;
    this.handler.value = journal.handler;
    onHandler(journal.handler);
    this.trace ??= createTrace(definition, journal.first_sequence);
    this.#ticksRead += journal.ticks.length;
    for (const tick of journal.ticks) this.#newTicks.push(tick as unknown as Tick); // As stored.
    this.#frame.request();
  }

  #work(): void {
    this.#takeEvents();
    this.#takeTicks();
    // Said when all of it is there to be seen.
    const isAllTaken = this.#newEvents.length + this.#newTicks.length === 0;
    if (this.#isOver && isAllTaken) this.connection.value = "ended";
  }

  #takeEvents(): void {
    if (this.#newEvents.length === 0) return;
    const last = this.events.at(-1)?.sequence ?? -1;
    for (const { sequence, envelope } of this.#newEvents) {
      if (sequence <= last) continue; // Sent once more after a lost connection.
      const at = envelope.timestamp === undefined ? undefined : Date.parse(envelope.timestamp);
      this.events.push({ sequence, envelope, at });
      if (this.firstError === undefined && isError(envelope)) this.firstError = sequence;
      const type = this.types.get(envelope.type) ?? { isInternal: isInternal(envelope), count: 0 };
      this.types.set(envelope.type, type);
      type.count++;
    }
    this.#newEvents = [];
    this.eventsVersion.value++;
  }

  #takeTicks(): void {
    const { trace } = this;
    if (!trace || (this.#newTicks.length === 0 && this.traceVersion.value > 0)) return;
    const until = performance.now() + sliceMs;
    let taken = 0;
    try {
      for (const tick of this.#newTicks) {
        addTick(trace, tick);
        taken++;
        if (performance.now() > until) break;
      }
    } catch (error) {
      // Of a file that somebody has changed, or of a server of another version.
      this.problem.value = `Its story cannot be replayed: ${messageOf(error)}`;
      this.#newTicks = [];
      return;
    }
    this.#newTicks = this.#newTicks.slice(taken);
    if (this.#newTicks.length > 0) this.#frame.request();
    else this.openQuestions.value = openQuestions(trace);
    this.traceVersion.value++;
  }
}

/** Whether it is one of the engine's own, which tell how a run goes. */
export function isInternal({ types }: TimedEnvelope): boolean {
  return types?.includes("InternalDispatchEvent") ?? false;
}

function isError({ type, value }: TimedEnvelope): boolean {
  const isEnd = type === "WorkflowFailedEvent" || type === "WorkflowTimedOutEvent";
  return isEnd || (type === "StepLogged" && value["level"] === "error");
}

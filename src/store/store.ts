/**
 * Durable memory: what a store promises to the runtime. It knows rows and JSON, not what ticks
 * mean.
 *
 * Isolation: strict serialisability per run. Once a method's promise has resolved, every later call
 * sees its effect; a `create` or `commit` is seen whole or not at all; two of them on one run take
 * effect in the order in which they were called. Between runs no order is promised, so a store may
 * write the commits of many runs together.
 *
 * Durability: a resolved `create`, `commit`, `claim` or `delete` survives what `about.durability`
 * names.
 */
import type { Json } from "../base/json.ts";
import type { RunStatus } from "../protocol/status.ts";
import type { NewEvent, StoredEvent } from "./event.ts";
import type { Feed } from "./feed.ts";

export interface StoreAbout {
  readonly kind: string;
  /** Where it lives, for people; absent when it lives in this process only. */
  readonly location?: string;
  /** What a resolved write survives: nothing, the end of the process, or the loss of power. */
  readonly durability: "none" | "process" | "full";
}

/** One run as its handler shows it. Times are milliseconds since 1970. */
export interface RunSummary {
  readonly runId: string;
  readonly handlerId: string;
  readonly workflowName: string;
  readonly status: RunStatus;
  /** JSON text of the envelope of the stop event of a completed run. */
  readonly result: string | null;
  readonly error: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

/** A point in the story of a run: after the event with this sequence. */
export interface ForkPoint {
  readonly runId: string;
  readonly sequence: number;
}

/** Ends of processes that a run was there for since it last got somewhere (`isProgress`). */
export interface Deaths {
  /** How often a step of it has ended the process. */
  readonly crashes: number;
  /** How suspect it is of what killed processes. */
  readonly kills: number;
}

export interface RunRecord extends RunSummary, Deaths {
  /** The run whose step has started this one, and with which it ends. */
  readonly parentRunId: string | null;
  /** The run that this one was forked from. */
  readonly forkedFrom: ForkPoint | null;
  /** Whether only the outside or a timer can move it: see `Rest`. */
  readonly isResting: boolean;
  /** Sequence of the first event; above 0 when the handler had runs before this one. */
  readonly firstSequence: number;
  /** Sequence of the newest event; `firstSequence - 1` while there is none. */
  readonly lastSequence: number;
}

/** Lets a caller repeat a start without starting twice. */
export interface Idempotency {
  /** The caller's word for this start. */
  readonly key: string;
  /** Of what was asked for: the same key with something else is a mistake. */
  readonly fingerprint: string;
}

export interface NewRun {
  readonly runId: string;
  readonly handlerId: string;
  readonly workflowName: string;
  readonly startedAt: number;
  readonly parentRunId?: string;
  readonly idempotency?: Idempotency;
  readonly forkedFrom?: ForkPoint;
}

/** A run that only the outside or a timer can move: it need not be in memory. */
export interface Rest {
  /** When a timer moves it; null: only the outside does. */
  readonly wakeAt: number | null;
}

export interface Outcome {
  readonly status: RunStatus;
  readonly result: string | null;
  readonly error: string | null;
  readonly completedAt: number;
}

/** What happened, what users see of it, and what became of the run: one transaction. */
export interface Commit {
  readonly ticks: readonly Json[];
  readonly events: readonly NewEvent[];
  readonly outcome?: Outcome;
  /** The whole state after these ticks. Only the newest is kept; a reader may begin with it. */
  readonly snapshot?: Json;
  /**
   * What the run does from now on: rests, or goes on (null). Absent: as before. A new run goes on.
   */
  readonly rest?: Rest | null;
  /** A step or an effect came to an end in it: `crashes` and `kills` are 0 again. */
  readonly isProgress?: boolean;
}

/** What it takes to rebuild a run: its newest snapshot, if there is one, and the ticks after it. */
export interface Journal {
  readonly snapshot: Json | null;
  readonly ticks: readonly Json[];
}

export interface HandlerFilter {
  /** Any of these; absent: all. An empty list matches nothing. */
  readonly statuses?: readonly RunStatus[];
  readonly workflowNames?: readonly string[];
}

/** A page of handlers. Cursors are handler ids, which need not match the filter. */
export interface Page {
  /** By when the handler was first used. Default `oldest` first. */
  readonly order?: "oldest" | "newest";
  readonly limit?: number;
  /** Only those after this one, in the order asked for. */
  readonly after?: string;
  /** Only those before this one, in the order asked for; the nearest to it if there are more. */
  readonly before?: string;
}

/** Which handlers may go. Those with a running run stay. */
export interface Pruning {
  /** Those whose run ended before this time. */
  readonly endedBefore?: number;
  /** All but the newest so many of those that have ended. */
  readonly keepMax?: number;
}

/** The run that has ended the process, and which attempt at a step of it, where that is known. */
export interface Culprit {
  readonly runId: string;
  readonly step?: string;
  readonly job?: number;
  readonly attempt?: number;
}

/** How the owner before this one has left the store. */
export interface Legacy {
  /** Whether it let go of the store in order. True for a new store. */
  readonly wasClosed: boolean;
  /** Who ended it, where a run is known to have done that. */
  readonly culprit?: Culprit | undefined;
  /**
   * A file where another thread may note this process's culprit, as JSON, while this thread cannot.
   * Absent: the store has none.
   */
  readonly culpritPath?: string;
}

export interface Store {
  readonly about: StoreAbout;
  /** The events of all runs, readable from any point on, past and to come. */
  readonly feed: Feed;

  /**
   * Takes possession. Throws `store_locked` when another process has it. Should the process end
   * while it has the store, `witness` is asked who ends it, which is the next owner's `culprit`.
   */
  open(witness?: () => Culprit | undefined): Promise<Legacy>;
  /** Writes what was called before, then lets go. */
  close(): Promise<void>;

  /**
   * Makes a run the current one of its handler, with its first commit, under epoch 1. Events are
   * numbered on from the handler's previous run. Throws `handler_active` while that one is running,
   * and `start_repeated` when there is a run with this idempotency key: look it up with
   * `findStart`.
   */
  create(run: NewRun, first: Commit): Promise<void>;
  /**
   * Appends to a run, numbering its events densely. Throws `lease_lost` when `epoch` is not the
   * newest or the run was deleted; then nothing was written.
   */
  commit(runId: string, epoch: number, commit: Commit): Promise<void>;
  /** A new epoch for a run, above all before it: whoever held it can commit no more. */
  claim(runId: string): Promise<number>;

  /** Replaces counts of a run, under any epoch. Throws `lease_lost` when there is no such run. */
  setDeaths(runId: string, deaths: Partial<Deaths>): Promise<void>;

  /** The current run of a handler. */
  getHandler(handlerId: string): Promise<RunRecord | undefined>;
  getRun(runId: string): Promise<RunRecord | undefined>;
  /** The run that was started under an idempotency key, and what was asked for then. */
  findStart(key: string): Promise<{ run: RunRecord; fingerprint: string } | undefined>;
  /** The current runs of handlers. */
  listHandlers(filter: HandlerFilter, page?: Page): Promise<readonly RunRecord[]>;
  /** Runs that were forked from a run, oldest first. */
  listForks(runId: string): Promise<readonly RunRecord[]>;
  /** Running runs that do not rest, oldest first. */
  listActive(): Promise<readonly RunRecord[]>;
  /** Running runs whose parent has ended or is gone, oldest first. */
  listOrphans(): Promise<readonly RunRecord[]>;
  /** Ids of resting runs whose timer is due at this time, the longest due first. */
  listDue(at: number, limit: number): Promise<readonly string[]>;
  /** When the next resting run has to be woken; null: none has to. */
  nextWakeAt(): Promise<number | null>;
  readJournal(runId: string): Promise<Journal>;
  /** The ticks of a run, oldest first, without the first `after`. Default: all. */
  readTicks(runId: string, after?: number): Promise<readonly Json[]>;
  /**
   * Events with a sequence above `after`, oldest first, `limit` at most; of long ones fewer, with
   * `charsMax` characters of JSON together, or one that is longer. Default: no such limit.
   */
  readEvents(
    runId: string,
    after: number,
    limit: number,
    charsMax?: number,
  ): Promise<readonly StoredEvent[]>;
  /** Deletes a handler and everything of all its runs. False: there was none. */
  delete(handlerId: string): Promise<boolean>;
  /** Deletes handlers that may go; returns their ids. A bounded number each time: call again. */
  prune(pruning: Pruning): Promise<readonly string[]>;
  /**
   * Gives room that deleted handlers have left back to the disk, a bounded part of it each time;
   * true: there is more. What stays is used again.
   */
  shrink(): Promise<boolean>;
}

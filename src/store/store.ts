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

export interface RunRecord extends RunSummary {
  /** Sequence of the first event; above 0 when the handler had runs before this one. */
  readonly firstSequence: number;
  /** Sequence of the newest event; `firstSequence - 1` while there is none. */
  readonly lastSequence: number;
}

export interface NewRun {
  readonly runId: string;
  readonly handlerId: string;
  readonly workflowName: string;
  readonly startedAt: number;
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
}

export interface HandlerFilter {
  /** Any of these; absent: all. An empty list matches nothing. */
  readonly statuses?: readonly RunStatus[];
  readonly workflowNames?: readonly string[];
}

export interface Store {
  readonly about: StoreAbout;
  /** The events of all runs, readable from any point on, past and to come. */
  readonly feed: Feed;

  /** Takes possession. Throws `store_locked` when another process has it. */
  open(): Promise<void>;
  /** Writes what was called before, then lets go. */
  close(): Promise<void>;

  /**
   * Makes a run the current one of its handler, with its first commit, under epoch 1. Events are
   * numbered on from the handler's previous run. Throws `handler_active` while that one is running.
   */
  create(run: NewRun, first: Commit): Promise<void>;
  /**
   * Appends to a run, numbering its events densely. Throws `lease_lost` when `epoch` is not the
   * newest or the run was deleted; then nothing was written.
   */
  commit(runId: string, epoch: number, commit: Commit): Promise<void>;
  /** A new epoch for a run, above all before it: whoever held it can commit no more. */
  claim(runId: string): Promise<number>;

  /** The current run of a handler. */
  getHandler(handlerId: string): Promise<RunRecord | undefined>;
  getRun(runId: string): Promise<RunRecord | undefined>;
  /** The current runs of handlers, oldest handler first. */
  listHandlers(filter: HandlerFilter): Promise<readonly RunRecord[]>;
  /** All ticks of a run, oldest first. */
  readTicks(runId: string): Promise<readonly Json[]>;
  /** Events with a sequence above `after`, oldest first, `limit` at most. */
  readEvents(runId: string, after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Deletes a handler and everything of all its runs. False: there was none. */
  delete(handlerId: string): Promise<boolean>;
}

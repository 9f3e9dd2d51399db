/**
 * The store for tests and for runs that need not survive: plain maps, and the reference for what
 * the contract means.
 *
 * Every method does its work before it returns its promise, so effects happen in the order of
 * calls. A write is answered in a later turn of the event loop, as by a store that has a disk: a
 * run that never pauses leaves room for timers and for the other runs.
 */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Json } from "../base/json.ts";
import type { RunStatus } from "../protocol/status.ts";
import { Feed } from "./feed.ts";
import {
  assertCommit,
  assertRun,
  firstSequenceAfter,
  numberEvents,
  refuseClaim,
  refuseCommit,
  refuseCreate,
  updatedAt,
} from "./rules.ts";
import type { StoredEvent } from "./event.ts";
import type { Commit, HandlerFilter, NewRun, RunRecord, Store, StoreAbout } from "./store.ts";

interface StoredRun extends NewRun {
  epoch: number;
  status: RunStatus;
  result: string | null;
  error: string | null;
  completedAt: number | null;
  readonly firstSequence: number;
  readonly ticks: Json[];
  /** Dense, so an event's place follows from its sequence. */
  readonly events: StoredEvent[];
}

export class MemoryStore implements Store {
  readonly about: StoreAbout = { kind: "memory", durability: "none" };
  readonly feed: Feed = new Feed(this);
  readonly #clock: Pick<Clock, "nextTurn">;
  readonly #runs = new Map<string, StoredRun>();
  /** The runs of each handler, oldest first. A map keeps the order in which handlers came. */
  readonly #handlers = new Map<string, StoredRun[]>();

  constructor({ clock = systemClock }: { readonly clock?: Pick<Clock, "nextTurn"> } = {}) {
    this.#clock = clock;
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async create(run: NewRun, first: Commit): Promise<void> {
    assertRun(run);
    assertCommit(first);
    const runs = this.#handlers.get(run.handlerId) ?? [];
    const previous = toRecord(runs.at(-1));
    const refusal = refuseCreate(run, previous, toRecord(this.#runs.get(run.runId)));
    if (refusal) throw refusal;
    const stored: StoredRun = {
      runId: run.runId,
      handlerId: run.handlerId,
      workflowName: run.workflowName,
      startedAt: run.startedAt,
      epoch: 1,
      status: "running",
      result: null,
      error: null,
      completedAt: null,
      firstSequence: firstSequenceAfter(previous),
      ticks: [],
      events: [],
    };
    this.#runs.set(run.runId, stored);
    this.#handlers.set(run.handlerId, [...runs, stored]);
    this.#append(stored, first);
    return this.#turn();
  }

  async commit(runId: string, epoch: number, commit: Commit): Promise<void> {
    assertCommit(commit);
    const run = this.#runs.get(runId);
    const refusal = refuseCommit(runId, epoch, run?.epoch);
    if (refusal) throw refusal;
    if (run) this.#append(run, commit);
    return this.#turn();
  }

  async claim(runId: string): Promise<number> {
    const run = this.#runs.get(runId);
    if (!run) throw refuseClaim(runId);
    return ++run.epoch;
  }

  async getHandler(handlerId: string): Promise<RunRecord | undefined> {
    return toRecord(this.#handlers.get(handlerId)?.at(-1));
  }

  async getRun(runId: string): Promise<RunRecord | undefined> {
    return toRecord(this.#runs.get(runId));
  }

  async listHandlers(filter: HandlerFilter): Promise<readonly RunRecord[]> {
    const { statuses, workflowNames } = filter;
    return [...this.#handlers.values()]
      .map((runs) => toRecord(runs.at(-1)))
      .filter((record) => record !== undefined)
      .filter((record) => statuses?.includes(record.status) ?? true)
      .filter((record) => workflowNames?.includes(record.workflowName) ?? true);
  }

  async readTicks(runId: string): Promise<readonly Json[]> {
    return [...(this.#runs.get(runId)?.ticks ?? [])];
  }

  async readEvents(runId: string, after: number, limit: number): Promise<readonly StoredEvent[]> {
    const run = this.#runs.get(runId);
    if (!run) return [];
    const start = Math.max(after + 1 - run.firstSequence, 0);
    return run.events.slice(start, start + limit);
  }

  async delete(handlerId: string): Promise<boolean> {
    const runs = this.#handlers.get(handlerId);
    if (!runs) return false;
    this.#handlers.delete(handlerId);
    for (const { runId } of runs) this.#runs.delete(runId);
    for (const { runId } of runs) this.feed.deleted(runId);
    return true;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#clock.nextTurn(resolve));
  }

  #append(run: StoredRun, { ticks, events, outcome }: Commit): void {
    for (const tick of ticks) run.ticks.push(tick);
    const stored = numberEvents(events, run.firstSequence + run.events.length);
    for (const event of stored) run.events.push(event);
    if (outcome) {
      run.status = outcome.status;
      run.result = outcome.result;
      run.error = outcome.error;
      run.completedAt = outcome.completedAt;
    }
    this.feed.published(run.runId, stored);
  }
}

// ---

function toRecord(run: StoredRun | undefined): RunRecord | undefined {
  if (!run) return undefined;
  return {
    runId: run.runId,
    handlerId: run.handlerId,
    workflowName: run.workflowName,
    status: run.status,
    result: run.result,
    error: run.error,
    startedAt: run.startedAt,
    updatedAt: updatedAt(run.startedAt, run.events.at(-1)?.at ?? null, run.completedAt),
    completedAt: run.completedAt,
    firstSequence: run.firstSequence,
    lastSequence: run.firstSequence + run.events.length - 1,
  };
}

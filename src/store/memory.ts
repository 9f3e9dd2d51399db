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
import { type StoredEvent, takePage } from "./event.ts";
import {
  assertCommit,
  assertPage,
  assertPruning,
  assertRun,
  countPrunable,
  firstSequenceAfter,
  numberEvents,
  refuseAbsent,
  refuseCommit,
  refuseCreate,
  refuseCursor,
  updatedAt,
} from "./rules.ts";
import type {
  Commit,
  Deaths,
  HandlerFilter,
  Journal,
  Legacy,
  NewRun,
  Page,
  Pruning,
  Rest,
  RunRecord,
  Store,
  StoreAbout,
} from "./store.ts";

interface StoredRun extends NewRun {
  epoch: number;
  status: RunStatus;
  result: string | null;
  error: string | null;
  completedAt: number | null;
  rest: Rest | null;
  crashes: number;
  kills: number;
  readonly firstSequence: number;
  readonly ticks: Json[];
  /** The newest, with the number of ticks that it covers. */
  snapshot: { readonly state: Json; readonly covered: number } | null;
  /** Dense, so an event's place follows from its sequence. */
  readonly events: StoredEvent[];
}

export class MemoryStore implements Store {
  readonly about: StoreAbout = { kind: "memory", durability: "none" };
  readonly feed: Feed = new Feed(this);
  readonly #clock: Pick<Clock, "nextTurn">;
  /** A map keeps the order in which runs came. */
  readonly #runs = new Map<string, StoredRun>();
  /** By idempotency key. */
  readonly #starts = new Map<string, StoredRun>();
  /** The runs of each handler, oldest first. A map keeps the order in which handlers came. */
  readonly #handlers = new Map<string, StoredRun[]>();

  /** When the runs that rest have to wake, by run: there may be many others. */
  readonly #wakes = new Map<string, number>();
  #nextTurn: Promise<void> | undefined;

  constructor({ clock = systemClock }: { readonly clock?: Pick<Clock, "nextTurn"> } = {}) {
    this.#clock = clock;
  }

  async open(): Promise<Legacy> {
    return { wasClosed: true };
  }

  async close(): Promise<void> {}

  async create(run: NewRun, first: Commit): Promise<void> {
    assertRun(run);
    assertCommit(first);
    const runs = this.#handlers.get(run.handlerId) ?? [];
    const previous = toRecord(runs.at(-1));
    const { idempotency } = run;
    const started = idempotency && toRecord(this.#starts.get(idempotency.key));
    const namesake = toRecord(this.#runs.get(run.runId));
    const refusal = refuseCreate(run, { previous, namesake, started });
    if (refusal) throw refusal;
    const stored: StoredRun = {
      ...run,
      epoch: 1,
      status: "running",
      result: null,
      error: null,
      completedAt: null,
      rest: null,
      crashes: 0,
      kills: 0,
      firstSequence: firstSequenceAfter(previous),
      ticks: [],
      snapshot: null,
      events: [],
    };
    this.#runs.set(run.runId, stored);
    if (idempotency) this.#starts.set(idempotency.key, stored);
    runs.push(stored);
    this.#handlers.set(run.handlerId, runs);
    this.#append(stored, first);
    await this.#turn();
  }

  async commit(runId: string, epoch: number, commit: Commit): Promise<void> {
    assertCommit(commit);
    const run = this.#runs.get(runId);
    const refusal = refuseCommit(runId, epoch, run?.epoch);
    if (refusal) throw refusal;
    if (run) this.#append(run, commit);
    await this.#turn();
  }

  async claim(runId: string): Promise<number> {
    const run = this.#runs.get(runId);
    if (!run) throw refuseAbsent(runId);
    return ++run.epoch;
  }

  async setDeaths(runId: string, deaths: Partial<Deaths>): Promise<void> {
    const run = this.#runs.get(runId);
    if (!run) throw refuseAbsent(runId);
    Object.assign(run, deaths);
  }

  async shrink(): Promise<boolean> {
    return false;
  }

  async getHandler(handlerId: string): Promise<RunRecord | undefined> {
    return toRecord(this.#handlers.get(handlerId)?.at(-1));
  }

  async getRun(runId: string): Promise<RunRecord | undefined> {
    return toRecord(this.#runs.get(runId));
  }

  async findStart(key: string): Promise<{ run: RunRecord; fingerprint: string } | undefined> {
    const run = toRecord(this.#starts.get(key));
    const fingerprint = this.#starts.get(key)?.idempotency?.fingerprint;
    return run && fingerprint !== undefined ? { run, fingerprint } : undefined;
  }

  async listHandlers(filter: HandlerFilter, page: Page = {}): Promise<readonly RunRecord[]> {
    assertPage(page);
    const { order = "oldest", limit = Infinity, after, before } = page;
    const { statuses, workflowNames } = filter;
    const ids = [...this.#handlers.keys()];
    if (order === "newest") ids.reverse();
    const start = after === undefined ? 0 : mustFind("after", after, ids) + 1;
    const end = before === undefined ? ids.length : mustFind("before", before, ids);
    const records = ids
      .slice(start, end)
      .map((id) => toRecord(this.#handlers.get(id)?.at(-1)))
      .filter((record) => record !== undefined)
      .filter((record) => statuses?.includes(record.status) ?? true)
      .filter((record) => workflowNames?.includes(record.workflowName) ?? true);
    const length = Math.min(limit, records.length);
    return before === undefined ? records.slice(0, length) : records.slice(records.length - length);
  }

  async listForks(runId: string): Promise<readonly RunRecord[]> {
    const forks = [...this.#runs.values()].filter(({ forkedFrom }) => forkedFrom?.runId === runId);
    return forks.map((run) => toRecord(run));
  }

  async listActive(): Promise<readonly RunRecord[]> {
    const runs = [...this.#runs.values()];
    return runs
      .filter(({ status, rest }) => status === "running" && rest === null)
      .map((run) => toRecord(run));
  }

  async listOrphans(): Promise<readonly RunRecord[]> {
    const runs = [...this.#runs.values()].filter(({ status, parentRunId }) => {
      const isChild = status === "running" && parentRunId !== undefined;
      return isChild && this.#runs.get(parentRunId)?.status !== "running";
    });
    return runs.map((run) => toRecord(run));
  }

  async listDue(at: number, limit: number): Promise<readonly string[]> {
    return [...this.#wakes]
      .filter(([, wakeAt]) => wakeAt <= at)
      .sort(([, one], [, other]) => one - other)
      .slice(0, limit)
      .map(([runId]) => runId);
  }

  async nextWakeAt(): Promise<number | null> {
    let next = Infinity;
    for (const wakeAt of this.#wakes.values()) next = Math.min(next, wakeAt);
    return next === Infinity ? null : next;
  }

  async readJournal(runId: string): Promise<Journal> {
    const { ticks = [], snapshot = null } = this.#runs.get(runId) ?? {};
    return { snapshot: snapshot?.state ?? null, ticks: ticks.slice(snapshot?.covered ?? 0) };
  }

  async readTicks(runId: string, after = 0): Promise<readonly Json[]> {
    return this.#runs.get(runId)?.ticks.slice(after) ?? [];
  }

  async readEvents(
    runId: string,
    after: number,
    limit: number,
    charsMax: number = Infinity,
  ): Promise<readonly StoredEvent[]> {
    const run = this.#runs.get(runId);
    if (!run) return [];
    const start = Math.max(after + 1 - run.firstSequence, 0);
    return takePage(run.events.slice(start, start + limit), charsMax);
  }

  async delete(handlerId: string): Promise<boolean> {
    const runs = this.#handlers.get(handlerId);
    if (!runs) return false;
    this.#handlers.delete(handlerId);
    for (const { runId, idempotency } of runs) {
      this.#runs.delete(runId);
      this.#wakes.delete(runId);
      if (idempotency) this.#starts.delete(idempotency.key);
    }
    for (const { runId } of runs) this.feed.deleted(runId);
    return true;
  }

  async prune(pruning: Pruning): Promise<readonly string[]> {
    assertPruning(pruning);
    const ended = [...this.#runs.values()]
      .filter((run) => run.status !== "running" && this.#isCurrent(run))
      .map(({ handlerId, completedAt }) => ({ handlerId, completedAt: completedAt ?? 0 }))
      .toSorted((one, other) => one.completedAt - other.completedAt);
    const count = countPrunable(
      pruning,
      ended.length,
      (time) => ended.filter(({ completedAt }) => completedAt < time).length,
    );
    const handlerIds = ended.slice(0, count).map(({ handlerId }) => handlerId);
    for (const handlerId of handlerIds) void this.delete(handlerId);
    return handlerIds;
  }

  #isCurrent(run: StoredRun): boolean {
    return this.#handlers.get(run.handlerId)?.at(-1) === run;
  }

  #setRest(run: StoredRun, rest: Rest | null): void {
    run.rest = rest;
    if (rest && rest.wakeAt !== null) this.#wakes.set(run.runId, rest.wakeAt);
    else this.#wakes.delete(run.runId);
  }

  /** One for all writes of a turn. */
  #turn(): Promise<void> {
    this.#nextTurn ??= new Promise((resolve) => {
      this.#clock.nextTurn(() => {
        this.#nextTurn = undefined;
        resolve();
      });
    });
    return this.#nextTurn;
  }

  #append(run: StoredRun, commit: Commit): void {
    const { ticks, events, outcome, snapshot, rest, isProgress } = commit;
    for (const tick of ticks) run.ticks.push(tick);
    if (snapshot !== undefined) run.snapshot = { state: snapshot, covered: run.ticks.length };
    const stored = numberEvents(events, run.firstSequence + run.events.length);
    for (const event of stored) run.events.push(event);
    if (isProgress) run.crashes = run.kills = 0;
    if (outcome) {
      run.status = outcome.status;
      run.result = outcome.result;
      run.error = outcome.error;
      run.completedAt = outcome.completedAt;
      this.#setRest(run, null);
    } else if (rest !== undefined && run.status === "running") {
      this.#setRest(run, rest);
    }
    this.feed.published(run.runId, stored);
  }
}

// ---

/** The place of a cursor in a list of handlers. */
function mustFind(name: "after" | "before", handlerId: string, ids: readonly string[]): number {
  const place = ids.indexOf(handlerId);
  if (place < 0) throw refuseCursor(name, handlerId);
  return place;
}

function toRecord(run: StoredRun): RunRecord;
function toRecord(run: StoredRun | undefined): RunRecord | undefined;
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
    parentRunId: run.parentRunId ?? null,
    forkedFrom: run.forkedFrom ?? null,
    crashes: run.crashes,
    kills: run.kills,
    isResting: run.rest !== null,
    firstSequence: run.firstSequence,
    lastSequence: run.firstSequence + run.events.length - 1,
  };
}

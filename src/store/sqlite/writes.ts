/**
 * The writes, and what they remember of live runs, so that a commit need not read.
 *
 * Law: each write first decides, then writes. A refusal is returned before the first statement that
 * changes anything, so within one transaction it leaves no trace and the other writes stand. What
 * is thrown instead is a failure of the whole transaction.
 */
import type { Database } from "bun:sqlite";

import { must } from "../../base/assert.ts";
import type { WorkflowError } from "../../base/errors.ts";
import { positionsMax, shrinkPages } from "../../base/limits.ts";
import type { NewEvent } from "../event.ts";
import type { Feed } from "../feed.ts";
import type { Written } from "../group.ts";
import {
  countPrunable,
  firstSequenceAfter,
  numberEvents,
  refuseAbsent,
  refuseCommit,
  refuseCreate,
} from "../rules.ts";
import type { Deaths, NewRun, Outcome, Pruning, Rest } from "../store.ts";
import { type Entry, toEntries } from "./entry.ts";
import type { Reads } from "./reads.ts";
import { newestEntry } from "./record.ts";

/** A commit with the JSON texts of its ticks and its snapshot. */
export interface CommitText {
  readonly ticks: readonly string[];
  readonly events: readonly NewEvent[];
  readonly outcome: Outcome | undefined;
  readonly snapshot: string | undefined;
  readonly rest: Rest | null | undefined;
  readonly isProgress: boolean;
}

/** Where a run stands: all that a commit must know of it. */
interface Position {
  readonly key: number;
  epoch: number;
  isRunning: Flag;
  isResting: Flag;
  wakeAt: number | null;
  crashes: number;
  kills: number;
  lastSequence: number;
  lastEventAt: number | null;
  tickCount: number;
}

/** SQLite has no booleans. */
type Flag = 0 | 1;

export class Writes {
  readonly #reads: Reads;
  readonly #feed: Feed;
  readonly #positions = new Map<string, Position>();
  readonly #statements: Statements;
  #dataVersion = 0;

  constructor(database: Database, reads: Reads, feed: Feed) {
    this.#reads = reads;
    this.#feed = feed;
    this.#statements = prepare(database);
  }

  /** First in each transaction: if another connection has written meanwhile, trust no position. */
  begin(): void {
    const version = must(this.#statements.dataVersion.get(), "No data version.").data_version;
    if (version !== this.#dataVersion) this.forget();
    this.#dataVersion = version;
  }

  /** After a transaction that failed: what positions say was not written. */
  forget(): void {
    this.#positions.clear();
  }

  create(run: NewRun, first: CommitText): Written<void> | WorkflowError {
    const { runId, handlerId, workflowName, startedAt, parentRunId, idempotency, forkedFrom } = run;
    // Nearly every run is the first of a new handler: two looks at an index tell.
    const { handlerKey, hasRun, insertHandler, insertRun } = this.#statements;
    const known = handlerKey.get(handlerId);
    const previous = known ? this.#reads.handler(handlerId) : undefined;
    const namesake = hasRun.get(runId) ? this.#reads.run(runId) : undefined;
    const started = idempotency && this.#reads.start(idempotency.key)?.run;
    const refusal = refuseCreate(run, { previous, namesake, started });
    if (refusal) return refusal;
    const firstSequence = firstSequenceAfter(previous);
    if (previous) this.#statements.supersede.run(previous.runId);
    const handler = known ? known.key : Number(insertHandler.run(handlerId).lastInsertRowid);
    const { lastInsertRowid: key } = insertRun.run({
      runId,
      handler,
      workflowName,
      startedAt,
      firstSequence,
      parentRun: parentRunId ?? null,
      startKey: idempotency?.key ?? null,
      fingerprint: idempotency?.fingerprint ?? null,
      forkedRun: forkedFrom?.runId ?? null,
      forkedSequence: forkedFrom?.sequence ?? null,
    });
    const position: Position = {
      key: Number(key),
      epoch: 1,
      isRunning: 1,
      isResting: 0,
      wakeAt: null,
      crashes: 0,
      kills: 0,
      lastSequence: firstSequence - 1,
      lastEventAt: null,
      tickCount: 0,
    };
    return this.#append(runId, position, first);
  }

  commit(runId: string, epoch: number, commit: CommitText): Written<void> | WorkflowError {
    const position = this.#position(runId);
    const refusal = refuseCommit(runId, epoch, position?.epoch);
    if (refusal) return refusal;
    return this.#append(runId, must(position, "A held run has a position."), commit);
  }

  claim(runId: string): Written<number> | WorkflowError {
    const position = this.#position(runId);
    if (!position) return refuseAbsent(runId);
    position.epoch += 1;
    this.#statements.updateEpoch.run(position.epoch, position.key);
    this.#keep(runId, position);
    return { value: position.epoch };
  }

  setDeaths(runId: string, deaths: Partial<Deaths>): Written<void> | WorkflowError {
    const position = this.#position(runId);
    if (!position) return refuseAbsent(runId);
    this.#setDeaths(position, deaths);
    this.#keep(runId, position);
    return { value: undefined };
  }

  delete(handlerId: string): Written<boolean> {
    const runIds = this.#deleteHandlers([handlerId]);
    return { value: runIds.length > 0, announce: () => this.#announceDeleted(runIds) };
  }

  prune(pruning: Pruning): Written<readonly string[]> {
    const { countEnded, countEndedBefore, firstEnded } = this.#statements;
    const count = countPrunable(
      pruning,
      countEnded.get()?.count ?? 0,
      (time) => countEndedBefore.get(time)?.count ?? 0,
    );
    const handlerIds = firstEnded.all(count).map(({ handlerId }) => handlerId);
    const runIds = this.#deleteHandlers(handlerIds);
    return { value: handlerIds, announce: () => this.#announceDeleted(runIds) };
  }

  shrink(): Written<boolean> {
    const { pageCount, freePageCount, vacuum } = this.#statements;
    const free = freePageCount.get()?.freelist_count ?? 0;
    const all = pageCount.get()?.page_count ?? 0;
    // With less, the file would grow again at once. One that was made without it stays as it is.
    if (free < shrinkPages || free < all / 2) return { value: false };
    vacuum.all();
    return { value: (freePageCount.get()?.freelist_count ?? 0) < free };
  }

  #append(runId: string, position: Position, commit: CommitText): Written<void> {
    const { snapshot, outcome, rest } = commit;
    const events = numberEvents(commit.events, position.lastSequence + 1);
    for (const entry of toEntries(commit.ticks, commit.events)) this.#insert(position, entry);
    if (snapshot !== undefined) {
      this.#statements.putSnapshot.run(position.key, position.tickCount, snapshot);
    }
    if (commit.isProgress && position.crashes + position.kills > 0) {
      this.#setDeaths(position, { crashes: 0, kills: 0 });
    }
    if (outcome) {
      const { status, result, error, completedAt } = outcome;
      this.#statements.updateOutcome.run(status, result, error, completedAt, position.key);
      position.isRunning = 0;
    } else if (rest !== undefined && position.isRunning) this.#rest(position, rest);
    // Hardly anything is written to a run that has ended.
    if (position.isRunning) this.#keep(runId, position);
    else this.#positions.delete(runId);
    return { value: undefined, announce: () => this.#feed.published(runId, events) };
  }

  #insert(position: Position, entry: Entry): void {
    position.lastSequence += entry.eventCount;
    position.lastEventAt = entry.lastEventAt ?? position.lastEventAt;
    position.tickCount += entry.tickCount;
    const { key, lastSequence, lastEventAt, tickCount } = position;
    const ticks = `[${entry.ticks}]`;
    const { insertEntry } = this.#statements;
    insertEntry.run(key, lastSequence, lastEventAt, tickCount, ticks, entry.events);
  }

  #rest(position: Position, rest: Rest | null): void {
    const isResting = rest ? 1 : 0;
    const wakeAt = rest?.wakeAt ?? null;
    if (position.isResting === isResting && position.wakeAt === wakeAt) return;
    this.#statements.updateRest.run(isResting, wakeAt, position.key);
    position.isResting = isResting;
    position.wakeAt = wakeAt;
  }

  #setDeaths(position: Position, deaths: Partial<Deaths>): void {
    Object.assign(position, deaths);
    this.#statements.updateDeaths.run(position.crashes, position.kills, position.key);
  }

  /** Returns the runs that they had. */
  #deleteHandlers(handlerIds: readonly string[]): string[] {
    const { runsOf, deleteHandler } = this.#statements;
    return handlerIds.flatMap((handlerId) => {
      const runIds = runsOf.all(handlerId).map(({ runId }) => runId);
      deleteHandler.run(handlerId);
      for (const runId of runIds) this.#positions.delete(runId);
      return runIds;
    });
  }

  #announceDeleted(runIds: readonly string[]): void {
    for (const runId of runIds) this.#feed.deleted(runId);
  }

  #position(runId: string): Position | undefined {
    return this.#positions.get(runId) ?? this.#statements.position.get(runId) ?? undefined;
  }

  #keep(runId: string, position: Position): void {
    this.#positions.set(runId, position);
    if (this.#positions.size <= positionsMax) return;
    for (const oldest of this.#positions.keys()) {
      this.#positions.delete(oldest);
      return;
    }
  }
}

// ---

type Statements = ReturnType<typeof prepare>;

function prepare(database: Database) {
  const hasEnded = "is_current = 1 AND status <> 'running'";
  return {
    dataVersion: database.prepare<{ data_version: number }, []>("PRAGMA data_version"),
    handlerKey: database.prepare<{ key: number }, [string]>(
      "SELECT key FROM handler WHERE handler_id = ?",
    ),
    hasRun: database.prepare<object, [string]>("SELECT 1 FROM run WHERE run_id = ?"),
    insertHandler: database.prepare<unknown, [string]>(
      "INSERT INTO handler (handler_id) VALUES (?)",
    ),
    supersede: database.prepare<unknown, [string]>(
      "UPDATE run SET is_current = 0 WHERE run_id = ?",
    ),
    insertRun: database.prepare<unknown, [Record<string, string | number | null>]>(
      `INSERT INTO run (run_id, handler, workflow_name, started_at, first_sequence,
         parent_run, start_key, fingerprint, forked_run, forked_sequence,
         is_current, epoch, status, is_resting, crashes)
       VALUES ($runId, $handler, $workflowName, $startedAt, $firstSequence,
         $parentRun, $startKey, $fingerprint, $forkedRun, $forkedSequence,
         1, 1, 'running', 0, 0)`,
    ),
    insertEntry: database.prepare<unknown, [number, number, number | null, number, string, string]>(
      `INSERT INTO entry (run, last_sequence, last_event_at, tick_count, ticks, events)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    putSnapshot: database.prepare<unknown, [number, number, string]>(
      "REPLACE INTO snapshot (run, covered, json) VALUES (?, ?, ?)",
    ),
    updateEpoch: database.prepare<unknown, [number, number]>(
      "UPDATE run SET epoch = ? WHERE key = ?",
    ),
    updateRest: database.prepare<unknown, [Flag, number | null, number]>(
      "UPDATE run SET is_resting = ?, wake_at = ? WHERE key = ?",
    ),
    updateDeaths: database.prepare<unknown, [number, number, number]>(
      "UPDATE run SET crashes = ?, kills = ? WHERE key = ?",
    ),
    updateOutcome: database.prepare<
      unknown,
      [string, string | null, string | null, number, number]
    >(
      `UPDATE run SET status = ?, result = ?, error = ?, completed_at = ?,
         is_resting = 0, wake_at = NULL
       WHERE key = ?`,
    ),
    position: database.prepare<Position, [string]>(
      `SELECT run.key, epoch, status = 'running' AS isRunning, is_resting AS isResting,
         wake_at AS wakeAt, crashes, kills,
         coalesce(last_sequence, first_sequence - 1) AS lastSequence,
         last_event_at AS lastEventAt, coalesce(tick_count, 0) AS tickCount
       FROM run LEFT JOIN entry ON entry.key = ${newestEntry} WHERE run_id = ?`,
    ),
    runsOf: database.prepare<{ runId: string }, [string]>(
      `SELECT run_id AS runId FROM run JOIN handler ON handler.key = run.handler
       WHERE handler_id = ?`,
    ),
    deleteHandler: database.prepare<unknown, [string]>("DELETE FROM handler WHERE handler_id = ?"),
    // In any other index it would count its way through the running ones too.
    countEnded: database.prepare<{ count: number }, []>(
      `SELECT count(*) AS count FROM run INDEXED BY run_by_end WHERE ${hasEnded}`,
    ),
    countEndedBefore: database.prepare<{ count: number }, [number]>(
      `SELECT count(*) AS count FROM run WHERE ${hasEnded} AND completed_at < ?`,
    ),
    firstEnded: database.prepare<{ handlerId: string }, [number]>(
      `SELECT handler_id AS handlerId FROM run JOIN handler ON handler.key = run.handler
       WHERE ${hasEnded} ORDER BY completed_at, run.key LIMIT ?`,
    ),
    pageCount: database.prepare<{ page_count: number }, []>("PRAGMA page_count"),
    freePageCount: database.prepare<{ freelist_count: number }, []>("PRAGMA freelist_count"),
    vacuum: database.prepare<unknown, []>(`PRAGMA incremental_vacuum(${shrinkPages})`),
  };
}

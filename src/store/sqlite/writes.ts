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
import { isTerminal } from "../../protocol/status.ts";
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
import type { NewRun, Outcome, Pruning, Rest } from "../store.ts";
import { type Entry, toEntries } from "./entry.ts";
import type { Reads } from "./reads.ts";
import { type Position, prepareWrites, type WriteStatements } from "./write-statements.ts";

/** A commit as it is written. */
export interface CommitText {
  readonly ticks: readonly string[];
  readonly events: readonly NewEvent[];
  readonly outcome: Outcome | undefined;
  readonly snapshot: string | undefined;
  readonly rest: Rest | null | undefined;
  readonly isProgress: boolean;
}

export class Writes {
  readonly #reads: Reads;
  readonly #feed: Feed;
  readonly #positions = new Map<string, Position>();
  readonly #statements: WriteStatements;
  #dataVersion = 0;

  constructor(database: Database, reads: Reads, feed: Feed) {
    this.#reads = reads;
    this.#feed = feed;
    this.#statements = prepareWrites(database);
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

  countCrash(runId: string): Written<number> | WorkflowError {
    const position = this.#position(runId);
    if (!position) return refuseAbsent(runId);
    this.#writeCrashes(position, position.crashes + 1);
    this.#keep(runId, position);
    return { value: position.crashes };
  }

  setKills(runId: string, kills: number): Written<void> | WorkflowError {
    const position = this.#position(runId);
    if (!position) return refuseAbsent(runId);
    this.#writeKills(position, kills);
    this.#keep(runId, position);
    return { value: undefined };
  }

  delete(handlerId: string): Written<boolean> {
    const runIds = this.#deleteHandler(handlerId);
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
    const runIds = handlerIds.flatMap((handlerId) => this.#deleteHandler(handlerId));
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
    if (commit.isProgress && position.crashes > 0) this.#writeCrashes(position, 0);
    if (commit.isProgress && position.kills > 0) this.#writeKills(position, 0);
    if (outcome) this.#finish(position, outcome);
    else if (rest !== undefined && position.isRunning) this.#rest(position, rest);
    // Who has ended has little to say any more.
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

  #finish(position: Position, { status, result, error, completedAt }: Outcome): void {
    this.#statements.updateOutcome.run(status, result, error, completedAt, position.key);
    position.isRunning = isTerminal(status) ? 0 : 1;
    position.isResting = 0;
    position.wakeAt = null;
  }

  #rest(position: Position, rest: Rest | null): void {
    const isResting = rest ? 1 : 0;
    const wakeAt = rest?.wakeAt ?? null;
    if (position.isResting === isResting && position.wakeAt === wakeAt) return;
    this.#statements.updateRest.run(isResting, wakeAt, position.key);
    position.isResting = isResting;
    position.wakeAt = wakeAt;
  }

  #writeCrashes(position: Position, crashes: number): void {
    this.#statements.updateCrashes.run(crashes, position.key);
    position.crashes = crashes;
  }

  #writeKills(position: Position, kills: number): void {
    this.#statements.updateKills.run(kills, position.key);
    position.kills = kills;
  }

  #deleteHandler(handlerId: string): string[] {
    const runIds = this.#statements.runsOf.all(handlerId).map(({ runId }) => runId);
    this.#statements.deleteHandler.run(handlerId);
    for (const runId of runIds) this.#positions.delete(runId);
    return runIds;
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

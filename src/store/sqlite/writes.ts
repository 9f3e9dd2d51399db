/**
 * The writing statements, prepared once, and what they need to know about live runs.
 *
 * Law: each write first decides, then writes. A refusal is returned before the first statement that
 * changes anything, so within one transaction it leaves no trace and the other writes stand. What
 * is thrown instead is a failure of the whole transaction.
 */
import type { Database, Statement } from "bun:sqlite";

import { must } from "../../base/assert.ts";
import type { WorkflowError } from "../../base/errors.ts";
import { isTerminal } from "../../protocol/status.ts";
import type { Feed } from "../feed.ts";
import type { Written } from "../group.ts";
import {
  firstSequenceAfter,
  numberEvents,
  refuseClaim,
  refuseCommit,
  refuseCreate,
} from "../rules.ts";
import type { NewEvent } from "../event.ts";
import type { NewRun, Outcome } from "../store.ts";
import type { Reads } from "./reads.ts";

/** Where a run stands: all that a commit must know, so that it need not read. */
interface Position {
  readonly key: number;
  readonly epoch: number;
  nextSequence: number;
}

/** A commit as it is written. */
export interface CommitText {
  readonly ticks: readonly string[];
  readonly events: readonly NewEvent[];
  readonly outcome: Outcome | undefined;
}

/** Runs whose position is kept: some 2 MB. Others are read again when they commit, in 15 µs. */
const positionsMax = 16_384;

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
    const previous = this.#reads.handler(run.handlerId);
    const refusal = refuseCreate(run, previous, this.#reads.run(run.runId));
    if (refusal) return refusal;
    const firstSequence = firstSequenceAfter(previous);
    this.#statements.insertHandler.run(run.handlerId);
    const { runId, handlerId, workflowName, startedAt } = run;
    const row = this.#statements.insertRun.get(
      runId,
      workflowName,
      startedAt,
      firstSequence,
      handlerId,
    );
    const { key } = must(row, "An inserted run has a key.");
    return this.#append(runId, { key, epoch: 1, nextSequence: firstSequence }, first);
  }

  commit(runId: string, epoch: number, commit: CommitText): Written<void> | WorkflowError {
    const position = this.#positions.get(runId) ?? this.#statements.position.get(runId);
    const refusal = refuseCommit(runId, epoch, position?.epoch);
    if (refusal) return refusal;
    return this.#append(runId, must(position, "A held run has a position."), commit);
  }

  claim(runId: string): Written<number> | WorkflowError {
    const position = this.#statements.position.get(runId);
    if (!position) return refuseClaim(runId);
    const epoch = position.epoch + 1;
    this.#statements.updateEpoch.run(epoch, position.key);
    this.#keep(runId, { ...position, epoch });
    return { value: epoch };
  }

  delete(handlerId: string): Written<boolean> {
    const runs = this.#statements.runsOf.all(handlerId);
    this.#statements.deleteHandler.run(handlerId);
    for (const { run_id } of runs) this.#positions.delete(run_id);
    return {
      value: runs.length > 0,
      announce: () => {
        for (const { run_id } of runs) this.#feed.deleted(run_id);
      },
    };
  }

  #append(runId: string, position: Position, commit: CommitText): Written<void> {
    const { key } = position;
    for (const tick of commit.ticks) this.#statements.insertTick.run(key, tick);
    const events = numberEvents(commit.events, position.nextSequence);
    for (const { sequence, at, isInternal, isTerminal: isLast, json } of events) {
      this.#statements.insertEvent.run(key, sequence, at, isInternal, isLast, json);
    }
    position.nextSequence += events.length;
    this.#keep(runId, position);
    if (commit.outcome) this.#finish(runId, key, commit.outcome);
    return { value: undefined, announce: () => this.#feed.published(runId, events) };
  }

  #finish(runId: string, key: number, { status, result, error, completedAt }: Outcome): void {
    this.#statements.updateOutcome.run(status, result, error, completedAt, key);
    if (isTerminal(status)) this.#positions.delete(runId);
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

type Key = number;

interface Statements {
  readonly dataVersion: Statement<{ data_version: number }, []>;
  readonly insertHandler: Statement<unknown, [string]>;
  readonly insertRun: Statement<{ key: Key }, [string, string, number, number, string]>;
  readonly insertTick: Statement<unknown, [Key, string]>;
  readonly insertEvent: Statement<unknown, [Key, number, number, boolean, boolean, string]>;
  readonly updateEpoch: Statement<unknown, [number, Key]>;
  readonly updateOutcome: Statement<unknown, [string, string | null, string | null, number, Key]>;
  readonly position: Statement<Position, [string]>;
  readonly runsOf: Statement<{ run_id: string }, [string]>;
  readonly deleteHandler: Statement<unknown, [string]>;
}

function prepare(database: Database): Statements {
  return {
    dataVersion: database.prepare("PRAGMA data_version"),
    insertHandler: database.prepare(
      "INSERT INTO handler (handler_id) VALUES (?) ON CONFLICT DO NOTHING",
    ),
    insertRun: database.prepare(
      `INSERT INTO run (run_id, workflow_name, started_at, first_sequence, handler, epoch, status)
       VALUES (?, ?, ?, ?, (SELECT key FROM handler WHERE handler_id = ?), 1, 'running')
       RETURNING key`,
    ),
    insertTick: database.prepare("INSERT INTO tick (run, json) VALUES (?, ?)"),
    insertEvent: database.prepare(
      `INSERT INTO event (run, sequence, at, is_internal, is_terminal, json)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    updateEpoch: database.prepare("UPDATE run SET epoch = ? WHERE key = ?"),
    updateOutcome: database.prepare(
      "UPDATE run SET status = ?, result = ?, error = ?, completed_at = ? WHERE key = ?",
    ),
    position: database.prepare(
      `SELECT key, epoch,
         coalesce((SELECT max(sequence) + 1 FROM event WHERE run = run.key), first_sequence)
           AS nextSequence
       FROM run WHERE run_id = ?`,
    ),
    runsOf: database.prepare(
      "SELECT run_id FROM run JOIN handler ON handler.key = run.handler WHERE handler_id = ?",
    ),
    deleteHandler: database.prepare("DELETE FROM handler WHERE handler_id = ?"),
  };
}

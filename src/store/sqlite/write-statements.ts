/** The writing statements, prepared once, and the position of a run that they write at. */
import type { Database, Statement } from "bun:sqlite";

import { shrinkPages } from "../../base/limits.ts";
import { newestEntry } from "./record.ts";

/** Where a run stands: all that a commit must know. */
export interface Position {
  readonly key: Key;
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

export interface WriteStatements {
  readonly dataVersion: Statement<{ data_version: number }, []>;
  readonly handlerKey: Statement<{ key: Key }, [string]>;
  readonly hasRun: Statement<object, [string]>;
  readonly insertHandler: Statement<unknown, [string]>;
  readonly supersede: Statement<unknown, [string]>;
  readonly insertRun: Statement<unknown, [NewRow]>;
  readonly insertEntry: Statement<unknown, [Key, number, number | null, number, string, string]>;
  readonly putSnapshot: Statement<unknown, [Key, number, string]>;
  readonly updateEpoch: Statement<unknown, [number, Key]>;
  readonly updateRest: Statement<unknown, [Flag, number | null, Key]>;
  readonly updateCrashes: Statement<unknown, [number, Key]>;
  readonly updateKills: Statement<unknown, [number, Key]>;
  readonly updateOutcome: Statement<unknown, [string, string | null, string | null, number, Key]>;
  readonly position: Statement<Position, [string]>;
  readonly runsOf: Statement<{ runId: string }, [string]>;
  readonly deleteHandler: Statement<unknown, [string]>;
  readonly countEnded: Statement<{ count: number }, []>;
  readonly countEndedBefore: Statement<{ count: number }, [number]>;
  readonly firstEnded: Statement<{ handlerId: string }, [number]>;
  readonly pageCount: Statement<{ page_count: number }, []>;
  readonly freePageCount: Statement<{ freelist_count: number }, []>;
  readonly vacuum: Statement<unknown, []>;
}

export function prepareWrites(database: Database): WriteStatements {
  return { ...prepareRunWrites(database), ...prepareDeletes(database) };
}

// ---

type Key = number;
/** SQLite has no booleans. */
type Flag = 0 | 1;

/** A type and no interface, because parameters are an indexed type. */
type NewRow = {
  readonly runId: string;
  readonly handler: Key;
  readonly workflowName: string;
  readonly startedAt: number;
  readonly firstSequence: number;
  readonly parentRun: string | null;
  readonly startKey: string | null;
  readonly fingerprint: string | null;
  readonly forkedRun: string | null;
  readonly forkedSequence: number | null;
};

type Deletes = Pick<
  WriteStatements,
  | "runsOf"
  | "deleteHandler"
  | "countEnded"
  | "countEndedBefore"
  | "firstEnded"
  | "pageCount"
  | "freePageCount"
  | "vacuum"
>;

function prepareRunWrites(database: Database): Omit<WriteStatements, keyof Deletes> {
  return {
    dataVersion: database.prepare("PRAGMA data_version"),
    handlerKey: database.prepare("SELECT key FROM handler WHERE handler_id = ?"),
    hasRun: database.prepare("SELECT 1 FROM run WHERE run_id = ?"),
    insertHandler: database.prepare("INSERT INTO handler (handler_id) VALUES (?)"),
    supersede: database.prepare("UPDATE run SET is_current = 0 WHERE run_id = ?"),
    insertRun: database.prepare(
      `INSERT INTO run (run_id, handler, workflow_name, started_at, first_sequence,
         parent_run, start_key, fingerprint, forked_run, forked_sequence,
         is_current, epoch, status, is_resting, crashes)
       VALUES ($runId, $handler, $workflowName, $startedAt, $firstSequence,
         $parentRun, $startKey, $fingerprint, $forkedRun, $forkedSequence,
         1, 1, 'running', 0, 0)`,
    ),
    insertEntry: database.prepare(
      `INSERT INTO entry (run, last_sequence, last_event_at, tick_count, ticks, events)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    putSnapshot: database.prepare("REPLACE INTO snapshot (run, covered, json) VALUES (?, ?, ?)"),
    updateEpoch: database.prepare("UPDATE run SET epoch = ? WHERE key = ?"),
    updateRest: database.prepare("UPDATE run SET is_resting = ?, wake_at = ? WHERE key = ?"),
    updateCrashes: database.prepare("UPDATE run SET crashes = ? WHERE key = ?"),
    updateKills: database.prepare("UPDATE run SET kills = ? WHERE key = ?"),
    updateOutcome: database.prepare(
      `UPDATE run SET status = ?, result = ?, error = ?, completed_at = ?,
         is_resting = 0, wake_at = NULL
       WHERE key = ?`,
    ),
    position: database.prepare(
      `SELECT run.key, epoch, status = 'running' AS isRunning, is_resting AS isResting,
         wake_at AS wakeAt, crashes, kills,
         coalesce(last_sequence, first_sequence - 1) AS lastSequence,
         last_event_at AS lastEventAt, coalesce(tick_count, 0) AS tickCount
       FROM run LEFT JOIN entry ON entry.key = ${newestEntry} WHERE run_id = ?`,
    ),
  };
}

function prepareDeletes(database: Database): Deletes {
  const hasEnded = "is_current = 1 AND status <> 'running'";
  return {
    runsOf: database.prepare(
      `SELECT run_id AS runId FROM run JOIN handler ON handler.key = run.handler
       WHERE handler_id = ?`,
    ),
    deleteHandler: database.prepare("DELETE FROM handler WHERE handler_id = ?"),
    // In any other index it would count its way through the running ones too.
    countEnded: database.prepare(
      `SELECT count(*) AS count FROM run INDEXED BY run_by_end WHERE ${hasEnded}`,
    ),
    countEndedBefore: database.prepare(
      `SELECT count(*) AS count FROM run WHERE ${hasEnded} AND completed_at < ?`,
    ),
    firstEnded: database.prepare(
      `SELECT handler_id AS handlerId FROM run JOIN handler ON handler.key = run.handler
       WHERE ${hasEnded} ORDER BY completed_at, run.key LIMIT ?`,
    ),
    pageCount: database.prepare("PRAGMA page_count"),
    freePageCount: database.prepare("PRAGMA freelist_count"),
    vacuum: database.prepare(`PRAGMA incremental_vacuum(${shrinkPages})`),
  };
}

/**
 * The reading statements, prepared once. They run outside transactions, so they see what is
 * committed; inside one, they see what it has written so far.
 */
import type { Database, Statement } from "bun:sqlite";

import type { Json } from "../../base/json.ts";
import { updatedAt } from "../rules.ts";
import type { StoredEvent } from "../event.ts";
import type { HandlerFilter, RunRecord } from "../store.ts";

interface RecordRow extends Omit<RunRecord, "updatedAt" | "lastSequence"> {
  readonly lastSequence: number | null;
  readonly lastEventAt: number | null;
}

interface EventRow extends Omit<StoredEvent, "isInternal" | "isTerminal"> {
  readonly isInternal: number;
  readonly isTerminal: number;
}

export class Reads {
  readonly #database: Database;
  readonly #handler: Statement<RecordRow, [string]>;
  readonly #run: Statement<RecordRow, [string]>;
  readonly #ticks: Statement<{ json: string }, [string]>;
  readonly #events: Statement<EventRow, [string, number, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.#handler = database.prepare(
      `${selectRecord} WHERE handler.handler_id = ? ORDER BY run.key DESC LIMIT 1`,
    );
    this.#run = database.prepare(`${selectRecord} WHERE run.run_id = ?`);
    this.#ticks = database.prepare(
      `SELECT tick.json FROM run JOIN tick ON tick.run = run.key
       WHERE run.run_id = ? ORDER BY tick.key`,
    );
    this.#events = database.prepare(
      `SELECT sequence, json, at, is_internal AS isInternal, is_terminal AS isTerminal
       FROM run JOIN event ON event.run = run.key
       WHERE run.run_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    );
  }

  handler(handlerId: string): RunRecord | undefined {
    return toRecord(this.#handler.get(handlerId));
  }

  run(runId: string): RunRecord | undefined {
    return toRecord(this.#run.get(runId));
  }

  handlers({ statuses, workflowNames }: HandlerFilter): readonly RunRecord[] {
    // The text depends on which filters there are, never on their values: `query` keeps all four.
    const sql = [
      selectRecord,
      "WHERE run.key = (SELECT max(newest.key) FROM run AS newest WHERE newest.handler = run.handler)",
      statuses && "AND run.status IN (SELECT value FROM json_each($statuses))",
      workflowNames && "AND run.workflow_name IN (SELECT value FROM json_each($workflowNames))",
      "ORDER BY run.handler",
    ];
    const statement = this.#database.query<RecordRow, [Record<string, string>]>(
      sql.filter((line) => line !== undefined).join("\n"),
    );
    return statement
      .all({
        ...(statuses && { statuses: JSON.stringify(statuses) }),
        ...(workflowNames && { workflowNames: JSON.stringify(workflowNames) }),
      })
      .map((row) => toRecord(row));
  }

  ticks(runId: string): readonly Json[] {
    return this.#ticks.all(runId).map((row): Json => JSON.parse(row.json));
  }

  events(runId: string, after: number, limit: number): readonly StoredEvent[] {
    return this.#events.all(runId, after, limit).map(toEvent);
  }
}

// ---

/** A run, its handler, and its newest event if it has one. */
const selectRecord = `
SELECT
  run.run_id AS runId, handler.handler_id AS handlerId, run.workflow_name AS workflowName,
  run.status, run.result, run.error,
  run.started_at AS startedAt, run.completed_at AS completedAt,
  run.first_sequence AS firstSequence,
  event.sequence AS lastSequence, event.at AS lastEventAt
FROM run
JOIN handler ON handler.key = run.handler
LEFT JOIN event ON event.run = run.key
  AND event.sequence = (SELECT max(sequence) FROM event WHERE run = run.key)`;

function toRecord(row: RecordRow): RunRecord;
function toRecord(row: RecordRow | null): RunRecord | undefined;
function toRecord(row: RecordRow | null): RunRecord | undefined {
  if (!row) return undefined;
  const { lastEventAt, lastSequence, ...rest } = row;
  return {
    ...rest,
    updatedAt: updatedAt(row.startedAt, lastEventAt, row.completedAt),
    lastSequence: lastSequence ?? row.firstSequence - 1,
  };
}

function toEvent(row: EventRow): StoredEvent {
  return {
    sequence: row.sequence,
    json: row.json,
    at: row.at,
    isInternal: row.isInternal === 1,
    isTerminal: row.isTerminal === 1,
  };
}

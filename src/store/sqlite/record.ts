/** A run as it is read: the columns of its row, of its handler and of its newest entry. */
import { updatedAt } from "../rules.ts";
import type { RunRecord } from "../store.ts";

type Derived = "updatedAt" | "lastSequence" | "forkedFrom" | "isResting";

export interface RecordRow extends Omit<RunRecord, Derived> {
  readonly lastSequence: number | null;
  readonly lastEventAt: number | null;
  readonly forkedRun: string | null;
  readonly forkedSequence: number | null;
  readonly isResting: number;
}

/** The key of a run's newest entry, for a statement that has `run`. */
export const newestEntry = `(
  SELECT key FROM entry WHERE entry.run = run.key
  ORDER BY last_sequence DESC, key DESC LIMIT 1
)`;

/** To be put before conditions on `run` and `handler`. */
export const selectRecord: string = `
SELECT
  run.run_id AS runId, handler.handler_id AS handlerId, run.workflow_name AS workflowName,
  run.status, run.result, run.error, run.crashes, run.kills,
  run.is_resting AS isResting,
  run.started_at AS startedAt, run.completed_at AS completedAt,
  run.parent_run AS parentRunId,
  run.forked_run AS forkedRun, run.forked_sequence AS forkedSequence,
  run.first_sequence AS firstSequence,
  entry.last_sequence AS lastSequence, entry.last_event_at AS lastEventAt
FROM run
JOIN handler ON handler.key = run.handler
LEFT JOIN entry ON entry.key = ${newestEntry}`;

export function toRecord(row: RecordRow): RunRecord;
export function toRecord(row: RecordRow | null): RunRecord | undefined;
export function toRecord(row: RecordRow | null): RunRecord | undefined {
  if (!row) return undefined;
  const { lastEventAt, lastSequence, forkedRun, forkedSequence, ...rest } = row;
  const isFork = forkedRun !== null && forkedSequence !== null;
  return {
    ...rest,
    forkedFrom: isFork ? { runId: forkedRun, sequence: forkedSequence } : null,
    updatedAt: updatedAt(row.startedAt, lastEventAt, row.completedAt),
    lastSequence: lastSequence ?? row.firstSequence - 1,
    isResting: row.isResting === 1,
  };
}

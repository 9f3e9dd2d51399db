/**
 * The reading statements, prepared once. They run outside transactions, so they see what is
 * committed; inside one, they see what it has written so far.
 */
import type { Database, Statement } from "bun:sqlite";

import type { Json } from "../../base/json.ts";
import { type StoredEvent, takePage } from "../event.ts";
import type { HandlerFilter, Journal, Page, RunRecord } from "../store.ts";
import { Pages } from "./pages.ts";
import { type RecordRow, selectRecord, toRecord } from "./record.ts";

interface EventRow extends Omit<StoredEvent, "isInternal" | "isTerminal"> {
  readonly isInternal: number;
  readonly isTerminal: number;
}

export class Reads {
  readonly #pages: Pages;
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#pages = new Pages(database);
    this.#statements = prepare(database);
  }

  handler(handlerId: string): RunRecord | undefined {
    return toRecord(this.#statements.handler.get(handlerId));
  }

  run(runId: string): RunRecord | undefined {
    return toRecord(this.#statements.run.get(runId));
  }

  start(key: string): { run: RunRecord; fingerprint: string } | undefined {
    const row = this.#statements.start.get(key);
    const run = row && this.run(row.runId);
    return run ? { run, fingerprint: row.fingerprint } : undefined;
  }

  handlers(filter: HandlerFilter, page: Page): readonly RunRecord[] {
    return this.#pages.read(filter, page);
  }

  forks(runId: string): readonly RunRecord[] {
    return this.#statements.forks.all(runId).map((row) => toRecord(row));
  }

  active(): readonly RunRecord[] {
    return this.#statements.active.all().map((row) => toRecord(row));
  }

  due(at: number, limit: number): readonly string[] {
    return this.#statements.due.all(at, limit).map(({ runId }) => runId);
  }

  nextWakeAt(): number | null {
    return this.#statements.nextWakeAt.get()?.wakeAt ?? null;
  }

  journal(runId: string): Journal {
    const row = this.#statements.snapshot.get(runId);
    return {
      snapshot: row ? JSON.parse(row.json) : null,
      ticks: parseTicks(this.#statements.ticksAfter, runId, row?.covered ?? 0),
    };
  }

  ticks(runId: string, after: number): readonly Json[] {
    return parseTicks(this.#statements.ticks, runId, after);
  }

  events(runId: string, after: number, limit: number, charsMax: number): readonly StoredEvent[] {
    const { events } = this.#statements;
    // Row by row: what is too much of long events is not read.
    return takePage(events.iterate(runId, after, limit), charsMax).map(toEvent);
  }
}

// ---

/** Row by row: of a long journal there is one text in memory at a time. */
function parseTicks(statement: TickStatement, runId: string, after: number): readonly Json[] {
  const ticks: Json[] = [];
  for (const { json } of statement.iterate(runId, after)) ticks.push(JSON.parse(json));
  return ticks;
}

type TickStatement = Statement<{ json: string }, [string, number]>;

interface Statements {
  readonly handler: Statement<RecordRow, [string]>;
  readonly run: Statement<RecordRow, [string]>;
  readonly start: Statement<{ runId: string; fingerprint: string }, [string]>;
  readonly forks: Statement<RecordRow, [string]>;
  readonly active: Statement<RecordRow, []>;
  readonly due: Statement<{ runId: string }, [number, number]>;
  readonly nextWakeAt: Statement<{ wakeAt: number }, []>;
  readonly snapshot: Statement<{ covered: number; json: string }, [string]>;
  /** The first so many are left out. */
  readonly ticks: TickStatement;
  /** From behind a key on. */
  readonly ticksAfter: TickStatement;
  readonly events: Statement<EventRow, [string, number, number]>;
}

function prepare(database: Database): Statements {
  return {
    handler: database.prepare(
      `${selectRecord} WHERE handler.handler_id = ? AND run.is_current = 1`,
    ),
    run: database.prepare(`${selectRecord} WHERE run.run_id = ?`),
    start: database.prepare("SELECT run_id AS runId, fingerprint FROM run WHERE start_key = ?"),
    forks: database.prepare(`${selectRecord} WHERE run.forked_run = ? ORDER BY run.key`),
    active: database.prepare(
      `${selectRecord} WHERE run.status = 'running' AND run.is_resting = 0 ORDER BY run.key`,
    ),
    due: database.prepare(
      "SELECT run_id AS runId FROM run WHERE wake_at <= ? ORDER BY wake_at, key LIMIT ?",
    ),
    nextWakeAt: database.prepare(
      "SELECT wake_at AS wakeAt FROM run WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1",
    ),
    snapshot: database.prepare(
      `SELECT covered, json FROM run JOIN snapshot ON snapshot.run = run.key WHERE run_id = ?`,
    ),
    ticks: database.prepare(
      `SELECT tick.json FROM run JOIN tick ON tick.run = run.key
       WHERE run.run_id = ? ORDER BY tick.key LIMIT -1 OFFSET ?`,
    ),
    ticksAfter: database.prepare(
      `SELECT tick.json FROM run JOIN tick ON tick.run = run.key
       WHERE run.run_id = ? AND tick.key > ? ORDER BY tick.key`,
    ),
    events: database.prepare(
      `SELECT sequence, json, at, is_internal AS isInternal, is_terminal AS isTerminal
       FROM run JOIN event ON event.run = run.key
       WHERE run.run_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    ),
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

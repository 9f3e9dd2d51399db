/**
 * The reading statements, prepared once. They run outside transactions, so they see what is
 * committed; inside one, they see what it has written so far.
 */
import type { Database } from "bun:sqlite";

import type { Json } from "../../base/json.ts";
import { type StoredEvent, takePage } from "../event.ts";
import type { HandlerFilter, Journal, Page, RunRecord } from "../store.ts";
import { Pages } from "./pages.ts";
import { toEvents } from "./entry.ts";
import { type RecordRow, selectRecord, toRecord } from "./record.ts";

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

  orphans(): readonly RunRecord[] {
    return this.#statements.orphans.all().map((row) => toRecord(row));
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
      ticks: this.ticks(runId, row?.covered ?? 0),
    };
  }

  ticks(runId: string, after: number): readonly Json[] {
    const parts: (readonly Json[])[] = [];
    // Row by row: of a long journal there is one text in memory at a time. From the last one back:
    // those that are left out cost nothing.
    for (const row of this.#statements.ticks.iterate(runId)) {
      if (row.tickCount <= after) break;
      const ticks: readonly Json[] = JSON.parse(row.ticks);
      const known = after - (row.tickCount - ticks.length);
      parts.push(known > 0 ? ticks.slice(known) : ticks);
    }
    return parts.reverse().flat();
  }

  events(runId: string, after: number, limit: number, charsMax: number): readonly StoredEvent[] {
    return takePage(this.#eventsAfter(runId, after, limit), charsMax);
  }

  /** Row by row, as they are asked for: of long events, what is too much is not read. */
  *#eventsAfter(runId: string, after: number, limit: number): Generator<StoredEvent> {
    let left = limit;
    for (const { events, lastSequence } of this.#statements.events.iterate(runId, after)) {
      for (const event of toEvents(events, lastSequence)) {
        if (event.sequence <= after) continue;
        if (left-- <= 0) return;
        yield event;
      }
    }
  }
}

// ---

type Statements = ReturnType<typeof prepare>;

function prepare(database: Database) {
  return {
    handler: database.prepare<RecordRow, [string]>(
      `${selectRecord} WHERE handler.handler_id = ? AND run.is_current = 1`,
    ),
    run: database.prepare<RecordRow, [string]>(`${selectRecord} WHERE run.run_id = ?`),
    start: database.prepare<{ runId: string; fingerprint: string }, [string]>(
      "SELECT run_id AS runId, fingerprint FROM run WHERE start_key = ?",
    ),
    forks: database.prepare<RecordRow, [string]>(
      `${selectRecord} WHERE run.forked_run = ? ORDER BY run.key`,
    ),
    active: database.prepare<RecordRow, []>(
      `${selectRecord} WHERE run.status = 'running' AND run.is_resting = 0 ORDER BY run.key`,
    ),
    orphans: database.prepare<RecordRow, []>(
      `${selectRecord} LEFT JOIN run AS parent ON parent.run_id = run.parent_run
       WHERE run.parent_run IS NOT NULL AND run.status = 'running'
         AND coalesce(parent.status, '') <> 'running'
       ORDER BY run.key`,
    ),
    due: database.prepare<{ runId: string }, [number, number]>(
      "SELECT run_id AS runId FROM run WHERE wake_at <= ? ORDER BY wake_at, key LIMIT ?",
    ),
    nextWakeAt: database.prepare<{ wakeAt: number }, []>(
      "SELECT wake_at AS wakeAt FROM run WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1",
    ),
    snapshot: database.prepare<{ covered: number; json: string }, [string]>(
      `SELECT covered, json FROM run JOIN snapshot ON snapshot.run = run.key WHERE run_id = ?`,
    ),
    // The newest first.
    ticks: database.prepare<{ tickCount: number; ticks: string }, [string]>(
      `SELECT tick_count AS tickCount, ticks
       FROM run JOIN entry ON entry.run = run.key
       WHERE run.run_id = ? ORDER BY last_sequence DESC, entry.key DESC`,
    ),
    events: database.prepare<{ lastSequence: number; events: string }, [string, number]>(
      `SELECT last_sequence AS lastSequence, events
       FROM run JOIN entry ON entry.run = run.key
       WHERE run.run_id = ? AND last_sequence > ? ORDER BY last_sequence, entry.key`,
    ),
  };
}

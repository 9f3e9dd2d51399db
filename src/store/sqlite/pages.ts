/**
 * Pages of handlers. The keys of a page are found first, in an index that has them in order, and
 * only then are its records put together: a page costs the same in a file of 100,000 handlers.
 */
import type { Database, Statement } from "bun:sqlite";

import { refuseCursor } from "../rules.ts";
import type { HandlerFilter, Page, RunRecord } from "../store.ts";
import { type RecordRow, selectRecord, toRecord } from "./record.ts";

type Bounds = Readonly<Record<string, string | number>>;

/** Where a list is narrowed to one value, the index has what remains in order. */
interface Condition {
  readonly sql: string;
  readonly value: string;
}

export class Pages {
  readonly #database: Database;
  readonly #handlerKey: Statement<{ key: number }, [string]>;

  constructor(database: Database) {
    this.#database = database;
    this.#handlerKey = database.prepare("SELECT key FROM handler WHERE handler_id = ?");
  }

  read(filter: HandlerFilter, page: Page): readonly RunRecord[] {
    const { order = "oldest", limit = -1, after, before } = page;
    const isOldest = order === "oldest";
    const [low, high] = isOldest ? [after, before] : [before, after];
    const status = toCondition("status", filter.statuses);
    const workflowName = toCondition("workflow_name", filter.workflowNames);
    const bounds: Bounds = {
      low: low === undefined ? 0 : this.#keyOf(isOldest ? "after" : "before", low),
      high: high === undefined ? keyMax : this.#keyOf(isOldest ? "before" : "after", high),
      limit,
      ...(status && { status: status.value }),
      ...(workflowName && { workflow_name: workflowName.value }),
    };
    // The nearest to a cursor behind the page are found from its end.
    const isBackwards = before !== undefined;
    const sql = toSql([status, workflowName], isOldest === isBackwards ? "DESC" : "ASC");
    // The texts are so few (18) that `query` keeps them all.
    const rows = this.#database.query<RecordRow, [Bounds]>(sql).all(bounds);
    if (isBackwards) rows.reverse();
    return rows.map((row) => toRecord(row));
  }

  #keyOf(name: "after" | "before", handlerId: string): number {
    const row = this.#handlerKey.get(handlerId);
    if (!row) throw refuseCursor(name, handlerId);
    return row.key;
  }
}

// ---

/** Above all keys, which count up from 1. */
const keyMax: number = Number.MAX_SAFE_INTEGER;

/** The text depends on how many values there are, none, one or more, and never on what they are. */
function toCondition(
  column: "status" | "workflow_name",
  values: readonly string[] | undefined,
): Condition | undefined {
  const [first, ...others] = values ?? [];
  if (values === undefined) return undefined;
  if (first !== undefined && others.length === 0) {
    return { sql: `run.${column} = $${column}`, value: first };
  }
  return {
    sql: `run.${column} IN (SELECT value FROM json_each($${column}))`,
    value: JSON.stringify(values),
  };
}

function toSql(conditions: readonly (Condition | undefined)[], direction: "ASC" | "DESC"): string {
  const where = [
    "run.is_current = 1 AND run.handler > $low AND run.handler < $high",
    ...conditions.filter((condition) => condition !== undefined).map(({ sql }) => sql),
  ];
  return `${selectRecord}
WHERE run.key IN (
  SELECT run.key FROM run WHERE ${where.join(" AND ")}
  ORDER BY run.handler ${direction} LIMIT $limit
)
ORDER BY run.handler ${direction}`;
}

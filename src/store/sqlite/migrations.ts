/**
 * The schema's history. A file that was released is never edited again: what changes comes as the
 * next file, with the next number.
 */
/// <reference path="./sql.d.ts" />
import type { Migration } from "../migrate.ts";
import initial from "./0001_initial.sql" with { type: "text" };
import kills from "./0002_kills.sql" with { type: "text" };
import entries from "./0003_entries.sql" with { type: "text" };
import parents from "./0004_parents.sql" with { type: "text" };

export const migrations: readonly Migration[] = [
  { version: 1, sql: initial },
  { version: 2, sql: kills },
  { version: 3, sql: entries },
  { version: 4, sql: parents },
];

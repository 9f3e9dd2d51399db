-- The first schema: handlers, their runs, and for each run its journal and its events.
--
-- Ids are text for people and callers; rows refer to each other by small integer keys. A key is
-- the next free integer, so among the rows of one handler or one run, key order is order of creation.
--
-- `tick` and `event` are appended to and found by an index. Clustered by run (`WITHOUT ROWID`), each
-- run of a group would dirty a page of its own: with 64 runs in a commit that wrote 65,000 commits/s
-- where this writes 105,000. `last sequence` and `updated at` are not stored, because rewriting the
-- row of the run with each commit costs another 5 %; both follow from the newest event.

CREATE TABLE handler (
  key        INTEGER PRIMARY KEY,
  handler_id TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  key            INTEGER PRIMARY KEY,
  run_id         TEXT NOT NULL UNIQUE,
  -- The handler's current run is the one with the highest key.
  handler        INTEGER NOT NULL REFERENCES handler ON DELETE CASCADE,
  workflow_name  TEXT NOT NULL,
  epoch          INTEGER NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
  result         TEXT,
  error          TEXT,
  started_at     INTEGER NOT NULL,
  completed_at   INTEGER,
  first_sequence INTEGER NOT NULL
) STRICT;

CREATE INDEX run_by_handler ON run (handler);
CREATE INDEX run_by_status ON run (status, workflow_name);
CREATE INDEX run_by_workflow ON run (workflow_name);

CREATE TABLE tick (
  key  INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX tick_by_run ON tick (run);

CREATE TABLE event (
  key         INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  sequence    INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  is_internal INTEGER NOT NULL,
  is_terminal INTEGER NOT NULL,
  json        TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX event_by_sequence ON event (run, sequence);

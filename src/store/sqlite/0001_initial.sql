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
  key             INTEGER PRIMARY KEY,
  run_id          TEXT NOT NULL UNIQUE,
  handler         INTEGER NOT NULL REFERENCES handler ON DELETE CASCADE,
  -- 1 for the newest run of its handler, so that indexes can leave out the others.
  is_current      INTEGER NOT NULL,
  workflow_name   TEXT NOT NULL,
  epoch           INTEGER NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
  -- 1 for a running run that only its timer or the outside can move.
  is_resting      INTEGER NOT NULL,
  wake_at         INTEGER,
  crashes         INTEGER NOT NULL,
  started_at      INTEGER NOT NULL,
  completed_at    INTEGER,
  first_sequence  INTEGER NOT NULL,
  start_key       TEXT,
  fingerprint     TEXT,
  -- The run may be gone: it is a name, not a reference.
  forked_run      TEXT,
  forked_sequence INTEGER,
  -- Last, because they may be long: what stands before them is read without them.
  result          TEXT,
  error           TEXT,
  CHECK (is_resting = 0 OR status = 'running'),
  CHECK (wake_at IS NULL OR is_resting = 1),
  CHECK ((start_key IS NULL) = (fingerprint IS NULL)),
  CHECK ((forked_run IS NULL) = (forked_sequence IS NULL))
) STRICT;

CREATE INDEX run_by_handler ON run (handler, is_current);
CREATE INDEX run_by_status ON run (status, handler, workflow_name) WHERE is_current = 1;
CREATE INDEX run_by_workflow ON run (workflow_name, handler) WHERE is_current = 1;
CREATE INDEX run_by_end ON run (completed_at) WHERE is_current = 1 AND status <> 'running';
CREATE INDEX run_by_origin ON run (forked_run) WHERE forked_run IS NOT NULL;
CREATE UNIQUE INDEX run_by_start_key ON run (start_key) WHERE start_key IS NOT NULL;
-- These hold few rows, however many runs rest or have ended.
CREATE INDEX run_active ON run (key) WHERE status = 'running' AND is_resting = 0;
CREATE INDEX run_by_wake ON run (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE tick (
  key  INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX tick_by_run ON tick (run);

-- The newest whole state of a run. It covers the ticks up to a key, 0 for none of them. A tick goes
-- only with its run, so no later tick of the run can get a key that is covered.
CREATE TABLE snapshot (
  run     INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  covered INTEGER NOT NULL,
  json    TEXT NOT NULL
) STRICT;

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

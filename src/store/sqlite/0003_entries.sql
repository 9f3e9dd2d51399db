-- What a commit appends to its run is one row: its ticks for the journal, its events for the feed.
--
-- With a row for each tick and each event, a run of three steps was 11 rows in two tables and two
-- indexes, and is 4 rows now: a run alone takes 173 us of the store and not 217, and one of 64 at a
-- time 50 us and not 55. Like those, rows are appended and found by an index: see the first schema.

CREATE TABLE entry (
  key           INTEGER PRIMARY KEY,
  run           INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  -- Sequence and time of the run's newest event, be it in this row or in one before.
  last_sequence INTEGER NOT NULL,
  last_event_at INTEGER,
  -- How many ticks the run has, up to the last one in this row.
  tick_count    INTEGER NOT NULL,
  -- A JSON array.
  ticks         TEXT NOT NULL,
  -- Of each event its marks, time and JSON text: see `entry.ts`.
  events        TEXT NOT NULL
) STRICT;

-- For each run this is the order of the keys, too: events are found from a sequence on, ticks from
-- the last one back.
CREATE INDEX entry_by_run ON entry (run, last_sequence);

-- Older rows become entries one by one: of a run first the ticks, then the events.
INSERT INTO entry (run, last_sequence, last_event_at, tick_count, ticks, events)
SELECT tick.run, first_sequence - 1, NULL,
  row_number() OVER (PARTITION BY tick.run ORDER BY tick.key), '[' || json || ']', ''
FROM tick JOIN run ON run.key = tick.run
ORDER BY tick.run, tick.key;

INSERT INTO entry (run, last_sequence, last_event_at, tick_count, ticks, events)
WITH length AS MATERIALIZED (SELECT run, count(*) AS ticks FROM tick GROUP BY run)
SELECT event.run, sequence, at, coalesce(length.ticks, 0), '[]',
  substr('-its', 1 + is_internal + 2 * is_terminal, 1) || at || ' ' || json
FROM event LEFT JOIN length ON length.run = event.run
ORDER BY event.run, sequence;

-- What a snapshot covers was a key, and is a count of ticks now.
UPDATE snapshot SET covered =
  (SELECT count(*) FROM tick WHERE tick.run = snapshot.run AND tick.key <= covered);

DROP TABLE tick;
DROP TABLE event;

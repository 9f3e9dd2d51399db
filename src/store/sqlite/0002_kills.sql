-- How often in a row the process was killed while the run was under way: see `recovery.ts`.
ALTER TABLE run ADD COLUMN kills INTEGER NOT NULL DEFAULT 0;

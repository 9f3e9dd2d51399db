-- A child names its parent, so that one that has outlived it is found without a look at every run.
ALTER TABLE run ADD COLUMN parent_run TEXT;

-- The id of an older child is its parent's with three parts after it. None of these has a dot: what
-- follows the last one is trimmed off, and the dot with it, three times.
UPDATE run SET parent_run = run_id WHERE run_id LIKE '%.%.%.%';
UPDATE run SET parent_run = rtrim(rtrim(parent_run, replace(parent_run, '.', '')), '.')
WHERE parent_run IS NOT NULL;
UPDATE run SET parent_run = rtrim(rtrim(parent_run, replace(parent_run, '.', '')), '.')
WHERE parent_run IS NOT NULL;
UPDATE run SET parent_run = rtrim(rtrim(parent_run, replace(parent_run, '.', '')), '.')
WHERE parent_run IS NOT NULL;

CREATE INDEX run_child ON run (key) WHERE parent_run IS NOT NULL AND status = 'running';

-- Jobs of any kind: an item is a key of up to 200 characters, and jobs and items say which lane they run in.
-- Breaking: workers of before know no kinds. They would take the keys of any job for tickers, and fail what is none; without the column
-- `ticker` they can claim nothing at all. What they had claimed is rescued when its lease has expired.

-- The registry of kinds says which there are.
ALTER TABLE analysis_jobs DROP CONSTRAINT analysis_jobs_kind_check;
ALTER TABLE analysis_jobs ADD CONSTRAINT analysis_jobs_kind_check CHECK (length(kind) BETWEEN 1 AND 50);
ALTER TABLE analysis_jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'cpu' CHECK (lane IN ('cpu', 'network'));
ALTER TABLE analysis_jobs ALTER COLUMN lane DROP DEFAULT;

ALTER TABLE analysis_job_items RENAME COLUMN ticker TO key;
ALTER TABLE analysis_job_items DROP CONSTRAINT analysis_job_items_ticker_check;
ALTER TABLE analysis_job_items ADD CONSTRAINT analysis_job_items_key_check CHECK (length(key) BETWEEN 1 AND 200);
ALTER TABLE analysis_job_items ADD COLUMN lane TEXT NOT NULL DEFAULT 'cpu' CHECK (lane IN ('cpu', 'network'));
ALTER TABLE analysis_job_items ALTER COLUMN lane DROP DEFAULT;

DROP INDEX analysis_job_items_queue;
CREATE INDEX analysis_job_items_queue ON analysis_job_items (lane, turn, job_id, key) WHERE status = 'queued';

-- Each feature prunes its own tables by a task of its own; whoever takes a task makes its row.
DELETE FROM maintenance_tasks WHERE name = 'prune';

-- Jobs of any kind: an item is a key of up to 200 characters, and jobs and items say which lane they run in.
-- Breaking: workers of before know no kinds. They would take the keys of any job for tickers, and fail what is none; without the column
-- `ticker` they can claim nothing at all. What they had claimed is rescued when its lease has expired.

-- SQLite changes no CHECK in place: both tables are rebuilt. The registry of kinds says which there are.
CREATE TABLE new_analysis_jobs (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 50),
    lane TEXT NOT NULL CHECK (lane IN ('cpu', 'network')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    version BIGINT NOT NULL CHECK (version > 0),
    total BIGINT NOT NULL CHECK (total > 0),
    succeeded BIGINT NOT NULL CHECK (succeeded >= 0),
    failed BIGINT NOT NULL CHECK (failed >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    cancel_requested BOOLEAN NOT NULL,
    dedupe_key TEXT,
    retry_of TEXT,
    params TEXT NOT NULL,
    error_code TEXT,
    error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    CHECK (succeeded + failed + cancelled <= total),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK (finished_at IS NULL OR succeeded + failed + cancelled = total),
    CHECK (status NOT IN ('queued', 'processing') OR succeeded + failed + cancelled < total),
    CHECK (status <> 'queued' OR (started_at IS NULL AND succeeded + failed = 0)),
    CHECK (status NOT IN ('processing', 'completed', 'failed') OR started_at IS NOT NULL),
    CHECK (status <> 'completed' OR cancelled = 0),
    CHECK (status <> 'cancelled' OR (cancelled > 0 AND cancel_requested)),
    CHECK (status <> 'failed' OR error_code IS NOT NULL),
    CHECK (status NOT IN ('queued', 'completed', 'cancelled') OR error_code IS NULL),
    CHECK ((error IS NULL) = (error_code IS NULL))
);

INSERT INTO new_analysis_jobs (
    id, org_id, kind, lane, status, version, total, succeeded, failed, cancelled, cancel_requested, dedupe_key, retry_of, params,
    error_code, error, created_at, started_at, finished_at
)
SELECT
    id, org_id, kind, 'cpu', status, version, total, succeeded, failed, cancelled, cancel_requested, dedupe_key, retry_of, params,
    error_code, error, created_at, started_at, finished_at
FROM analysis_jobs;

DROP TABLE analysis_jobs;
ALTER TABLE new_analysis_jobs RENAME TO analysis_jobs;

CREATE INDEX analysis_jobs_list ON analysis_jobs (org_id, id DESC);
CREATE INDEX analysis_jobs_finished ON analysis_jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX analysis_jobs_active ON analysis_jobs (org_id, dedupe_key)
    WHERE dedupe_key IS NOT NULL AND status IN ('queued', 'processing');

CREATE TABLE new_analysis_job_items (
    job_id TEXT NOT NULL REFERENCES analysis_jobs (id) ON DELETE CASCADE,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    lane TEXT NOT NULL CHECK (lane IN ('cpu', 'network')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'succeeded', 'failed', 'cancelled')),
    turn BIGINT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries >= 0),
    claim_token TEXT,
    worker TEXT,
    lease_expires_at TIMESTAMPTZ,
    result_id TEXT,
    error_code TEXT,
    error TEXT,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (job_id, key),
    CHECK ((status = 'processing') = (claim_token IS NOT NULL)),
    CHECK ((status = 'processing') = (lease_expires_at IS NOT NULL)),
    CHECK (status <> 'processing' OR worker IS NOT NULL),
    CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'succeeded') = (result_id IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CHECK ((error IS NULL) = (error_code IS NULL))
);

INSERT INTO new_analysis_job_items (
    job_id, key, lane, status, turn, tries, claim_token, worker, lease_expires_at, result_id, error_code, error, finished_at
)
SELECT
    job_id, ticker, 'cpu', status, turn, tries, claim_token, worker, lease_expires_at, result_id, error_code, error, finished_at
FROM analysis_job_items;

DROP TABLE analysis_job_items;
ALTER TABLE new_analysis_job_items RENAME TO analysis_job_items;

CREATE INDEX analysis_job_items_queue ON analysis_job_items (lane, turn, job_id, key) WHERE status = 'queued';
CREATE INDEX analysis_job_items_claims ON analysis_job_items (claim_token) WHERE claim_token IS NOT NULL;

-- Each feature prunes its own tables by a task of its own; whoever takes a task makes its row.
DELETE FROM maintenance_tasks WHERE name = 'prune';

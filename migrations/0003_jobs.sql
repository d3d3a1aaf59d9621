-- Bulk analyses: jobs and their items, remembered answers of Idempotency-Keys, and who does the maintenance.
-- docs/state_machine.md says who moves a job and when; the CHECKs hold what a row may look like in each state.

CREATE TABLE analysis_jobs (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('bulk_analysis')),
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

CREATE INDEX analysis_jobs_list ON analysis_jobs (org_id, id DESC);
CREATE INDEX analysis_jobs_finished ON analysis_jobs (finished_at) WHERE finished_at IS NOT NULL;
-- The same work is active once; a job that was forced has no key.
CREATE UNIQUE INDEX analysis_jobs_active ON analysis_jobs (org_id, dedupe_key)
    WHERE dedupe_key IS NOT NULL AND status IN ('queued', 'processing');

-- `turn` orders the queue: a job's items take turns from where the queue stands when the job comes, so that no job waits behind another.
-- `result_id` is kept when retention removes the result itself.
CREATE TABLE analysis_job_items (
    job_id TEXT NOT NULL REFERENCES analysis_jobs (id) ON DELETE CASCADE,
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
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
    PRIMARY KEY (job_id, ticker),
    CHECK ((status = 'processing') = (claim_token IS NOT NULL)),
    CHECK ((status = 'processing') = (lease_expires_at IS NOT NULL)),
    CHECK (status <> 'processing' OR worker IS NOT NULL),
    CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'succeeded') = (result_id IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CHECK ((error IS NULL) = (error_code IS NULL))
);

CREATE INDEX analysis_job_items_queue ON analysis_job_items (turn, job_id, ticker) WHERE status = 'queued';
CREATE INDEX analysis_job_items_claims ON analysis_job_items (claim_token) WHERE claim_token IS NOT NULL;

-- The answer that was given under an Idempotency-Key; while `status` is null, the first request is still at work.
CREATE TABLE idempotency_keys (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_sha256 TEXT NOT NULL CHECK (length(request_sha256) = 64),
    holder TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    status BIGINT,
    location TEXT,
    body TEXT,
    PRIMARY KEY (org_id, key),
    CHECK ((status IS NULL) = (body IS NULL))
);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- When each maintenance task was last taken on: whoever moves the time forward does it, of all workers on all machines.
CREATE TABLE maintenance_tasks (
    name TEXT PRIMARY KEY,
    taken_at TIMESTAMPTZ NOT NULL
);

INSERT INTO maintenance_tasks (name, taken_at) VALUES
    ('rescue', '2026-01-01T00:00:00.000000Z'),
    ('republish', '2026-01-01T00:00:00.000000Z'),
    ('prune', '2026-01-01T00:00:00.000000Z');

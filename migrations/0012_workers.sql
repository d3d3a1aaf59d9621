-- The processes that run jobs, by their heartbeat: each writes its row every few seconds while it lives, busy or not. What a worker does
-- stands in analysis_job_items, by its name in `worker`. `lanes` are separated by commas.
CREATE TABLE workers (
    id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 200),
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    lanes TEXT NOT NULL,
    engine TEXT NOT NULL CHECK (engine IN ('local', 'celery')),
    version TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);

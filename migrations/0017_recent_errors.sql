-- What the operator on call asks first: what failed lately. Unexpected errors of requests and openings of breakers, which no other table has, by
-- ten minutes, so that a storm of one error is one row that counts. There is no message: it could quote a request. The log has it, by the
-- request's id.
CREATE TABLE recent_errors (
    kind TEXT NOT NULL CHECK (kind IN ('request', 'breaker')),
    subject TEXT NOT NULL,
    error TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    occurrences BIGINT NOT NULL CHECK (occurrences > 0),
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    request_id TEXT,
    PRIMARY KEY (kind, subject, error, bucket)
);

CREATE INDEX recent_errors_age ON recent_errors (last_at);
-- The newest jobs with failed items, and those items by their code.
CREATE INDEX analysis_jobs_with_failures ON analysis_jobs (id) WHERE failed > 0;
CREATE INDEX analysis_job_items_failed ON analysis_job_items (job_id, error_code) WHERE status = 'failed';

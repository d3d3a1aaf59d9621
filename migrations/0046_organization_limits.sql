-- What an organization may use, set by operators. NULL is the installation's default, which is a setting.
CREATE TABLE organization_limits (
    org_id BIGINT PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    reads_per_minute BIGINT CHECK (reads_per_minute >= 1),
    analyses_per_minute BIGINT CHECK (analyses_per_minute >= 1),
    bulk_per_minute BIGINT CHECK (bulk_per_minute >= 1),
    uploads_per_minute BIGINT CHECK (uploads_per_minute >= 1),
    heavy_reads_per_minute BIGINT CHECK (heavy_reads_per_minute >= 1),
    tests_per_minute BIGINT CHECK (tests_per_minute >= 1),
    requests_per_hour BIGINT CHECK (requests_per_hour >= 1),
    members BIGINT CHECK (members >= 1),
    stored_bytes BIGINT CHECK (stored_bytes >= 0),
    open_jobs BIGINT CHECK (open_jobs >= 0),
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL
);

-- The budgets of single members, set by the administrators of their organization. NULL is what everybody has.
CREATE TABLE member_budgets (
    org_id BIGINT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reads_per_minute BIGINT CHECK (reads_per_minute >= 1),
    analyses_per_minute BIGINT CHECK (analyses_per_minute >= 1),
    bulk_per_minute BIGINT CHECK (bulk_per_minute >= 1),
    uploads_per_minute BIGINT CHECK (uploads_per_minute >= 1),
    heavy_reads_per_minute BIGINT CHECK (heavy_reads_per_minute >= 1),
    tests_per_minute BIGINT CHECK (tests_per_minute >= 1),
    requests_per_hour BIGINT CHECK (requests_per_hour >= 1),
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES members (org_id, user_id) ON DELETE CASCADE
);

-- The open jobs of an organization are counted when another one is queued.
CREATE INDEX analysis_jobs_open ON analysis_jobs (org_id) WHERE status IN ('queued', 'processing');

-- What whoever is on call says to running processes, and counts that outlive the rows that they count.

-- A feature without a row is on. The rows are read again every other second by every process.
CREATE TABLE feature_flags (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 50),
    enabled BOOLEAN NOT NULL,
    reason TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL
);

CREATE TABLE feature_flag_changes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    reason TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL
);

CREATE INDEX feature_flag_changes_name ON feature_flag_changes (name, id DESC);

-- Each process keeps a cache of its own: who clears it tells the others here.
CREATE TABLE cache_clearings (
    id TEXT PRIMARY KEY,
    prefix TEXT NOT NULL,
    cleared_at TIMESTAMPTZ NOT NULL,
    cleared_by TEXT NOT NULL
);

-- Items of jobs that were removed, by how they ended, and items that were taken from lost workers: counters for metrics never fall.
CREATE TABLE job_totals (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);

INSERT INTO job_totals (name, value) VALUES ('succeeded', 0), ('failed', 0), ('cancelled', 0), ('rescued', 0);

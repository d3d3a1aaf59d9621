-- Kept reports: what was asked for, the job that makes it, and its file once that is whole. A report is ready only with its file.
CREATE TABLE kept_reports (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    type TEXT NOT NULL CHECK (length(type) BETWEEN 1 AND 20),
    format TEXT NOT NULL CHECK (length(format) BETWEEN 1 AND 10),
    params TEXT NOT NULL,
    job_id TEXT NOT NULL,
    file_id TEXT REFERENCES stored_files (id),
    error_code TEXT CHECK (length(error_code) BETWEEN 1 AND 50),
    error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    finished_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ NOT NULL,
    CHECK (file_id IS NULL OR error_code IS NULL),
    CHECK ((error_code IS NULL) = (error IS NULL)),
    CHECK ((finished_at IS NULL) = (file_id IS NULL AND error_code IS NULL))
);

CREATE INDEX kept_reports_of_org ON kept_reports (org_id, id DESC);
CREATE INDEX kept_reports_of_file ON kept_reports (file_id);
CREATE INDEX kept_reports_expiring ON kept_reports (expires_at);

-- Files in the storage. A row is `writing` before its object is, `stored` once both are whole, and `removed` before its object goes: so that
-- no object is without a row, and none is shown that is not there. `series` names what the newest few are kept of.
CREATE TABLE stored_files (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('upload', 'report', 'export')),
    series TEXT NOT NULL CHECK (length(series) BETWEEN 1 AND 100),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    content_type TEXT NOT NULL CHECK (length(content_type) BETWEEN 1 AND 100),
    storage_key TEXT NOT NULL UNIQUE CHECK (length(storage_key) BETWEEN 1 AND 200),
    state TEXT NOT NULL CHECK (state IN ('writing', 'stored', 'removed')),
    bytes BIGINT CHECK (bytes >= 0),
    sha256 TEXT CHECK (length(sha256) = 64),
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    CHECK (state <> 'stored' OR (bytes IS NOT NULL AND sha256 IS NOT NULL))
);

CREATE INDEX stored_files_of_series ON stored_files (org_id, purpose, series, id DESC) WHERE state = 'stored';
CREATE INDEX stored_files_to_remove ON stored_files (state, created_at) WHERE state <> 'stored';
CREATE INDEX stored_files_expiring ON stored_files (expires_at) WHERE state = 'stored';

-- What stored files are about: of an uploaded one, the tickers whose prices it brought.
CREATE TABLE stored_file_subjects (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('upload', 'report', 'export')),
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 100),
    file_id TEXT NOT NULL REFERENCES stored_files (id) ON DELETE CASCADE,
    PRIMARY KEY (org_id, purpose, subject, file_id)
);

CREATE INDEX stored_file_subjects_of_file ON stored_file_subjects (file_id);

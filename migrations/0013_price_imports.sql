-- The files of an import until its job has stored them, so that any worker on any machine can, and a killed one loses nothing. `content` is
-- deflated, and NULL once it is stored; `lines` is JSON, the runs of lines of the sent file that a part of it has. `report` says what became of a
-- file that was stored or checked, `problem` why one was refused.
CREATE TABLE price_import_files (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    import_id TEXT NOT NULL,
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    report TEXT,
    problem TEXT,
    lines TEXT,
    content BYTEA,
    PRIMARY KEY (import_id, ticker),
    CHECK (report IS NULL OR content IS NULL)
);

CREATE INDEX price_import_files_age ON price_import_files (created_at);

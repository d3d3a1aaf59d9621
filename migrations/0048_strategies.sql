-- Strategies of organizations. A version is never changed: what depends on the rules is in it, as JSON; the words are not.
-- `used_at` is when something was first asked for by it; from then on it is archived rather than deleted.
CREATE TABLE strategies (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 40),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    description TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    archived_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (org_id, id)
);
CREATE TABLE strategy_versions (
    org_id BIGINT NOT NULL,
    strategy_id TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    rules TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, strategy_id, version),
    FOREIGN KEY (org_id, strategy_id) REFERENCES strategies (org_id, id) ON DELETE CASCADE
);
-- The version of an organization's own strategy that a result was made with; null of built-in ones.
ALTER TABLE analysis_results ADD COLUMN strategy_version BIGINT;
ALTER TABLE latest_results ADD COLUMN strategy_version BIGINT;

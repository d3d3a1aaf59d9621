-- What is switched off for one organization, by its administrators or by an operator. A feature is on for an organization where it is on in
-- the installation and not switched off here.
CREATE TABLE organization_flags (
    org_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
    enabled BOOLEAN NOT NULL,
    reason TEXT CHECK (length(reason) <= 200),
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL,
    by_operator BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, name)
);

-- What every process reads every two seconds.
CREATE INDEX organization_flags_off ON organization_flags (org_id) WHERE NOT enabled;

CREATE TABLE organization_flag_changes (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
    enabled BOOLEAN NOT NULL,
    reason TEXT CHECK (length(reason) <= 200),
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT NOT NULL,
    by_operator BOOLEAN NOT NULL
);

CREATE INDEX organization_flag_changes_name ON organization_flag_changes (org_id, name, id DESC);

-- Jobs of which queued items stand behind the queue, because bulk jobs are switched off for their organization.
CREATE TABLE held_jobs (
    job_id TEXT PRIMARY KEY REFERENCES analysis_jobs (id) ON DELETE CASCADE
);

-- Pipelines, their versions, runs and traces, and the workflows that start them. Organization 0 has the files' versions: a file that does not
-- validate leaves the newest of them in place, after a restart as well.
CREATE TABLE pipeline_versions (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    pipeline_id TEXT NOT NULL CHECK (length(pipeline_id) BETWEEN 1 AND 60),
    version BIGINT NOT NULL CHECK (version > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    definition TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    note TEXT,
    PRIMARY KEY (org_id, pipeline_id, version)
);

-- The pipelines of organizations; those of files have none here.
CREATE TABLE pipelines (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 60),
    version BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, id, version) REFERENCES pipeline_versions (org_id, pipeline_id, version)
);

-- `definition` is what the run was started with, whatever becomes of the pipeline. `next_step` is the first step without an outcome: whoever
-- ends a step moves it on in the same transaction. `cause_key` names the one cause that starts a run once: an event, a due time.
CREATE TABLE pipeline_runs (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    pipeline_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    definition TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
    next_step BIGINT NOT NULL DEFAULT 0 CHECK (next_step BETWEEN 0 AND 20),
    inputs TEXT NOT NULL,
    outputs TEXT,
    error TEXT,
    job_id TEXT,
    state_bytes BIGINT NOT NULL CHECK (state_bytes >= 0),
    created_by TEXT,
    caused_by TEXT NOT NULL,
    cause_key TEXT CHECK (length(cause_key) BETWEEN 1 AND 400),
    workflow_id TEXT,
    depth BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'completed') = (outputs IS NOT NULL)),
    CHECK ((status = 'failed') = (error IS NOT NULL))
);

CREATE INDEX pipeline_runs_list ON pipeline_runs (org_id, id DESC);
CREATE INDEX pipeline_runs_of_pipeline ON pipeline_runs (org_id, pipeline_id, id DESC);
CREATE INDEX pipeline_runs_open ON pipeline_runs (id) WHERE finished_at IS NULL;
CREATE INDEX pipeline_runs_ended ON pipeline_runs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX pipeline_runs_job ON pipeline_runs (job_id) WHERE finished_at IS NULL;
CREATE INDEX pipeline_runs_workflow ON pipeline_runs (workflow_id, created_at) WHERE workflow_id IS NOT NULL;
CREATE UNIQUE INDEX pipeline_runs_cause ON pipeline_runs (org_id, cause_key) WHERE cause_key IS NOT NULL;

-- The trace. A step that waits has its job.
CREATE TABLE pipeline_steps (
    run_id TEXT NOT NULL REFERENCES pipeline_runs (id) ON DELETE CASCADE,
    position BIGINT NOT NULL CHECK (position BETWEEN 0 AND 19),
    name TEXT NOT NULL,
    capability TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'skipped', 'failed', 'waiting')),
    args TEXT NOT NULL,
    reason TEXT,
    notes TEXT NOT NULL,
    digest TEXT,
    answer TEXT,
    answer_bytes BIGINT,
    job_id TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    ms BIGINT,
    PRIMARY KEY (run_id, position),
    CHECK (outcome <> 'waiting' OR (job_id IS NOT NULL AND ms IS NULL)),
    CHECK ((outcome = 'ok') = (answer IS NOT NULL))
);

CREATE INDEX pipeline_steps_waiting ON pipeline_steps (job_id) WHERE outcome = 'waiting';

-- The answers of a step that is done for each of several items, until it has ended.
CREATE TABLE pipeline_items (
    run_id TEXT NOT NULL REFERENCES pipeline_runs (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    item BIGINT NOT NULL,
    answer TEXT,
    reason TEXT,
    PRIMARY KEY (run_id, position, item),
    CHECK ((answer IS NULL) = (reason IS NOT NULL))
);

-- What starts a pipeline by itself: events of a type whose data fulfil `filter`, a condition as JSON.
CREATE TABLE workflows (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    pipeline_id TEXT NOT NULL,
    event_type TEXT,
    filter TEXT,
    inputs TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    last_event_at TIMESTAMPTZ,
    last_outcome TEXT,
    UNIQUE (org_id, name_key)
);

CREATE INDEX workflows_of_event ON workflows (event_type) WHERE enabled;

-- What became of suggestions; those that nobody has decided on are found anew at each look.
CREATE TABLE suggestion_decisions (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    suggestion_id TEXT NOT NULL CHECK (length(suggestion_id) BETWEEN 1 AND 200),
    decision TEXT NOT NULL CHECK (decision IN ('applied', 'dismissed')),
    workflow_id TEXT,
    decided_at TIMESTAMPTZ NOT NULL,
    decided_by TEXT,
    PRIMARY KEY (org_id, suggestion_id)
);

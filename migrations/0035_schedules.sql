-- Schedules, and the ledger of their due times. Every due time up to `considered_until` has its row in the ledger; `next_due_at` is the first
-- one behind it. The dispatcher moves both forward in the transaction that writes the ledger and queues the job.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    cron TEXT CHECK (length(cron) BETWEEN 9 AND 100),
    time_zone TEXT CHECK (length(time_zone) BETWEEN 1 AND 64),
    calendar TEXT CHECK (length(calendar) = 4),
    after_close TEXT CHECK (length(after_close) = 5),
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 40),
    params TEXT NOT NULL,
    catch_up BIGINT NOT NULL CHECK (catch_up >= 0),
    overlap TEXT NOT NULL CHECK (overlap IN ('skip', 'queue')),
    enabled BOOLEAN NOT NULL,
    considered_until TIMESTAMPTZ NOT NULL,
    last_due_at TIMESTAMPTZ,
    next_due_at TIMESTAMPTZ,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    UNIQUE (org_id, name),
    CHECK ((cron IS NULL) <> (calendar IS NULL)),
    CHECK ((cron IS NULL) = (time_zone IS NULL)),
    CHECK ((calendar IS NULL) = (after_close IS NULL)),
    CHECK (next_due_at IS NULL OR next_due_at > considered_until)
);

CREATE INDEX schedules_due ON schedules (next_due_at) WHERE next_due_at IS NOT NULL;

-- The primary key lets a due time in once, however many dispatchers there are.
CREATE TABLE schedule_firings (
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    due_at TIMESTAMPTZ NOT NULL,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    state TEXT NOT NULL CHECK (state IN ('fired', 'late', 'missed', 'skipped', 'failed', 'waiting')),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 500),
    message TEXT CHECK (length(message) BETWEEN 1 AND 500),
    kind TEXT NOT NULL CHECK (kind IN ('due', 'manual', 'backfill')),
    job_id TEXT,
    run_id TEXT,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (schedule_id, due_at),
    CHECK (state NOT IN ('fired', 'late') OR (job_id IS NOT NULL AND started_at IS NOT NULL)),
    CHECK (state NOT IN ('missed', 'skipped', 'waiting') OR (job_id IS NULL AND started_at IS NULL AND finished_at IS NULL)),
    CHECK (state <> 'failed' OR finished_at IS NOT NULL),
    CHECK (state IN ('fired', 'late', 'waiting') OR reason IS NOT NULL)
);

CREATE INDEX schedule_firings_of_org ON schedule_firings (org_id, due_at);
CREATE INDEX schedule_firings_of_state ON schedule_firings (schedule_id, state, due_at);
CREATE INDEX schedule_firings_age ON schedule_firings (due_at);
CREATE INDEX schedule_firings_waiting ON schedule_firings (schedule_id, due_at) WHERE state = 'waiting';
CREATE INDEX schedule_firings_open ON schedule_firings (job_id) WHERE state IN ('fired', 'late') AND finished_at IS NULL;
CREATE INDEX schedule_firings_running ON schedule_firings (schedule_id, due_at) WHERE state IN ('fired', 'late') AND finished_at IS NULL;

-- When a dispatcher last looked.
CREATE TABLE schedule_dispatcher (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    looked_at TIMESTAMPTZ
);

INSERT INTO schedule_dispatcher (one, looked_at) VALUES (1, NULL);

-- How many firings have come to each state, counted as they are written, so that no scrape reads the ledger.
CREATE TABLE schedule_totals (
    state TEXT PRIMARY KEY,
    firings BIGINT NOT NULL
);

-- Rules that watch verdicts, prices, records, jobs and schedules; where each stands with each ticker; and what was told.
-- `tickers`, `strategies`, `conditions` and `channels` are JSON.
CREATE TABLE alert_rules (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    universe TEXT,
    tickers TEXT,
    strategies TEXT NOT NULL,
    conditions TEXT NOT NULL,
    for_days BIGINT NOT NULL CHECK (for_days BETWEEN 0 AND 250),
    channels TEXT NOT NULL,
    digest BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    CHECK (universe IS NULL OR tickers IS NULL)
);
CREATE INDEX alert_rules_list ON alert_rules (org_id, id);

-- `subject` is a ticker, else a kind of job or a schedule; `strategy` is empty where none matters. `detail` is what models/alert.py remembers.
CREATE TABLE alert_states (
    rule_id TEXT NOT NULL REFERENCES alert_rules (id) ON DELETE CASCADE,
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    strategy TEXT NOT NULL,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    state TEXT NOT NULL CHECK (state IN ('normal', 'pending', 'firing', 'recovering', 'no_data')),
    since DATE,
    day DATE,
    value DOUBLE PRECISION,
    detail TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (rule_id, subject, strategy)
);
CREATE INDEX alert_states_pending ON alert_states (org_id) WHERE state = 'pending';
CREATE INDEX alert_states_of_org ON alert_states (org_id);

-- Alerts outlive their rule. `ticker` is null of what is about none; `told_at` is null while an alert waits to be told with others.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    rule_id TEXT NOT NULL,
    rule_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    fired_by TEXT NOT NULL CHECK (fired_by IN ('condition', 'no_data')),
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    ticker TEXT,
    day DATE NOT NULL,
    message TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    told_at TIMESTAMPTZ,
    UNIQUE (rule_id, subject, day)
);
CREATE INDEX alerts_list ON alerts (org_id, id DESC);
CREATE INDEX alerts_of_ticker ON alerts (org_id, ticker, id DESC);
CREATE INDEX alerts_unread ON alerts (org_id, id DESC) WHERE read_at IS NULL;
CREATE INDEX alerts_untold ON alerts (org_id, created_at) WHERE told_at IS NULL;
CREATE INDEX alerts_age ON alerts (created_at);

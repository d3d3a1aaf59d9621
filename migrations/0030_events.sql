-- What happened, each written in the transaction of what it reports. `position` is null until the event is handed out: positions are given in
-- one transaction at a time, so whoever has read up to a position has missed nothing before it. Organization 0's events concern all.
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    type TEXT NOT NULL CHECK (length(type) BETWEEN 1 AND 80),
    subject TEXT CHECK (length(subject) BETWEEN 1 AND 200),
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 300),
    data TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    position BIGINT,
    UNIQUE (org_id, key)
);

CREATE UNIQUE INDEX events_position ON events (position) WHERE position IS NOT NULL;
CREATE INDEX events_waiting ON events (id) WHERE position IS NULL;
CREATE INDEX events_list ON events (org_id, id DESC);
CREATE INDEX events_of_type ON events (org_id, type, id DESC);
CREATE INDEX events_age ON events (created_at);

-- The last position that was given. Whoever gives more locks the row.
CREATE TABLE event_positions (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    position BIGINT NOT NULL
);

INSERT INTO event_positions (one, position) VALUES (1, 0);

-- How far each subscriber has come. `failures` counts those in a row at the event behind `position`.
CREATE TABLE event_subscribers (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    updated_at TIMESTAMPTZ NOT NULL
);

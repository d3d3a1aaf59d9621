-- Where messages go. A deleted channel keeps its row while it has deliveries, without its address and secrets, and without a name_key, so that
-- its name is free. `secret` signs webhooks, or is the token of ntfy; `former_secret` signs beside it until its time is over. `dead` counts
-- deliveries in a row that were given up. Before `hold_until` nothing is sent: the receiver asked to wait, or was not there.
CREATE TABLE channels (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    name_key TEXT,
    type TEXT NOT NULL CHECK (type IN ('webhook', 'email', 'ntfy', 'apprise')),
    address TEXT NOT NULL,
    secret TEXT,
    former_secret TEXT,
    former_secret_until TIMESTAMPTZ,
    time_zone TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    dead BIGINT NOT NULL DEFAULT 0,
    hold_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    deleted_at TIMESTAMPTZ,
    CHECK ((deleted_at IS NULL) = (name_key IS NOT NULL)),
    CHECK (deleted_at IS NULL OR (NOT enabled AND address = '' AND secret IS NULL AND former_secret IS NULL)),
    UNIQUE (org_id, name_key)
);

-- One message for one channel; the id is the webhook-id of each attempt. `pending` waits until `next_at`, `sending` is queued in the job or
-- being sent since `queued_at`. The key keeps the same message from being queued twice.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    channel_id TEXT NOT NULL REFERENCES channels (id),
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 300),
    event TEXT NOT NULL CHECK (length(event) BETWEEN 1 AND 80),
    subject TEXT CHECK (length(subject) BETWEEN 1 AND 200),
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'sending', 'delivered', 'failed', 'disabled')),
    reason TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at TIMESTAMPTZ,
    job_id TEXT,
    queued_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    CHECK ((status = 'pending') = (next_at IS NOT NULL)),
    CHECK ((status = 'sending') = (queued_at IS NOT NULL)),
    CHECK ((status IN ('delivered', 'failed', 'disabled')) = (finished_at IS NOT NULL)),
    UNIQUE (channel_id, key)
);

CREATE INDEX deliveries_list ON deliveries (org_id, id DESC);
CREATE INDEX deliveries_of_status ON deliveries (org_id, status, id DESC);
CREATE INDEX deliveries_of_channel ON deliveries (org_id, channel_id, id DESC);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE status = 'pending';
CREATE INDEX deliveries_queued ON deliveries (queued_at) WHERE status = 'sending';
CREATE INDEX deliveries_waiting ON deliveries (created_at) WHERE finished_at IS NULL;
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

-- `code` is null where no answer came, `answer` the beginning of one.
CREATE TABLE delivery_attempts (
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'refused', 'unanswered', 'lost')),
    code BIGINT,
    ms BIGINT NOT NULL,
    error TEXT,
    answer TEXT,
    PRIMARY KEY (delivery_id, number)
);

CREATE INDEX delivery_attempts_at ON delivery_attempts (at);

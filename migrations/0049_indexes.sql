-- Rule-based indexes, as they stand: their newest rules, and what is published of them. `published` is the number of days with a level;
-- whoever publishes names the revision and the number that they leave.
CREATE TABLE indexes (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    -- The name as it is compared: in lower case and one form of Unicode.
    name_key TEXT NOT NULL,
    rules TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    revision BIGINT NOT NULL CHECK (revision >= 1),
    published BIGINT NOT NULL CHECK (published >= 1),
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    level DOUBLE PRECISION NOT NULL,
    total_level DOUBLE PRECISION NOT NULL,
    members BIGINT NOT NULL CHECK (members >= 0),
    next_reference_day DATE NOT NULL,
    notes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    looked_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, name_key),
    UNIQUE (org_id, id)
);

CREATE INDEX indexes_looked_at ON indexes (looked_at);

-- The rules of an index from a reference day on; the first ones have held since ever.
CREATE TABLE index_versions (
    org_id BIGINT NOT NULL,
    index_id TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    since DATE,
    rules TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (index_id, version),
    FOREIGN KEY (org_id, index_id) REFERENCES indexes (org_id, id) ON DELETE CASCADE
);

-- What was published, by computation. `data` has the days since 1970-01-01 as int64, then the levels without and with distributions as
-- float64, little-endian. A revision grows by new days; other levels for old days are a new revision.
CREATE TABLE index_revisions (
    org_id BIGINT NOT NULL,
    index_id TEXT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    why TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    data BYTEA NOT NULL,
    PRIMARY KEY (index_id, revision),
    FOREIGN KEY (org_id, index_id) REFERENCES indexes (org_id, id) ON DELETE CASCADE
);

-- The ledger of a revision, of which lines are only added. `positions` has the weights before, the weights after and the quantities of
-- `tickers` as float64, little-endian.
CREATE TABLE index_rebalancings (
    org_id BIGINT NOT NULL,
    index_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    day DATE NOT NULL,
    reference_day DATE,
    kind TEXT NOT NULL CHECK (kind IN ('start', 'rebalancing', 'removal', 'skipped')),
    why TEXT NOT NULL,
    version BIGINT NOT NULL,
    level DOUBLE PRECISION NOT NULL,
    divisor_before DOUBLE PRECISION NOT NULL,
    divisor_after DOUBLE PRECISION NOT NULL,
    turnover DOUBLE PRECISION NOT NULL,
    cost DOUBLE PRECISION NOT NULL,
    tickers TEXT NOT NULL,
    positions BYTEA NOT NULL,
    left_out TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (index_id, revision, number),
    FOREIGN KEY (org_id, index_id) REFERENCES indexes (org_id, id) ON DELETE CASCADE
);

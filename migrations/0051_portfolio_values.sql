-- Values by day that performance was computed from: closes of tickers, rates between currencies, lines of benchmarks. Days that come are added to
-- the newest revision; where earlier days or the `head` differ, there is another revision. `sha256` is of the head and all rows. The rows are in
-- parts of 512, each with its days since 1970-01-01 as int64, its values as float64, and for rates the day that each is of as int64.
CREATE TABLE priced_lines (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('closes', 'rates', 'benchmark')),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    revision BIGINT NOT NULL CHECK (revision > 0),
    head TEXT NOT NULL,
    rows BIGINT NOT NULL CHECK (rows >= 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, kind, name, revision)
);

CREATE TABLE priced_line_parts (
    org_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    part BIGINT NOT NULL CHECK (part >= 0),
    data BYTEA NOT NULL,
    PRIMARY KEY (org_id, kind, name, revision, part),
    FOREIGN KEY (org_id, kind, name, revision) REFERENCES priced_lines (org_id, kind, name, revision) ON DELETE CASCADE
);

-- The prices and rates of an answer, which never change. `digest` is of them; `covers` of their names, so that a pack of the same day and names
-- supersedes the one before. `contents` is JSON: arrays of kind, name, revision, rows and digest of each line, and its last value.
CREATE TABLE pricing_packs (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    id TEXT NOT NULL UNIQUE,
    day DATE NOT NULL,
    covers TEXT NOT NULL CHECK (length(covers) = 64),
    supersedes TEXT,
    lines BIGINT NOT NULL CHECK (lines > 0),
    contents TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, digest)
);
CREATE INDEX pricing_packs_by_day ON pricing_packs (org_id, day, id);
CREATE INDEX pricing_packs_by_age ON pricing_packs (org_id, created_at);

-- What of a ledger is new since a version, and whether anything ended.
CREATE INDEX portfolio_transactions_since ON portfolio_transactions (portfolio_id, since_version);
CREATE INDEX portfolio_transactions_until ON portfolio_transactions (portfolio_id, until_version) WHERE until_version IS NOT NULL;

-- What portfolios were worth at the end of their days, as it was computed then: each day whole, by the pricing pack and the version of the ledger
-- that it names. `twr` is the return of the day, `growth` what 1 has become since the first one.
CREATE TABLE portfolio_valuations (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id) ON DELETE CASCADE,
    day DATE NOT NULL,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    currency TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    cash DOUBLE PRECISION NOT NULL,
    flows DOUBLE PRECISION NOT NULL,
    twr DOUBLE PRECISION NOT NULL,
    growth DOUBLE PRECISION NOT NULL,
    pack TEXT NOT NULL CHECK (length(pack) = 64),
    ledger_version BIGINT NOT NULL CHECK (ledger_version > 0),
    valued_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);
CREATE INDEX portfolio_valuations_of_org ON portfolio_valuations (org_id);

-- The first schema: organizations, prices, analyses, the watchlist and API keys.
-- One text for both engines: SQLite takes the Postgres type names, and database.py gives TIMESTAMPTZ and DATE their meaning there.

CREATE TABLE organizations (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- 0 owns what is shared (bundled and provider prices); 1 is the first tenant, for which the master key acts.
INSERT INTO organizations (id, name, created_at) VALUES
    (0, 'Shared', '2026-01-01T00:00:00.000000Z'),
    (1, 'Default', '2026-01-01T00:00:00.000000Z');

-- One row holds the whole daily history of a ticker as packed columns (models/price_series.py has the layout).
CREATE TABLE price_series (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    name TEXT,
    provider TEXT NOT NULL,
    adjusted BOOLEAN NOT NULL,
    bars BIGINT NOT NULL CHECK (bars > 0),
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    data BYTEA NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker),
    CHECK (first_day <= last_day)
);

-- What is filtered or sorted by is a column; `parameters` is what the engine was told, as JSON;
-- `body` is the whole result as JSON, sent as it is stored.
CREATE TABLE analysis_results (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL,
    strategy TEXT NOT NULL,
    as_of DATE NOT NULL,
    bars BIGINT NOT NULL,
    close DOUBLE PRECISION NOT NULL,
    score DOUBLE PRECISION NOT NULL CHECK (score BETWEEN -1 AND 1),
    verdict TEXT NOT NULL CHECK (verdict IN ('Strong Buy', 'Buy', 'Hold', 'Sell', 'Strong Sell')),
    signal TEXT NOT NULL CHECK (signal IN ('BUY', 'SELL', 'HOLD')),
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
    parameters TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, fingerprint)
);

CREATE INDEX analysis_results_history ON analysis_results (org_id, ticker, created_at DESC, id DESC);

-- The screener's newest result per ticker and strategy, kept as results are written; never searched for.
CREATE TABLE latest_results (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL,
    strategy TEXT NOT NULL,
    result_id TEXT NOT NULL REFERENCES analysis_results (id),
    score DOUBLE PRECISION NOT NULL,
    verdict TEXT NOT NULL,
    analysed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker, strategy)
);

CREATE INDEX latest_results_score ON latest_results (org_id, score, ticker, strategy);
CREATE INDEX latest_results_result ON latest_results (result_id);

CREATE TABLE watchlist_items (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL,
    name TEXT,
    notes TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker)
);

-- Only the SHA-256 of a key is kept; a key is 32 random bytes, so a slow hash would add cost and no safety.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    key_sha256 TEXT NOT NULL UNIQUE CHECK (length(key_sha256) = 64),
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

-- Exchange rates by currency: units of it for one euro. Organization 0 has those that are fetched; an organization's own hides them. `data` has
-- the days since 1970-01-01 as int64, then the rates as float64, little-endian; days without a rate are left out.
CREATE TABLE fx_rates (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3 AND currency <> 'EUR'),
    source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 60),
    data BYTEA NOT NULL,
    rates BIGINT NOT NULL CHECK (rates > 0),
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    last_rate DOUBLE PRECISION NOT NULL CHECK (last_rate > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    updated_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    PRIMARY KEY (org_id, currency)
);

-- The last attempts to fetch rates.
CREATE TABLE fx_fetches (
    source TEXT PRIMARY KEY CHECK (length(source) BETWEEN 1 AND 60),
    fetched_at TIMESTAMPTZ,
    error TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    next_at TIMESTAMPTZ NOT NULL
);

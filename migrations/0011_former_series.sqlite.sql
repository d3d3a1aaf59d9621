-- The series that an upload replaced or a deletion removed, for a week: restoring it swaps it with what is stored. A table of its own, because a
-- second series in price_series would lie in the way of every read of a head. `actions` are the corporate actions of then, as JSON;
-- `steps` and the bases are NULL where the series had no row in series_basis. `data` comes last: SQLite reads what lies behind it slowly.
CREATE TABLE former_series (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL,
    name TEXT,
    provider TEXT NOT NULL,
    adjusted BOOLEAN NOT NULL,
    bars BIGINT NOT NULL CHECK (bars > 0),
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    updated_at TIMESTAMPTZ NOT NULL,
    price_basis TEXT,
    volume_basis TEXT,
    declared_price_basis TEXT,
    declared_volume_basis TEXT,
    steps TEXT,
    actions TEXT NOT NULL,
    deleted BOOLEAN NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (org_id, ticker)
);

CREATE INDEX former_series_age ON former_series (replaced_at);

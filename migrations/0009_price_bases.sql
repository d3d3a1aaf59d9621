-- On what footing the numbers of a series stand. It is no part of price_series, where columns behind the bars are slow to read.

-- A series without a row is of unknown bases: it is taken as it was delivered. Bases are declared by the user or the file, or found from the
-- prices around known splits; the declared ones are kept apart, because what is found changes with prices and actions. `steps` is JSON (models/footing.py): what an analysis
-- multiplies the bars before certain days by, found from the bases and the actions below; NULL where there is nothing to do.
CREATE TABLE series_basis (
    org_id BIGINT NOT NULL,
    ticker TEXT NOT NULL,
    price_basis TEXT NOT NULL CHECK (price_basis IN ('as_traded', 'split_adjusted', 'unknown')),
    volume_basis TEXT NOT NULL CHECK (volume_basis IN ('as_traded', 'split_adjusted', 'unknown')),
    declared_price_basis TEXT NOT NULL CHECK (declared_price_basis IN ('as_traded', 'split_adjusted', 'unknown')),
    declared_volume_basis TEXT NOT NULL CHECK (declared_volume_basis IN ('as_traded', 'split_adjusted', 'unknown')),
    steps TEXT,
    PRIMARY KEY (org_id, ticker),
    FOREIGN KEY (org_id, ticker) REFERENCES price_series (org_id, ticker) ON DELETE CASCADE
);

-- What companies did to their shares, as sources report it and as merging two histories finds it. A split has a numerator and a denominator
-- (3:2 gives three shares for two), a dividend and a capital gain the amount per share as paid on their day. Actions outlive their series.
CREATE TABLE corporate_actions (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL,
    effective_day DATE NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('split', 'dividend', 'capital_gain')),
    numerator BIGINT CHECK (numerator > 0),
    denominator BIGINT CHECK (denominator > 0),
    amount DOUBLE PRECISION CHECK (amount > 0),
    currency TEXT,
    source TEXT NOT NULL,
    captured_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, ticker, effective_day, kind, source),
    CHECK ((kind = 'split') = (numerator IS NOT NULL)),
    CHECK ((kind = 'split') = (denominator IS NOT NULL)),
    CHECK ((kind = 'split') = (amount IS NULL))
);

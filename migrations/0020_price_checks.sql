-- What a comparison of a ticker's stored closes with those of another provider found: the newest one of each ticker.
CREATE TABLE price_checks (
    ticker TEXT PRIMARY KEY CHECK (length(ticker) BETWEEN 1 AND 20),
    provider TEXT NOT NULL,
    other TEXT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    days BIGINT NOT NULL CHECK (days >= 0),
    differing BIGINT NOT NULL CHECK (differing >= 0),
    missing BIGINT NOT NULL CHECK (missing >= 0),
    worst_day DATE,
    worst_percent DOUBLE PRECISION
);

-- Backtests of single tickers, found again by the fingerprint of all that they depend on. `detail` has the trades and the equity as compressed
-- JSON; it is null where a job made the backtest, and is then computed again from the same prices.
CREATE TABLE backtests (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    strategy TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    total_return DOUBLE PRECISION NOT NULL,
    benchmark_return DOUBLE PRECISION NOT NULL,
    sharpe DOUBLE PRECISION,
    max_drawdown DOUBLE PRECISION NOT NULL,
    trades BIGINT NOT NULL,
    daily_sharpe DOUBLE PRECISION,
    observations BIGINT,
    skewness DOUBLE PRECISION,
    kurtosis DOUBLE PRECISION,
    parameters TEXT NOT NULL,
    report TEXT NOT NULL,
    detail BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, fingerprint)
);

CREATE INDEX backtests_list ON backtests (org_id, id DESC);
CREATE INDEX backtests_of_ticker ON backtests (org_id, ticker, id DESC);

-- The sets of parameters that were ever tried on a ticker, each once however often it is repeated. They stay when their backtests are removed:
-- the number of trials is part of what a good one is worth.
CREATE TABLE trials (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    digest TEXT NOT NULL,
    sharpe DOUBLE PRECISION,
    observations BIGINT,
    first_tried_at TIMESTAMPTZ NOT NULL,
    last_tried_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker, digest)
);

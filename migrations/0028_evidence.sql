-- The record of a strategy's verdicts on a ticker: one row per fingerprint of all that it depends on, and the whole answer as JSON.
CREATE TABLE evidence (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    fingerprint TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (org_id, fingerprint)
);

CREATE INDEX evidence_age ON evidence (org_id, ticker, created_at, fingerprint);

-- The same over a universe, which a job counts; `universe` is null where tickers were named. `sums` and `body` are null until the job has ended:
-- then its parts are added up in `sums`, and `body` is the answer as JSON.
CREATE TABLE calibrations (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    job_id TEXT NOT NULL,
    strategy TEXT NOT NULL,
    universe TEXT,
    params TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    sums BYTEA,
    body TEXT,
    CHECK ((finished_at IS NULL) = (body IS NULL)),
    CHECK ((finished_at IS NULL) = (sums IS NULL))
);

CREATE INDEX calibrations_list ON calibrations (org_id, strategy, id DESC);
CREATE INDEX calibrations_job ON calibrations (job_id);

-- What the chunks of a job counted, each written once, in the transaction that ends its items.
CREATE TABLE calibration_parts (
    calibration_id TEXT NOT NULL REFERENCES calibrations (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (calibration_id, id)
);

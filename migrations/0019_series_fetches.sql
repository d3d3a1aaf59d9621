-- Where a fetched series comes from, and what its last fetch did. `provisional_day` is its newest day if that bar was fetched before its
-- exchange's day was over. At `replaced_at` its history was last replaced as one: results of before are superseded.
CREATE TABLE series_fetches (
    org_id BIGINT NOT NULL,
    ticker TEXT NOT NULL,
    provider TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 40),
    fetched_at TIMESTAMPTZ NOT NULL,
    provisional_day DATE,
    currency TEXT,
    time_zone TEXT,
    exchange TEXT,
    is_whole BOOLEAN NOT NULL,
    reason TEXT,
    added BIGINT NOT NULL CHECK (added >= 0),
    changed BIGINT NOT NULL CHECK (changed >= 0),
    replaced_at TIMESTAMPTZ,
    PRIMARY KEY (org_id, ticker),
    FOREIGN KEY (org_id, ticker) REFERENCES price_series (org_id, ticker) ON DELETE CASCADE
);

-- The last time that no provider had prices of a ticker, whether or not it has a series; removed by the next fetch that succeeds.
CREATE TABLE fetch_failures (
    ticker TEXT PRIMARY KEY CHECK (length(ticker) BETWEEN 1 AND 20),
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL
);

-- How each provider has answered last, over all processes. After several failures in a row it is not asked until `closed_until`.
CREATE TABLE provider_states (
    provider TEXT PRIMARY KEY CHECK (length(provider) BETWEEN 1 AND 40),
    failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    closed_until TIMESTAMPTZ,
    last_success_at TIMESTAMPTZ,
    last_error TEXT,
    last_fault TEXT,
    last_error_at TIMESTAMPTZ
);

-- Delayed items, which no worker has: jobs tell until when they wait.
CREATE INDEX analysis_job_items_delayed ON analysis_job_items (job_id) WHERE worker = '' AND status = 'processing';

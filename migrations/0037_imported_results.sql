-- Results of an earlier tool. They are not results of this engine: there are no prices, votes or plan behind them, and nothing can compute
-- them again, so they are never the latest, superseded or a part of a live record. `job_ref` is the earlier tool's id of the job that made it.
CREATE TABLE imported_results (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    name TEXT,
    strategy TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('Strong Buy', 'Buy', 'Hold', 'Sell', 'Strong Sell')),
    score DOUBLE PRECISION CHECK (score BETWEEN -1 AND 1),
    entry DOUBLE PRECISION,
    stop_loss DOUBLE PRECISION,
    target DOUBLE PRECISION,
    is_whole BOOLEAN NOT NULL,
    details TEXT NOT NULL,
    job_ref TEXT,
    analysed_at TIMESTAMPTZ NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX imported_results_list ON imported_results (org_id, analysed_at DESC, id DESC);
CREATE INDEX imported_results_of_ticker ON imported_results (org_id, ticker, analysed_at DESC, id DESC);
CREATE INDEX imported_results_of_job ON imported_results (org_id, job_ref, ticker) WHERE job_ref IS NOT NULL;

-- What the screener filters and sorts by stands beside the latest result: written with it in one statement, and never searched for in the JSON.

-- They are those of the result `screened_id`. Where that is not `result_id` (rows from before, and what older code writes during a deploy),
-- maintenance fills them in from the stored JSON. Percentages are from the day before, over 20 bars, and from the close to the entry. `votes` has a digit for each
-- of the twelve indicators in the order of models/indicator.py: 1 sell, 2 neutral, 3 buy, 0 not available.
ALTER TABLE latest_results ADD COLUMN screened_id TEXT;
ALTER TABLE latest_results ADD COLUMN as_of DATE;
ALTER TABLE latest_results ADD COLUMN close DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN change_percent DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN month_percent DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN volume DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN rsi DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN entry DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN stop_loss DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN target DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN distance_percent DOUBLE PRECISION;
ALTER TABLE latest_results ADD COLUMN votes TEXT CHECK (length(votes) = 12);
-- Of the result before, which retention may remove.
ALTER TABLE latest_results ADD COLUMN previous_score DOUBLE PRECISION;

-- A list of the screener under a name: what GET /results takes, as JSON.
CREATE TABLE saved_screens (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    query TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, name)
);

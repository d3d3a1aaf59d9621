-- What the dashboard's first page shows of many tickers at once, kept as it is written so that it is never searched for.

-- The newest closes of each series, cut out of its packed columns (models/recent_closes.py): a page of 500 sparklines must not load 500
-- whole histories. `closes` are adjusted where the source adjusts; `last_close` is the newest as traded, which they are scaled to.
CREATE TABLE recent_closes (
    org_id BIGINT NOT NULL,
    ticker TEXT NOT NULL,
    last_day DATE NOT NULL,
    closes BYTEA NOT NULL,
    last_close BYTEA NOT NULL,
    PRIMARY KEY (org_id, ticker),
    FOREIGN KEY (org_id, ticker) REFERENCES price_series (org_id, ticker) ON DELETE CASCADE
);

-- Of the columns day, open, high, low, close, adj_close and volume, close is number 4 from 0; 60 values of 8 bytes are taken.
INSERT INTO recent_closes (org_id, ticker, last_day, closes, last_close)
SELECT
    org_id,
    ticker,
    last_day,
    substr(
        data,
        CAST(8 * (bars * CASE WHEN adjusted THEN 5 ELSE 4 END + CASE WHEN bars > 60 THEN bars - 60 ELSE 0 END) + 1 AS INTEGER),
        CAST(8 * CASE WHEN bars > 60 THEN 60 ELSE bars END AS INTEGER)
    ),
    substr(data, CAST(8 * (bars * 5 - 1) + 1 AS INTEGER), 8)
FROM price_series;

-- The result that the screener showed before its newest one, for saying what changed; retention may have removed it.
ALTER TABLE latest_results ADD COLUMN previous_id TEXT;

-- Until now it was not kept: the one made before, of the same strategy with nothing overridden.
UPDATE latest_results SET previous_id = (
    SELECT p.id
    FROM analysis_results AS r
    JOIN analysis_results AS p ON p.org_id = r.org_id AND p.ticker = r.ticker
    WHERE r.id = latest_results.result_id AND p.strategy = r.strategy AND p.parameters = r.parameters
        AND (p.created_at, p.id) < (r.created_at, r.id)
    ORDER BY p.created_at DESC, p.id DESC
    LIMIT 1
);

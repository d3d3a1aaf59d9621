-- What the overview tells: since when a verdict holds and what it was before, which analyses failed, and the order of the watchlist by hand.

-- When the present verdict was first given, and the newest day of prices that it was given for; NULL where it was before this migration.
ALTER TABLE latest_results ADD COLUMN verdict_since TIMESTAMPTZ;
ALTER TABLE latest_results ADD COLUMN verdict_since_day DATE;
-- The verdict before the present one; NULL while there was no other.
ALTER TABLE latest_results ADD COLUMN former_verdict TEXT;

-- Until now a change was only known where the result before the latest has another verdict.
UPDATE latest_results SET
    verdict_since = analysed_at,
    verdict_since_day = (SELECT r.as_of FROM analysis_results AS r WHERE r.id = latest_results.result_id),
    former_verdict = (SELECT p.verdict FROM analysis_results AS p WHERE p.id = latest_results.previous_id)
WHERE EXISTS (
    SELECT 1
    FROM analysis_results AS p
    WHERE p.id = latest_results.previous_id AND p.verdict <> latest_results.verdict
);

-- The last failure of an analysis of a followed ticker by a strategy, with the digest of the series that failed; NULL where there was none.
-- A failure stands until there is a newer result or another series, so that a success need not remove it.
CREATE TABLE latest_failures (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    strategy TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    sha256 TEXT CHECK (length(sha256) = 64),
    failed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker, strategy)
);

-- The place in the order by hand: items stand by `position`, then by ticker. There are gaps, so that most moves change one row. An item
-- that an older version adds comes first.
ALTER TABLE watchlist_items ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
UPDATE watchlist_items SET position = numbered.position
FROM (
    SELECT org_id, ticker, 1024 * row_number() OVER (PARTITION BY org_id ORDER BY ticker) AS position
    FROM watchlist_items
) AS numbered
WHERE numbered.org_id = watchlist_items.org_id AND numbered.ticker = watchlist_items.ticker;
CREATE INDEX watchlist_items_by_hand ON watchlist_items (org_id, position, ticker);

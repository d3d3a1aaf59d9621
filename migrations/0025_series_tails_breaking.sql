-- The newest bars of a fetched series, packed like the series. A series is one large row, which would be written anew for one bar a day; so
-- for some weeks only these are. The bars of a series are the first `kept` of its row and these; its head tells of all of them.
-- Breaking: code of before reads the row alone, finds fewer bars than the head tells of, and takes the series for damaged.
CREATE TABLE series_tails (
    org_id BIGINT NOT NULL,
    ticker TEXT NOT NULL,
    kept BIGINT NOT NULL CHECK (kept > 0),
    data BYTEA NOT NULL,
    PRIMARY KEY (org_id, ticker),
    FOREIGN KEY (org_id, ticker) REFERENCES price_series (org_id, ticker) ON DELETE CASCADE
);

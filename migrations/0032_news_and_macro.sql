-- Feeds that an organization reads, and where the next reading stands. `failures` counts those in a row.
CREATE TABLE feeds (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    ticker TEXT CHECK (length(ticker) BETWEEN 1 AND 20),
    title TEXT CHECK (length(title) BETWEEN 1 AND 200),
    enabled BOOLEAN NOT NULL,
    etag TEXT,
    last_modified TEXT,
    told_title TEXT,
    fetched_at TIMESTAMPTZ,
    error TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    next_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, url)
);

CREATE INDEX feeds_due ON feeds (next_at) WHERE enabled;

-- What feeds told, each once: feeds repeat items, some under another guid, some under another link. `listed_at` is when an item was published,
-- or when it was first read where its feed tells no time that can be.
CREATE TABLE news_items (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    feed_id TEXT NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    guid_digest TEXT NOT NULL CHECK (length(guid_digest) = 64),
    content_digest TEXT NOT NULL CHECK (length(content_digest) = 64),
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 400),
    link TEXT CHECK (length(link) BETWEEN 1 AND 2000),
    source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    published_at TIMESTAMPTZ,
    fetched_at TIMESTAMPTZ NOT NULL,
    listed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (feed_id, guid_digest),
    UNIQUE (feed_id, content_digest)
);

CREATE INDEX news_list ON news_items (org_id, listed_at DESC, id DESC);
CREATE INDEX news_of_feed ON news_items (feed_id, listed_at DESC, id DESC);
CREATE INDEX news_age ON news_items (listed_at);

-- The tickers that an item is about, with the rule by which that was found and the text that it found.
CREATE TABLE news_tickers (
    item_id TEXT NOT NULL REFERENCES news_items (id) ON DELETE CASCADE,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    rule TEXT NOT NULL CHECK (rule IN ('feed', 'cash_tag', 'exchange_tag', 'company_name')),
    matched TEXT,
    place TEXT CHECK (place IN ('title', 'summary')),
    listed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (item_id, ticker)
);

CREATE INDEX news_of_ticker ON news_tickers (org_id, ticker, listed_at DESC, item_id DESC);

-- Series of macroeconomic observations. Organization 0 has those of a provider; an organization's own hides the shared one. `data` has the days
-- since 1970-01-01 as int64, then the values as float64, little-endian; days without a value are left out and counted in `missing`.
CREATE TABLE macro_series (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    series TEXT NOT NULL CHECK (length(series) BETWEEN 1 AND 40),
    title TEXT CHECK (length(title) BETWEEN 1 AND 200),
    source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 60),
    data BYTEA NOT NULL,
    observations BIGINT NOT NULL CHECK (observations > 0),
    missing BIGINT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    updated_at TIMESTAMPTZ NOT NULL,
    changed_by TEXT,
    PRIMARY KEY (org_id, series)
);

-- The last attempts to fetch a shared series.
CREATE TABLE macro_fetches (
    series TEXT PRIMARY KEY CHECK (length(series) BETWEEN 1 AND 40),
    fetched_at TIMESTAMPTZ,
    error TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    next_at TIMESTAMPTZ NOT NULL
);

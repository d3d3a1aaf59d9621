-- Named watch lists. The default list has no row here, and its items stay in watchlist_items, which older code reads and writes during a deploy.

CREATE TABLE watchlists (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    -- The name as it is compared: in lower case and one form of Unicode.
    name_key TEXT NOT NULL,
    position BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, name_key),
    UNIQUE (org_id, id)
);

CREATE TABLE named_watchlist_items (
    org_id BIGINT NOT NULL,
    list_id TEXT NOT NULL,
    ticker TEXT NOT NULL,
    name TEXT,
    notes TEXT,
    position BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, list_id, ticker),
    FOREIGN KEY (org_id, list_id) REFERENCES watchlists (org_id, id) ON DELETE CASCADE
);
CREATE INDEX named_watchlist_items_by_hand ON named_watchlist_items (org_id, list_id, position, ticker);
CREATE INDEX named_watchlist_items_by_ticker ON named_watchlist_items (org_id, ticker);

-- What is known of a ticker beside its prices. Organization 0 has what everybody may know; an organization's own facts hide those. `exchange` is a
-- market identifier code where it is known, else the source's own name; `kind` is stock, etf, … in the source's word.
CREATE TABLE symbols (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    name TEXT CHECK (length(name) BETWEEN 1 AND 200),
    exchange TEXT CHECK (length(exchange) BETWEEN 1 AND 40),
    currency TEXT CHECK (length(currency) BETWEEN 1 AND 10),
    kind TEXT CHECK (length(kind) BETWEEN 1 AND 40),
    sector TEXT CHECK (length(sector) BETWEEN 1 AND 80),
    source TEXT NOT NULL CHECK (length(source) BETWEEN 1 AND 60),
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, ticker)
);

-- A set of tickers under a name, replaced as one. `sha256` is of what it was replaced with, so that the same again writes nothing.
CREATE TABLE universes (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    tickers BIGINT NOT NULL CHECK (tickers > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, name)
);

CREATE TABLE universe_items (
    org_id BIGINT NOT NULL,
    universe TEXT NOT NULL,
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    PRIMARY KEY (org_id, universe, ticker),
    FOREIGN KEY (org_id, universe) REFERENCES universes (org_id, name) ON DELETE CASCADE
);

-- The tickers of securities as files of transactions name them, as an organization has told: by ISIN, by a broker's symbol or by name, in capitals.
CREATE TABLE portfolio_symbols (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    security TEXT NOT NULL CHECK (length(security) BETWEEN 1 AND 200),
    ticker TEXT NOT NULL CHECK (length(ticker) BETWEEN 1 AND 20),
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, security)
);

-- The providers that a ticker's shared prices are asked of, in this order, where that is not the order of the settings: names separated by commas.
CREATE TABLE ticker_providers (
    ticker TEXT PRIMARY KEY CHECK (length(ticker) BETWEEN 1 AND 20),
    providers TEXT NOT NULL CHECK (length(providers) BETWEEN 1 AND 200),
    updated_at TIMESTAMPTZ NOT NULL
);

-- Portfolios and their ledgers. Quantities and money are decimals written as text: exact, and as they were given, on both engines.
-- `version` grows with each change of the portfolio or of its transactions; `transactions` counts those that stand.
CREATE TABLE portfolios (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    name_key TEXT NOT NULL,
    base_currency TEXT NOT NULL CHECK (length(base_currency) = 3),
    benchmark TEXT CHECK (length(benchmark) BETWEEN 1 AND 36),
    cost_method TEXT NOT NULL CHECK (cost_method IN ('fifo', 'average')),
    version BIGINT NOT NULL CHECK (version > 0),
    transactions BIGINT NOT NULL CHECK (transactions >= 0),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (org_id, name_key)
);

-- What a portfolio was booked by since one of its versions, so that what was said at an earlier one can be computed again.
CREATE TABLE portfolio_terms (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id) ON DELETE CASCADE,
    since_version BIGINT NOT NULL CHECK (since_version > 0),
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    base_currency TEXT NOT NULL,
    benchmark TEXT,
    cost_method TEXT NOT NULL,
    PRIMARY KEY (portfolio_id, since_version)
);
CREATE INDEX portfolio_terms_of_org ON portfolio_terms (org_id);

-- A row is never changed, but for the version with which it stops to stand: a correction adds another row of the same id.
CREATE TABLE portfolio_transactions (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    since_version BIGINT NOT NULL CHECK (since_version > 0),
    until_version BIGINT CHECK (until_version > since_version),
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    type TEXT NOT NULL CHECK (type IN (
        'buy', 'sell', 'dividend', 'interest', 'fee', 'tax', 'deposit', 'withdrawal', 'transfer_in', 'transfer_out', 'split'
    )),
    day DATE NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    ticker TEXT CHECK (length(ticker) BETWEEN 1 AND 20),
    quantity TEXT,
    price TEXT,
    amount TEXT,
    fee TEXT NOT NULL,
    tax TEXT NOT NULL,
    fx_rate TEXT,
    acquired DATE,
    numerator BIGINT CHECK (numerator > 0),
    denominator BIGINT CHECK (denominator > 0),
    note TEXT,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (portfolio_id, id, since_version),
    CHECK ((type = 'split') = (numerator IS NOT NULL)),
    CHECK ((type = 'split') = (denominator IS NOT NULL)),
    CHECK (ticker IS NOT NULL OR quantity IS NULL)
);
CREATE UNIQUE INDEX portfolio_transactions_standing ON portfolio_transactions (portfolio_id, id) WHERE until_version IS NULL;
CREATE INDEX portfolio_transactions_list ON portfolio_transactions (portfolio_id, day, id) WHERE until_version IS NULL;
CREATE INDEX portfolio_transactions_ticker ON portfolio_transactions (portfolio_id, ticker) WHERE until_version IS NULL;
CREATE INDEX portfolio_transactions_of_org ON portfolio_transactions (org_id);

-- The tickers that a portfolio holds, written with its ledger: for universes, lists and whatever asks who holds a ticker.
CREATE TABLE portfolio_tickers (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id) ON DELETE CASCADE,
    ticker TEXT NOT NULL,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (portfolio_id, ticker)
);
CREATE INDEX portfolio_tickers_of_org ON portfolio_tickers (org_id, ticker);

-- What was decided about a dividend that the corporate actions propose. `dividend_key` names the payment: its ticker, its day and its kind.
CREATE TABLE dividend_decisions (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id) ON DELETE CASCADE,
    dividend_key TEXT NOT NULL CHECK (length(dividend_key) BETWEEN 1 AND 60),
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    decision TEXT NOT NULL CHECK (decision IN ('booked', 'dismissed')),
    transaction_id TEXT,
    decided_at TIMESTAMPTZ NOT NULL,
    decided_by TEXT,
    PRIMARY KEY (portfolio_id, dividend_key),
    CHECK ((decision = 'booked') = (transaction_id IS NOT NULL))
);
CREATE INDEX dividend_decisions_of_org ON dividend_decisions (org_id);

-- The calls to providers of prices, by the second in which they were reserved (UTC, since 1970), so that no window of a minute or an hour, wherever
-- it begins, has more than a provider allows. They are counted before they are made: a process that is killed has spent its calls.
CREATE TABLE provider_calls (
    provider TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 40),
    second BIGINT NOT NULL,
    calls BIGINT NOT NULL CHECK (calls > 0),
    PRIMARY KEY (provider, second)
);

-- What a provider itself has closed, by saying that its calls are used up.
CREATE TABLE provider_budgets (
    provider TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 40),
    span TEXT NOT NULL CHECK (span IN ('minute', 'hour', 'day', 'month')),
    closed_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (provider, span)
);

"""What is told of the exchange of a ticker, for the statements that read prices: the rule is that of `infrastructure.exchanges`."""

from models.api_key import SHARED_ORG


def told_exchange(ticker: str) -> str:
    """What a ticker's exchange is told to be, as a value: by its provider, the last fetch `f`, else by what the organization knows of it.

    `ticker` is a column of the statement, which has the parameter `org_id`.
    """
    return f"""COALESCE(f.exchange, (
        SELECT y.exchange
        FROM symbols AS y
        WHERE y.ticker = {ticker} AND y.org_id IN (:org_id, {SHARED_ORG}) AND y.exchange IS NOT NULL
        ORDER BY y.org_id DESC
        LIMIT 1
    ))"""

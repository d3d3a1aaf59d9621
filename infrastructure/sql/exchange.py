"""What is told of a ticker, for the statements that read prices: its exchange, by the rule of `infrastructure.exchanges`, and its name."""

from models.api_key import SHARED_ORG


def told_exchange(ticker: str) -> str:
    """What a ticker's exchange is told to be, as a value: by its provider, the last fetch `f`, else by what the organization knows of it.

    `ticker` is a column of the statement, which has the parameter `org_id`.
    """
    return f"COALESCE(f.exchange, {_known('exchange', ticker)})"


def told_name(ticker: str, given: str) -> str:
    """The name that the column `given` has, else what the organization knows of the ticker; likewise a value."""
    return f"COALESCE({given}, {_known('name', ticker)})"


def _known(fact: str, ticker: str) -> str:
    return f"""(
        SELECT y.{fact}
        FROM symbols AS y
        WHERE y.ticker = {ticker} AND y.org_id IN (:org_id, {SHARED_ORG}) AND y.{fact} IS NOT NULL
        ORDER BY y.org_id DESC
        LIMIT 1
    )"""

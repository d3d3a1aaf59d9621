"""Price files over a split, as traded and restated, and the telling of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kit.support import Client

HEADER = "Date,Open,High,Low,Close,Volume\n"
FIRST = date(2024, 1, 1)
SPLIT_AT, BARS = 150, 300
SPLIT_DAY = FIRST + timedelta(days=SPLIT_AT)


def price(at: int) -> float:
    return 50 + (at * 37 % 23) / 4 + at / 20


def traded_file(ratio: float = 2.0, adjusted: bool = False) -> str:
    """Prices and volumes as traded over a split."""
    lines = ["Date,Open,High,Low,Close," + ("Adj Close," if adjusted else "") + "Volume"]
    for at in range(BARS):
        shares = ratio if at >= SPLIT_AT else 1.0
        close = price(at) / shares
        more = f"{price(at) / ratio!r}," if adjusted else ""
        lines.append(f"{FIRST + timedelta(days=at)},{close!r},{close * 1.02!r},{close * 0.98!r},{close!r},{more}{(1000 + at) * shares:.0f}")
    return "\n".join(lines)


def restated_file(ratio: float = 2.0) -> str:
    """The same company, restated for the split."""
    lines = ["Date,Open,High,Low,Close,Volume"]
    for at in range(BARS):
        close = price(at) / ratio
        lines.append(f"{FIRST + timedelta(days=at)},{close!r},{close * 1.02!r},{close * 0.98!r},{close!r},{(1000 + at) * ratio:.0f}")
    return "\n".join(lines)


def tell(client: Client, ticker: str, **action: Any) -> Any:
    return client.post(f"/prices/{ticker}/actions", {"effective_day": str(SPLIT_DAY), **action})


def tell_split(client: Client, ticker: str) -> Any:
    return tell(client, ticker, kind="split", numerator=2, denominator=1)

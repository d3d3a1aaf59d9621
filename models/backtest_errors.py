"""Errors of backtests; the docstring is the default message."""

from __future__ import annotations

from datetime import date

from models.day_text import day_text
from models.errors import BellwetherError, Conflict, NotFound


class BacktestNotFound(NotFound):
    """There is no such backtest."""

    def __init__(self, backtest_id: str) -> None:
        self.backtest_id = backtest_id
        super().__init__("There is no backtest with this id. Old ones are removed; see GET /api/v1/backtests.")


class TooShortToBacktest(BellwetherError):
    """There is no day to trade."""

    code = "insufficient_history"

    def __init__(self, ticker: str, bars: int, needed: int, start: date | None) -> None:
        """`start` is the day that was asked for, if any."""
        self.ticker, self.bars, self.needed = ticker, bars, needed
        asked = f" from {day_text(start)} on" if start and bars >= needed else ""
        super().__init__(
            f"No day{asked} can be traded: a backtest of {ticker} needs {needed - 2} bars before the first verdict that counts and one bar "
            f"after it, and there are {bars:,} bars."
        )


class BacktestPricesReplaced(Conflict):
    """What the backtest was computed from is no longer the same."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(
            "A job made this backtest and kept neither its trades nor its equity, and since then the prices or the rules have changed. "
            f"Run it again: POST /api/v1/backtests for {ticker}."
        )

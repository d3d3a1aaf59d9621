"""The trades of a backtest as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from utils.csv_text import csv_lines

COLUMNS = ("side", "entry_day", "entry_price", "exit_day", "exit_price", "size", "reason", "return", "profit", "bars", "open")
_ROWS = 500  # of a piece


def trades_csv(backtest: Mapping[str, Any]) -> Iterator[bytes]:
    """The trades of a parsed backtest, in pieces, with a header; a position that is still open comes last and says so."""
    trades = backtest["trades"]
    yield csv_lines([("ticker", *COLUMNS)])
    for start in range(0, len(trades), _ROWS):
        yield csv_lines([(backtest["ticker"], *(trade[name] for name in COLUMNS)) for trade in trades[start : start + _ROWS]])

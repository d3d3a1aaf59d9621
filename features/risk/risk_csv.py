"""The lines of a risk by day as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from models.risk import RiskSeries
from utils.csv_text import csv_lines

HEADER = ("day", "value", "drawdown", "volatility", "benchmark", "beta", "correlation")


def risk_csv(series: RiskSeries) -> Iterator[bytes]:
    """A header and a row for each day."""
    yield csv_lines([HEADER])
    beside = (repeat(None) if line is None else line for line in (series.benchmark, series.beta, series.correlation))
    yield csv_lines(zip(series.days, series.value, series.drawdown, series.volatility, *beside, strict=False))

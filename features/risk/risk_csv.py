"""The lines of a risk by day as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from models.risk import RiskSeries
from utils.csv_text import csv_lines

HEADER = ("day", "value", "drawdown", "volatility", "benchmark")


def risk_csv(series: RiskSeries) -> Iterator[bytes]:
    """A header and a row for each day."""
    yield csv_lines([HEADER])
    benchmark = repeat(None) if series.benchmark is None else series.benchmark
    yield csv_lines(zip(series.days, series.value, series.drawdown, series.volatility, benchmark, strict=False))

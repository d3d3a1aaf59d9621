"""The lines of a performance by day as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from models.performance import PerformanceSeries
from utils.csv_text import csv_lines

HEADER = ("day", "value", "invested", "twr", "benchmark")


def performance_csv(series: PerformanceSeries) -> Iterator[bytes]:
    """A header and a row for each day."""
    yield csv_lines([HEADER])
    benchmark = repeat(None) if series.benchmark is None else series.benchmark
    yield csv_lines(zip(series.days, series.value, series.invested, series.twr, benchmark, strict=False))

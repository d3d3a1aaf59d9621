"""The bundled sample: real daily prices of five tickers, 2000 to 2013 (data/README.md names the source)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

from features.prices.providers.base import BundledSeries
from models.footing import Bases, Basis
from models.price_series import Bar

# data/README.md: prices are as traded. Volumes are too, but for the days of splits, which have half of them.
BASES = Bases(price=Basis.AS_TRADED)
CURRENCY = "USD"  # all five are listed in New York
FILE = Path(__file__).parents[3] / "data" / "sample_prices.csv.gz"
NAMES = {
    "AAPL": "Apple Inc.",
    "FB": "Facebook, Inc.",
    "GOOG": "Google Inc.",
    "IBM": "International Business Machines Corporation",
    "MSFT": "Microsoft Corporation",
}


class SampleProvider:
    """Reads the bundled file, sorted by ticker and day."""

    name = "sample"

    def series(self) -> Iterator[BundledSeries]:
        """The five series, in order of ticker."""
        with gzip.open(FILE, "rt", newline="") as file:
            for ticker, rows in groupby(csv.DictReader(file), key=lambda row: row["Ticker"]):
                yield BundledSeries(ticker, NAMES.get(ticker), CURRENCY, adjusted=True, bases=BASES, bars=[_bar(row) for row in rows])


def _bar(row: dict[str, str]) -> Bar:
    return Bar(
        day=date.fromisoformat(row["Date"]),
        open=float(row["Open"]),
        high=float(row["High"]),
        low=float(row["Low"]),
        close=float(row["Close"]),
        adj_close=float(row["Adj Close"]),
        volume=float(row["Volume"]),
    )

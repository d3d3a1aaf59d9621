"""The ticker that a file name speaks of."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from models.ticker import normalize_ticker

ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm")
# Texts that lie beside the prices in an archive.
_COMPANIONS = frozenset(
    {"README.TXT", "READ_ME.TXT", "READ ME.TXT", "LICENSE.TXT", "LICENCE.TXT", "NOTICE.TXT", "COPYING.TXT", "CHANGELOG.TXT"}
)
_COPY = re.compile(r"\(\d+\)$")
# What sites write into the names of their files beside the ticker.
_WORDS = frozenset({
    "DAILY", "PRICE", "PRICES", "HISTORY", "HISTORICAL", "HISTORICALDATA", "HISTORICALQUOTES", "HISTORICALPRICES", "DATA", "QUOTE",
    "QUOTES", "OHLC", "OHLCV", "ADJUSTED", "MAX", "1D", "NEW", "COPY", "STOCK", "KURSE", "KURS", "DOWNLOAD", "EXPORT", "TABLE",
    "CHART", "D", "US", "NASDAQ", "NYSE", "AMEX", "XETRA", "BATS", "LSE", "TSE", "BOOK1", "SHEET1", "UNTITLED", "FILE", "CSV", "FOR",
    "OF",
})  # fmt: skip
_DATE = re.compile(r"(19|20)\d\d([-_.]?\d\d){0,2}")
_SEPARATORS = re.compile(r"[\s,;()\[\]_]+")


def may_hold_prices(name: str) -> bool:
    """Whether a file of this name in an archive is read as prices."""
    return name.lower().endswith(ENDINGS) and not name.startswith(".") and name.upper() not in _COMPANIONS


def ticker_of_name(name: str) -> str | None:
    """The ticker of a file's name: what is left without the words of sites and dates; None where that is nothing or several words."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    while stem.lower().endswith(ENDINGS):
        stem = stem.rpartition(".")[0]
    stem = _COPY.sub("", stem.strip())
    parts = [part.strip(".-") for part in _SEPARATORS.split(stem)]
    left = [part for part in parts if part and part.upper() not in _WORDS and not _DATE.fullmatch(part)]
    try:
        return normalize_ticker(left[0]) if len(left) == 1 else None
    except ValueError:
        return None

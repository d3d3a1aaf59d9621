"""Reads a price file, in whatever dialect, to bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.bars import adjusted_bars
from analysis.quality import move_warnings
from features.prices.files.bars import Columns, Mended, read_bars
from features.prices.files.dates import DateOrder, read_days
from features.prices.files.faults import LONGEST_QUOTE, Faults
from features.prices.files.header import PRICES, Header
from features.prices.files.numbers import decimal_sign, read_numbers
from features.prices.files.source import decode
from features.prices.files.table import Table, read_table, table_of
from features.prices.files.workbook import is_workbook, read_workbook
from models.analysis import PriceWarning
from models.footing import UNKNOWN, Bases
from models.import_report import Understood
from models.price_series import PackedBars

MOST_PLACES = 20  # that a warning lists


@dataclass(frozen=True)
class ReadOptions:
    """What the sender says of a file, and what is known of the series that it is for."""

    latest_day: date  # a later day is a fault
    dates: DateOrder | None = None
    stored_until: date | None = None  # the end of the series that the file extends
    leave_out_bad_rows: bool = False
    ticker: str | None = None  # that the file is said to be of
    lines: Sequence[int] = ()  # of the file that was sent, where this is a part of it: the number of each line


@dataclass(frozen=True)
class ParsedFile:
    """The bars of a file, ascending by day; `dropped` counts rows that were left out."""

    packed: PackedBars
    adjusted: bool
    bases: Bases
    dropped: int
    understood: Understood
    warnings: list[PriceWarning]


def read_file(raw: bytes, options: ReadOptions) -> ParsedFile:
    """Read an uploaded file. Raises PriceQuality with its faults, or AmbiguousDates."""
    faults = Faults(options.lines)
    if is_workbook(raw):
        encoding, table = "xlsx", table_of(read_workbook(raw, faults), faults)
    else:
        text, encoding = decode(raw, faults)
        table = read_table(text, faults)
    return _parsed(table, encoding, options, faults)


def read_columns(columns: Mapping[str, Sequence[str]], options: ReadOptions) -> ParsedFile:
    """Read columns of text, named as our own, by the rules for files; the first row is line 2. Raises PriceQuality."""
    faults = Faults()
    header = Header(1, tuple(columns), {name: at for at, name in enumerate(columns)})
    rows = len(columns["date"])
    if not rows:
        faults.refuse(1, None, "there are no rows.")
    return _parsed(Table(header, dict(columns), list(range(2, rows + 2)), "", 0), "utf-8", options, faults)


def _parsed(table: Table, encoding: str, options: ReadOptions, faults: Faults) -> ParsedFile:
    days = read_days(table.columns["date"], options.dates, options.stored_until)
    decimal = decimal_sign([table.columns[column] for column in PRICES], table.delimiter)
    adj_close, volume = (
        read_numbers(table.columns[column], decimal) if column in table.header.places else None for column in ("adj_close", "volume")
    )
    columns = Columns(days.numbers, {column: read_numbers(table.columns[column], decimal) for column in PRICES}, adj_close, volume)
    packed, mended = read_bars(table, columns, options.latest_day, faults, leave_out=options.leave_out_bad_rows)
    understood = Understood(
        delimiter=table.delimiter,
        encoding=encoding,
        decimal=decimal,
        dates=days.order,
        columns={column: table.header.name(column) for column in table.header.places},
        ignored=table.header.ignored,
        order=_order_of(days.numbers),
    )
    dropped = mended.without_prices + mended.left_out
    warnings = [*_other_ticker(table, options.ticker), *_warnings(table, mended, faults)]
    return ParsedFile(packed, adj_close is not None, _believed(table.header.bases, packed), dropped, understood, warnings)


def _believed(bases: Bases, packed: PackedBars) -> Bases:
    """The bases that the header tells, unless the prices jump as of a split that they would have been restated for."""
    if bases == UNKNOWN or not any(warning.code == "likely_split" for warning in move_warnings(adjusted_bars(packed, adjusted=False))):
        return bases
    return UNKNOWN


def _other_ticker(table: Table, ticker: str | None) -> Iterator[PriceWarning]:
    """A word where the file says that it is of another ticker; AAPL and AAPL.US are one."""
    for symbol in table.symbols:
        if ticker is not None and symbol != ticker and not symbol.startswith(f"{ticker}.") and not ticker.startswith(f"{symbol}."):
            yield PriceWarning("other_ticker", f"The file says that it is of {symbol[:LONGEST_QUOTE]}, and is sent for {ticker}.")


def _order_of(days: np.ndarray) -> str:
    steps = np.diff(days)
    return "oldest_first" if (steps >= 0).all() else "newest_first" if (steps <= 0).all() else "mixed"


def _warnings(table: Table, mended: Mended, faults: Faults) -> list[PriceWarning]:
    """What was done to the rows."""
    warnings = []
    if "volume" not in table.header.places:
        warnings.append(PriceWarning("no_volume", "The file has no volume column: volume is 0, and its indicators have nothing to go by."))
    if mended.opens:
        warnings.append(PriceWarning("open_filled", f"{_rows(mended.opens)} had no open, or 0: the close stands in for it."))
    if mended.ranges:
        warnings.append(
            PriceWarning(
                "range_widened", f"{_rows(mended.ranges)} had an open or close a little outside of low and high, which were widened."
            )
        )
    if mended.duplicates:
        warnings.append(
            PriceWarning(
                "duplicate_rows",
                f"{_rows(mended.duplicates)} {'was' if mended.duplicates == 1 else 'were'} there twice with the same numbers.",
            )
        )
    if mended.left_out:
        places = "; ".join(f"{problem.place}: {problem.message.rstrip('.')}" for problem in faults.listed[:MOST_PLACES])
        left_out = "was left out for its" if mended.left_out == 1 else "were left out for their"
        warnings.append(PriceWarning("rows_left_out", f"{_rows(mended.left_out)} {left_out} faults: {places}."))
    return warnings


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"

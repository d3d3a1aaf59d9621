"""Rows to bars: what is mended, left out or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.bars import BoolArray, FloatArray
from features.prices.files.dates import NO_DAY
from features.prices.files.faults import Faults, quoted
from features.prices.files.header import PRICES
from features.prices.files.numbers import Numbers
from features.prices.files.table import Table
from models.day_text import day_text
from models.price_series import MOST_BARS, PackedBars, day_of, number_of

TOLERANCE = 0.005  # of the price: how far open and close may lie outside the day's range, which sources round on its own
MOST_LEFT_OUT = 0.10  # of the rows
HIGHEST_PRICE, LOWEST_PRICE, LARGEST_VOLUME = 1e12, 1e-12, 1e18

Fault = tuple[str | None, str]  # the column and what is wrong there


@dataclass
class Mended:
    """What was done to rows."""

    without_prices: int = 0  # rows that were left out
    opens: int = 0  # missing or 0, and set to the close
    ranges: int = 0  # widened to the open or the close
    duplicates: int = 0  # rows that are there twice with the same numbers
    left_out: int = 0  # rows with faults, which were left out as asked


@dataclass(frozen=True)
class Columns:
    """The columns of a file as numbers, one per row; a file without adjusted closes, or without volumes, has None."""

    days: NDArray[np.int64]  # since 1970-01-01
    prices: dict[str, Numbers]  # by name, of PRICES
    adj_close: Numbers | None
    volume: Numbers | None


def read_bars(table: Table, columns: Columns, latest_day: date, faults: Faults, *, leave_out: bool) -> tuple[PackedBars, Mended]:
    """The bars of a table, ascending by day, and what was mended. A day after `latest_day` is a fault.

    With `leave_out`, up to MOST_LEFT_OUT of the rows are left out for their faults. Raises PriceQuality.
    """
    return _Rows(table, columns, latest_day, faults).bars(leave_out=leave_out)


class _Rows:
    def __init__(self, table: Table, columns: Columns, latest_day: date, faults: Faults) -> None:
        self._table, self._faults = table, faults
        self._latest = number_of(latest_day)
        self._days = columns.days
        count = len(columns.days)
        self._adjusted = columns.adj_close is not None
        nothing = np.zeros(count, dtype=np.bool_)
        opened, self._high, self._low, self._close = (columns.prices[column].values for column in PRICES)
        no_open = ~columns.prices["open"].is_wrong & (np.isnan(opened) | (opened == 0))
        self._no_open = no_open
        self._open = np.where(no_open, self._close, opened)
        self._adj_close = columns.adj_close.values if columns.adj_close else np.full(count, np.nan)
        volume = columns.volume.values if columns.volume else np.zeros(count)
        self._volume = np.where(np.isnan(volume), 0.0, volume)  # an index has none
        self._wrong = {column: columns.prices[column].is_wrong for column in PRICES}
        self._wrong["adj_close"] = columns.adj_close.is_wrong if columns.adj_close else nothing
        self._wrong["volume"] = columns.volume.is_wrong if columns.volume else nothing

    def bars(self, *, leave_out: bool) -> tuple[PackedBars, Mended]:
        mended = Mended()
        wrong = np.logical_or.reduce(list(self._wrong.values()))
        needed = (self._high, self._low, self._close, *((self._adj_close,) if self._adjusted else ()))
        no_prices = np.logical_or.reduce([np.isnan(column) for column in needed]) & ~wrong
        with np.errstate(invalid="ignore"):
            bad = (wrong | ~self._is_plausible()) & ~no_prices
        mended.without_prices = int(no_prices.sum())
        for row in bad.nonzero()[0].tolist():
            for column, message in self._explain(row):
                self._faults.add(self._table.lines[row], column, message)
        good = self._without_duplicates((~bad & ~no_prices).nonzero()[0], mended)
        mended.opens = int(self._no_open[good].sum())
        self._check_shares(mended, leave_out=leave_out)
        return self._pack(good, mended), mended

    def _is_plausible(self) -> BoolArray:
        lowest = np.minimum(self._open, self._close)
        highest = np.maximum(self._open, self._close)
        plausible: BoolArray = (self._days != NO_DAY) & (self._days <= self._latest)
        plausible &= (self._low >= LOWEST_PRICE) & (self._high <= HIGHEST_PRICE) & (self._high >= self._low)
        plausible &= (lowest >= self._low * (1 - TOLERANCE)) & (highest <= self._high * (1 + TOLERANCE))
        plausible &= (self._volume >= 0) & (self._volume <= LARGEST_VOLUME)
        if self._adjusted:
            plausible &= (self._adj_close >= LOWEST_PRICE) & (self._adj_close <= HIGHEST_PRICE)
        return plausible

    def _explain(self, row: int) -> Iterator[Fault]:
        """The faults of a row, in the order of our columns."""
        day = int(self._days[row])
        if day == NO_DAY:
            yield self._name("date"), f"{self._quoted('date', row)} is not a date as in the other rows."
        elif day > self._latest:
            yield self._name("date"), f"{day_text(day_of(day))} is in the future."
        prices = {"open": self._open, "high": self._high, "low": self._low, "close": self._close}
        if self._adjusted:
            prices["adj_close"] = self._adj_close
        failed = False
        for column, values in prices.items():
            value = float(values[row])
            if self._wrong[column][row]:
                yield self._name(column), f"{self._quoted(column, row)} is not a number."
            elif np.isnan(value):
                yield self._name(column), "the price is missing."
            elif value <= 0:
                yield self._name(column), f"a price of {value:g} is not above 0."
            elif not LOWEST_PRICE <= value <= HIGHEST_PRICE:
                yield self._name(column), f"{value:g} is not a plausible price."
            else:
                continue
            failed = True
        if not failed:
            yield from self._explain_range(row)
        volume = float(self._volume[row])
        if self._wrong["volume"][row]:
            yield self._name("volume"), f"{self._quoted('volume', row)} is not a number."
        elif not 0 <= volume <= LARGEST_VOLUME:
            yield self._name("volume"), f"{volume:g} is {'negative' if volume < 0 else 'not a plausible volume'}."

    def _explain_range(self, row: int) -> Iterator[Fault]:
        low, high = float(self._low[row]), float(self._high[row])
        if high < low:
            yield self._name("high"), f"the high of {high:g} is below the low of {low:g}."
            return
        for column, values in (("open", self._open), ("close", self._close)):
            price = float(values[row])
            if not low * (1 - TOLERANCE) <= price <= high * (1 + TOLERANCE):
                yield self._name(column), f"{price:g} is outside the day's range of {low:g} to {high:g}."

    def _quoted(self, column: str, row: int) -> str:
        return quoted(self._table.columns[column][row])

    def _name(self, column: str) -> str:
        return self._table.header.name(column)

    def _without_duplicates(self, rows: NDArray[np.intp], mended: Mended) -> NDArray[np.intp]:
        """The rows in the order of their days, each day once. Two rows of a day with other numbers are a fault."""
        rows = rows[np.argsort(self._days[rows], kind="stable")]
        days = self._days[rows]
        again = (days[1:] == days[:-1]).nonzero()[0] + 1
        if not again.size:
            return rows
        first = rows[0]
        unique = np.ones(len(rows), dtype=np.bool_)
        for at in again.tolist():
            row = rows[at]
            first = rows[at - 1] if unique[at - 1] else first
            unique[at] = False
            if self._numbers(int(row)) == self._numbers(int(first)):
                mended.duplicates += 1
            else:
                day, line = day_of(int(days[at])), self._faults.sent_line(self._table.lines[first])
                message = f"{day_text(day)} is there twice, with other numbers on line {line}."
                self._faults.add(self._table.lines[row], self._name("date"), message)
        return rows[unique]

    def _numbers(self, row: int) -> tuple[float, ...]:
        columns = (self._open, self._high, self._low, self._close, self._volume, *((self._adj_close,) if self._adjusted else ()))
        return tuple(float(column[row]) for column in columns)

    def _check_shares(self, mended: Mended, *, leave_out: bool) -> None:
        """Refuse the file for its faults, unless so few rows have any that they may be left out."""
        rows = len(self._table.lines) + self._table.rejected
        header_line = self._table.header.line
        if mended.without_prices > MOST_LEFT_OUT * rows:
            reason = f"{mended.without_prices} of {rows} rows have no prices; more than {MOST_LEFT_OUT:.0%} is too many."
            self._faults.add(header_line, None, reason)
            self._faults.raise_any()
        mended.left_out = self._faults.rows
        if leave_out and 0 < mended.left_out <= MOST_LEFT_OUT * rows:
            return
        if leave_out and mended.left_out:
            reason = f"{mended.left_out} of {rows} rows have faults; at most {MOST_LEFT_OUT:.0%} can be left out."
            self._faults.add(header_line, None, reason)
        self._faults.raise_any()

    def _pack(self, rows: NDArray[np.intp], mended: Mended) -> PackedBars:
        if len(rows) > MOST_BARS:
            reason = f"the file has more than {MOST_BARS:,} bars, which are 80 years of days. Leave the oldest out."
            self._faults.refuse(self._table.lines[int(rows[MOST_BARS])], None, reason)
        opened, close = self._open[rows], self._close[rows]
        low, high = self._low[rows], self._high[rows]
        lowest = np.minimum(low, np.minimum(opened, close))
        highest = np.maximum(high, np.maximum(opened, close))
        mended.ranges = int(((lowest < low) | (highest > high)).sum())
        columns: list[FloatArray] = [opened, highest, lowest, close, self._adj_close[rows], self._volume[rows]]
        return PackedBars(b"".join([self._days[rows].tobytes(), *(column.tobytes() for column in columns)]))

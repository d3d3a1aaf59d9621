"""Parses uploaded price files: CSV, checked cell by cell. A file is accepted as a whole, or refused with line and column of each fault."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from models.errors import PriceProblem, PriceQuality
from models.price_series import MOST_BARS, Bar

NAME = "upload"
COLUMNS = ("Date", "Open", "High", "Low", "Close", "Volume", "Adj Close")
OPTIONAL = ("Adj Close",)
PRICES = ("Open", "High", "Low", "Close")
EMPTY = ("", "null")
MOST_DROPPED = 0.10
TOLERANCE = 0.001  # of the price: sources round open, high, low and close separately
MOST_PROBLEMS = 50
# Limits checked before any rule, so that the cost of a file is linear in its size.
LONGEST_CELL, MOST_COLUMNS = 64, 200
LONGEST_LINE = MOST_COLUMNS * (LONGEST_CELL + 4)  # with two quotes, and a comma or line end, per cell
MOST_LINES = 50_000  # bars, rows without prices, and a blank line after each
HIGHEST_PRICE, LOWEST_PRICE, LARGEST_VOLUME = 1e12, 1e-12, 1e18

_ISO_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_US_DATE = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})", re.ASCII)
_PLAIN_ROW = re.compile(r"\d{4}-\d\d-\d\d(,\d+(\.\d+)?){5,6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class ParsedFile:
    """The bars of a file, ascending by day; `dropped` counts rows without prices."""

    bars: list[Bar]
    adjusted: bool
    dropped: int


def parse_csv(raw: bytes, latest_day: date) -> ParsedFile:
    """Parse an uploaded file; a day after `latest_day` is a fault.

    Raises PriceQuality with up to MOST_PROBLEMS faults; the header is line 1.
    """
    return _Parser(raw, latest_day).parse()


class _Parser:
    def __init__(self, raw: bytes, latest_day: date) -> None:
        self.raw, self.latest_day = raw, latest_day
        self.problems: list[PriceProblem] = []
        self.total = 0  # of problems, listed or not
        self.bars: dict[date, Bar] = {}
        self.dropped = 0

    def parse(self) -> ParsedFile:
        records = self._records()
        header = next(records, (1, []))[1]
        if self.problems:  # the first line is not CSV, so there is no header
            raise PriceQuality(self.problems, self.total)
        columns = self._header(header)
        places = [columns.index(column) for column in ("Date", *PRICES, "Volume", *OPTIONAL) if column in columns]
        for line, cells in records:
            if not "".join(cells).strip() or not self._fits(line, columns, cells):
                continue
            plain = self._plain_bar(cells, places)
            if plain is not None and plain.day not in self.bars:
                self.bars[plain.day] = plain
            else:
                self._add_row(line, {column: cell.strip() for column, cell in zip(columns, cells, strict=True)})
            if len(self.bars) > MOST_BARS:
                self._give_up(line, f"the file has more than {MOST_BARS:,} bars, which are 80 years of days. Leave the oldest out.")
        self._finish(len(self.bars), self.dropped)
        return ParsedFile([self.bars[day] for day in sorted(self.bars)], "Adj Close" in columns, self.dropped)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Number and cells of each line. Each line is one record: an open quote does not continue on the next line."""
        # Not StringIO, which takes four bytes per character. Invalid UTF-8 passes as surrogates, to be reported with its line.
        text = io.TextIOWrapper(io.BytesIO(self.raw), encoding="utf-8-sig", errors="surrogateescape", newline="")
        for number in itertools.count(1):
            line = text.readline(LONGEST_LINE + 1)
            if not line:
                return
            if not _is_unicode(line):
                self._give_up(number, "not UTF-8. Save the file as UTF-8.")
            if number > MOST_LINES:
                self._give_up(number, f"the file has more than {MOST_LINES:,} lines.")
            if len(line) > LONGEST_LINE:
                self._give_up(number, f"the line has more than {LONGEST_LINE:,} characters. Check the file's line ends and quotes.")
            try:
                [cells] = csv.reader((line,), strict=True)
            except csv.Error as error:
                is_open = str(error) == "unexpected end of data"
                self._fault(number, None, f"not CSV: {'a quote is left open on this line' if is_open else error}.")
                continue
            yield number, cells

    def _header(self, cells: list[str]) -> list[str]:
        if len(cells) > MOST_COLUMNS:
            self._give_up(1, f"{len(cells):,} columns; at most {MOST_COLUMNS} are read.")
        if not self._fits(1, cells, cells):
            raise PriceQuality(self.problems, self.total)
        known = {column.lower(): column for column in COLUMNS}
        columns = [known.get(" ".join(cell.lower().replace("_", " ").split()), "") for cell in cells]
        counts = Counter(columns)
        for cell, column in zip(cells, columns, strict=True):
            if not column:
                self._fault(1, cell.strip()[:40] or None, f"unknown header; the columns are {', '.join(COLUMNS)}.")
            elif counts[column] > 1:
                self._fault(1, column, "the column is there twice.")
        for column in COLUMNS:
            if column not in columns and column not in OPTIONAL:
                self._fault(1, column, "the column is missing.")
        if self.problems:
            raise PriceQuality(self.problems, self.total)
        return columns

    def _fits(self, line: int, columns: list[str], cells: list[str]) -> bool:
        """Whether a row has one cell per column and none is too long; otherwise record the fault."""
        if len(cells) != len(columns):
            self._fault(line, None, f"{len(cells)} cells where the header has {len(columns)}.")
            return False
        if max(map(len, cells), default=0) <= LONGEST_CELL:
            return True
        for column, cell in zip(columns, cells, strict=True):
            if len(cell) > LONGEST_CELL:
                self._fault(line, column.strip()[:40] or None, f"the cell has {len(cell):,} characters; at most {LONGEST_CELL} are read.")
        return False

    def _add_row(self, line: int, row: dict[str, str]) -> None:
        """Check a row cell by cell, and add its bar if there is one."""
        day = self._day(line, row["Date"])
        if any(row[column].lower() in EMPTY for column in (*PRICES, "Adj Close") if column in row):
            self.dropped += 1
            return
        bar = self._bar(line, row, day)
        if day is not None and day in self.bars:
            self._fault(line, "Date", f"{day} is there twice.")
        elif bar is not None:
            self.bars[bar.day] = bar

    def _plain_bar(self, cells: list[str], places: list[int]) -> Bar | None:
        """The bar of a plain and valid row; None for any other, which is then checked cell by cell, five times as slowly."""
        text = ",".join([cells[place] for place in places])
        if not _PLAIN_ROW.fullmatch(text):
            return None
        try:
            day = date.fromisoformat(text[:10])
        except ValueError:
            return None
        opened, high, low, close, volume, *adjusted = map(float, text[11:].split(","))
        adj_close = adjusted[0] if adjusted else math.nan
        if not LOWEST_PRICE <= low <= min(opened, close) <= max(opened, close) <= high <= HIGHEST_PRICE:
            return None
        if day > self.latest_day or volume > LARGEST_VOLUME or (adjusted and not LOWEST_PRICE <= adj_close <= HIGHEST_PRICE):
            return None
        return Bar(day, opened, high, low, close, adj_close, volume)

    def _day(self, line: int, text: str) -> date | None:
        match = _ISO_DATE.fullmatch(text) or _US_DATE.fullmatch(text)
        try:
            if match is None:
                raise ValueError
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            self._fault(line, "Date", f"{text[:40]!r} is not a date; write 2013-03-01 or 3/1/2013.")
            return None
        if day > self.latest_day:
            self._fault(line, "Date", f"{day} is in the future.")
            return None
        return day

    def _bar(self, line: int, row: dict[str, str], day: date | None) -> Bar | None:
        prices = [self._price(line, column, row[column]) for column in PRICES]
        adj_close = self._price(line, "Adj Close", row["Adj Close"]) if "Adj Close" in row else math.nan
        volume = self._volume(line, row["Volume"])
        if day is None or adj_close is None or volume is None or None in prices:
            return None
        opened, high, low, close = (price for price in prices if price is not None)
        if high < low:
            self._fault(line, "High", f"the high of {high:g} is below the low of {low:g}.")
            return None
        for column, price in (("Open", opened), ("Close", close)):
            if not low * (1 - TOLERANCE) <= price <= high * (1 + TOLERANCE):
                self._fault(line, column, f"{price:g} is outside the day's range of {low:g} to {high:g}.")
                return None
        return Bar(day, opened, high, low, close, adj_close, volume)

    def _price(self, line: int, column: str, text: str) -> float | None:
        value = self._number(line, column, text)
        if value is None:
            return None
        if value <= 0:
            self._fault(line, column, f"a price of {value:g} is not above 0.")
            return None
        if not LOWEST_PRICE <= value <= HIGHEST_PRICE:
            self._fault(line, column, f"{value:g} is not a plausible price.")
            return None
        return value

    def _volume(self, line: int, text: str) -> float | None:
        if text.lower() in EMPTY:
            return 0.0  # an index has none
        value = self._number(line, "Volume", text)
        if value is not None and not 0 <= value <= LARGEST_VOLUME:
            self._fault(line, "Volume", f"{value:g} is {'negative' if value < 0 else 'not a plausible volume'}.")
            return None
        return value

    def _number(self, line: int, column: str, text: str) -> float | None:
        # float() alone would accept "nan", "inf" and "1_000".
        if not _NUMBER.fullmatch(text):
            self._fault(line, column, f"{text[:40]!r} is not a number.")
            return None
        return float(text)

    def _finish(self, bars: int, dropped: int) -> None:
        if not self.problems and bars + dropped == 0:
            self._fault(1, None, "there are no rows under the header.")
        elif not self.problems and dropped > MOST_DROPPED * (bars + dropped):
            self._fault(1, None, f"{dropped} of {bars + dropped} rows have no prices; more than {MOST_DROPPED:.0%} is too many.")
        if self.problems:
            raise PriceQuality(self.problems, self.total)

    def _fault(self, line: int, column: str | None, message: str) -> None:
        self.total += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(PriceProblem(line, column, message))

    def _give_up(self, line: int, message: str) -> NoReturn:
        """Refuse the file without reading further."""
        self._fault(line, None, message)
        raise PriceQuality(self.problems, self.total)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

"""Price files that people upload: CSV, checked cell by cell. A file is taken whole or refused with the line and column of each fault."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from datetime import date

from models.errors import PriceProblem, PriceQuality
from models.price_series import Bar

NAME = "upload"
COLUMNS = ("Date", "Open", "High", "Low", "Close", "Volume", "Adj Close")
OPTIONAL = ("Adj Close",)
PRICES = ("Open", "High", "Low", "Close")
EMPTY = ("", "null")
MOST_DROPPED = 0.10
TOLERANCE = 0.001  # of the price: sources round open and close apart from high and low
MOST_PROBLEMS = 20
HIGHEST_PRICE, LOWEST_PRICE, LARGEST_VOLUME = 1e12, 1e-12, 1e18

_ISO_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_US_DATE = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})", re.ASCII)
_PLAIN_ROW = re.compile(r"\d{4}-\d\d-\d\d(,\d+(\.\d+)?){5,6}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class ParsedFile:
    """The bars of a file, ascending by day; `dropped` rows had no prices."""

    bars: list[Bar]
    adjusted: bool
    dropped: int


def parse_csv(raw: bytes, latest_day: date) -> ParsedFile:
    """Parse an uploaded file; a day after `latest_day` is a mistake.

    Raises PriceQuality with up to 20 places, counted from line 1, the header.
    """
    return _Parser(raw, latest_day).parse()


class _Parser:
    def __init__(self, raw: bytes, latest_day: date) -> None:
        self.raw, self.latest_day = raw, latest_day
        self.problems: list[PriceProblem] = []
        self.more = 0

    def parse(self) -> ParsedFile:
        reader = csv.reader(io.StringIO(self._decode(), newline=""), strict=True)
        bars: dict[date, Bar] = {}
        dropped = 0
        try:
            columns = self._header(next(reader, []))
            places = [columns.index(column) for column in ("Date", *PRICES, "Volume", *OPTIONAL) if column in columns]
            for cells in reader:
                line = reader.line_num
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(columns):
                    self._fault(line, None, f"{len(cells)} cells where the header has {len(columns)}.")
                    continue
                plain = self._plain_bar(cells, places)
                if plain is not None and plain.day not in bars:
                    bars[plain.day] = plain
                    continue
                row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
                day = self._day(line, row["Date"])
                if any(row[column].lower() in EMPTY for column in (*PRICES, "Adj Close") if column in row):
                    dropped += 1
                    continue
                bar = self._bar(line, row, day)
                if day is not None and day in bars:
                    self._fault(line, "Date", f"{day} comes twice.")
                elif bar is not None:
                    bars[bar.day] = bar
        except csv.Error as error:
            self._fault(reader.line_num, None, f"no CSV: {error}.")
        self._judge(len(bars), dropped)
        return ParsedFile([bars[day] for day in sorted(bars)], "Adj Close" in columns, dropped)

    def _decode(self) -> str:
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.raw.count(b"\n", 0, error.start) + 1
            raise PriceQuality([PriceProblem(line, None, "not UTF-8. Save the file as UTF-8.")]) from error

    def _header(self, cells: list[str]) -> list[str]:
        known = {column.lower(): column for column in COLUMNS}
        columns = [known.get(" ".join(cell.lower().replace("_", " ").split()), "") for cell in cells]
        for cell, column in zip(cells, columns, strict=True):
            if not column:
                self._fault(1, cell.strip()[:40] or None, f"unknown header; the columns are {', '.join(COLUMNS)}.")
            elif columns.count(column) > 1:
                self._fault(1, column, "the column comes twice.")
        for column in COLUMNS:
            if column not in columns and column not in OPTIONAL:
                self._fault(1, column, "the column is missing.")
        if self.problems:
            raise PriceQuality(self.problems[:MOST_PROBLEMS], self.more)
        return columns

    def _plain_bar(self, cells: list[str], places: list[int]) -> Bar | None:
        """The bar of a row that is beyond doubt; None for one that must be looked at cell by cell, which takes five times as long."""
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
            self._fault(line, "Date", f"{text[:40]!r} is no date; write 2013-03-01 or 3/1/2013.")
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
            self._fault(line, column, f"{value:g} is no plausible price.")
            return None
        return value

    def _volume(self, line: int, text: str) -> float | None:
        if text.lower() in EMPTY:
            return 0.0  # an index has none
        value = self._number(line, "Volume", text)
        if value is not None and not 0 <= value <= LARGEST_VOLUME:
            self._fault(line, "Volume", f"{value:g} is {'negative' if value < 0 else 'no plausible volume'}.")
            return None
        return value

    def _number(self, line: int, column: str, text: str) -> float | None:
        # float() alone would take "nan", "inf" and "1_000".
        if not _NUMBER.fullmatch(text):
            self._fault(line, column, f"{text[:40]!r} is no number.")
            return None
        return float(text)

    def _judge(self, kept: int, dropped: int) -> None:
        if not self.problems and kept + dropped == 0:
            self._fault(1, None, "there are no rows under the header.")
        elif not self.problems and dropped > MOST_DROPPED * (kept + dropped):
            self._fault(1, None, f"{dropped} of {kept + dropped} rows have no prices; more than {MOST_DROPPED:.0%} is too many.")
        if self.problems:
            raise PriceQuality(self.problems, self.more)

    def _fault(self, line: int, column: str | None, message: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(PriceProblem(line, column, message))
        else:
            self.more += 1

"""Reads files of exchange rates.

Four layouts are told apart by their headers: the ECB's own files (a day, then a column for each currency, N/A for none, also as its data
portal writes them), the rows of the portal's interface (SDMX-CSV: CURRENCY, TIME_PERIOD, OBS_VALUE), and rows of DATE, BASE, QUOTE, RATE.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from features.currencies.unpacking import unpacked
from models.currency import EUR, checked_currency, major_of
from models.observations import MOST_OBSERVATIONS, Observations
from models.price_errors import PriceProblem, PriceQuality

COLUMNS, SDMX, PAIRS = "columns", "sdmx", "pairs"
DAY_NAMES = {"DATE", "DAY", "TIME_PERIOD", "PERIOD"}
IGNORED = {"", "TIME PERIOD"}
NO_RATE = {"", ".", "-", "N/A", "NA", "NAN", "NULL"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIRST_YEAR = 1900
LEAST, LARGEST = 1e-12, 1e12
MOST_CURRENCIES = 300
MOST_FAULTS = 100
LONGEST_ECHO = 40
SAME = 0.01  # by how much a rate between two currencies may differ from what their rates against the euro make
_WORDED_DAY = re.compile(r"(\d{1,2}) ([A-Za-z]{3,9}) (\d{4})", re.ASCII)
_PORTAL = re.compile(r"EXR\.D\.([A-Z]{3})\.EUR\.SP00\.A", re.ASCII)


@dataclass(frozen=True)
class ReadRates:
    """The rates of a file by currency, against the euro. `missing` counts places without one, `skipped` rows that add none."""

    layout: str
    rates: Mapping[str, Observations]
    missing: int
    skipped: int


@dataclass(frozen=True)
class _Cross:
    """A rate between two currencies of which neither is the euro: units of `quote` for one of `base`."""

    line: int
    day: date
    base: str
    quote: str
    rate: float


@dataclass
class _File:
    """What has been read so far."""

    latest: date
    rates: dict[str, dict[date, float]] = field(default_factory=lambda: defaultdict(dict))
    crosses: list[_Cross] = field(default_factory=list)
    faults: list[PriceProblem] = field(default_factory=list)
    total: int = 0
    missing: int = 0
    skipped: int = 0

    def fault(self, line: int, column: str | None, message: str) -> None:
        self.total += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(PriceProblem(line, column, message))

    def day(self, line: int, column: str, text: str) -> date | None:
        try:
            day = _day(text)
        except ValueError as error:
            self.fault(line, column, f"{error}.")
            return None
        if day.year >= FIRST_YEAR and day <= self.latest:
            return day
        self.fault(line, column, f"{day} cannot be: days are from {FIRST_YEAR} on, and none lies ahead.")
        return None

    def rate(self, line: int, column: str, text: str) -> float | None:
        if text.upper() in NO_RATE:
            self.missing += 1
            return None
        try:
            return _rate(text)
        except ValueError as error:
            self.fault(line, column, f"{error}.")
            return None

    def currency(self, line: int, column: str, text: str) -> str | None:
        try:
            return checked_currency(text)
        except ValueError:
            self.fault(line, column, f"{text[:LONGEST_ECHO]!r} is no currency. It has three letters, as in USD.")
            return None

    def add(self, line: int, day: date, currency: str, rate: float, column: str | None = None) -> None:
        """Add units of a currency for one euro."""
        known = self.rates[currency]
        if known.get(day, rate) != rate:
            self.fault(line, column or currency, f"{currency} is there twice on {day}, with different rates.")
        known[day] = rate
        if len(known) > MOST_OBSERVATIONS:
            raise PriceQuality([PriceProblem(line, column, f"A currency has at most {MOST_OBSERVATIONS:,} days.")])

    def add_pair(self, line: int, day: date, pair: tuple[str, str], rate: float) -> None:
        """Add units of the second for one of the first; minor units become currencies here, and nowhere else."""
        (base, of_base), (quote, of_quote) = map(major_of, pair)
        rate = rate * of_base / of_quote
        if base == quote:
            self.fault(line, None, f"{pair[0]} and {pair[1]} are the same currency, which needs no rate.")
        elif base == EUR:
            self.add(line, day, quote, rate)
        elif quote == EUR:
            self.add(line, day, base, 1 / rate)
        else:
            self.crosses.append(_Cross(line, day, base, quote, rate))

    def resolve(self) -> None:
        """Bring rates between two other currencies to the euro by what the file says of one of them on that day, in whatever order."""
        waiting: dict[tuple[date, str], list[_Cross]] = defaultdict(list)  # by the rates against the euro that would do
        unresolved: dict[int, _Cross] = {}
        ready = deque(self.crosses)
        while ready:
            cross = ready.popleft()
            of_base, of_quote = (self.rates[name].get(cross.day) for name in (cross.base, cross.quote))
            if of_base is not None and of_quote is not None:
                self._compare(cross, of_quote / of_base)
                continue
            if of_base is not None:
                told, rate = cross.quote, of_base * cross.rate
            elif of_quote is not None:
                told, rate = cross.base, of_quote / cross.rate
            else:
                unresolved[cross.line] = cross
                for name in (cross.base, cross.quote):
                    waiting[cross.day, name].append(cross)
                continue
            if not LEAST <= rate <= LARGEST:
                self.fault(cross.line, None, f"With the other rows it makes {rate:.6g} {told} for one EUR on {cross.day}, which cannot be.")
                continue
            self.add(cross.line, cross.day, told, rate)
            ready.extend(each for each in waiting.pop((cross.day, told), ()) if unresolved.pop(each.line, None) is not None)
        for cross in unresolved.values():
            needed = f"{cross.base} or {cross.quote} against EUR on {cross.day}"
            self.fault(cross.line, None, f"Rates are stored against EUR, so the file has to have a rate of {needed} as well.")

    def _compare(self, cross: _Cross, implied: float) -> None:
        """Hold a rate against the one that the rates against the euro make."""
        self.skipped += 1
        if abs(cross.rate / implied - 1) > SAME:
            told = f"The rates against EUR make {implied:.6g} {cross.quote} for one {cross.base} on {cross.day}"
            self.fault(cross.line, None, f"{told}, and this row says {cross.rate:.6g}.")

    def finished(self, layout: str) -> ReadRates:
        """What was read. Raises PriceQuality."""
        if self.faults:
            raise PriceQuality(self.faults, self.total)
        found = {currency: sorted(rates.items()) for currency, rates in sorted(self.rates.items()) if rates}
        if not found:
            raise PriceQuality([PriceProblem(1, None, "No day has a rate.")])
        packed = {currency: Observations.pack(*zip(*rates, strict=True)) for currency, rates in found.items()}
        return ReadRates(layout, packed, self.missing, self.skipped)


def read_rates(body: bytes, latest: date) -> ReadRates:
    """Read a file, or the only one of a ZIP archive; no day may lie after `latest`. Raises PriceQuality with the place of each fault."""
    text = unpacked(body).decode("utf-8-sig", "replace").strip()
    if not text:
        raise _refused("The file is empty.")
    if text.startswith(("<", "{")):
        raise _refused("It is no CSV file. The ECB has its rates as CSV as well, beside XML.")
    first = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    file = _File(latest)
    try:
        header = [cell.strip() for cell in next(rows)]
        names = [name.upper() for name in header]
        lines = ((rows.line_num, [cell.strip() for cell in cells]) for cells in rows if any(map(str.strip, cells)))
        if "OBS_VALUE" in names:
            layout = SDMX
            _read_sdmx(file, names, lines)
        elif "BASE" in names or "QUOTE" in names:
            layout = PAIRS
            _read_pairs(file, names, lines)
        else:
            layout = COLUMNS
            _read_columns(file, header, lines)
    except csv.Error as error:
        raise _refused(f"It cannot be read as CSV: {error}.") from error
    file.resolve()
    return file.finished(layout)


Lines = Iterator[tuple[int, list[str]]]


def _read_columns(file: _File, header: Sequence[str], lines: Lines) -> None:
    """A column for each currency: units of it for one euro."""
    if header[0].upper() not in DAY_NAMES:
        raise _refused("The header needs a column Date and one for each currency, or the columns DATE, BASE, QUOTE and RATE.")
    columns: dict[int, tuple[str, int]] = {}
    for at, name in enumerate(header[1:], 1):
        if name.upper() in IGNORED:
            continue
        told = _PORTAL.search(name)
        currency = file.currency(1, name, told[1] if told else name)
        if currency is None:
            continue
        major, units = major_of(currency)
        if major == EUR or major in {each for each, _ in columns.values()}:
            reason = "Rates are units of a currency for one euro, so EUR has none." if major == EUR else f"{major} has two columns."
            file.fault(1, name, reason)
        columns[at] = major, units
    if file.faults:
        return
    if not columns or len(columns) > MOST_CURRENCIES:
        raise _refused(f"The header names {len(columns)} currencies; from 1 to {MOST_CURRENCIES} can be read.")
    for line, cells in lines:
        day = file.day(line, header[0], cells[0])
        for at, (currency, units) in columns.items():
            rate = file.rate(line, header[at], cells[at] if at < len(cells) else "")
            if day is not None and rate is not None:
                file.add(line, day, currency, rate / units, header[at])
        if any(cells[len(header) :]):
            file.fault(line, None, f"The row has {len(cells)} cells, and the header {len(header)}.")


def _read_sdmx(file: _File, names: Sequence[str], lines: Lines) -> None:
    """A row for each day and currency. Those of months, and other kinds of rates than the reference one, are skipped."""
    places = _places(names, ("CURRENCY", "TIME_PERIOD", "OBS_VALUE"))
    wanted = [(names.index(name), value) for name, value in (("FREQ", "D"), ("EXR_TYPE", "SP00")) if name in names]
    denominator = names.index("CURRENCY_DENOM") if "CURRENCY_DENOM" in names else None
    for line, cells in lines:
        cells.extend([""] * (len(names) - len(cells)))
        if any(cells[at] != value for at, value in wanted):
            file.skipped += 1
            continue
        currency, day_text, rate_text = (cells[at] for at in places)
        base = EUR if denominator is None else cells[denominator]
        _add_row(file, line, (base, "CURRENCY_DENOM"), (currency, "CURRENCY"), ((day_text, "TIME_PERIOD"), (rate_text, "OBS_VALUE")))


def _read_pairs(file: _File, names: Sequence[str], lines: Lines) -> None:
    """A row for each day and pair: units of QUOTE for one of BASE."""
    places = _places(names, ("DATE", "BASE", "QUOTE", "RATE"))
    for line, cells in lines:
        cells.extend([""] * (len(names) - len(cells)))
        day_text, base, quote, rate_text = (cells[at] for at in places)
        _add_row(file, line, (base, "BASE"), (quote, "QUOTE"), ((day_text, "DATE"), (rate_text, "RATE")))


Named = tuple[str, str]  # a cell and the name of its column


def _add_row(file: _File, line: int, base: Named, quote: Named, rest: tuple[Named, Named]) -> None:
    (day_text, day_name), (rate_text, rate_name) = rest
    pair = [file.currency(line, name, text) for text, name in (base, quote)]
    day, rate = file.day(line, day_name, day_text), file.rate(line, rate_name, rate_text)
    if day is not None and rate is not None and pair[0] is not None and pair[1] is not None:
        file.add_pair(line, day, (pair[0], pair[1]), rate)


def _places(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    missing = [name for name in wanted if names.count(name) != 1]
    if missing:
        raise _refused(f"The header needs one column each of {', '.join(wanted)}; look at {', '.join(missing)}.")
    return [names.index(name) for name in wanted]


def _day(text: str) -> date:
    """A day as 2026-11-27, or as 27 November 2026, as the ECB's file of one day has it."""
    worded = _WORDED_DAY.fullmatch(text)
    try:
        if worded is not None:
            return date(int(worded[3]), MONTHS.index(worded[2][:3].lower()) + 1, int(worded[1]))
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no day; write it YYYY-MM-DD") from error


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no number; a day without a rate has N/A") from error
    if not math.isfinite(rate) or not LEAST <= rate <= LARGEST or "_" in text:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no rate that can be")
    return rate


def _refused(reason: str) -> PriceQuality:
    return PriceQuality([PriceProblem(1, None, reason)])

"""Reads a series as FRED gives it: its CSV file (a day and a value in a row, `.` for none), or the JSON of its interface."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from models.observations import MOST_OBSERVATIONS, Observations
from models.price_errors import PriceProblem, PriceQuality
from utils.json_text import MalformedJSON, parse_strict

DAY_NAMES = {"date", "observation_date", "day", "time", "period"}
NO_VALUE = {"", ".", "na", "n/a", "#n/a", "nan", "null"}
FIRST_YEAR, LAST_YEAR = 1600, 2200
LARGEST = 1e18
MOST_FAULTS = 100
LONGEST_ECHO = 40


@dataclass(frozen=True)
class ReadSeries:
    """The values of a file, and how many of its days have none."""

    observations: Observations
    missing: int


Row = tuple[int, str, str]  # the line, the day and the value as they stand there


def read_series(body: bytes, series: str) -> ReadSeries:
    """Read a file. Raises PriceQuality with the line of each fault."""
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        raise PriceQuality([PriceProblem(1, None, "The file is empty.")])
    return _checked(_rows_of_json(body) if text.startswith("{") else _rows_of_csv(text, series))


def _rows_of_json(body: bytes) -> Iterator[Row]:
    try:
        told = parse_strict(body)
    except MalformedJSON as error:
        raise PriceQuality([PriceProblem(1, None, f"It cannot be read as JSON: {error}")]) from error
    found = told.get("observations") if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise PriceQuality([PriceProblem(1, None, "The JSON has no list `observations`, as an answer of FRED has.")])
    for number, entry in enumerate(found, 1):
        day, value = (entry.get("date"), entry.get("value")) if isinstance(entry, dict) else (None, None)
        yield number, "" if day is None else str(day), "" if value is None else str(value)


def _rows_of_csv(text: str, series: str) -> Iterator[Row]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise PriceQuality([PriceProblem(1, None, f"It cannot be read as CSV: {error}.")]) from error
    names = [cell.strip().lower() for cell in lines[0]]
    has_header = bool(names) and not names[0][:1].isdigit()
    at = (0, 1)
    if has_header:
        at = _columns(names, series)
    elif len(names) != 2:
        raise PriceQuality([PriceProblem(1, None, "A row has a day and a value. Give a file with more columns a header: DATE,VALUE.")])
    for number, cells in enumerate(lines[has_header:], 1 + has_header):
        if any(cell.strip() for cell in cells):
            day, value = (cells[place].strip() if place < len(cells) else "" for place in at)
            yield number, day, value


def _columns(names: list[str], series: str) -> tuple[int, int]:
    days = [place for place, name in enumerate(names) if name in DAY_NAMES]
    wanted = [place for place, name in enumerate(names) if name in ("value", series.lower())]
    if not wanted and len(names) == 2 and len(days) == 1:
        wanted = [1 - days[0]]
    if len(days) != 1 or len(wanted) != 1:
        problem = f"The header needs one column DATE (or observation_date) and one column VALUE or {series}."
        raise PriceQuality([PriceProblem(1, None, problem)])
    return days[0], wanted[0]


def _checked(rows: Iterable[Row]) -> ReadSeries:
    faults: list[PriceProblem] = []
    values: dict[date, float | None] = {}
    total = 0
    for line, day_text, value_text in rows:
        try:
            day, value = _day(day_text), _value(value_text)
            if day in values and values[day] != value:
                raise ValueError(f"{day} is there twice, with different values")
        except ValueError as error:
            total += 1
            if len(faults) < MOST_FAULTS:
                faults.append(PriceProblem(line, None, f"{error}."))
        else:
            values[day] = value
        if len(values) > MOST_OBSERVATIONS:
            raise PriceQuality([PriceProblem(line, None, f"A series has at most {MOST_OBSERVATIONS:,} days.")])
    if faults:
        raise PriceQuality(faults, total)
    known = sorted((day, value) for day, value in values.items() if value is not None)
    if not known:
        raise PriceQuality([PriceProblem(1, None, "No day has a value.")])
    packed = Observations.pack([day for day, _ in known], [value for _, value in known])
    return ReadSeries(packed, len(values) - len(known))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text[:10] if text[10:11] in ("T", " ") else text)
    except ValueError as error:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no day; write it YYYY-MM-DD") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{day} cannot be: days are from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _value(text: str) -> float | None:
    if text.lower() in NO_VALUE:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no number; a day without a value has a dot") from error
    if not math.isfinite(value) or abs(value) > LARGEST or "_" in text:
        raise ValueError(f"{text[:LONGEST_ECHO]!r} is no number that can be")
    return value

"""The exchanges of data/calendars.json, by their market identifier code and by the suffixes of tickers."""

from __future__ import annotations

from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from models.exchange import Exchange, Hours

FILE = Path(__file__).parent.parent / "data" / "calendars.json"
# The suffixes of Yahoo's tickers. A ticker without one may be of anywhere.
_BY_SUFFIX = {
    "AS": "XAMS",
    "AX": "XASX",
    "BO": "XBOM",
    "DE": "XETR",
    "HK": "XHKG",
    "L": "XLON",
    "NS": "XNSE",
    "PA": "XPAR",
    "T": "XTKS",
    "TO": "XTSE",
}


@cache
def exchanges() -> dict[str, Exchange]:
    """All exchanges whose trading days are known, by market identifier code; the file is read once in a process."""
    return {mic: _exchange(mic, fields) for mic, fields in orjson.loads(FILE.read_bytes())["exchanges"].items()}


def exchange_of(ticker: str) -> Exchange | None:
    """The exchange that a ticker's suffix names; none where it has none, or one whose trading days are not known."""
    _, dot, suffix = ticker.rpartition(".")
    return exchanges().get(_BY_SUFFIX.get(suffix, "")) if dot else None


def _exchange(mic: str, fields: dict[str, Any]) -> Exchange:
    return Exchange(
        mic=mic,
        name=fields["name"],
        zone=ZoneInfo(fields["time_zone"]),
        first=date.fromisoformat(fields["first"]),
        last=date.fromisoformat(fields["last"]),
        hours=tuple(_hours(since, text) for since, text in fields["hours"].items()),
        closed=tuple(_days(fields["closed"])),
        early_closes={day: time.fromisoformat(at) for at, years in fields["early_closes"].items() for day in _days(years)},
    )


def _hours(since: str, text: str) -> Hours:
    opens, closes = text.split()
    return Hours(date.fromisoformat(since), time.fromisoformat(opens), time.fromisoformat(closes))


def _days(years: dict[str, str]) -> list[date]:
    return [date.fromisoformat(f"{year}-{day}") for year, days in years.items() for day in days.split()]

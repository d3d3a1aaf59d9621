"""The exchanges of data/calendars.json, and the one rule by which a ticker has one.

A ticker is of the exchange that the provider of its prices tells, else of the one that is known of the ticker (the table `symbols`), else
of the one that its suffix names. The first two are one value, `told`, which statements read by `infrastructure.sql.exchange`. Where none
is known, each weekday counts as a trading day, and New York, which closes last, tells when a bar is final.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from infrastructure.market_names import mic_of
from models.exchange import WEEKDAYS, Exchange, Hours
from models.freshness import Expectation

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
# The segments of an exchange, and markets with its trading days and hours.
_OPERATED_BY = {
    "ARCX": "XNYS",
    "BATS": "XNYS",
    "OTCB": "XNYS",
    "OTCM": "XNYS",
    "OTCQ": "XNYS",
    "PINX": "XNYS",
    "PSGM": "XNYS",
    "XASE": "XNYS",
    "XNCM": "XNAS",
    "XNGS": "XNAS",
    "XNMS": "XNAS",
}
_CLOSES_LAST = "XNYS"


@cache
def exchanges() -> dict[str, Exchange]:
    """All exchanges whose trading days are known, by market identifier code; the file is read once in a process."""
    return {mic: _exchange(mic, fields) for mic, fields in orjson.loads(FILE.read_bytes())["exchanges"].items()}


def exchange_of(ticker: str) -> Exchange | None:
    """The exchange that a ticker's suffix names; none where it has none, or one whose trading days are not known."""
    _, dot, suffix = ticker.rpartition(".")
    return exchanges().get(_BY_SUFFIX.get(suffix, "")) if dot else None


def suffixes_of(mic: str) -> list[str]:
    """The suffixes of an exchange's tickers, without the dot."""
    return [suffix for suffix, code in _BY_SUFFIX.items() if code == mic]


def exchange_named(told: str) -> Exchange | None:
    """The exchange of a name or market identifier code; None for one whose trading days are not known."""
    mic = mic_of(told)
    return None if mic is None else exchanges().get(_OPERATED_BY.get(mic, mic))


def exchange_for(ticker: str, told: str | None = None) -> Exchange | None:
    """The exchange of a ticker: the one that is told of it by name or code, else the one of its suffix.

    None where neither is one whose trading days are known.
    """
    return (exchange_named(told) if told is not None else None) or exchange_of(ticker)


def settling_exchange(ticker: str, told: str | None = None) -> Exchange:
    """The exchange by which a ticker's newest bar is final or not; New York where none is known."""
    return exchange_for(ticker, told) or exchanges()[_CLOSES_LAST]


class Expectations:
    """What bars can be expected at a moment, or on an earlier day, of the exchanges of any number of tickers."""

    def __init__(self, moment: datetime, as_of: date | None = None) -> None:
        self._moment, self._as_of = moment, as_of
        self._known: dict[str, Expectation] = {}  # thousands of tickers have a few exchanges

    def of(self, ticker: str, told: str | None = None) -> Expectation:
        """What can be expected of a ticker, whose exchange is told by name or code where it is known."""
        calendar = exchange_for(ticker, told) or WEEKDAYS
        found = self._known.get(calendar.mic)
        if found is None:
            found = self._known[calendar.mic] = Expectation.at(calendar, self._moment, self._as_of)
        return found


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

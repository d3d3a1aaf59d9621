"""`make calendars`: data/calendars.json, the trading days of the exchanges, from exchange_calendars.

exchange_calendars needs pandas, which must not come near the service (TA-Lib imports it where it is installed); so it lives in the
environment of `make lock`. `--check` writes nothing, and fails where the file says otherwise than exchange_calendars.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars

FILE = Path(__file__).parent.parent / "data" / "calendars.json"
MADE_WITH = f"exchange_calendars {metadata.version('exchange_calendars')}"
FIRST, LAST = date(1990, 1, 1), date(2035, 12, 31)
# The calendar in exchange_calendars, where it has another name.
SOURCES = {"XNSE": "XBOM"}  # both follow the list of holidays that they agree on each December
NAMES = {
    "XNYS": "New York Stock Exchange",
    "XNAS": "Nasdaq",
    "XLON": "London Stock Exchange",
    "XETR": "Xetra",
    "XPAR": "Euronext Paris",
    "XAMS": "Euronext Amsterdam",
    "XTKS": "Tokyo Stock Exchange",
    "XHKG": "Hong Kong Exchange",
    "XTSE": "Toronto Stock Exchange",
    "XASX": "Australian Securities Exchange",
    "XNSE": "National Stock Exchange of India",
    "XBOM": "BSE (Bombay)",
}


def main(arguments: list[str]) -> None:
    """Write the file, or compare it."""
    text = _text({mic: _exchange(mic) for mic in NAMES})
    if arguments != ["--check"]:
        FILE.write_text(text)
    elif FILE.read_text() != text:
        sys.exit(f"{FILE.name} says otherwise than {MADE_WITH}. Run `make calendars` and read the difference.")


def _exchange(mic: str) -> dict[str, Any]:
    source = SOURCES.get(mic, mic)
    calendar = exchange_calendars.get_calendar(source)
    earliest, latest = calendar.bound_min(), calendar.bound_max()
    first = max(FIRST, earliest.date()) if earliest is not None else FIRST
    last = min(LAST, latest.date()) if latest is not None else LAST
    calendar = exchange_calendars.get_calendar(source, start=first.isoformat(), end=last.isoformat())
    sessions = {session.date() for session in calendar.sessions}
    weekdays = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1) if date.fromordinal(day).weekday() < 5]
    if odd := sorted(day for day in sessions if day.weekday() >= 5):
        sys.exit(f"{mic} has sessions on weekends, for which the file has no place: {odd}")
    return {
        "name": NAMES[mic],
        "time_zone": str(calendar.tz),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "hours": _hours(calendar, first),
        "closed": _by_year(day for day in weekdays if day not in sessions),
        "early_closes": _early_closes(calendar),
    }


def _hours(calendar: Any, first: date) -> dict[str, str]:
    """The usual hours in local time, by the day from which they hold."""
    changes = {start.date() for start, _ in (*calendar.open_times, *calendar.close_times) if start is not None}
    since = sorted({first, *(day for day in changes if day > first)})
    return {day.isoformat(): f"{_then(calendar.open_times, day)} {_then(calendar.close_times, day)}" for day in since}


def _then(times: Any, day: date) -> str:
    return str([time for start, time in times if start is None or start.date() <= day][-1].strftime("%H:%M"))


def _early_closes(calendar: Any) -> dict[str, dict[str, str]]:
    """The days by local time of the close, and by year."""
    zone = ZoneInfo(str(calendar.tz))
    by_time: dict[str, list[date]] = {}
    for session in calendar.early_closes:
        closes = calendar.schedule.loc[session, "close"].to_pydatetime().astimezone(zone)
        by_time.setdefault(closes.strftime("%H:%M"), []).append(session.date())
    return {time: _by_year(days) for time, days in sorted(by_time.items())}


def _by_year(days: Iterable[date]) -> dict[str, str]:
    years: dict[str, list[str]] = {}
    for day in days:
        years.setdefault(str(day.year), []).append(day.strftime("%m-%d"))
    return {year: " ".join(names) for year, names in years.items()}


def _text(exchanges: dict[str, Any]) -> str:
    return json.dumps({"made_with": MADE_WITH, "exchanges": exchanges}, indent=1) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])

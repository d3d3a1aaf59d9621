"""The due times of a schedule: pure functions of when it is due, without a clock.

The due times after a moment do not depend on the moment from which they are computed: a dispatcher that begins anew finds the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from infrastructure.exchanges import exchanges
from models.schedule import When

LONGEST_CRON = 100
_FIELDS = 5
_HOURS_AND_MINUTES = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SECOND = timedelta(seconds=1)
_STEP = timedelta(hours=12)  # no zone changes its offset twice in it
_NOT_ZONES = {"Factory", "localtime", "posixrules"}
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 — a local time; from here, a cron expression is tried


def checked_cron(text: str) -> str:
    """A cron expression with single spaces. Raises ValueError that says what is wrong."""
    words = text.split()
    if len(text) > LONGEST_CRON:
        raise ValueError(f"a cron expression has up to {LONGEST_CRON} characters")
    if len(words) == _FIELDS + 1:
        raise ValueError(
            "a cron expression has five fields here (minute, hour, day of month, month, day of week); seconds are not supported"
        )
    if len(words) != _FIELDS:
        raise ValueError(
            "a cron expression has five fields: minute, hour, day of month, month, day of week; '30 16 * * MON-FRI', for example"
        )
    cron = " ".join(words)
    try:
        next(CronSim(cron, _SOME_DAY))
    except StopIteration:
        raise ValueError("this cron expression never comes due: there is no such day") from None
    except (CronSimError, AssertionError, ValueError, KeyError, OverflowError) as error:
        where = str(error).removeprefix("Bad ")
        raise ValueError(f"this is no cron expression: its {where} cannot be read" if where else "this is no cron expression") from None
    return cron


def checked_zone(name: str) -> str:
    """The name of a time zone. Raises ValueError where there is no such zone."""
    if name in _NOT_ZONES or name not in _zones():
        raise ValueError(f"there is no time zone {name[:64]!r}; name one as America/New_York or UTC")
    return name


def checked_calendar(mic: str) -> str:
    """The code of an exchange whose trading days are known. Raises ValueError for another."""
    code = mic.upper()
    if code not in exchanges():
        raise ValueError(f"the trading days of {mic[:20]!r} are not known; there are {', '.join(sorted(exchanges()))}")
    return code


def checked_after_close(value: str | int) -> str:
    """A time after the close as hours and minutes, also given as minutes. Raises ValueError."""
    if isinstance(value, int):
        if not 0 <= value < 24 * 60:
            raise ValueError("after_close lies between 0 and 1439 minutes")
        return f"{value // 60:02}:{value % 60:02}"
    if not _HOURS_AND_MINUTES.fullmatch(value):
        raise ValueError("after_close is written HH:MM: 00:30 is half an hour after the close")
    return value


def due_after(when: When, moment: datetime) -> Iterator[datetime]:
    """The due times after a moment, ascending, in UTC and in whole seconds. They may end, and they may be far away."""
    if when.calendar is not None:
        return _after_closes(when, moment)
    assert when.cron is not None
    assert when.time_zone is not None
    zone = ZoneInfo(when.time_zone)
    minute, hour = when.cron.split()[:2]
    if minute.startswith("*") or hour.startswith("*"):
        return _by_the_clock(when.cron, zone, moment)
    return _at_local_times(when.cron, zone, moment)


def due_between(when: When, after: datetime, until: datetime) -> Iterator[datetime]:
    """The due times after a moment, up to and with another."""
    return takewhile(lambda due: due <= until, due_after(when, after))


def after_close_of(when: When) -> timedelta:
    """The time after the close."""
    assert when.after_close is not None
    hours, minutes = when.after_close.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _after_closes(when: When, moment: datetime) -> Iterator[datetime]:
    assert when.calendar is not None
    exchange, after_close = exchanges()[when.calendar], after_close_of(when)
    day = exchange.trading_day_before(exchange.today(moment - after_close))
    while True:
        due = exchange.closes_at(day) + after_close
        if due > moment:
            yield due
        day = exchange.trading_day_after(day)


def _at_local_times(cron: str, zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """At fixed local times. One that is skipped comes right after the gap, one that is doubled comes the first time."""
    for local in CronSim(cron, moment.astimezone(zone)):
        due = local.astimezone(UTC)
        if due > moment:  # in the second of two equal hours, the first one's times have been
            yield due


def _by_the_clock(cron: str, zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """Where minute or hour begins with a star: at each minute whose local time fits, be it doubled or not.

    Computed in stretches of one offset: cronsim itself passes over due times after a shift by half an hour, and after one at midnight.
    """
    begin, offset = moment, _offset(zone, moment)
    times = CronSim(cron, (moment + offset).replace(tzinfo=None))
    while (local := next(times, None)) is not None:
        due = local.replace(tzinfo=UTC) - offset
        change = _first_change(zone, begin, due)
        if change is None:
            yield due
            begin = due
        else:
            # From the second before the change, but by the offset that begins with it.
            begin, offset = change, _offset(zone, change)
            times = CronSim(cron, (change - _SECOND + offset).replace(tzinfo=None))


def _first_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first moment after one, up to and with another, at which a zone has another offset; to the second."""
    begin, offset = after, _offset(zone, after)
    while begin < until:
        end = min(begin + _STEP, until)
        if _offset(zone, end) != offset:
            while end - begin > _SECOND:
                middle = begin + timedelta(seconds=int((end - begin).total_seconds()) // 2)
                if _offset(zone, middle) == offset:
                    begin = middle
                else:
                    end = middle
            return end
        begin = end
    return None


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())

"""An exchange: its trading days, its hours, and when a day's bar is final."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import takewhile
from zoneinfo import ZoneInfo

SETTLES_AFTER = timedelta(hours=3)  # after the close: until then, sources correct the day's bar
ENDS_SOON = timedelta(days=365)
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """The usual opening and closing time, local, from a day on."""

    since: date
    open: time
    close: time


@dataclass(frozen=True)
class Exchange:
    """The calendar of an exchange, named by its market identifier code (ISO 10383).

    It is known from `first` to `last`. Outside of them each weekday counts as a trading day, with the first or last usual hours.
    """

    mic: str
    name: str
    zone: ZoneInfo
    first: date
    last: date
    hours: tuple[Hours, ...]
    closed: tuple[date, ...]
    early_closes: Mapping[date, time]

    def is_trading_day(self, day: date) -> bool:
        """Whether the exchange is open on this day."""
        return day.weekday() < _SATURDAY and day not in self._closed

    def trading_days(self, after: date, through: date) -> int:
        """How many trading days follow `after`, up to and with `through`; 0 where none does."""
        if through <= after:
            return 0
        weekdays = _weekdays_until(through) - _weekdays_until(after)
        return weekdays - (bisect_right(self.closed, through) - bisect_right(self.closed, after))

    def trading_day_until(self, day: date) -> date:
        """The newest trading day that is not after this day."""
        while not self.is_trading_day(day):
            day -= _DAY
        return day

    def trading_day_before(self, day: date) -> date:
        """The newest trading day before this day."""
        return self.trading_day_until(day - _DAY)

    def trading_day_after(self, day: date) -> date:
        """The first trading day after this day."""
        day += _DAY
        while not self.is_trading_day(day):
            day += _DAY
        return day

    def opens_at(self, day: date) -> datetime:
        """When trading begins on a trading day, in UTC."""
        return self._moment(day, self._hours_of(day).open)

    def closes_at(self, day: date) -> datetime:
        """When trading ends on a trading day, in UTC; earlier than usual on the day before some holidays."""
        return self._moment(day, self.early_closes.get(day) or self._hours_of(day).close)

    def today(self, moment: datetime) -> date:
        """The day that it is at the exchange."""
        return moment.astimezone(self.zone).date()

    def newest_day(self, moment: datetime) -> date:
        """The newest trading day of which there can be a bar: one that has begun to trade."""
        day = self.trading_day_until(self.today(moment))
        return day if self.opens_at(day) <= moment else self.trading_day_before(day)

    def newest_final_day(self, moment: datetime) -> date:
        """The newest trading day whose bar is final: its close is `SETTLES_AFTER` ago."""
        day = self.trading_day_until(self.today(moment))
        return day if self.closes_at(day) + SETTLES_AFTER <= moment else self.trading_day_before(day)

    def ends_soon(self, today: date) -> bool:
        """Whether the calendar is known for less than a year from today."""
        return self.last - today < ENDS_SOON

    @cached_property
    def _closed(self) -> frozenset[date]:
        return frozenset(self.closed)

    def _hours_of(self, day: date) -> Hours:
        return [self.hours[0], *takewhile(lambda hours: hours.since <= day, self.hours)][-1]

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


# Stands in where no exchange is known: each weekday is a trading day, whose bar is final when the day ends in UTC.
WEEKDAYS = Exchange(
    mic="",
    name="",
    zone=ZoneInfo("UTC"),
    first=date.min,
    last=date.max,
    hours=(Hours(date.min, time(0), time(21)),),
    closed=(),
    early_closes={},
)


def _weekdays_until(day: date) -> int:
    """The number of weekdays from Monday, 1 January of year 1, up to and with this day."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)

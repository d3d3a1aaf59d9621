"""How near a series' newest bar is to the newest that there can be: the one place that decides what is fresh, late and stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal, NamedTuple

from models.exchange import Exchange

STALE_AFTER = 5  # trading days; a usual week of seven days has no more

FreshnessState = Literal["fresh", "late", "stale", "unknown"]


@dataclass(frozen=True)
class Freshness:
    """Where a series' newest bar stands on the calendar of its exchange; weekdays are counted, and `exchange` is null, where none is known.

    `fresh`: there is a bar of `newest_expected`, the newest day whose bar is final. `late`: `trading_days_behind` is 1 to 5. `stale`: it
    is more. `unknown`: there are no prices, and all else is null.
    """

    state: FreshnessState
    trading_days_behind: int | None
    exchange: str | None
    newest_expected: date | None


NO_PRICES = Freshness("unknown", None, None, None)


class StaleBy(NamedTuple):
    """The calendar by which prices are stale: an exchange by code and name, or neither where weekdays are counted."""

    mic: str | None
    name: str | None

    def sentence(self, newest: str) -> str:
        """What is said of stale prices, given the day of the newest bar in words.

        The same however stale they are: it is part of a result, which holds as long as its prices are stale.
        """
        return f"The newest bar is of {newest}; more than {STALE_AFTER} {self._days} have passed since."

    @property
    def _days(self) -> str:
        if self.name is None:
            return "weekdays"
        return f"trading days of {'the ' if 'Exchange' in self.name else ''}{self.name}"


@dataclass(frozen=True)
class Expectation:
    """The `newest` final day of a calendar at some moment, which series are held against."""

    calendar: Exchange
    newest: date

    @classmethod
    def at(cls, calendar: Exchange, moment: datetime, as_of: date | None = None) -> Expectation:
        """What can be expected at a moment, or on an earlier day."""
        newest = calendar.newest_final_day(moment)
        return cls(calendar, newest if as_of is None else min(newest, calendar.trading_day_until(as_of)))

    def is_stale(self, last_day: date) -> bool:
        """Whether more than `STALE_AFTER` trading days follow this day."""
        return last_day < self._oldest_not_stale

    def stale_by(self, last_day: date) -> StaleBy | None:
        """What a series that ends on this day is stale by; None while it is not."""
        return self._stale_by if last_day < self._oldest_not_stale else None

    def freshness_of(self, last_day: date | None) -> Freshness:
        """The freshness of a series that ends on this day; None for no series."""
        if last_day is None:
            return NO_PRICES
        behind = self.calendar.trading_days(last_day, self.newest)
        state: FreshnessState = "fresh" if not behind else "stale" if self.is_stale(last_day) else "late"
        return Freshness(state, behind, self._stale_by.mic, self.newest)

    @cached_property
    def _oldest_not_stale(self) -> date:
        day = self.newest
        for _ in range(STALE_AFTER):
            day = self.calendar.trading_day_before(day)
        return day

    @cached_property
    def _stale_by(self) -> StaleBy:
        return StaleBy(self.calendar.mic or None, self.calendar.name or None)

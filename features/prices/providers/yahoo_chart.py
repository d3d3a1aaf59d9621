"""What a chart of Yahoo tells beside its bars: what the ticker stands for, its actions, and the calendar that its bars follow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from features.prices.providers.answers import MOST_PAID, split_of_factor
from infrastructure.exchanges import exchange_for, exchanges
from infrastructure.market_names import mic_of
from models.corporate_action import ActionKind, CorporateAction
from models.exchange import Exchange
from models.provider import LONGEST, Listing, text_of

_OWN_NAMES = {"ASE": "XASE", "ISE": "XDUB"}  # which others use for other exchanges
# Prices of some exchanges are in a hundredth of the currency, and at times their dividends are not.
_WHOLE = {"GBp": "GBP", "ILA": "ILS", "ZAc": "ZAR"}
_AROUND_THE_CLOCK = frozenset({"currency", "cryptocurrency"})
_PLACES, _MOST_PLACES = 6, 15  # of an amount: Yahoo rounds, and numbers have no more
_LAST_SECOND = 100_000_000_000  # of the year 5138
_ALMOST_MIDNIGHT = 22  # from this full hour on, a day that was meant is the next: Yahoo is wrong about some changes of the clock


def market_of(told: object) -> str | None:
    """The market identifier code of an exchange as Yahoo names it, else that name."""
    name = str(told or "")
    return _OWN_NAMES.get(name) or mic_of(name) or name or None


@dataclass(frozen=True)
class Chart:
    """`chart.result[0]` of an answer, without its bars."""

    meta: Mapping[str, Any]
    events: Mapping[str, Any]

    @property
    def symbol(self) -> str:
        """The ticker that the answer is of."""
        return str(self.meta.get("symbol", ""))

    @property
    def currency(self) -> str | None:
        """Of the prices, as told: GBp is a hundredth of GBP."""
        return text_of(self.meta.get("currency"), LONGEST["currency"])

    @property
    def zone(self) -> str:
        """The name of the exchange's time zone."""
        return str(self.meta["exchangeTimezoneName"])

    @property
    def kind(self) -> str:
        """What the ticker is, in Yahoo's word: equity, etf, index, currency."""
        return str(self.meta.get("instrumentType") or "").lower()

    def listing(self, ticker: str) -> Listing:
        """The ticker as Yahoo lists it."""
        name = self.meta.get("longName") or self.meta.get("shortName")
        return Listing.told(ticker, name=name, exchange=market_of(self.meta.get("exchangeName")), currency=self.currency, kind=self.kind)

    def calendar(self, ticker: str) -> Exchange | None:
        """The exchange whose days the bars have: the named one, else that of the suffix, else one of the same time zone."""
        if self.kind in _AROUND_THE_CLOCK:
            return None
        named = exchange_for(ticker, market_of(self.meta.get("exchangeName")))
        return named or next((exchange for exchange in exchanges().values() if exchange.zone.key == self.zone), None)

    def is_over(self, ticker: str, day: date, moment: datetime) -> bool:
        """Whether a day's bar is final: three hours after the close, or after midnight where trade does not end."""
        calendar = self.calendar(ticker)
        if calendar is not None:
            return day <= calendar.newest_final_day(moment)
        return day < moment.astimezone(ZoneInfo(self.zone)).date()

    def actions(self, since: date | None) -> list[CorporateAction]:
        """Splits and distributions since a day, ascending. Amounts are as they were paid."""
        splits = list(self._splits())
        kinds = (("dividends", ActionKind.DIVIDEND), ("capitalGains", ActionKind.CAPITAL_GAIN))
        found = [*splits, *(one for name, kind in kinds for one in self._paid(name, kind, splits))]
        return sorted((one for one in found if since is None or one.effective_day >= since), key=lambda one: (one.effective_day, one.kind))

    def _splits(self) -> Iterator[CorporateAction]:
        for event in self._events("splits"):
            shares, of = event.get("numerator"), event.get("denominator")
            if not isinstance(shares, int | float) or not isinstance(of, int | float) or of <= 0:
                continue
            if (split := split_of_factor(shares / of)) is not None:
                yield CorporateAction(self._day(event["date"]), ActionKind.SPLIT, *split)

    def _paid(self, name: str, kind: ActionKind, splits: Sequence[CorporateAction]) -> Iterator[CorporateAction]:
        """Distributions. Yahoo restates their amounts for later splits, as it does prices."""
        for event in self._events(name):
            amount = event.get("amount")
            if not isinstance(amount, int | float) or not 0 < amount < MOST_PAID:
                continue
            told, unit = text_of(event.get("currency"), LONGEST["currency"]) or self.currency, self.currency
            if told != unit and told == _WHOLE.get(unit or ""):
                told, amount = unit, amount * 100
            elif told != unit and _WHOLE.get(told or "") == unit:
                told, amount = unit, amount / 100
            day = self._day(event["date"])
            amount = _as_paid(float(amount), math.prod(split.ratio for split in splits if split.effective_day > day))
            if 0 < amount < MOST_PAID:
                yield CorporateAction(day, kind, amount=amount, currency=told)

    def _events(self, name: str) -> Iterator[Mapping[str, Any]]:
        events = self.events.get(name)
        for event in events.values() if isinstance(events, Mapping) else ():
            if isinstance(event, Mapping) and isinstance(second := event.get("date"), int) and abs(second) < _LAST_SECOND:
                yield event

    def _day(self, second: int) -> date:
        """The day of an event at the exchange, whatever day it is in UTC."""
        moment = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(self.zone))
        if moment.hour >= _ALMOST_MIDNIGHT and moment.minute == 0:
            moment += timedelta(hours=24 - _ALMOST_MIDNIGHT)
        return moment.date()


def _as_paid(told: float, later: float) -> float:
    """An amount that is restated for splits, per share of its own day, of as many digits as were told; `later` is the ratio of them all."""
    amount = told * later
    if later == 1 or not 0 < amount < MOST_PAID:
        return amount
    places = _PLACES if round(told, _PLACES) == told else _MOST_PLACES
    return round(amount, math.floor(places - math.log10(later)))

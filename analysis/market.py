"""The market of a ledger: on which days it is valued, and what its tickers cost and its currencies were worth then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.bars import BoolArray, FloatArray
from analysis.entries import NO_TICKER, Entries, IntArray
from analysis.held import Days, HeldCloses, later_shares
from analysis.valuation import NO_SHARES, Market
from models.corporate_action import Split
from models.currency import major_of

LONGEST_GAP = 4  # days: where nothing is traded for longer, each day from Monday to Friday is valued
SILENT = 7  # days after which a price that is carried is told
# The rates of a currency on some days, in units of the base currency; NaN where there is none.
RatesOn = Callable[[str, Days], FloatArray]


@dataclass(frozen=True)
class Quotes:
    """The prices of the tickers of a ledger. `splits` are those of all of them, with the ledger's own."""

    held: Mapping[str, HeldCloses]
    splits: Mapping[str, tuple[Split, ...]]

    def until(self, ticker: str) -> Days | None:
        """The day of a ticker's newest bar, of shape (1,), in whose shares it is counted."""
        held = self.held.get(ticker)
        return None if held is None else held.days[-1:]


def became(entries: Entries, quotes: Quotes) -> FloatArray:
    """What one share of each entry's day has become by the newest bar of its ticker, of shape (entries,)."""
    shares = np.ones(len(entries))
    days = entries.day.view("datetime64[D]")
    for place, ticker in enumerate(entries.tickers):
        splits = quotes.splits.get(ticker)
        if splits:
            rows = np.flatnonzero(entries.ticker == place)
            until = quotes.until(ticker)
            shares[rows] = later_shares(splits, days[rows]) / (1.0 if until is None else later_shares(splits, until))
    return shares


def days_of(entries: Entries, shares: FloatArray, quotes: Quotes) -> Days:
    """The days that are valued: the one before the first entry, those of entries, and those on which something held was traded."""
    first = int(entries.day.min()) - 1
    groups = _by_days(entries, quotes)
    last = max([int(entries.day.max()), *(int(days[-1].astype(np.int64)) for days, _ in groups)])
    marked = np.zeros(last - first + 1, dtype=np.bool_)
    marked[entries.day - first] = True
    marked[[0, -1]] = True
    for days, covered in _covered(entries, shares, groups, last):
        marked[days.view(np.int64)[covered] - first] = True
    numbers = np.flatnonzero(marked) + first
    for at in np.flatnonzero(np.diff(numbers) > LONGEST_GAP).tolist():
        between = np.arange(numbers[at] + 1, numbers[at + 1])
        marked[between[(between + 3) % 7 < 5] - first] = True  # the first day of 1970 was a Thursday
    return (np.flatnonzero(marked) + first).view("datetime64[D]")


def _by_days(entries: Entries, quotes: Quotes) -> list[tuple[Days, list[int]]]:
    """The days of closes, each array once, with the tickers that have them."""
    found: dict[int, tuple[Days, list[int]]] = {}
    for place, ticker in enumerate(entries.tickers):
        held = quotes.held.get(ticker)
        if held is not None:
            found.setdefault(id(held.days), (held.days, []))[1].append(place)
    return list(found.values())


def _covered(entries: Entries, shares: FloatArray, groups: list[tuple[Days, list[int]]], last: int) -> Iterator[tuple[Days, BoolArray]]:
    """Days of closes, and which of them lie between the first entry of a ticker that has them and its last, or `last` if it is held."""
    left = _left(entries, shares)
    moved = entries.ticker != NO_TICKER
    begins, ends = np.full(len(left), last), np.full(len(left), 0)
    np.minimum.at(begins, entries.ticker[moved], entries.day[moved])
    np.maximum.at(ends, entries.ticker[moved], entries.day[moved])
    ends[np.abs(left) > NO_SHARES] = last
    for days, places in groups:
        numbers = days.view(np.int64)
        steps = np.zeros(len(numbers) + 1)
        np.add.at(steps, np.searchsorted(numbers, begins[places]), 1.0)
        np.add.at(steps, np.searchsorted(numbers, ends[places], side="right"), -1.0)
        yield days, np.cumsum(steps[:-1]) > 0


def market_of(entries: Entries, shares: FloatArray, quotes: Quotes, rates_on: RatesOn, former: Market | None = None) -> Market:
    """The market of a ledger on its days; see `days_of`. `former` is one of the same tickers and quotes, whose prices may serve again."""
    days = days_of(entries, shares, quotes)
    priced_in = price_currencies(entries, quotes)
    currencies = list(dict.fromkeys((*entries.currencies, *priced_in)))
    rates = np.empty((len(days), len(currencies)))
    for column, name in enumerate(currencies):
        rates[:, column] = rates_on(name, days)
    currency = np.array([currencies.index(each) for each in priced_in], dtype=np.int64)
    order = np.argsort(currency, kind="stable")
    if (
        former is not None
        and not former.from_trades
        and np.array_equal(former.days, days)
        and np.array_equal(former.currency[former.place], currency)
        and not _held_early(former, entries)
    ):
        return replace(former, rates=rates)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    prices = np.zeros((len(order), len(days)))
    first = np.full(len(order), len(days))
    bars: dict[int, IntArray] = {}
    for at, row in enumerate(place.tolist()):
        first[row] = _fill(prices[row], entries.tickers[at], quotes, days, bars)
    market = Market(days, place, prices, currency[order], first, rates)
    early = [_fill_from_trades(market, entries, shares, at) for at in _held_early(market, entries)]
    return replace(market, from_trades=any(early))


def price_currencies(entries: Entries, quotes: Quotes) -> list[str]:
    """The currency of each ticker's prices: that which is known, else that of its first entry."""
    majors: dict[str | None, str | None] = {None: None}
    found = []
    for ticker, first in zip(entries.tickers, entries.first_currencies.tolist(), strict=True):
        held = quotes.held.get(ticker)
        told = None if held is None else held.currency
        if told not in majors and told is not None:
            majors[told] = major_of(told)[0]
        found.append(majors[told] or entries.currencies[first])
    return found


def still_held(entries: Entries, shares: FloatArray) -> list[str]:
    """The tickers of which something is left after all entries."""
    left = _left(entries, shares)
    return [ticker for place, ticker in enumerate(entries.tickers) if abs(left[place]) > NO_SHARES]


def _left(entries: Entries, shares: FloatArray) -> FloatArray:
    moving = entries.moves_shares
    return np.bincount(entries.ticker[moving], weights=shares[moving], minlength=len(entries.tickers)).astype(np.float64)


def _fill(prices: FloatArray, ticker: str, quotes: Quotes, days: Days, bars: dict[int, IntArray]) -> int:
    """Fill in the prices of a ticker, carried; return the place of the first day that has one. `bars` keeps the bars of some days."""
    held = quotes.held.get(ticker)
    if held is None:
        return len(days)
    if id(held.days) not in bars:
        bars[id(held.days)] = np.searchsorted(held.days, days, side="right") - 1
    rows = bars[id(held.days)]
    first = int(np.searchsorted(rows, 0))
    np.take(held.newest(quotes.splits.get(ticker, ())), rows[first:], out=prices[first:])
    units = 1 if held.currency is None else major_of(held.currency)[1]
    if units != 1:
        prices[first:] /= units
    return first


def _held_early(market: Market, entries: Entries) -> list[int]:
    """The tickers that have entries before their first close."""
    moving = entries.moves_shares
    row = np.searchsorted(market.days.view(np.int64), entries.day[moving])
    early = row < market.first[market.place[entries.ticker[moving]]]
    found: list[int] = np.unique(entries.ticker[moving][early]).tolist()
    return found


def _fill_from_trades(market: Market, entries: Entries, shares: FloatArray, ticker: int) -> bool:
    """Before its first close, a ticker costs what it was last traded or transferred at. Return whether it was before then."""
    place = int(market.place[ticker])
    row = np.searchsorted(market.days.view(np.int64), entries.day)
    early = (entries.ticker == ticker) & entries.moves_shares & (shares != 0) & (row < market.first[place]) & (entries.gross > 0)
    traded = np.flatnonzero(early)
    if not len(traded):
        return False
    price = np.abs(entries.gross[traded] / shares[traded])
    foreign = entries.currency[traded] != market.currency[place]
    rates = market.rates[row[traded]]
    converted = rates[np.arange(len(traded)), entries.currency[traded]] / rates[:, market.currency[place]]
    price = np.where(foreign, price * converted, price)
    until = [*row[traded][1:].tolist(), int(market.first[place])]
    begun = False
    for at, (start, end) in enumerate(zip(row[traded].tolist(), until, strict=True)):
        if np.isfinite(price[at]):
            market.prices[place, start:end] = price[at]
            begun = True
    if begun:
        market.first[place] = row[traded][0]
    return begun

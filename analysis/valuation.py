"""What a portfolio was worth each day, and what came from outside: over holdings and days, with numpy.

- Shares are counted as those of each ticker's newest bar, and prices are for one of them: a split changes neither.
- Shares that are transferred count as worth what the day's close says, and come and go at the end of their day, as transferred cash does.
- Where a ledger has neither deposits nor withdrawals, it keeps no cash: what purchases cost counts as paid in on their day, and what
  sales and distributions bring as paid out.
- For the daily growth, cash below 0 counts as paid in, and what makes it up as paid out: a deposit that is booked after the purchases
  that it paid leaves no day on which next to nothing seems to be invested.
- A day on which something has no price or no rate has no value; what happened on it counts on the next day that has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import BoolArray, FloatArray
from analysis.entries import OUTSIDE_SIGN, SHARE_SIGN, Entries, IntArray
from analysis.time_weighted import DailyGrowth, daily_growth
from models.portfolio import TransactionType

MOST_CELLS = 1 << 20  # holdings × days that are worked on at once: 8 MB an array
NO_SHARES, NO_MONEY = 1e-9, 1e-6  # what rounding leaves of shares and of cash
NO_CURRENCY = -1


@dataclass(frozen=True)
class Market:
    """The prices and rates of some days, which are those on which something has a value.

    `prices` of shape (tickers, days) are for one share of the newest bar, in `currency` of each, whose elements ascend; a ticker of the
    entries stands in the row that `place` says. Before `first`, a day's place, a ticker has no price: it is 0. `rates` of shape (days,
    currencies) are units of the base currency for one of each currency, of which the entries' come first; NaN where there is none.
    """

    days: NDArray[np.datetime64]
    place: IntArray
    prices: FloatArray
    currency: IntArray
    first: IntArray
    rates: FloatArray
    from_trades: bool = False  # whether some prices are those of the ledger's own trades, before the first close

    def on(self, rows: BoolArray) -> Market:
        """The same on some of the days."""
        first = np.concatenate(([0], np.cumsum(rows)))[np.minimum(self.first, len(rows))]
        return replace(self, days=self.days[rows], prices=self.prices[:, rows], first=first, rates=self.rates[rows])


class Position(NamedTuple):
    """Neighbouring rows of a market, `first` up to but not including `end`, of one currency, and the value of what is held, day by day."""

    first: int
    end: int
    currency: int
    values: FloatArray


class Levels(NamedTuple):
    """What is held of the tickers of a market: `held` from `row` on, ascending by `place` and then by row."""

    place: IntArray
    row: IntArray
    held: FloatArray


@dataclass(frozen=True)
class Valuation:
    """The days that have a value, and what each has.

    `row` is the day on which an entry counts, `shares` what it adds to those of the newest bar, `booked` its rate and `listed` that of its
    day. `cash_of` and `held_of` are values by currency, each in its own, of shape (days, currencies); `flows` of shape (days,) came from
    outside, in the base currency, `transfers` among them. `unvalued` are the days that have no value.
    """

    market: Market
    entries: Entries
    row: IntArray
    shares: FloatArray
    booked: FloatArray
    listed: FloatArray
    levels: Levels
    held_of: FloatArray
    cash_of: FloatArray
    flows: FloatArray
    transfers: FloatArray
    unvalued: NDArray[np.datetime64]
    kept: tuple[Position, ...] | None = None  # what is held, where it is little

    @cached_property
    def rates(self) -> FloatArray:
        """The rates; 0 where there is none, which nothing needs."""
        return np.nan_to_num(self.market.rates, nan=0.0)

    @cached_property
    def value(self) -> FloatArray:
        """The value of each day."""
        total: FloatArray = ((self.held_of + self.cash_of) * self.rates).sum(axis=1)
        return total

    @cached_property
    def growth(self) -> DailyGrowth:
        """What 1 becomes from each day to the next: cash below 0 counts as paid in, until it is made up."""
        owed = np.maximum(-self.cash, 0.0)
        return daily_growth(self.value + owed, self.flows + np.diff(owed, prepend=0.0), self.transfers)

    @cached_property
    def cash(self) -> FloatArray:
        """The value of the cash in it: below 0 where more was spent than there was."""
        total: FloatArray = (self.cash_of * self.rates).sum(axis=1)
        return total

    def positions(self) -> Iterator[Position]:
        """What is held, block by block."""
        return positions_of(self.market, self.levels) if self.kept is None else iter(self.kept)


def valuate(entries: Entries, shares: FloatArray, market: Market) -> Valuation:
    """The value of each day of a market whose days include those of all entries. `shares` are what an entry adds, in newest ones."""
    days = market.days
    rows: BoolArray = np.ones(len(days), dtype=np.bool_)
    valuation, missing = _valuate(entries, shares, market)
    while missing.any():
        rows[np.flatnonzero(rows)[missing]] = False
        known = entries.day <= (days[rows][-1].astype(np.int64) if rows.any() else -1)
        valuation, missing = _valuate(entries.only(known), shares[known], market.on(rows))
    return replace(valuation, unvalued=days[~rows])


def _valuate(entries: Entries, shares: FloatArray, market: Market) -> tuple[Valuation, BoolArray]:
    shape = market.rates.shape
    row = np.searchsorted(market.days.view(np.int64), entries.day)
    levels, shares = _levels(entries, market, row, shares)
    held_of = np.zeros(shape)
    kept: list[Position] | None = [] if market.prices.size <= MOST_CELLS else None
    for position in positions_of(market, levels):
        held_of[:, position.currency] += position.values.sum(axis=0)
        if kept is not None:
            kept.append(position)
    cash_of = np.zeros(shape)
    if entries.keeps_cash:
        cash_of = _summed(row, entries.currency, entries.to_cash(), shape).cumsum(axis=0)
        cash_of[np.abs(cash_of) < NO_MONEY] = 0.0
    listed = market.rates[row, entries.currency]
    booked = np.where(np.isnan(entries.rate), listed, entries.rate)
    missing: BoolArray = (np.isnan(market.rates) & ((held_of != 0) | (cash_of != 0))).any(axis=1)
    _mark_without_rate(missing, market, row, np.where(np.isnan(booked), entries.currency, NO_CURRENCY))
    _mark_without_price(missing, market, levels)
    booked = np.nan_to_num(booked, nan=0.0)
    listed = np.where(np.isnan(listed), booked, listed)
    outside = _from_outside(entries, market, row, shares, booked)
    is_transfer = entries.of_type(TransactionType.TRANSFER_IN, TransactionType.TRANSFER_OUT)
    flows, transfers = (
        np.bincount(row, weights=each, minlength=shape[0]).astype(np.float64) for each in (outside, np.where(is_transfer, outside, 0.0))
    )
    known = (market, entries, row, shares, booked, listed, levels)
    return Valuation(
        *known, held_of, cash_of, flows, transfers, unvalued=market.days[:0], kept=None if kept is None else tuple(kept)
    ), missing


def positions_of(market: Market, levels: Levels) -> Iterator[Position]:
    """The values of what is held, in blocks of tickers of one currency."""
    tickers, days = market.prices.shape
    width = max(1, MOST_CELLS // max(1, days))
    starts = np.flatnonzero(np.diff(market.currency, prepend=-1)).tolist()
    for first_of_currency, end_of_currency in zip(starts, [*starts[1:], tickers], strict=True):
        for first in range(first_of_currency, end_of_currency, width):
            end = min(first + width, end_of_currency)
            values = _held(levels, first, end, days)
            values *= market.prices[first:end]
            yield Position(first, end, int(market.currency[first]), values)


def _held(levels: Levels, first: int, end: int, days: int) -> FloatArray:
    """The shares that each day ends with, of some rows of a market."""
    taken = slice(*np.searchsorted(levels.place, (first, end)))
    starts = np.arange(end - first) * days
    at = (levels.place[taken] - first) * days + levels.row[taken]
    order = np.argsort(np.concatenate((starts, at)), kind="stable")
    at = np.append(np.concatenate((starts, at))[order], (end - first) * days)
    held = np.concatenate((np.zeros(end - first), levels.held[taken]))[order]
    return np.repeat(held, np.diff(at)).reshape(end - first, days)


def _levels(entries: Entries, market: Market, row: IntArray, shares: FloatArray) -> tuple[Levels, FloatArray]:
    """What is held after each day with entries of a ticker, and what the entries add to it: nobody sells more than there is."""
    moving = np.flatnonzero(entries.moves_shares)
    place = market.place[entries.ticker[moving]]
    key, of_key = np.unique(place * max(1, len(market.days)) + row[moving], return_inverse=True)
    added: FloatArray = np.bincount(of_key, weights=shares[moving], minlength=len(key)).astype(np.float64)
    place, row_of = np.divmod(key, max(1, len(market.days)))
    held = added.copy()
    bounds = np.append(np.flatnonzero(np.diff(place, prepend=-1)), len(key)).tolist()
    for start, end in pairwise(bounds):
        added[start:end].cumsum(out=held[start:end])
    if len(held) and held.min() < -NO_SHARES:
        return _within_what_is_held(Levels(place, row_of, added), moving, of_key, shares)
    held[np.abs(held) < NO_SHARES] = 0.0
    return Levels(place, row_of, held), shares


def _within_what_is_held(changes: Levels, moving: IntArray, of_key: IntArray, shares: FloatArray) -> tuple[Levels, FloatArray]:
    """The same where entries take more than there is, as a split that became known later can have it: they take what there is."""
    held = np.zeros(len(changes.held))
    part = np.ones(len(held))
    level, place = 0.0, -1
    for at in range(len(held)):
        level = level if changes.place[at] == place else 0.0
        place, added = changes.place[at], changes.held[at]
        taken = max(added, -level)
        part[at] = taken / added if added else 1.0
        level = 0.0 if abs(level + taken) < NO_SHARES else level + taken
        held[at] = level
    shares = shares.copy()
    shares[moving] *= part[of_key]
    return Levels(changes.place, changes.row, held), shares


def _mark_without_rate(missing: BoolArray, market: Market, row: IntArray, currency: IntArray) -> None:
    """Mark the days from an entry on that waits for a rate until there is one."""
    for at in np.flatnonzero(currency != NO_CURRENCY).tolist():
        known = np.flatnonzero(~np.isnan(market.rates[row[at] :, currency[at]]))
        missing[row[at] : row[at] + known[0] if len(known) else len(missing)] = True


def _mark_without_price(missing: BoolArray, market: Market, levels: Levels) -> None:
    """Mark the days on which something is held that has no price yet."""
    first = market.first[levels.place]
    is_last = np.diff(levels.place, append=-1) != 0
    ends = np.minimum(np.where(is_last, len(missing), np.roll(levels.row, -1)), first)
    for at in np.flatnonzero((levels.held > 0) & (levels.row < first)).tolist():
        missing[levels.row[at] : ends[at]] = True


def _from_outside(entries: Entries, market: Market, row: IntArray, shares: FloatArray, booked: FloatArray) -> FloatArray:
    """What each entry brings from outside, or takes there."""
    if entries.keeps_cash:
        passed = np.where(entries.is_transfer_of_shares, 0.0, OUTSIDE_SIGN[entries.type] * entries.gross * booked)
    else:
        passed = -entries.to_cash() * booked
    transfers = np.flatnonzero(entries.is_transfer_of_shares)
    place = market.place[entries.ticker[transfers]]
    rates = np.nan_to_num(market.rates[row[transfers], market.currency[place]], nan=0.0)
    passed[transfers] += shares[transfers] * market.prices[place, row[transfers]] * rates
    return passed


def _summed(rows: IntArray, columns: IntArray, weights: FloatArray, shape: tuple[int, int]) -> FloatArray:
    return np.bincount(rows * shape[1] + columns, weights=weights, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def added_shares(entries: Entries, became: FloatArray) -> FloatArray:
    """What each entry adds to the shares of the newest bar; `became` is what one share of its day has become until then."""
    added: FloatArray = np.where(entries.moves_shares, SHARE_SIGN[entries.type] * entries.quantity * became, 0.0)
    return added

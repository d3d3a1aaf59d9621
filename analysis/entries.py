"""A ledger as arrays: one element for each transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import BoolArray, FloatArray
from models.currency import major_of
from models.portfolio import TransactionType

IntArray = NDArray[np.int64]

TYPES = tuple(TransactionType)
CODE: Mapping[TransactionType, int] = MappingProxyType({type_: code for code, type_ in enumerate(TYPES)})
NO_TICKER = -1
_T = TransactionType
_ARRAYS = ("day", "type", "ticker", "currency", "quantity", "gross", "fee", "tax", "rate")
# What a transaction does to cash by its gross amount; a transfer of shares does nothing to it.
_CASH = {
    **dict.fromkeys((_T.SELL, _T.DIVIDEND, _T.INTEREST, _T.DEPOSIT, _T.TRANSFER_IN), 1.0),
    **dict.fromkeys((_T.BUY, _T.FEE, _T.TAX, _T.WITHDRAWAL, _T.TRANSFER_OUT), -1.0),
}
_SHARES = {_T.BUY: 1.0, _T.TRANSFER_IN: 1.0, _T.SELL: -1.0, _T.TRANSFER_OUT: -1.0}
_OUTSIDE = {_T.DEPOSIT: 1.0, _T.TRANSFER_IN: 1.0, _T.WITHDRAWAL: -1.0, _T.TRANSFER_OUT: -1.0}


def _signs(by_type: Mapping[TransactionType, float]) -> FloatArray:
    return np.array([by_type.get(type_, 0.0) for type_ in TYPES])


CASH_SIGN, SHARE_SIGN, OUTSIDE_SIGN = _signs(_CASH), _signs(_SHARES), _signs(_OUTSIDE)


@dataclass(frozen=True)
class Entry:
    """A transaction that is no split, by numbers; `type` is its code, and `rate` NaN where none was booked."""

    day: int
    type: int
    ticker: str | None
    currency: str
    quantity: float
    gross: float
    fee: float
    tax: float
    rate: float


class Columns(NamedTuple):
    """The same of many transactions, column by column."""

    day: IntArray
    type: IntArray
    tickers: Sequence[str | None]
    currencies: Sequence[str]
    quantity: FloatArray
    gross: FloatArray
    fee: FloatArray
    tax: FloatArray
    rate: FloatArray


@dataclass(frozen=True)
class Entries:
    """The transactions of a ledger, of shape (n,), in an order that depends on what they say alone. Splits are none of them.

    `tickers` and `currencies` are what the elements of `ticker` (NO_TICKER for none) and `currency` count; currencies are major ones.
    Amounts are in `currency`, `rate` is what one of it was booked at in the base currency, NaN where nothing was booked. `quantity` is in
    shares of its day.
    """

    tickers: tuple[str, ...]
    currencies: tuple[str, ...]
    day: IntArray  # since 1970-01-01
    type: IntArray
    ticker: IntArray
    currency: IntArray
    quantity: FloatArray
    gross: FloatArray
    fee: FloatArray
    tax: FloatArray
    rate: FloatArray

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Entries:
        """The same as arrays."""
        day, type_ = (np.array([getattr(each, name) for each in entries], dtype=np.int64) for name in ("day", "type"))
        tickers, currencies = [each.ticker for each in entries], [each.currency for each in entries]
        names = ("quantity", "gross", "fee", "tax", "rate")
        amounts = (np.array([getattr(each, name) for each in entries], dtype=np.float64) for name in names)
        return cls.of_columns(Columns(day, type_, tickers, currencies, *amounts))

    @classmethod
    def of_columns(cls, columns: Columns) -> Entries:
        """The same of columns."""
        units = {name: major_of(name) for name in set(columns.currencies)}
        tickers = tuple(sorted({each for each in columns.tickers if each is not None}))
        currencies = tuple(sorted({major for major, _ in units.values()}))
        place = {None: NO_TICKER} | {ticker: at for at, ticker in enumerate(tickers)}
        column = {name: currencies.index(major) for name, (major, _) in units.items()}
        unit = np.array([units[each][1] for each in columns.currencies], dtype=np.float64)
        return cls(
            tickers,
            currencies,
            columns.day,
            columns.type,
            np.array([place[each] for each in columns.tickers], dtype=np.int64),
            np.array([column[each] for each in columns.currencies], dtype=np.int64),
            columns.quantity,
            columns.gross / unit,
            columns.fee / unit,
            columns.tax / unit,
            columns.rate * unit,
        ).ordered()

    def joined(self, more: Entries) -> Entries:
        """These and others."""
        tickers = tuple(sorted({*self.tickers, *more.tickers}))
        currencies = tuple(sorted({*self.currencies, *more.currencies}))
        kept, added = self._counted(tickers, currencies), more._counted(tickers, currencies)
        # The order is by day first: what comes before the first new one stays where it is.
        rest = int(np.searchsorted(self.day, more.day.min())) if len(more) else len(self)
        later = kept.only(slice(rest, None))._followed_by(added).ordered()
        return kept.only(slice(rest))._followed_by(later)

    def _followed_by(self, more: Entries) -> Entries:
        """The same and others, which count by the same tickers and currencies."""
        joined = (np.concatenate((getattr(self, name), getattr(more, name))) for name in _ARRAYS)
        return Entries(self.tickers, self.currencies, *joined)

    def _counted(self, tickers: tuple[str, ...], currencies: tuple[str, ...]) -> Entries:
        """The same, counting by other tickers and currencies, which theirs are among."""
        if (self.tickers, self.currencies) == (tickers, currencies):
            return self
        # The last element is for NO_TICKER.
        place = np.array([*(tickers.index(each) for each in self.tickers), NO_TICKER])
        column = np.array([currencies.index(each) for each in self.currencies], dtype=np.int64)
        return replace(self, tickers=tickers, currencies=currencies, ticker=place[self.ticker], currency=column[self.currency])

    def ordered(self) -> Entries:
        """The same in their order."""
        place = self.day * len(TYPES) + self.type
        of_what = self.ticker * (len(self.currencies) + 1) + self.currency
        return self.only(np.lexsort((self.rate, self.tax, self.fee, self.gross, self.quantity, of_what, place)))

    def __len__(self) -> int:
        return len(self.day)

    def at_par(self, currency: str) -> Entries:
        """The same where one of a currency is one of it, whatever was booked: it is the base currency."""
        other = ~np.isnan(self.rate) & (self.rate != 1.0)
        if currency not in self.currencies or not other.any():
            return self
        is_base = self.currency == self.currencies.index(currency)
        return replace(self, rate=np.where(other & is_base, 1.0, self.rate)).ordered()

    @cached_property
    def first_currencies(self) -> IntArray:
        """The currency of the first entry of each ticker, of shape (tickers,)."""
        found = np.zeros(len(self.tickers), dtype=np.int64)
        rows = np.flatnonzero(self.ticker != NO_TICKER)[::-1]
        found[self.ticker[rows]] = self.currency[rows]  # of several, the last one assigned stays
        return found

    def of_type(self, *types: TransactionType) -> BoolArray:
        """Which are of some types."""
        table = np.zeros(len(TYPES), dtype=np.bool_)
        table[[CODE[type_] for type_ in types]] = True
        found: BoolArray = table[self.type]
        return found

    def only(self, rows: BoolArray | IntArray | slice) -> Entries:
        """Some of them, or all in another order."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    @cached_property
    def moves_shares(self) -> BoolArray:
        """Which change what is held of a ticker."""
        moves: BoolArray = np.logical_and(SHARE_SIGN[self.type] != 0, self.ticker != NO_TICKER)
        return moves

    @cached_property
    def is_transfer_of_shares(self) -> BoolArray:
        """Which bring shares from outside, or take them there."""
        found: BoolArray = self.of_type(_T.TRANSFER_IN, _T.TRANSFER_OUT) & (self.ticker != NO_TICKER)
        return found

    def to_cash(self) -> FloatArray:
        """What each adds to the cash of its currency."""
        gross = np.where(self.is_transfer_of_shares, 0.0, CASH_SIGN[self.type] * self.gross)
        added: FloatArray = gross - self.fee - self.tax
        return added

    @cached_property
    def keeps_cash(self) -> bool:
        """Whether cash comes from outside or goes there: else what purchases cost counts as paid in on their day."""
        return bool(((OUTSIDE_SIGN[self.type] != 0) & ~self.is_transfer_of_shares).any())

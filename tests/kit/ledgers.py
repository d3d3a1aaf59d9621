"""Ledgers of portfolios: generated ones with their market, and what they come to when each day is counted by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from analysis.bars import FloatArray
from analysis.entries import CODE, TYPES, Entries, Entry
from analysis.held import Days, HeldCloses
from analysis.market import Quotes, became, market_of
from analysis.valuation import Market, Valuation, added_shares, valuate
from models.corporate_action import Split
from models.portfolio import TransactionType
from models.price_series import number_of

_T = TransactionType
BASE = "EUR"
FIRST = date(2023, 1, 2)  # a Monday
NOT_BOOKED = math.nan


def entry(day: date, type_: str, ticker: str | None = None, /, **told: float | str) -> Entry:
    """A transaction in the base currency, unless told otherwise."""
    values: dict[str, float | str] = {
        "currency": BASE, "quantity": 0.0, "gross": 0.0, "fee": 0.0, "tax": 0.0, "rate": NOT_BOOKED, **told,
    }  # fmt: skip
    return Entry(number_of(day), CODE[TransactionType(type_)], ticker, **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ledger:
    """Entries, the closes of their tickers, and rates by currency: units of the base currency on each of `days`."""

    entries: Sequence[Entry]
    held: Mapping[str, HeldCloses]
    rates: Mapping[str, FloatArray] = field(default_factory=dict)
    rate_days: Days = field(default_factory=lambda: np.array([], "datetime64[D]"))
    splits: Mapping[str, tuple[Split, ...]] = field(default_factory=dict)

    @property
    def quotes(self) -> Quotes:
        own = {ticker: held.splits for ticker, held in self.held.items() if held.splits}
        return Quotes(self.held, {**own, **self.splits})

    def rates_on(self, currency: str, days: Days) -> FloatArray:
        if currency == BASE:
            return np.ones(len(days))
        known = np.full(len(days), np.nan)
        if currency in self.rates:
            at = np.searchsorted(self.rate_days, days, side="right") - 1
            known[at >= 0] = self.rates[currency][at[at >= 0]]
        return known

    def market(self, entries: Entries) -> Market:
        return market_of(entries, self.added(entries), self.quotes, self.rates_on)

    def added(self, entries: Entries) -> FloatArray:
        return added_shares(entries, became(entries, self.quotes))

    def valued(self) -> Valuation:
        entries = Entries.of(self.entries)
        return valuate(entries, self.added(entries), self.market(entries))

    def but(self, entries: Sequence[Entry]) -> Ledger:
        return replace(self, entries=entries)


@dataclass(frozen=True)
class ByHand:
    """A day: its value, what came from outside, and the parts of its gain."""

    value: float
    flow: float
    capital: float
    fx: float
    dividends: float
    interest: float
    fees: float
    taxes: float


def count_by_hand(ledger: Ledger, days: Sequence[date]) -> list[ByHand]:
    """Each day in plain arithmetic, with the shares of the day and closes as traded. All days must have prices and rates."""
    keeps_cash = Entries.of(ledger.entries).keeps_cash
    shares: dict[str, float] = defaultdict(float)
    cash: dict[str, float] = defaultdict(float)
    counted: list[ByHand] = []
    former: date | None = None
    for day in days:
        prices = {ticker: _close(ledger, ticker, day) for ticker in ledger.held}
        rates = {name: _rate(ledger, name, day) for name in (BASE, *ledger.rates)}
        before = rates if former is None else {name: _rate(ledger, name, former) for name in rates}
        capital = fx = 0.0
        for ticker, held in list(shares.items()):
            if former is None or not held:
                continue
            now = held * _splits(ledger, ticker, former, day)
            name = ledger.held[ticker].currency or BASE
            grown = now * prices[ticker] - held * _close(ledger, ticker, former)
            capital += grown * before[name]
            fx += now * prices[ticker] * (rates[name] - before[name])
            shares[ticker] = now
        fx += sum(amount * (rates[name] - before[name]) for name, amount in cash.items())
        flow = dividends = interest = fees = taxes = 0.0
        for each in ledger.entries:
            if each.day != number_of(day):
                continue
            type_ = TYPES[each.type]
            listed = rates[each.currency]
            booked = listed if math.isnan(each.rate) else each.rate
            sign = 1 if type_ in (_T.BUY, _T.TRANSFER_IN) else -1
            into = -each.fee - each.tax
            outside = 0.0
            if each.ticker is not None and type_ in (_T.BUY, _T.SELL, _T.TRANSFER_IN, _T.TRANSFER_OUT):
                shares[each.ticker] += sign * each.quantity
                worth = sign * each.quantity * prices[each.ticker] * rates[ledger.held[each.ticker].currency or BASE]
                if type_ in (_T.BUY, _T.SELL):
                    into -= sign * each.gross
                    capital += worth - sign * each.gross * listed
                    fx += 0.0 if keeps_cash else sign * each.gross * (listed - booked)
                else:
                    flow += worth
            else:
                into += each.gross * {_T.FEE: -1, _T.TAX: -1, _T.WITHDRAWAL: -1, _T.TRANSFER_OUT: -1}.get(type_, 1)
                outside = each.gross * {_T.DEPOSIT: 1, _T.TRANSFER_IN: 1, _T.WITHDRAWAL: -1, _T.TRANSFER_OUT: -1}.get(type_, 0)
            costs = (each.gross if type_ is _T.FEE else 0.0) + each.fee, (each.gross if type_ is _T.TAX else 0.0) + each.tax
            income = each.gross if type_ in (_T.DIVIDEND, _T.INTEREST) else 0.0
            dividends += income * booked if type_ is _T.DIVIDEND else 0.0
            interest += income * booked if type_ is _T.INTEREST else 0.0
            fees -= costs[0] * booked
            taxes -= costs[1] * booked
            if keeps_cash:
                cash[each.currency] += into
                flow += outside * booked
                fx += (outside + income - sum(costs)) * (listed - booked)
            else:
                flow -= into * booked
        held_now = sum(held * prices[ticker] * rates[ledger.held[ticker].currency or BASE] for ticker, held in shares.items())
        value = held_now + sum(amount * rates[name] for name, amount in cash.items())
        counted.append(ByHand(value, flow, capital, fx, dividends, interest, fees, taxes))
        former = day
    return counted


def _close(ledger: Ledger, ticker: str, day: date) -> float:
    """The close for one share of the day, carried."""
    return float(ledger.held[ticker].on(np.array([day], "datetime64[D]"), ledger.quotes.splits.get(ticker))[0])


def _splits(ledger: Ledger, ticker: str, after: date, until: date) -> float:
    return math.prod(split.ratio for split in ledger.quotes.splits.get(ticker, ()) if after < split.day <= until)


def _rate(ledger: Ledger, name: str, day: date) -> float:
    return float(ledger.rates_on(name, np.array([day], "datetime64[D]"))[0])


def closes(ticker: str, values: Sequence[float] | FloatArray, *, currency: str | None = BASE, first: date = FIRST) -> HeldCloses:
    """Closes on successive days from Monday to Friday."""
    return HeldCloses(ticker, currency, None, weekdays(len(values), first), np.array(values, np.float64), is_traded=False, splits=())


def weekdays(count: int, first: date = FIRST) -> Days:
    """So many days from Monday to Friday."""
    days = np.datetime64(first, "D") + np.arange(2 * count + 7)
    return days[np.is_busday(days)][:count]


TICKERS = ("AAA", "BBB", "CCC")


def random_ledger(seed: int, *, with_cash: bool, count: int = 40) -> Ledger:
    """A ledger of three tickers in two currencies over sixty days, with everything that a ledger has but splits."""
    random = np.random.default_rng(seed)
    currencies = {"AAA": BASE, "BBB": "USD", "CCC": "USD"}
    days = weekdays(60)
    held = {
        ticker: closes(ticker, 50 * np.exp(np.cumsum(random.normal(0, 0.02, len(days)))), currency=currency)
        for ticker, currency in currencies.items()
    }
    entries, shares = [], dict.fromkeys(TICKERS, 0.0)
    if with_cash:
        entries.append(entry(FIRST, "deposit", gross=50_000.0))
    for day in sorted(FIRST + timedelta(days=int(at)) for at in random.integers(0, 80, count)):
        ticker = str(random.choice(TICKERS))
        booked = 0.9 if random.uniform() < 0.3 and currencies[ticker] != BASE else NOT_BOOKED
        money: dict[str, float | str] = {"currency": currencies[ticker], "fee": float(random.integers(0, 4)), "rate": booked}
        kind = str(random.choice(["buy", "buy", "sell", "dividend", "fee", "tax", "interest", "transfer_in", "transfer_out", "cash"]))
        quantity = float(random.integers(1, 20))
        if kind in ("sell", "transfer_out"):
            quantity = min(quantity, shares[ticker])
            if not quantity:
                continue
        if kind in ("buy", "sell", "transfer_in", "transfer_out"):
            shares[ticker] += quantity if kind in ("buy", "transfer_in") else -quantity
            entries.append(entry(day, kind, ticker, quantity=quantity, gross=quantity * float(random.uniform(45, 55)), **money))
        elif kind == "cash":
            if with_cash:
                entries.append(entry(day, str(random.choice(["deposit", "withdrawal"])), gross=float(random.uniform(1, 900)), **money))
        else:
            of = None if kind == "interest" else ticker
            entries.append(entry(day, kind, of, gross=float(random.uniform(1, 30)), **{**money, "fee": 0.0}))
    if not any(each.ticker for each in entries):
        entries.append(entry(FIRST, "buy", "AAA", quantity=3.0, gross=150.0))
    rates = {"USD": 0.9 + np.cumsum(random.normal(0, 0.004, 130))}
    return Ledger(entries, held, rates, np.datetime64(FIRST, "D") - 5 + np.arange(130))

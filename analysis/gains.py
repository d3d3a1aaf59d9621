"""What a portfolio gained over some of its days, and what of: price changes, distributions, costs and exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np

from analysis.bars import BoolArray, FloatArray
from analysis.entries import NO_TICKER, OUTSIDE_SIGN, SHARE_SIGN
from analysis.valuation import Valuation
from models.portfolio import TransactionType

_T = TransactionType
PARTS = ("capital", "dividends", "interest", "fees", "taxes", "fx")
PLACES = Decimal("0.000001")  # of the parts of a gain, which add up exactly
_ROOMY = Context(prec=400)  # for any float
GAIN = "The value at the end less the value at the start, and less what came from outside in between: the sum of its parts."
DEFINITIONS = {
    "capital": "What prices did, at the exchange rate of the day before; of a purchase or sale, from its price to the close of its day.",
    "dividends": "Dividends before fee and tax.",
    "interest": "Interest before fee and tax.",
    "fees": "Fees, by themselves or of other transactions: negative.",
    "taxes": "Taxes, by themselves or of other transactions: negative.",
    "fx": "What exchange rates did to holdings and to cash, and to what prices gained on the same day; and what was booked at another rate "
    "than the day's.",
}
LOCAL = "What prices did, in the currency of the price, at the exchange rate of the day before."
CURRENCY = "What exchange rates did to the value of the day before."
INTERACTION = "What exchange rates did to the price changes of the same day: the product of both."


@dataclass(frozen=True)
class HoldingGains:
    """The gains of each ticker, in the order of the entries' tickers and in the base currency; the last element is of no ticker: cash.

    `start` and `end` are values, `bought` what came to the holding less what left it.
    """

    start: FloatArray
    end: FloatArray
    bought: FloatArray
    local: FloatArray
    currency: FloatArray
    interaction: FloatArray
    dividends: FloatArray
    interest: FloatArray
    fees: FloatArray
    taxes: FloatArray

    @cached_property
    def total(self) -> FloatArray:
        """The whole gain of each."""
        gains: FloatArray = self.local + self.currency + self.interaction + self.dividends + self.interest + self.fees + self.taxes
        return gains


@dataclass(frozen=True)
class Gains:
    """The gain over a period, its parts, and what each holding did for it. Parts are rounded and add up exactly as decimals."""

    total: Decimal
    parts: dict[str, Decimal]
    holdings: HoldingGains


def gains_between(valuation: Valuation, start: int, end: int) -> Gains:
    """The gain from the value of one day, by its place, to that of a later one."""
    within = (valuation.row > start) & (valuation.row <= end)
    holdings = _holdings(valuation, start, end, within)
    value, flows = valuation.value, valuation.flows[start + 1 : end + 1]
    total = _decimal(float(value[end] - value[start] - flows.sum()))
    parts = {name: _decimal(float(getattr(holdings, name).sum())) for name in ("dividends", "interest", "fees", "taxes")}
    fx = float(holdings.currency.sum() + holdings.interaction.sum())
    parts["fx"] = _decimal(fx)
    parts["capital"] = total - sum(parts.values())
    return Gains(total, {name: parts[name] for name in PARTS}, holdings)


def return_of(local: float, currency: float) -> tuple[float, float]:
    """The return in the base currency of a return in another one, and the part in which the two meet: (1 + local)(1 + currency) − 1."""
    interaction = local * currency
    return local + currency + interaction, interaction


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(PLACES, context=_ROOMY)


class _Moves(NamedTuple):
    """By ticker of the market: values at both ends, the worth at the close of what was added in between, and what rates did."""

    start: FloatArray
    end: FloatArray
    added: FloatArray
    currency: FloatArray
    interaction: FloatArray


def _moves(valuation: Valuation, start: int, end: int, within: BoolArray) -> _Moves:
    entries, market, rates = valuation.entries, valuation.market, valuation.rates
    tickers = len(entries.tickers)
    begin, finish, currency, interaction = np.zeros((4, tickers))
    for position in valuation.positions():
        rows, rate = slice(position.first, position.end), rates[:, position.currency]
        begin[rows], finish[rows] = position.values[:, start] * rate[start], position.values[:, end] * rate[end]
        moved = np.diff(rate[start : end + 1])
        if moved.any():
            currency[rows] = np.einsum("hd,d->h", position.values[:, start:end], moved)
            interaction[rows] = np.einsum("hd,d->h", position.values[:, start + 1 : end + 1], moved) - currency[rows]
    added = np.flatnonzero(within & entries.moves_shares)
    place, row = market.place[entries.ticker[added]], valuation.row[added]
    worth = valuation.shares[added] * market.prices[place, row]
    now, before = rates[row, market.currency[place]], rates[row - 1, market.currency[place]]
    # What came on a day was not there when its rate changed.
    interaction -= np.bincount(place, weights=worth * (now - before), minlength=tickers)
    return _Moves(begin, finish, np.bincount(place, weights=worth * now, minlength=tickers).astype(np.float64), currency, interaction)


def _holdings(valuation: Valuation, start: int, end: int, within: BoolArray) -> HoldingGains:
    entries, tickers = valuation.entries, len(valuation.entries.tickers)
    place = valuation.market.place
    moves = _Moves(*(np.append(each[place], 0.0) for each in _moves(valuation, start, end, within)))
    ticker = np.where(entries.ticker == NO_TICKER, tickers, entries.ticker)

    def of_tickers(amounts: FloatArray) -> FloatArray:
        return np.bincount(ticker[within], weights=amounts[within], minlength=tickers + 1).astype(np.float64)

    def of_type(*types: TransactionType) -> FloatArray:
        return np.where(entries.of_type(*types), entries.gross, 0.0)

    booked, listed = valuation.booked, valuation.listed
    income, fees, taxes = of_type(_T.DIVIDEND, _T.INTEREST), of_type(_T.FEE) + entries.fee, of_type(_T.TAX) + entries.tax
    paid = SHARE_SIGN[entries.type] * of_type(_T.BUY, _T.SELL)
    transferred = moves.added - of_tickers(_at_close(valuation, entries.of_type(_T.BUY, _T.SELL)))
    bought = transferred + of_tickers(paid * listed)
    # Cash has come at the day's rate, and counts at the booked one.
    outside = np.where(entries.is_transfer_of_shares, 0.0, OUTSIDE_SIGN[entries.type] * entries.gross)
    counted = income - fees - taxes + outside if entries.keeps_cash else paid
    currency = moves.currency + of_tickers(counted * (listed - booked))
    currency[-1] += float((valuation.cash_of[start:end] * np.diff(valuation.rates[start : end + 1], axis=0)).sum())
    return HoldingGains(
        start=moves.start,
        end=moves.end,
        bought=bought,
        local=moves.end - moves.start - bought - moves.currency - moves.interaction,
        currency=currency,
        interaction=moves.interaction,
        dividends=of_tickers(of_type(_T.DIVIDEND) * booked),
        interest=of_tickers(of_type(_T.INTEREST) * booked),
        fees=of_tickers(-fees * booked),
        taxes=of_tickers(-taxes * booked),
    )


def _at_close(valuation: Valuation, entries: BoolArray) -> FloatArray:
    """What the shares of some entries were worth at the close of their day, in the base currency; 0 for the others."""
    worth = np.zeros(len(valuation.entries))
    rows = np.flatnonzero(entries)
    place, row = valuation.market.place[valuation.entries.ticker[rows]], valuation.row[rows]
    rate = valuation.rates[row, valuation.market.currency[place]]
    worth[rows] = valuation.shares[rows] * valuation.market.prices[place, row] * rate
    return worth

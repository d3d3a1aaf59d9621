"""Counts the shares of a ledger: what is held of each ticker and what took out more, as its books have them, without costs and gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from analysis.lots import PRECISION, SplitEvent, in_order
from analysis.shares import rounded_quantity
from models.books import Move, Oversold
from models.corporate_action import Split
from models.portfolio import ZERO, Transaction, TransactionType

_IN = (TransactionType.BUY, TransactionType.TRANSFER_IN)
_OUT = (TransactionType.SELL, TransactionType.TRANSFER_OUT)


@dataclass(frozen=True)
class Quantities:
    """What is held of each ticker at the end, none that is not; `moves` and `oversold` are those of Books."""

    held: dict[str, Decimal]
    moves: tuple[Move, ...]
    oversold: tuple[Oversold, ...]


def quantities(transactions: Iterable[Transaction], splits: Mapping[str, Sequence[Split]], until: date) -> Quantities:
    """Count the shares of a ledger up to and with a day, in any order, with the splits of its tickers."""
    held: dict[str, Decimal] = {}
    moves: dict[tuple[date, str], Decimal] = {}
    oversold = []
    with localcontext(PRECISION):
        for each in in_order(transactions, splits, until):
            ticker = each.ticker
            if ticker is None:
                continue
            before = held.get(ticker, ZERO)
            if isinstance(each, SplitEvent):
                if not before:
                    continue
                now = rounded_quantity(before * each.numerator / each.denominator)
            elif each.quantity is None:
                continue
            elif each.type in _IN:
                now = before + each.quantity
            elif each.type in _OUT:
                now = before - each.quantity
                if now < 0:
                    oversold.append(Oversold(each.id, each.type, each.day, ticker, each.quantity, before))
                    now = ZERO
            else:
                continue
            held[ticker] = moves[each.day, ticker] = now
    found = (Move(day, ticker, quantity) for (day, ticker), quantity in moves.items())
    return Quantities({ticker: quantity for ticker, quantity in held.items() if quantity}, tuple(found), tuple(oversold))

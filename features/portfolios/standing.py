"""The transactions of a ledger that lines of a file may tell again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date, timedelta

from models.portfolio import Draft, Transaction, TransactionType, rounded_at

KEY_PLACES = 4  # behind the point of an amount that is compared: brokers round what others compute
# A broker dates a split on the evening before, or days after; and no ticker has two of one ratio in a week.
SAME_SPLIT = 7  # days
_DAYS_NEAR = tuple(timedelta(days) for days in sorted(range(-SAME_SPLIT, SAME_SPLIT + 1), key=abs))
_SAME_DAY = (timedelta(0),)


class StandingTransactions:
    """Finds for each line the transaction that it equals; each transaction equals one line."""

    def __init__(self, booked: Iterable[Transaction]) -> None:
        self._by_key: dict[Hashable, dict[str, list[Transaction]]] = {}
        for transaction in reversed(list(booked)):
            by_currency = self._by_key.setdefault(_key(transaction, transaction.day), {})
            by_currency.setdefault(_currency(transaction), []).append(transaction)

    def take(self, draft: Draft, *, has_currency: bool) -> Transaction | None:
        """The first transaction that a draft equals and no draft before it did; None where there is none.

        Where the file has not told the currency it may be another one: the base currency of the portfolio may have changed since.
        """
        for days in _DAYS_NEAR if draft.type is TransactionType.SPLIT else _SAME_DAY:
            by_currency = self._by_key.get(_key(draft, draft.day + days), {})
            currency = _currency(draft)
            if not has_currency and currency not in by_currency:
                currency = next(iter(by_currency), currency)
            equal = by_currency.get(currency)
            if equal:
                found = equal.pop()
                if not equal:
                    del by_currency[currency]
                return found
        return None


def _key(draft: Draft, day: date) -> Hashable:
    """What two equal transactions have in common besides their currency: day, type, ticker, quantity, and price or amount; or the ratio."""
    amount = draft.amount if draft.amount is not None or draft.price is None else draft.price * (draft.quantity or 0)
    rounded = None if amount is None else rounded_at(amount, KEY_PLACES)
    return day, draft.type, draft.ticker, draft.quantity, rounded, draft.numerator, draft.denominator


def _currency(draft: Draft) -> str:
    """The currency of a transaction; a split has none, whatever its line tells."""
    return "" if draft.type is TransactionType.SPLIT else draft.currency

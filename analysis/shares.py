"""The shares of one ticker that are held, as lots: which of them a sale takes, and what becomes of them at a split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from operator import attrgetter
from typing import Protocol

from models.portfolio import PLACES, ZERO

AMOUNT_PLACES = 20  # behind the point, of an amount that was divided or converted
_AMOUNT, _QUANTITY = Decimal(1).scaleb(-AMOUNT_PLACES), Decimal(1).scaleb(-PLACES)
_MOST_GONE = 1_000  # lots at the start of the list that are no longer held


def rounded(amount: Decimal) -> Decimal:
    """An amount at AMOUNT_PLACES, half to even."""
    return amount.quantize(_AMOUNT, ROUND_HALF_EVEN)


def rounded_quantity(quantity: Decimal) -> Decimal:
    """A quantity at PLACES, half to even."""
    return quantity.quantize(_QUANTITY, ROUND_HALF_EVEN)


def allocated(total: Decimal, parts: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """What of a total falls to each part of a whole. Parts that make up the whole get all of it."""
    if len(parts) == 1 and parts[0] == whole:
        return [total]
    found, before, sum_before = [], ZERO, ZERO
    for part in parts:
        sum_before += part
        until = rounded(total * sum_before / whole)
        found.append(until - before)
        before = until
    return found


@dataclass(slots=True)
class OpenLot:
    """Shares that were acquired together, and what they cost in `currency` and in the base currency."""

    acquired: date
    quantity: Decimal
    currency: str
    cost: Decimal
    cost_base: Decimal | None
    transaction_id: str | None
    is_of_one_day: bool = True

    def take(self, quantity: Decimal) -> OpenLot:
        """Take a part out, with its part of the cost."""
        cost = rounded(self.cost * quantity / self.quantity)
        base = None if self.cost_base is None else rounded(self.cost_base * quantity / self.quantity)
        part = OpenLot(self.acquired, quantity, self.currency, cost, base, self.transaction_id, self.is_of_one_day)
        self.quantity -= quantity
        self.cost -= cost
        self.cost_base = None if self.cost_base is None or base is None else self.cost_base - base
        return part


class Shares(Protocol):
    """What is held of a ticker."""

    quantity: Decimal

    def add(self, lot: OpenLot) -> None:
        """Add what was acquired."""

    def take(self, quantity: Decimal) -> list[OpenLot]:
        """Take out as much as is held, or less."""

    def split(self, numerator: int, denominator: int) -> None:
        """Turn `denominator` shares into `numerator`."""

    def lots(self) -> Sequence[OpenLot]:
        """The lots that are held, in the order in which they are taken."""


class Fifo:
    """Lots of which the oldest are taken first; those of one day in the order in which they came."""

    def __init__(self) -> None:
        self.quantity = ZERO
        self._lots: list[OpenLot] = []
        self._gone = 0

    def add(self, lot: OpenLot) -> None:
        """Add a lot; one that was acquired earlier, and transferred in, stands before those that were acquired later."""
        self.quantity += lot.quantity
        if self._gone == len(self._lots) or self._lots[-1].acquired <= lot.acquired:
            self._lots.append(lot)
        else:
            self._lots.insert(bisect_right(self._lots, lot.acquired, self._gone, key=attrgetter("acquired")), lot)

    def take(self, quantity: Decimal) -> list[OpenLot]:
        """Take out as much as is held, or less."""
        self.quantity -= quantity
        taken: list[OpenLot] = []
        # A lot of which a split has left nothing goes with the one before it.
        while self._gone < len(self._lots) and (quantity or not self._lots[self._gone].quantity):
            lot = self._lots[self._gone]
            if lot.quantity > quantity:
                taken.append(lot.take(quantity))
                break
            quantity -= lot.quantity
            taken.append(lot)
            self._gone += 1
        if self._gone > _MOST_GONE and 2 * self._gone > len(self._lots):
            del self._lots[: self._gone]
            self._gone = 0
        return taken

    def split(self, numerator: int, denominator: int) -> None:
        """Turn `denominator` shares into `numerator`."""
        self.quantity = _split(self.lots(), numerator, denominator)

    def lots(self) -> Sequence[OpenLot]:
        """The lots that are held, the oldest first."""
        return self._lots[self._gone :]


class Average:
    """One lot for each currency of purchase, of which the same part is taken. It is as old as its oldest share."""

    def __init__(self) -> None:
        self.quantity = ZERO
        self._pools: dict[str, OpenLot] = {}

    def add(self, lot: OpenLot) -> None:
        """Add a lot to those of its currency."""
        self.quantity += lot.quantity
        pool = self._pools.get(lot.currency)
        if pool is None:
            self._pools[lot.currency] = lot
            lot.is_of_one_day = False
            return
        pool.acquired = min(pool.acquired, lot.acquired)
        pool.quantity += lot.quantity
        pool.cost += lot.cost
        pool.cost_base = None if pool.cost_base is None or lot.cost_base is None else pool.cost_base + lot.cost_base
        pool.transaction_id = None

    def take(self, quantity: Decimal) -> list[OpenLot]:
        """Take out as much as is held, or less."""
        if quantity == self.quantity:
            taken = list(self.lots())
            self._pools.clear()
        else:
            pools, before, held = self.lots(), ZERO, ZERO
            taken = []
            for pool in pools:
                held += pool.quantity
                until = rounded_quantity(quantity * held / self.quantity)
                taken.append(pool.take(until - before))
                before = until
            self._pools = {pool.currency: pool for pool in pools if pool.quantity}
        self.quantity -= quantity
        return [part for part in taken if part.quantity or part.cost]

    def split(self, numerator: int, denominator: int) -> None:
        """Turn `denominator` shares into `numerator`."""
        self.quantity = _split(self.lots(), numerator, denominator)

    def lots(self) -> Sequence[OpenLot]:
        """The lots that are held, by currency."""
        return [pool for _, pool in sorted(self._pools.items())]


def _split(lots: Iterable[OpenLot], numerator: int, denominator: int) -> Decimal:
    """Split lots; return how much they are together."""
    held, before = ZERO, ZERO
    for lot in lots:
        held += lot.quantity
        until = rounded_quantity(held * numerator / denominator)
        lot.quantity = until - before
        before = until
    return before

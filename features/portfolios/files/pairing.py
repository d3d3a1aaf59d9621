"""Puts the tax that is withheld of a dividend, which has a line of its own, with the dividend."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from features.portfolios.files.booking import Booking
from features.portfolios.files.faults import Faults
from features.portfolios.files.layout import ZERO
from models.portfolio import TransactionType as Type


def merged_dividends(bookings: Iterable[Booking], faults: Faults) -> Iterator[Booking]:
    """The bookings, with those of one dividend as one: of a security, a day and a currency. `amount` of a tax is what it costs.

    A dividend that is corrected has lines that take it back; they are added up. What is taken back on another day becomes a fault.
    """
    dividends: dict[Hashable, list[Booking]] = {}
    taxes: dict[Hashable, list[Booking]] = {}
    others = []
    for booking in bookings:
        of_type = {Type.DIVIDEND: dividends, Type.TAX: taxes}.get(booking.draft.type)
        if of_type is None or booking.security is None:
            others.append(booking)
        else:
            draft = booking.draft
            of_type.setdefault((booking.security.keys[0], draft.day, draft.currency), []).append(booking)
    for key, paid in dividends.items():
        yield from _merged(paid, taxes.pop(key, []), faults)
    yield from (booking for withheld in taxes.values() for booking in withheld)
    yield from others


def _merged(paid: list[Booking], withheld: list[Booking], faults: Faults) -> Iterator[Booking]:
    first = paid[0]
    amount = sum((booking.draft.amount or ZERO for booking in paid), ZERO)
    tax = sum((booking.draft.amount or ZERO for booking in withheld), ZERO)
    if amount < 0 or (amount == 0 and tax):
        faults.add(first.line, None, "A dividend is taken back here. Leave it out together with the one that it takes back.")
    elif amount == 0:
        faults.leave_out(first.line, "The dividend was taken back on the same day.")
    elif tax >= 0:
        yield replace(first, draft=replace(first.draft, amount=amount, tax=tax))
    else:
        yield replace(first, draft=replace(first.draft, amount=amount))
        yield replace(withheld[0], draft=replace(withheld[0].draft, amount=tax))  # more was given back than withheld

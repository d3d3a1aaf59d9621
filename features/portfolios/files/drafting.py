"""Makes transactions of what the cells of a row say, by the rules that formats share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from features.portfolios.files.booking import Booking, Security
from features.portfolios.files.layout import ZERO, Row
from features.portfolios.files.words import Kind
from models.portfolio import MOST_FOR_ONE, Draft
from models.portfolio import TransactionType as Type

TRADES = (Type.BUY, Type.SELL)
TRANSFERS = (Type.TRANSFER_IN, Type.TRANSFER_OUT)
OPPOSITES = {Type.DEPOSIT: Type.WITHDRAWAL, Type.WITHDRAWAL: Type.DEPOSIT, Type.BUY: Type.SELL, Type.SELL: Type.BUY}
_RATIO = re.compile(r"(\d{1,7}) ?(?:for|:|/|auf|-) ?(\d{1,7})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    """The numbers of a row, with the signs that the file gives them. `amount` is before fee and tax."""

    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    fee: Decimal = ZERO
    tax: Decimal = ZERO
    fx_rate: Decimal | None = None


def booked(row: Row, kind: Kind, figures: Figures, currency: str, note: str = "") -> Booking:
    """The transaction of a row. What it lacks is found when it is checked."""
    security = row.security()
    draft = Draft(kind.type, row.day, currency, fx_rate=figures.fx_rate or None, note=note or None)
    if kind.type in TRADES:
        return Booking(row.line, _traded(draft, figures).but(fee=abs(figures.fee), tax=abs(figures.tax)), security)
    if kind.type in TRANSFERS and security is not None and figures.quantity:
        is_in = kind.type is Type.TRANSFER_IN
        # Shares that come in without a price cost nothing, as far as the file tells.
        moved = _traded(draft, figures, cost=ZERO) if is_in else draft.but(quantity=abs(figures.quantity))
        return Booking(row.line, moved, security)
    if kind.type is Type.SPLIT:
        numerator, denominator = ratio_of(row.text("ratio") or row.text("note") or row.text("quantity")) or (None, None)
        return Booking(row.line, draft.but(numerator=numerator, denominator=denominator, fx_rate=None), security)
    return _payment(row.line, draft, kind, figures, security)


def _traded(draft: Draft, figures: Figures, cost: Decimal | None = None) -> Draft:
    """The draft with its quantity, and the price if there is one, else the amount of all of it."""
    quantity, price, amount = (None if number is None else abs(number) for number in (figures.quantity, figures.price, figures.amount))
    if price is not None:
        amount = None
    elif amount is None:
        amount = cost
    return draft.but(quantity=quantity, price=price, amount=amount)


def _payment(line: int, draft: Draft, kind: Kind, figures: Figures, security: Security | None) -> Booking:
    """A transaction of cash alone. An amount of the other sign turns a deposit into a withdrawal, and interest into a fee."""
    amount = figures.amount
    if amount is None and figures.quantity and figures.price:
        amount = figures.quantity * figures.price
    fee, tax = abs(figures.fee), abs(figures.tax)
    if kind.type in (Type.FEE, Type.TAX):
        size = abs(amount or (figures.fee if kind.type is Type.FEE else figures.tax))
        return Booking(line, draft.but(amount=-size if kind.is_refund else size or None), security)
    if amount is not None and amount < 0:
        draft = draft.but(type=Type.FEE if kind.type is Type.INTEREST else draft.type)
        if draft.type is Type.FEE:
            return Booking(line, draft.but(amount=-amount + fee + tax), security)
    is_cash = kind.type in (Type.DEPOSIT, Type.WITHDRAWAL, *TRANSFERS)
    return Booking(line, draft.but(amount=None if amount is None else abs(amount), fee=fee, tax=tax), None if is_cash else security)


def ratio_of(text: str) -> tuple[int, int] | None:
    """How many new shares there are for how many old ones: of `4 for 1`, `4:1`, or `4`; None where a text tells no ratio."""
    match = _RATIO.search(text)
    if match is not None:
        return (int(match[1]), int(match[2])) if int(match[1]) and int(match[2]) else None
    try:
        ratio = Fraction(text).limit_denominator(MOST_FOR_ONE)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return (ratio.numerator, ratio.denominator) if 0 < ratio <= MOST_FOR_ONE else None

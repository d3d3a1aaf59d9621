"""Makes transactions of what the cells of a row say, by the rules that formats share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from features.portfolios.files.booking import Booking, Security
from features.portfolios.files.layout import ZERO, Row
from features.portfolios.files.words import Kind
from models.portfolio import MOST_FOR_ONE, Draft, decimal_text
from models.portfolio import TransactionType as Type

TRADES = (Type.BUY, Type.SELL)
TRANSFERS = (Type.TRANSFER_IN, Type.TRANSFER_OUT)
# What adds to what is held, with what takes from it; and what comes in, with the remedy where it goes out.
ADDING = {Type.BUY: Type.SELL, Type.TRANSFER_IN: Type.TRANSFER_OUT}
PAID = {
    Type.DEPOSIT: "Write it without the minus, or as a withdrawal.",
    Type.DIVIDEND: "Of one that was taken back, leave out both lines.",
}
GROSS = 8  # times: by so much an amount differs from quantity times price that is read wrong, and by less for costs that are in it
CLOSE = 200  # of an amount, a part by which prices and rates are rounded
# Neither part of a longer number, nor of a date.
_RATIO = re.compile(r"(?<![\d.,:/-])(\d{1,7}) ?(?:for|:|/|auf|-) ?(\d{1,7})(?![.,:/-]?\d|e)", re.ASCII | re.IGNORECASE)
_FACTOR = re.compile(r"\d{1,7}(?:[.,]\d{1,10})?", re.ASCII)


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


def wrong_sign(type_: Type, figures: Figures) -> tuple[str, str] | None:
    """The column whose sign says another thing than the type, and why; None where they agree. The quantity of a sale may be below 0."""
    quantity, price, amount = figures.quantity, figures.price, figures.amount
    if amount is None and quantity is not None and price is not None:
        amount = quantity * price
    if type_ in ADDING and quantity is not None and quantity < 0:
        return "quantity", f"A {type_} has a quantity above 0. Write it without the minus, or as a {ADDING[type_]}."
    if type_ in PAID and amount is not None and amount < 0:
        return "amount", f"A {type_} has an amount above 0. {PAID[type_]}"
    if price is not None and price < 0:
        return "price", "A price is not below 0. Write it without the minus."
    return None


def with_usual_rate(figures: Figures) -> Figures:
    """The figures with their rate turned round, where quantity times price is the amount only when it is divided by the rate.

    Brokers tell either how much of the account's currency one of the other was worth, which is what is booked, or the reverse.
    """
    quantity, price, amount, rate = figures.quantity, figures.price, abs(figures.amount or ZERO), figures.fx_rate or ZERO
    if not quantity or not price or not amount or rate <= 0:
        return figures
    product, costs = abs(quantity * price), abs(figures.fee) + abs(figures.tax)

    def distance(factor: Decimal) -> Decimal:
        """From the amount, which may have the costs in it, in either currency."""
        return min(abs(product * factor + part - amount) for part in (ZERO, costs, -costs, costs * factor, -costs * factor))

    turned = distance(1 / rate)
    is_turned = turned <= amount / CLOSE and turned < min(distance(rate), distance(Decimal(1)))
    return replace(figures, fx_rate=1 / rate) if is_turned else figures


def check_amount(row: Row, figures: Figures, units: int = 1, column: str = "amount") -> None:
    """Note a fault where quantity times price is grossly another amount than the file tells.

    The amount may be in the currency of the account, by the rate of the row; `units` are those of a price in pence and their like.
    """
    if not figures.quantity or not figures.price or not figures.amount:
        return
    product, amount, costs = abs(figures.quantity * figures.price), abs(figures.amount), abs(figures.fee) + abs(figures.tax)
    products = {product, product / units}
    if figures.fx_rate:
        products |= {each * abs(figures.fx_rate) for each in products} | {each / abs(figures.fx_rate) for each in products}
    if not any(each <= GROSS * (amount + costs) and amount <= GROSS * each + costs for each in products):
        quantity, price = (decimal_text(abs(number)) for number in (figures.quantity, figures.price))
        told = f"{quantity} × {price} is {decimal_text(product)}, and this is {decimal_text(amount)}."
        remedy = "Tell the decimal sign with `decimal`; an amount in another currency may be read as a note, by `columns`."
        row.fault(column, f"{told} {remedy}")


def _traded(draft: Draft, figures: Figures, cost: Decimal | None = None) -> Draft:
    """The draft with its quantity, and the price if there is one, else the amount of all of it."""
    quantity, price, amount = (None if number is None else abs(number) for number in (figures.quantity, figures.price, figures.amount))
    if price is not None:
        amount = None
    elif amount is None:
        amount = cost
    return draft.but(quantity=quantity, price=price, amount=amount)


def _payment(line: int, draft: Draft, kind: Kind, figures: Figures, security: Security | None) -> Booking:
    """A transaction of cash alone. An amount below 0 turns interest into a fee."""
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
    """How many new shares there are for how many old ones: of `4 for 1`, `4:1`, `4` or `2.5`; None where a text tells no ratio."""
    match = _RATIO.search(text)
    if match is not None:
        return (int(match[1]), int(match[2])) if int(match[1]) and int(match[2]) else None
    # Fraction reads exponents as well, and writes a number with one out: `1e400000000` in hours.
    if not _FACTOR.fullmatch(text):
        return None
    ratio = Fraction(text.replace(",", ".")).limit_denominator(MOST_FOR_ONE)
    return (ratio.numerator, ratio.denominator) if 0 < ratio <= MOST_FOR_ONE else None

"""Ghostfolio: the CSV that it imports, and the JSON that it exports.

Columns and fields: test/import/ok/sample.csv, test/import/ok/sample.json and apps/client/src/app/services/import-activities.service.ts of
github.com/ghostfolio/ghostfolio. Quantities and prices are 0 or more, whatever the type; the quantity of a sale may have a minus.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from features.portfolios.files.booking import Booking, is_isin, security_of
from features.portfolios.files.decimals import LONGEST_CELL, POINT, read_decimal
from features.portfolios.files.drafting import Figures, booked, wrong_sign
from features.portfolios.files.faults import Faults, quoted
from features.portfolios.files.layout import ZERO, Layout, Rows
from features.portfolios.files.words import kind_of
from models.portfolio import WHOLE_DIGITS, Draft
from models.portfolio import TransactionType as Type
from models.statement import MOST_STATEMENT_LINES, StatementFormat
from utils.json_text import DuplicateKeys, MalformedJSON, parse_strict

COLUMNS = {
    "day": ("date", "tradedate"),
    "type": ("action", "buysell", "type"),
    "symbol": ("code", "symbol", "ticker"),
    "source": ("datasource",),
    "quantity": ("quantity", "qty", "shares", "units"),
    "price": ("unitprice", "price", "tradeprice", "value"),
    "fee": ("fee", "commission", "ibcommission"),
    "currency": ("currency", "ccy", "currencyprimary"),
    "note": ("note", "comment"),
}
WITHOUT_SECURITY = (Type.FEE, Type.INTEREST)  # Ghostfolio makes up a symbol for them
NAMES = {"price": "unitPrice", "amount": "quantity"}  # of the JSON, for those of the table
NO_NUMBER = f"It must be a number of at most {WHOLE_DIGITS} digits before the point."
NO_SUCH = "Ghostfolio's {word} is no transaction of a security or of cash here. Leave the line out."


def _book(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        word = row.text("type")
        kind = kind_of(word)
        if kind is None:
            row.fault("type", NO_SUCH.format(word=quoted(word)))
            continue
        quantity, price, fee = row.number("quantity"), row.number("price"), row.size("fee")
        note = row.text("note") or (row.text("symbol") if kind.type in WITHOUT_SECURITY else "")
        figures = Figures(quantity, price, None, fee)
        wrong = wrong_sign(kind.type, figures)
        if wrong is not None:
            row.fault(*wrong)
            continue
        booking = booked(row, kind, figures, row.text("currency"), note)
        yield Booking(booking.line, booking.draft) if kind.type in WITHOUT_SECURITY else booking


GHOSTFOLIO = Layout(
    StatementFormat.GHOSTFOLIO, COLUMNS, frozenset({"day", "type", "symbol", "source", "quantity", "price", "fee", "currency"}), _book
)


def read_json(raw: bytes, faults: Faults) -> list[Booking]:
    """The activities of an export in JSON. The "line" of a fault is the number of the activity. Raises StatementRefused."""
    try:
        told = parse_strict(raw)
    except (MalformedJSON, DuplicateKeys):
        faults.refuse(1, None, "it cannot be read as JSON. Is the file cut off? Export it again.")
    activities = told.get("activities") if isinstance(told, dict) else None
    if not isinstance(activities, list):
        faults.refuse(1, None, "the JSON has no list `activities`, as an export of Ghostfolio has.")
    if len(activities) > MOST_STATEMENT_LINES:
        faults.refuse(MOST_STATEMENT_LINES, None, f"there are more than {MOST_STATEMENT_LINES:,} activities. Send them in parts.")
    isins = _isins(told)
    return [booking for number, activity in enumerate(activities, 1) if (booking := _booking(number, activity, isins, faults)) is not None]


def _isins(told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """ISIN and name of the symbols that the file describes."""
    profiles = told.get("assetProfiles")
    return {
        str(profile.get("symbol")): (str(profile.get("isin") or ""), str(profile.get("name") or "")[:200])
        for profile in (profiles if isinstance(profiles, list) else ())
        if isinstance(profile, dict)
    }


def _booking(number: int, activity: Any, isins: dict[str, tuple[str, str]], faults: Faults) -> Booking | None:
    if not isinstance(activity, dict):
        faults.add(number, "activities", "the activity is no object.")
        return None
    word, symbol = str(activity.get("type", ""))[:LONGEST_CELL], str(activity.get("symbol") or "")[:LONGEST_CELL]
    kind, day = kind_of(word), _day(activity.get("date"))
    quantity, price, fee = (_number(activity.get(name)) for name in ("quantity", "unitPrice", "fee"))
    for column, is_wrong, message in (
        ("type", kind is None, NO_SUCH.format(word=quoted(word))),
        ("date", day is None, f"{quoted(str(activity.get('date')))} is no day."),
        ("quantity", quantity is None, NO_NUMBER),
        ("unitPrice", price is None, NO_NUMBER),
        ("fee", fee is None, NO_NUMBER),
    ):
        if is_wrong:
            faults.add(number, column, message)
    if kind is None or day is None or quantity is None or price is None or fee is None:
        return None
    wrong = wrong_sign(kind.type, Figures(quantity, price))
    if wrong is not None:
        faults.add(number, NAMES.get(wrong[0], wrong[0]), wrong[1])
        return None
    fee = abs(fee)
    isin, name = isins.get(symbol, ("", ""))
    draft = Draft(kind.type, day, str(activity.get("currency") or ""), note=str(activity.get("comment") or "")[:4_000] or None)
    if kind.type in (Type.BUY, Type.SELL):
        values: dict[str, Any] = {"quantity": abs(quantity), "price": abs(price), "fee": fee}
        security = security_of(isin if is_isin(isin) else "", symbol, name)
    else:
        is_payment = kind.type is Type.DIVIDEND
        amount = abs(quantity * price)
        values = {"amount": amount or fee} if kind.type is Type.FEE else {"amount": amount, "fee": fee}
        security = security_of(isin if is_isin(isin) else "", symbol, name) if is_payment else None
    return Booking(number, Draft(**{**draft.__dict__, **values}), security)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ZERO if value is None else None
    number = read_decimal(str(value), POINT)
    return None if number is None or number.adjusted() >= WHOLE_DIGITS else number

"""Trade Republic: the export of transactions that the app and the site offer.

Columns and values as public readers of it have them in their tests: datetime, date, account_type, category, type, asset_class, name,
symbol (an ISIN), shares, price, amount, fee, tax, currency, original_amount, original_currency, fx_rate, description, transaction_id and
some more. All amounts are in the account's currency and signed as its cash moves; fee and tax are apart from the amount, and negative
where they cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from features.portfolios.files.booking import Booking
from features.portfolios.files.drafting import Figures, booked, wrong_sign
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import ZERO, Layout, Row, Rows
from features.portfolios.files.words import Kind
from models.portfolio import Draft
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

COLUMNS = {
    "day": ("date", "datetime", "valuedate"),
    "category": ("category",),
    "type": ("type",),
    "name": ("name",),
    "isin": ("symbol", "isin"),
    "quantity": ("shares",),
    "price": ("price",),
    "amount": ("amount",),
    "fee": ("fee",),
    "tax": ("tax",),
    "currency": ("currency",),
    "note": ("description",),
}
DIVIDENDS = ("DIVIDEND", "DISTRIBUTION", "COUPON")
INTERESTS = ("INTEREST", "INTEREST_PAYMENT", "INTEREST_PAYOUT")
FEES = ("FEE", "COMMISSION", "MONTHLY_FEE", "CARD_ORDERING_FEE")
SPLITS = ("SPLIT", "REVERSE_SPLIT", "STOCK_SPLIT", "SPLIT_CANCELLED")
TAXES = ("TAX_OPTIMIZATION", "TAX_CORRECTION", "TAX_REFUND", "SEC_ACCOUNT")


def _book(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        booking = _booking(row)
        if booking is not None:
            yield booking


def _booking(row: Row) -> Booking | None:
    category, word = row.text("category").upper(), row.text("type").upper()
    quantity, amount = row.number("quantity") or ZERO, row.number("amount") or ZERO
    figures = Figures(abs(quantity) or None, None, abs(amount), row.size("fee"), row.size("tax"))
    currency, note = row.text("currency"), row.text("note")
    if category == "TRADING" and word == "BUY" and (wrong := wrong_sign(Type.BUY, Figures(quantity))) is not None:
        row.fault(*wrong)
        return None
    if category == "TRADING" and quantity:
        is_sale = quantity < 0 or word == "SELL"
        return booked(row, Kind(Type.SELL if is_sale else Type.BUY), figures, currency)
    if quantity and word in SPLITS:
        row.leave_out("A split: its ratio is taken from the corporate actions of the ticker. Add it there where it is missing.")
        return None
    if quantity and category in ("CORPORATE_ACTION", "DELIVERY", "TRADING"):
        return booked(row, Kind(Type.TRANSFER_IN if quantity > 0 else Type.TRANSFER_OUT), figures, currency, note or word.capitalize())
    if category == "CASH":
        return _of_cash(row, word, amount, Draft(Type.DEPOSIT, row.day, currency, note=note or None))
    if amount == 0:
        row.leave_out(f"{category} {word} moves neither shares nor cash.")
    else:
        row.fault("type", f"{quoted(f'{category} {word}')} is not known of Trade Republic. Leave the line out, and add it by hand.")
    return None


def _of_cash(row: Row, word: str, amount: Decimal, draft: Draft) -> Booking | None:
    fee, tax = row.number("fee") or ZERO, row.number("tax") or ZERO
    if word in DIVIDENDS and amount > 0:
        return Booking(row.line, replace(draft, type=Type.DIVIDEND, amount=amount, fee=abs(fee), tax=abs(tax)), row.security())
    if word in INTERESTS and amount > 0:
        return Booking(row.line, replace(draft, type=Type.INTEREST, amount=amount, fee=abs(fee), tax=abs(tax)))
    whole = amount + fee + tax  # as the cash of the account moves
    if whole == 0:
        row.leave_out(f"{word.capitalize()} moves no cash.")
        return None
    if word in FEES or (word in INTERESTS and whole < 0):
        return Booking(row.line, replace(draft, type=Type.FEE, amount=-whole))
    if word in TAXES:
        return Booking(row.line, replace(draft, type=Type.TAX, amount=-whole))
    if word in DIVIDENDS:
        row.fault(
            "amount", "A dividend that is taken back has no place in the ledger. Leave it out together with the one that it takes back."
        )
        return None
    # What is left are payments in and out, by bank, card or gift.
    return Booking(row.line, replace(draft, type=Type.DEPOSIT if whole > 0 else Type.WITHDRAWAL, amount=abs(whole)))


TRADE_REPUBLIC = Layout(
    StatementFormat.TRADE_REPUBLIC, COLUMNS, frozenset({"day", "category", "type", "isin", "quantity", "amount", "currency"}), _book
)

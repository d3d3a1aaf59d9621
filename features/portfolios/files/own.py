"""The file that this service exports, which imports back to the same transactions: what a cell says is taken as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

from features.portfolios.files.booking import Booking, Security
from features.portfolios.files.decimals import POINT
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import ZERO, Layout, Row, Rows, plain
from models.portfolio import Draft, Transaction, decimal_text
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat
from utils.csv_text import FORMULA_STARTS, csv_lines

HEADER = (
    "day", "type", "ticker", "quantity", "price", "amount", "fee", "tax", "currency", "fx_rate", "acquired", "numerator", "denominator",
    "note",
)  # fmt: skip
GUARD = "'"
LINES_AT_ONCE = 1_000


def export_csv(transactions: Iterable[Transaction]) -> Iterator[bytes]:
    """A header and a line for each transaction. A note that a spreadsheet would run, or that begins with a quote, gets one in front."""
    yield csv_lines([HEADER])
    lines: list[list[object]] = []
    for transaction in transactions:
        lines.append(_cells(transaction))
        if len(lines) == LINES_AT_ONCE:
            yield csv_lines(lines)
            lines = []
    if lines:
        yield csv_lines(lines)


def _cells(transaction: Draft) -> list[object]:
    numbers = (transaction.quantity, transaction.price, transaction.amount, transaction.fee, transaction.tax)
    texts = [_Number(decimal_text(number)) if number is not None else "" for number in (*numbers, transaction.fx_rate)]
    note = transaction.note or ""
    return [
        transaction.day,
        str(transaction.type),
        transaction.ticker or "",
        *texts[:5],
        transaction.currency,
        texts[5],
        transaction.acquired or "",
        transaction.numerator or "",
        transaction.denominator or "",
        f"{GUARD}{note}" if note.startswith(GUARD) else note,
    ]


class _Number:
    """A number, which no spreadsheet runs, whatever sign it begins with."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def unguarded(text: str) -> str:
    """A note without the quote that the export put in front of it."""
    return text[1:] if text.startswith(GUARD) and text[1:].startswith((GUARD, *FORMULA_STARTS)) else text


def _book(rows: Rows) -> Iterator[Booking]:
    rows.decimal, rows.decimals = POINT, {}
    for row in rows:
        booking = _booking(row)
        if booking is not None:
            yield booking


def _booking(row: Row) -> Booking | None:
    word = row.text("type").lower()
    if word not in list(Type):
        row.fault("type", f"{quoted(word)} is no type. Write one of {', '.join(Type)}.")
        return None
    acquired = None
    if row.text("acquired"):
        with suppress(ValueError):
            acquired = date.fromisoformat(row.text("acquired"))
        if acquired is None:
            row.fault("acquired", f"{quoted(row.text('acquired'))} is no day. Write it YYYY-MM-DD.")
    symbol = row.text("ticker")
    draft = Draft(
        Type(word),
        row.day,
        row.text("currency"),
        quantity=row.number("quantity"),
        price=row.number("price"),
        amount=row.number("amount"),
        fee=row.number("fee") or ZERO,
        tax=row.number("tax") or ZERO,
        fx_rate=row.number("fx_rate"),
        acquired=acquired,
        numerator=_whole(row, "numerator"),
        denominator=_whole(row, "denominator"),
        note=unguarded(row.text("note")) or None,
    )
    return Booking(row.line, draft, Security(symbol=symbol) if symbol else None)


def _whole(row: Row, column: str) -> int | None:
    number = row.number(column)
    if number is not None and number != number.to_integral_value():
        row.fault(column, "It must be a whole number.")
        return None
    return None if number is None else int(number)


COLUMNS = {name: (plain(name),) for name in HEADER}
OWN = Layout(StatementFormat.BELLWETHER, COLUMNS, frozenset(HEADER), _book)

"""Interactive Brokers: the activity statement as CSV, a file of sections of which each has a header of its own.

Sections and columns: docs/ibkr_csv_module.md of github.com/slmyers/portfolio_tracker, and public tests of readers. A line is of a section,
and a header, data or a total. Read are Trades (stocks and currencies), Dividends and payments in lieu of them, Withholding Tax, Deposits &
Withdrawals, Interest, Fees and the splits among Corporate Actions; Financial Instrument Information has the ISINs. The lines of UNREAD are
told as left out. Sections of other kinds tell no transactions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from features.portfolios.files.booking import Booking, Security, is_isin
from features.portfolios.files.drafting import ratio_of
from features.portfolios.files.faults import Faults, quoted
from features.portfolios.files.ib_flex import conversion, trade
from features.portfolios.files.layout import Layout, Row, Rows, Wishes, plain, read_table
from features.portfolios.files.pairing import merged_dividends
from features.portfolios.files.sheet import Record
from models.portfolio import Draft
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

STOCKS = ("stocks", "funds", "etfs", "")
ORDERS = ("order", "")  # executions repeat the orders that they fill
_COMMISSION_IN = re.compile(r"\bin ([A-Z]{3})$", re.ASCII)
_EVENING = re.compile(r"\b2[0-3]:\d\d", re.ASCII)
INSTRUMENTS = "financialinstrumentinformation"
UNREAD = ("transfers", "transactionfees", "commissionadjustments", "salestaxdetails", "grantactivity")


def _book_trades(rows: Rows) -> Iterator[Booking]:
    has_orders = any(plain(cells[rows.places["level"]]) == "order" for _, cells in rows.records) if "level" in rows.places else False
    for row in rows:
        category = row.text("asset").lower()
        if row.text("level").lower() not in (ORDERS if has_orders else (*ORDERS, "trade", "execution")):
            row.leave_out("It repeats an order that stands on a line of its own.")
        elif category == "forex":
            yield from conversion(row, row.number("amount"), _fee_currency(row))
        elif category not in STOCKS:
            row.leave_out(f"A trade of {row.text('asset')}; only those of stocks, funds and currencies are read.")
        else:
            yield from trade(row, row.text("currency"), _fee_currency(row))


def _fee_currency(row: Row) -> str:
    """The currency of a commission, where its column names one: `Comm in USD`, that of the account."""
    told = _COMMISSION_IN.search(row.rows.name("fee") or "")
    return told[1] if told is not None else ""


def _book_payments(make: Callable[[Row, Draft], Booking | None]) -> Callable[[Rows], Iterator[Booking]]:
    def book(rows: Rows) -> Iterator[Booking]:
        for row in rows:
            amount = row.number("amount")
            if not amount:
                row.leave_out("It moves no cash.")
                continue
            booking = make(row, Draft(Type.FEE, row.day, row.text("currency"), amount=-amount, note=row.text("note") or None))
            if booking is not None:
                yield booking

    return book


def _dividend(row: Row, draft: Draft) -> Booking | None:
    assert draft.amount is not None, "the caller left out what moves no cash"
    return Booking(row.line, replace(draft, type=Type.DIVIDEND, amount=-draft.amount), security_in(row.text("note")))


def _tax(row: Row, draft: Draft) -> Booking | None:
    return Booking(row.line, replace(draft, type=Type.TAX), security_in(row.text("note")))


def _transfer(row: Row, draft: Draft) -> Booking | None:
    assert draft.amount is not None, "the caller left out what moves no cash"
    kind = Type.DEPOSIT if draft.amount < 0 else Type.WITHDRAWAL
    return Booking(row.line, replace(draft, type=kind, amount=abs(draft.amount)))


def _interest(row: Row, draft: Draft) -> Booking | None:
    assert draft.amount is not None, "the caller left out what moves no cash"
    return Booking(row.line, replace(draft, type=Type.INTEREST, amount=-draft.amount) if draft.amount < 0 else draft)


def _fee(row: Row, draft: Draft) -> Booking | None:
    return Booking(row.line, draft)


def _book_actions(rows: Rows) -> Iterator[Booking]:
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        note = row.text("note")
        before, is_split, after = note.partition(" Split ")
        ratio = ratio_of(after) if is_split else None
        # A file without the day of the report has the evening before the one on which it takes effect.
        day = row.day + timedelta(1) if _EVENING.search(row.text("day")) else row.day
        security = security_in(before)
        if ratio is None or security is None:
            row.leave_out(f"A corporate action, {quoted(note)}: add what it changed by hand.")
        elif (key := (day, security, ratio)) not in seen:  # a split that makes fewer shares has a line for the old and one for the new
            seen.add(key)
            draft = Draft(Type.SPLIT, day, row.text("currency"), numerator=ratio[0], denominator=ratio[1])
            yield Booking(row.line, draft, security)


def security_in(text: str) -> Security | None:
    """The security with which a description begins, as in `AAPL(US0378331005) Cash Dividend …`."""
    symbol, opened, rest = text.partition("(")
    code = rest.partition(")")[0].strip()
    if not opened or not symbol.strip() or len(symbol) > 30:
        return None
    return Security(code if is_isin(code) else "", symbol.strip())


_PAYMENT = {"day": ("date", "settledate"), "currency": ("currency",), "note": ("description",), "amount": ("amount",)}
_ACTION = {"day": ("reportdate", "datetime", "date"), "currency": ("currency",), "note": ("description",), "quantity": ("quantity",)}
_TRADE = {
    "level": ("datadiscriminator",),
    "asset": ("assetcategory",),
    "currency": ("currency",),
    "symbol": ("symbol",),
    "day": ("datetime", "date"),
    "quantity": ("quantity",),
    "price": ("tprice",),
    "amount": ("proceeds",),
    "fee": ("commfee", "comm*"),
}


def _section(columns: dict[str, tuple[str, ...]], needs: str, book: Callable[[Rows], Iterator[Booking]]) -> Layout:
    return Layout(StatementFormat.INTERACTIVE_BROKERS_ACTIVITY, columns, frozenset(needs.split()), book)


SECTIONS = {
    "trades": _section(_TRADE, "currency symbol day quantity", _book_trades),
    "dividends": _section(_PAYMENT, "day currency note amount", _book_payments(_dividend)),
    "paymentinlieuofdividends": _section(_PAYMENT, "day currency note amount", _book_payments(_dividend)),
    "withholdingtax": _section(_PAYMENT, "day currency note amount", _book_payments(_tax)),
    "depositswithdrawals": _section(_PAYMENT, "day currency amount", _book_payments(_transfer)),
    "interest": _section(_PAYMENT, "day currency amount", _book_payments(_interest)),
    "fees": _section(_PAYMENT, "day currency amount", _book_payments(_fee)),
    "corporateactions": _section(_ACTION, "day note", _book_actions),
}


def is_activity(head: Iterable[Record]) -> bool:
    """Whether a file begins as an activity statement."""
    kinds = [(plain(cells[0]), plain(cells[1])) for _, cells in head if len(cells) > 2]
    return any(section in (*SECTIONS, "statement", INSTRUMENTS) and kind == "header" for section, kind in kinds)


def read_activity(records: Iterable[Record], wishes: Wishes, faults: Faults) -> list[Booking]:
    """The transactions of a statement."""
    tables: list[tuple[str, Record, list[Record]]] = []
    isins: dict[str, str] = {}
    current: dict[str, list[Record]] = {}
    headers: dict[str, Record] = {}
    for line, cells in records:
        if len(cells) < 3:
            continue
        section, kind = plain(cells[0]), cells[1].strip().lower()
        if kind == "header":
            headers[section], current[section] = (line, cells[2:]), []
            if section in SECTIONS:
                tables.append((section, headers[section], current[section]))
        elif kind == "data" and section in UNREAD and not _is_total(cells):
            faults.leave_out(line, f"Of the section {quoted(cells[0])}, which is not read: add what it changed by hand.")
        elif kind == "data" and section in headers:
            if section == INSTRUMENTS:
                _note_isin(headers[section], cells[2:], isins)
            elif section in SECTIONS and not _is_total(cells):
                current[section].append((line, cells[2:]))
    bookings: list[Booking] = []
    for section, header, rows in tables:
        layout = SECTIONS[section]
        if rows and not layout.needs <= layout.places([plain(cell) for cell in header[1]]).keys():
            faults.add(header[0], None, f"The section {section} lacks a column that it needs. Export the statement with all columns.")
        elif rows:
            bookings += layout.book(read_table(layout, rows, header, wishes, faults))
    return [_with_isin(booking, isins) for booking in merged_dividends(bookings, faults)]


def _is_total(cells: list[str]) -> bool:
    return cells[2].lower().startswith("total")


def _note_isin(header: Record, cells: list[str], isins: dict[str, str]) -> None:
    told = {plain(name): cell.strip() for name, cell in zip(header[1], cells, strict=False)}
    if is_isin(told.get("securityid", "")):
        for symbol in told.get("symbol", "").split(","):
            isins[symbol.strip()] = told["securityid"]


def _with_isin(booking: Booking, isins: dict[str, str]) -> Booking:
    security = booking.security
    if security is None or security.isin or security.symbol not in isins:
        return booking
    return replace(booking, security=replace(security, isin=isins[security.symbol]))

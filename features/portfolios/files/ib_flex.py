"""Interactive Brokers: Flex queries of trades and of cash transactions, as CSV.

Columns: test/import/ok/vti-buy-on-ibkr.csv of github.com/ghostfolio/ghostfolio (all of a trade), samples/ibkr-trades-export.csv and
samples/ibkr-dividends-export.csv of github.com/dickwolff/Export-To-Ghostfolio (queries of a few columns). Commissions are negative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from features.portfolios.files.booking import Booking
from features.portfolios.files.drafting import Figures, booked, check_amount
from features.portfolios.files.faults import quoted
from features.portfolios.files.layout import ZERO, Layout, Row, Rows
from features.portfolios.files.pairing import merged_dividends
from features.portfolios.files.words import Kind
from models.portfolio import Draft
from models.portfolio import TransactionType as Type
from models.statement import StatementFormat

TRADE_COLUMNS = {
    "side": ("buysell",),
    "day": ("tradedate", "datetime"),
    "isin": ("isin",),
    "symbol": ("symbol",),
    "name": ("description",),
    "asset": ("assetclass",),
    "quantity": ("quantity",),
    "price": ("tradeprice",),
    "amount": ("trademoney",),
    "currency": ("currencyprimary", "currency"),
    "fee": ("ibcommission",),
    "fee_currency": ("ibcommissioncurrency",),
    "tax": ("taxes",),
    "level": ("levelofdetail",),
}
CASH_COLUMNS = {
    "type": ("type",),
    "day": ("settledate", "datetime", "reportdate", "date"),
    "isin": ("isin",),
    "symbol": ("symbol",),
    "note": ("description",),
    "amount": ("amount",),
    "currency": ("currencyprimary", "currency"),
}
CURRENCIES = "CASH"
CONVERSION, COMMISSION = "Currency conversion", "Commission"
STOCKS = ("", "STK", "FUND", "ETF")
DETAILS = ("", "EXECUTION")  # other levels repeat the executions, as orders or lots
DIVIDENDS = ("dividends", "payment in lieu of dividends")


def _book_trades(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        asset = row.text("asset").upper()
        if row.text("level").upper() not in DETAILS:
            row.leave_out("It sums up executions that stand on lines of their own.")
        elif asset == CURRENCIES and row.text("symbol"):
            traded = row.number("amount")
            yield from conversion(row, None if traded is None else -traded, row.text("fee_currency"))
        elif asset not in STOCKS or row.security() is None:
            row.leave_out(f"A trade of {asset or 'what has no ISIN'}; only those of stocks, funds and currencies are read.")
        else:
            yield from trade(row, row.text("currency"), row.text("fee_currency"))


def trade(row: Row, currency: str, fee_currency: str) -> Iterator[Booking]:
    """The trade of a row; a commission in another currency is a fee of its own."""
    quantity, fee = row.number("quantity"), -(row.number("fee") or ZERO)
    if not quantity:
        row.fault("quantity", "A trade needs its number of shares.")
        return
    is_apart = bool(fee) and bool(fee_currency) and fee_currency != currency
    # A rebate for adding liquidity is a fee below 0, which no trade has.
    own_fee = ZERO if is_apart or fee < 0 else fee
    figures = Figures(quantity, row.number("price"), row.number("amount"), own_fee, row.size("tax"))
    check_amount(row, figures)
    yield booked(row, Kind(Type.BUY if quantity > 0 else Type.SELL), figures, currency)
    if is_apart or fee < 0:
        yield Booking(row.line, Draft(Type.FEE, row.day, fee_currency or currency, amount=fee, note=COMMISSION), row.security())


def conversion(row: Row, proceeds: Decimal | None, fee_currency: str) -> Iterator[Booking]:
    """Money that was changed, as in `EUR.USD`: of one currency it is paid out, and of the other in; the commission is a fee of its own."""
    base = row.text("symbol").partition(".")[0]
    quantity, fee = row.number("quantity"), -(row.number("fee") or ZERO)
    for currency, amount in ((base, quantity), (row.text("currency"), proceeds)):
        if amount:
            kind = Type.DEPOSIT if amount > 0 else Type.WITHDRAWAL
            yield Booking(row.line, Draft(kind, row.day, currency, amount=abs(amount), note=CONVERSION))
    if fee:
        yield Booking(row.line, Draft(Type.FEE, row.day, fee_currency or row.text("currency"), amount=fee, note=COMMISSION))


def _book_cash(rows: Rows) -> Iterator[Booking]:
    yield from merged_dividends(_cash(rows), rows.faults)


def _cash(rows: Rows) -> Iterator[Booking]:
    for row in rows:
        amount, word = row.number("amount"), row.text("type").lower()
        if not amount:
            row.leave_out("It moves no cash.")
            continue
        booking = _payment(row, word, Draft(Type.TAX, row.day, row.text("currency"), amount=-amount, note=row.text("note") or None))
        if booking is None:
            row.fault("type", f"{quoted(word)} is not known of Interactive Brokers. Leave the line out, and add it by hand.")
        else:
            yield booking


def _payment(row: Row, word: str, draft: Draft) -> Booking | None:
    """A movement of cash; `draft` is a tax of what it costs."""
    assert draft.amount is not None, "the caller left out what moves no cash"
    cost = draft.amount
    if word in DIVIDENDS:
        return Booking(row.line, replace(draft, type=Type.DIVIDEND, amount=-cost), row.security())
    if "withholding" in word or "tax" in word:
        return Booking(row.line, draft, row.security())
    if "interest" in word:
        return Booking(row.line, replace(draft, type=Type.INTEREST, amount=-cost) if cost < 0 else replace(draft, type=Type.FEE))
    if "fee" in word or "commission" in word:
        return Booking(row.line, replace(draft, type=Type.FEE))
    if "deposit" in word or "withdrawal" in word:
        return Booking(row.line, replace(draft, type=Type.DEPOSIT if cost < 0 else Type.WITHDRAWAL, amount=abs(cost)))
    return None


FLEX_TRADES = Layout(
    StatementFormat.INTERACTIVE_BROKERS_FLEX,
    TRADE_COLUMNS,
    frozenset({"side", "day", "quantity", "price", "currency", "fee"}),
    _book_trades,
    numbers=("quantity", "price", "amount", "fee"),
)
FLEX_CASH = Layout(
    StatementFormat.INTERACTIVE_BROKERS_FLEX, CASH_COLUMNS, frozenset({"type", "day", "isin", "note", "amount", "currency"}), _book_cash
)

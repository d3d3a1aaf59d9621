"""The Excel report of a portfolio: what is held, its verdicts, what was realised and paid, how it did, and all transactions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from database import Database
from features.portfolios import service as portfolios
from features.portfolios.measuring import Measuring
from features.reports.risk_report import COUNTS, RATIOS
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from models.books import Books
from models.holding import HeldVerdict, Holding
from models.performance import Performance, PerformanceOrder, PerformanceSeries
from models.performance_errors import NoDaysInPeriod, NothingToValue
from models.period import read_period
from models.portfolio import Portfolio, Transaction
from utils.cancellation import Check, always_wanted
from utils.clock import today

CURRENCY = Column("Currency", 10)
LOT_COLUMNS = (
    Column("Ticker", 12),
    Column("Acquired", 12, Style.DATE),
    Column("Quantity", 14, Style.DECIMAL),
    Column("Cost", 14, Style.MONEY),
    CURRENCY,
)
REALISED_COLUMNS = (
    Column("Sold", 12, Style.DATE),
    Column("Ticker", 12),
    Column("Acquired", 12, Style.DATE),
    Column("Days held", 11, Style.WHOLE),
    Column("Quantity", 14, Style.DECIMAL),
    Column("Proceeds", 14, Style.MONEY),
    CURRENCY,
    Column("Cost", 14, Style.MONEY),
    Column("Cost currency", 14),
    Column("Gain", 14, Style.MONEY),
)
INCOME_COLUMNS = (
    Column("Day", 12, Style.DATE),
    Column("Type", 12),
    Column("Ticker", 12),
    Column("Gross", 12, Style.MONEY),
    Column("Fee", 12, Style.MONEY),
    Column("Tax", 12, Style.MONEY),
    Column("Net", 12, Style.MONEY),
    CURRENCY,
)
TRANSACTION_COLUMNS = (
    Column("Day", 12, Style.DATE),
    Column("Type", 14),
    Column("Ticker", 12),
    Column("Quantity", 14, Style.DECIMAL),
    Column("Price", 14, Style.DECIMAL),
    Column("Amount", 14, Style.MONEY),
    Column("Fee", 12, Style.MONEY),
    Column("Tax", 12, Style.MONEY),
    CURRENCY,
    Column("Rate", 12, Style.DECIMAL),
    Column("Split", 10),
    Column("Note", 50, Style.LONG_TEXT),
)

DAY_COLUMNS = (
    Column("Day", 12, Style.DATE),
    Column("Value", 14, Style.MONEY),
    Column("Paid in", 14, Style.MONEY),
    Column("Time-weighted return", 20, Style.SHARE),
)
HOLDING_GAINS = ("start", "end", "bought", "local", "currency", "interaction", "dividends", "interest", "fees", "taxes", "gain")
ALL = "max"  # the period


@dataclass(frozen=True)
class PortfolioContents:
    """What the report of a portfolio has."""

    portfolio: Portfolio
    transactions: Sequence[Transaction]
    books: Books
    holdings: Sequence[Holding]
    performance: Performance | None  # None where nothing can be valued


def portfolio_contents(
    database: Database, keeper: portfolios.BookKeeper, measuring: Measuring, ledger: portfolios.Ledger
) -> PortfolioContents:
    """Read a portfolio with its ledger, what it holds, and how it did. Raises PortfolioNotFound or PricesDamaged."""
    with database.read() as connection:
        portfolio, transactions = portfolios.read_ledger(connection, *ledger)
        books = keeper.booked(connection, ledger, version=portfolio.version).books
        held = portfolios.holdings(connection, keeper, ledger, portfolios.HoldingsOrder(version=portfolio.version))
    performance = None
    with suppress(NothingToValue, NoDaysInPeriod):
        performance = measuring.performance(ledger, PerformanceOrder(read_period(ALL)))
    return PortfolioContents(portfolio, transactions, books, held.items, performance)


def portfolio_report(contents: PortfolioContents, check: Check = always_wanted) -> WorkbookFile:
    """The workbook of a portfolio. Raises what `check` raises."""
    portfolio = contents.portfolio
    return write_workbook(f"bellwether-portfolio-{portfolio.name}-{today()}", lambda book: _fill(book, contents), check)


def _fill(book: Book, contents: PortfolioContents) -> None:
    _add_holdings(book, contents.portfolio, contents.holdings)
    _add_lots(book, contents.books)
    _add_realised(book, contents.books)
    _add_income(book, contents.books)
    _add_cash(book, contents)
    if contents.performance is not None:
        _add_performance(book, contents.performance)
    _add_transactions(book, contents.transactions)


def _add_holdings(book: Book, portfolio: Portfolio, holdings: Sequence[Holding]) -> None:
    sheet = book.add_sheet("Holdings", _holding_columns(portfolio.base_currency))
    for each in holdings:
        cost = (_number(each.quantity), _number(each.cost), each.cost_currency, _number(each.cost_base))
        price = (_number(each.price), each.price_day, _number(each.value), each.currency, _number(each.value_base))
        shares = (each.weight, each.portfolio_weight)
        gain = (_number(each.gain_base), each.gain_percent, _number(each.day_change_base), each.day_change_percent)
        sheet.append(each.ticker, each.name, *cost, *price, *shares, *gain, *_verdict_cells(each.verdict), " ".join(each.warnings) or None)
    sheet.add_filter()


def _holding_columns(base: str) -> tuple[Column, ...]:
    return (
        Column("Ticker", 12),
        Column("Name", 30),
        Column("Quantity", 14, Style.DECIMAL),
        Column("Cost", 14, Style.MONEY),
        Column("Cost currency", 14),
        Column(f"Cost, {base}", 14, Style.MONEY),
        Column("Close", 12, Style.DECIMAL),
        Column("Close of", 12, Style.DATE),
        Column("Value", 14, Style.MONEY),
        Column("Price currency", 14),
        Column(f"Value, {base}", 14, Style.MONEY),
        Column("Share of all holdings", 20, Style.SHARE),
        Column("Share of the portfolio", 20, Style.SHARE),
        Column(f"Gain, {base}", 14, Style.MONEY),
        Column("Gain, %", 10, Style.PERCENT),
        Column(f"Last move, {base}", 16, Style.MONEY),
        Column("Last move, %", 13, Style.PERCENT),
        Column("Verdict", 12),
        Column("Verdict of", 12, Style.DATE),
        Column("Right after 20 days", 18, Style.SHARE),
        Column("Record", 60, Style.LONG_TEXT),
        Column("Stop", 12, Style.DECIMAL),
        Column("To the stop, %", 14, Style.PERCENT),
        Column("Target", 12, Style.DECIMAL),
        Column("To the target, %", 15, Style.PERCENT),
        Column("To keep in mind", 60, Style.LONG_TEXT),
    )


def _verdict_cells(verdict: HeldVerdict | None) -> tuple[CellValue, ...]:
    if verdict is None:
        return (None,) * 8
    record = (verdict.record_hit, verdict.record)
    levels = (verdict.stop_loss, verdict.to_stop_percent, verdict.target, verdict.to_target_percent)
    return (verdict.verdict, verdict.as_of, *record, *levels)


def _add_lots(book: Book, books: Books) -> None:
    sheet = book.add_sheet("Lots", LOT_COLUMNS)
    for lot in books.lots:
        sheet.append(lot.ticker, lot.acquired, float(lot.quantity), float(lot.cost), lot.currency)
    sheet.add_filter()


def _add_realised(book: Book, books: Books) -> None:
    sheet = book.add_sheet("Realised", REALISED_COLUMNS)
    for each in books.realised:
        cost = (float(each.cost), each.cost_currency, _number(each.gain))
        when = (each.sold, each.ticker, each.acquired, each.holding_days)
        sheet.append(*when, float(each.quantity), float(each.proceeds), each.currency, *cost)
    sheet.add_filter()


def _add_income(book: Book, books: Books) -> None:
    sheet = book.add_sheet("Income", INCOME_COLUMNS)
    for each in books.income:
        amounts = (float(each.gross), float(each.fee), float(each.tax), float(each.net))
        sheet.append(each.day, str(each.type), each.ticker, *amounts, each.currency)
    sheet.add_filter()


def _add_cash(book: Book, contents: PortfolioContents) -> None:
    sheet = book.add_sheet("Cash", (CURRENCY, Column("Amount", 14, Style.MONEY)))
    for currency, amount in sorted(contents.books.cash.items()):
        sheet.append(currency, float(amount))


def _add_transactions(book: Book, transactions: Sequence[Transaction]) -> None:
    sheet = book.add_sheet("Transactions", TRANSACTION_COLUMNS)
    for each in transactions:
        numbers = [_number(value) for value in (each.quantity, each.price, each.amount, each.fee, each.tax)]
        split = None if each.numerator is None else f"{each.numerator} for {each.denominator}"
        sheet.append(each.day, str(each.type), each.ticker, *numbers, each.currency, _number(each.fx_rate), split, each.note)
    sheet.add_filter()


def _add_performance(book: Book, performance: Performance) -> None:
    columns = (Column("Number", 30, Style.LABEL), Column("Value", 16), Column("Meaning", 110, Style.LONG_TEXT))
    sheet = book.add_sheet("Performance", columns)
    sheet.append("From", performance.first_day, styles=(None, Style.DATE))
    sheet.append("To", performance.last_day, styles=(None, Style.DATE))
    sheet.append("Currency", performance.currency)
    sheet.append("Value at the end", performance.end_value, styles=(None, Style.MONEY))
    sheet.append("Time-weighted return", performance.twr.value, performance.twr.definition, styles=(None, Style.SHARE))
    money_weighted = performance.mwr
    sheet.append("Money-weighted return", money_weighted.value, money_weighted.definition, styles=(None, Style.SHARE))
    for name, metric in performance.gain.items():
        sheet.append(f"Gain: {name}", metric.value, metric.definition, styles=(None, Style.MONEY))
    for name, metric in (performance.risk or {}).items():
        style = Style.RATIO if name in RATIOS else Style.WHOLE if name in COUNTS else Style.SHARE
        sheet.append(name.replace("_", " ").capitalize(), metric.value, metric.definition, styles=(None, style))
    _add_gains(book, performance)
    if performance.series is not None:
        _add_days(book, performance.series)


def _add_gains(book: Book, performance: Performance) -> None:
    money = tuple(Column(name.capitalize(), 14, Style.MONEY) for name in HOLDING_GAINS)
    sheet = book.add_sheet("Gains", (Column("Holding", 12), *money, Column("Contribution", 14, Style.SHARE)))
    for each in performance.attribution.holdings:
        sheet.append(each.ticker or "Cash", *(getattr(each, name) for name in HOLDING_GAINS), each.contribution)


def _add_days(book: Book, series: PerformanceSeries) -> None:
    beside = () if series.benchmark is None else (Column("Benchmark", 14, Style.SHARE),)
    sheet = book.add_sheet("Days", (*DAY_COLUMNS, *beside))
    lines: list[Sequence[CellValue]] = [series.days, series.value, series.invested, series.twr]
    if series.benchmark is not None:
        lines.append(series.benchmark)
    for row in zip(*lines, strict=True):
        sheet.append(*row)
    sheet.add_filter()


def _number(value: Decimal | None) -> CellValue:
    return None if value is None else float(value)

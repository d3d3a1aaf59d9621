"""Imports a file of transactions into a portfolio: finds the tickers of its securities, and what is booked already; all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sqlalchemy import Connection

from database import Database
from features.portfolios import service, symbols
from features.portfolios.files.booking import Booking, Security
from features.portfolios.files.faults import Faults
from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import Statement, read_statement
from features.portfolios.service import Ledger
from features.portfolios.standing import StandingTransactions
from features.prices import service as prices
from models.currency import checked_currency
from models.portfolio import PLACES, TOO_MANY_DIGITS, WHOLE_DIGITS, Draft, Portfolio, Transaction, faults_of, rounded_at
from models.portfolio_errors import TransactionsRefused
from models.statement import MOST_LISTED, Duplicate, ImportReport, ReadLine, StatementFormat, UnknownSecurity
from models.ticker import normalize_ticker
from utils.clock import today

LONGEST_NOTE = 500
NUMBERS = ("quantity", "price", "amount", "fee", "tax", "fx_rate")


@dataclass(frozen=True)
class ImportWishes:
    """What the sender of a file says of it, and wants.

    `symbols` are tickers by what the file calls a security. `currency` is that of lines which tell none; by default the portfolio's.
    """

    reading: Wishes = field(default_factory=Wishes)
    format: StatementFormat | None = None
    symbols: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    add_duplicates: bool = False
    leave_out_bad_lines: bool = False
    dry_run: bool = False
    version: int | None = None


@dataclass
class _Plan:
    """What is to be added, each with its line; and what is not, with the reason."""

    new: list[ReadLine] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    unknown: dict[Security, UnknownSecurity] = field(default_factory=dict)


def read_file(raw: bytes, wishes: ImportWishes) -> Statement:
    """Read a file, before the transaction that books it. Raises StatementRefused or AmbiguousDates."""
    return read_statement(raw, wishes.reading, wishes.format)


def import_statement(connection: Connection, ledger: Ledger, statement: Statement, wishes: ImportWishes) -> ImportReport:
    """Book what a file tells and is not booked already. For a dry run the caller has to roll back what was written.

    The tickers that the sender told are remembered. Raises PortfolioNotFound, PortfolioChanged, TooMuchInPortfolio, or StatementRefused
    with the lines that are wrong; a dry run reports these instead, and looks for sales of more than is held among the other lines too.
    """
    # Before the ledger is read: another import may be booking the same file.
    service.find_to_change(connection, ledger, wishes.version)
    portfolio, booked = service.read_ledger(connection, *ledger)
    if wishes.symbols:
        symbols.remember(connection, ledger.org_id, wishes.symbols)
    plan = _Plan()
    lines = _checked(_resolved(connection, ledger.org_id, statement, plan), statement, portfolio, wishes)
    _sort_out(lines, booked, plan, add_duplicates=wishes.add_duplicates)
    is_fit = wishes.leave_out_bad_lines or not statement.faults.total
    if not is_fit and not wishes.dry_run:
        raise statement.faults.refusal()
    version = _book(connection, ledger, plan, statement.faults, wishes) if plan.new else None
    return _report(connection, ledger.org_id, (plan, statement, wishes), version if is_fit and version else portfolio.version)


class _Undone(Exception):
    """Rolls back what a dry run has written."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        super().__init__()


def try_import(database: Database, ledger: Ledger, statement: Statement, wishes: ImportWishes) -> ImportReport:
    """What `import_statement` would add. Nothing is kept."""
    try:
        with database.transaction() as connection:
            raise _Undone(import_statement(connection, ledger, statement, wishes))
    except _Undone as undone:
        return undone.report


def _resolved(connection: Connection, org_id: int, statement: Statement, plan: _Plan) -> Iterator[Booking]:
    """The bookings with the tickers of their securities. One without is a fault at the first line that names it."""
    known = symbols.list_symbols(connection, org_id)
    is_own = statement.reading.format is StatementFormat.BELLWETHER
    tickers: dict[Security, str | None] = {}
    for booking in statement.bookings:
        security = booking.security
        if security is None:
            yield booking
            continue
        if security not in tickers:
            tickers[security] = _ticker_of(security, known, is_own=is_own)
        ticker = tickers[security]
        if ticker is not None:
            yield Booking(booking.line, booking.draft.but(ticker=ticker), security)
        elif security in plan.unknown:
            plan.unknown[security] = replace(plan.unknown[security], lines=plan.unknown[security].lines + 1)
        else:
            plan.unknown[security] = UnknownSecurity(security.isin, security.symbol, security.name, booking.line, 1)
            key = security.keys[0]
            remedy = f'Tell it with `symbols`, as in {{"{key}": "TICKER"}}; it is remembered.'
            statement.faults.add(booking.line, _column(statement, "ticker"), f"The ticker of {security.label} is not known. {remedy}")


def _ticker_of(security: Security, known: Mapping[str, str], *, is_own: bool) -> str | None:
    """The ticker that was told for a security; else its symbol, where it can be a ticker. In an own export the symbol is the ticker."""
    told = next((known[key] for key in map(symbols.security_key, security.keys) if key in known), None)
    if not security.symbol or (told is not None and not is_own):
        return told
    try:
        return normalize_ticker(security.symbol)
    except ValueError:
        return told


def _checked(
    bookings: Iterator[Booking], statement: Statement, portfolio: Portfolio, wishes: ImportWishes
) -> Iterator[tuple[ReadLine, bool]]:
    """The drafts that fit by themselves, each with whether its currency was told. What does not fit becomes a fault of its column."""
    day, faults = today(), statement.faults
    bad_lines = faults.lines
    for booking in bookings:
        currency = booking.draft.currency or wishes.currency or portfolio.base_currency
        wrong: list[tuple[str, str]] = []
        try:
            currency = checked_currency(currency)
        except ValueError as error:
            wrong.append(("currency", str(error)))
        draft = booking.draft if booking.draft.currency == currency else booking.draft.but(currency=currency)
        draft = _fitted(draft, wrong)
        wrong += faults_of(draft, day, portfolio.base_currency)
        for name, message in wrong:
            column = _column(statement, name)
            places = [column, _column(statement, "amount")] if name == "price" and draft.price is None else [column]
            # What is no number is not told to be missing as well.
            if not any(place is not None and faults.has(booking.line, place) for place in places):
                faults.add(booking.line, column, message)
        if not wrong and booking.line not in bad_lines:
            yield ReadLine(booking.line, draft), bool(booking.draft.currency or wishes.currency)


def _fitted(draft: Draft, wrong: list[tuple[str, str]]) -> Draft:
    """A draft with numbers of as many digits as are kept, and a note that is as long as one may be."""
    changes: dict[str, Decimal | str | None] = {}
    for name in NUMBERS:
        number: Decimal | None = getattr(draft, name)
        if number is None:
            continue
        if number.adjusted() >= WHOLE_DIGITS:
            wrong.append((name, TOO_MANY_DIGITS))
        elif _places(number) > PLACES:
            changes[name] = rounded_at(number, PLACES)
    if draft.note is not None:
        note = "".join(letter for letter in draft.note if letter.isprintable() or letter == "\n").strip()
        changes["note"] = note[:LONGEST_NOTE].strip() or None
    return draft.but(**changes) if changes else draft


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _column(statement: Statement, name: str) -> str | None:
    """The file's name of a field."""
    columns = statement.reading.columns
    names = {"ticker": ("isin", "symbol", "ticker", "name"), "amount": ("amount", "net")}.get(name, (name,))
    return next((columns[each] for each in names if each in columns), None)


def _sort_out(lines: Iterator[tuple[ReadLine, bool]], booked: Sequence[Transaction], plan: _Plan, *, add_duplicates: bool) -> None:
    """Part what is new from what is booked already. Of several equal lines, as many are duplicates as are booked."""
    standing = StandingTransactions(booked)
    for read, has_currency in lines:
        equal = standing.take(read.draft, has_currency=has_currency)
        if add_duplicates or equal is None:
            plan.new.append(read)
        if equal is not None:
            plan.duplicates.append(Duplicate(read.line, read.draft, equal))


def _book(connection: Connection, ledger: Ledger, plan: _Plan, faults: Faults, wishes: ImportWishes) -> int | None:
    """Add the new transactions; return the version of the portfolio then, None where nothing is added.

    Those that sell more than is held become faults, and are left out if bad lines are; else raises StatementRefused, but for a dry run.
    """
    try:
        added = service.add_transactions(connection, *ledger, [read.draft for read in plan.new], wishes.version)
    except TransactionsRefused as error:
        remark = " Lines with faults are not counted." if faults.total else ""
        refused = {fault.index for fault in error.faults}
        for fault in error.faults:
            line = plan.new[0].line if fault.index is None else plan.new[fault.index].line
            faults.add(line, None, f"{fault.message}{remark}")
        if wishes.leave_out_bad_lines and None not in refused:
            plan.new = [read for place, read in enumerate(plan.new) if place not in refused]
            return _book(connection, ledger, plan, faults, wishes) if plan.new else None
        if wishes.dry_run:
            return None
        raise faults.refusal() from error
    return added[0].since_version


def _report(connection: Connection, org_id: int, read: tuple[_Plan, Statement, ImportWishes], version: int) -> ImportReport:
    plan, statement, wishes = read
    tickers = sorted({each.draft.ticker for each in plan.new if each.draft.ticker is not None})
    stored = prices.find_heads(connection, org_id, tickers) if tickers else {}
    faults = statement.faults
    return ImportReport(
        dry_run=wishes.dry_run,
        reading=statement.reading,
        version=version,
        added=plan.new,
        duplicates=plan.duplicates,
        faults=sorted(faults.listed, key=lambda fault: fault.line),
        faults_total=faults.total,
        left_out=sorted(faults.left_out, key=lambda left: left.line),
        left_out_total=faults.left_out_total,
        unknown=list(plan.unknown.values()),
        without_prices=[ticker for ticker in tickers if ticker not in stored][:MOST_LISTED],
    )

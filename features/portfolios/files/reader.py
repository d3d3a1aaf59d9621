"""A file of transactions to its bookings: finds out whose export it is."""

from __future__ import annotations

from dataclasses import dataclass

from features.portfolios.files.booking import Booking
from features.portfolios.files.decimals import POINT
from features.portfolios.files.degiro_account import DEGIRO_ACCOUNT
from features.portfolios.files.degiro_transactions import DEGIRO_TRANSACTIONS
from features.portfolios.files.faults import Faults, quoted
from features.portfolios.files.generic import COLUMNS as GENERIC_COLUMNS
from features.portfolios.files.generic import GENERIC
from features.portfolios.files.ghostfolio import GHOSTFOLIO, read_json
from features.portfolios.files.ib_activity import is_activity, read_activity
from features.portfolios.files.ib_flex import FLEX_CASH, FLEX_TRADES
from features.portfolios.files.layout import Layout, Wishes, plain, read_table
from features.portfolios.files.own import OWN
from features.portfolios.files.portfolio_performance import PORTFOLIO_PERFORMANCE, TRADE_REPUBLIC_TABLE
from features.portfolios.files.sheet import DELIMITERS, Record, Sheet, sheet_of
from features.portfolios.files.trade_republic import TRADE_REPUBLIC
from features.prices.service import read_text
from models.price_errors import PriceQuality
from models.statement import StatementFormat, StatementReading

# The most telling first: a file of one of them has the columns that some later ones need.
LAYOUTS = (
    OWN, TRADE_REPUBLIC, DEGIRO_ACCOUNT, DEGIRO_TRANSACTIONS, PORTFOLIO_PERFORMANCE, TRADE_REPUBLIC_TABLE, FLEX_TRADES, FLEX_CASH,
    GHOSTFOLIO,
)  # fmt: skip
FIELDS = tuple(GENERIC_COLUMNS)  # that a sender may name the columns of
LEAST_COLUMNS = 3  # of a generic table, with the day


@dataclass(frozen=True)
class Statement:
    """The bookings of a file in the order of their lines, what is wrong with others, and how it was read."""

    bookings: list[Booking]
    faults: Faults
    reading: StatementReading


def read_statement(raw: bytes, wishes: Wishes, asked: StatementFormat | None = None) -> Statement:
    """Read a file of transactions, as an export of `asked` or as the one that it looks like.

    What is wrong with single lines is among the faults. Raises StatementRefused for a file that cannot be read at all, and AmbiguousDates.
    """
    faults = Faults()
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and asked in (None, StatementFormat.GHOSTFOLIO_JSON):
        return Statement(read_json(raw, faults), faults, StatementReading(StatementFormat.GHOSTFOLIO_JSON, "utf-8", "", POINT, "ymd"))
    try:
        text, encoding = read_text(raw)
    except PriceQuality as error:
        problem = error.problems[0]
        faults.refuse(problem.line, problem.column, problem.message)
    sheet = sheet_of(text, encoding, faults)
    heads = {delimiter: sheet.head(delimiter) for delimiter in DELIMITERS}
    if asked in (None, StatementFormat.INTERACTIVE_BROKERS_ACTIVITY) and is_activity(heads[","]):
        bookings = read_activity(sheet.rows(",", faults), wishes, faults)
        reading = StatementReading(StatementFormat.INTERACTIVE_BROKERS_ACTIVITY, encoding, ",", POINT, "ymd")
        return _sorted(bookings, faults, reading)
    layout, delimiter, header = _find(heads, wishes, asked, faults)
    return _of_table(sheet, layout, (delimiter, header), wishes, faults)


def _of_table(sheet: Sheet, layout: Layout, place: tuple[str, Record], wishes: Wishes, faults: Faults) -> Statement:
    delimiter, header = place
    rows = read_table(layout, sheet.rows(delimiter, faults), header, wishes, faults)
    if not rows.records and not faults.total:
        faults.refuse(header[0], None, "there are no rows under the header.")
    bookings = list(layout.book(rows))
    columns = {column: header[1][place].strip() for column, place in rows.places.items()}
    ignored = [cell.strip() for at, cell in enumerate(header[1]) if cell.strip() and at not in rows.places.values()]
    reading = StatementReading(layout.format, sheet.encoding, delimiter, rows.decimal, str(rows.order), columns, ignored)
    return _sorted(bookings, faults, reading)


def _sorted(bookings: list[Booking], faults: Faults, reading: StatementReading) -> Statement:
    return Statement(sorted(bookings, key=lambda booking: booking.line), faults, reading)


def _find(heads: dict[str, list[Record]], wishes: Wishes, asked: StatementFormat | None, faults: Faults) -> tuple[Layout, str, Record]:
    """The layout of a file, its delimiter and header. Raises StatementRefused where none fits."""
    if not wishes.columns and asked is not StatementFormat.GENERIC:
        for layout in LAYOUTS:
            if asked not in (None, layout.format):
                continue
            for delimiter, head in heads.items():
                for record in head:
                    if layout.needs <= layout.places([plain(cell) for cell in record[1]]).keys():
                        return layout, delimiter, record
    if asked not in (None, StatementFormat.GENERIC):
        faults.refuse(1, None, f"the file has not the columns of {asked}. Leave the format out to have it found.")
    return _find_generic(heads, wishes, faults)


def _find_generic(heads: dict[str, list[Record]], wishes: Wishes, faults: Faults) -> tuple[Layout, str, Record]:
    best: tuple[int, str, Record] | None = None
    for delimiter, head in heads.items():
        for record in head:
            found = GENERIC.places([plain(cell) for cell in record[1]], wishes.plain_columns)
            if "day" in found and len(found) >= LEAST_COLUMNS and (best is None or len(found) > best[0]):
                best = len(found), delimiter, record
    if best is None:
        delimiter = max(heads, key=lambda name: max((len(cells) for _, cells in heads[name]), default=0))
        line, cells = heads[delimiter][0] if heads[delimiter] else (1, [])
        names = ", ".join(cell.strip() for cell in cells if cell.strip())[:200]
        reason = "no header is known: a table needs columns such as Date, Type, Ticker, Quantity, Price and Currency."
        faults.refuse(line, None, f"{reason} The file has: {names or 'no names'}. Name them with `columns`.")
    line, cells = best[2]
    known = {plain(cell) for cell in cells}
    for name in wishes.columns:
        if plain(name) not in known:
            has = ", ".join(cell.strip() for cell in cells if cell.strip())[:200]
            faults.refuse(line, None, f"there is no column {quoted(name)}, which `columns` names. The file has: {has}.")
    return GENERIC, best[1], best[2]

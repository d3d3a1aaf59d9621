"""Schemas of files of transactions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from api.schemas import CSV, Answer, Body, Counted, Currency, Query, Ticker
from api.validation import RawBody
from features.portfolios.files.layout import Wishes
from features.portfolios.files.reader import FIELDS
from features.portfolios.schemas.portfolio import VERSION
from features.portfolios.schemas.transaction import BookedFields, TransactionAnswer, transaction_answer
from features.portfolios.statement_import import NUMBERS, ImportWishes
from features.prices.service import DateOrder
from models.portfolio import decimal_text
from models.statement import LONGEST_SECURITY, MOST_LISTED, Duplicate, ImportReport, ReadLine, StatementFormat
from models.ticker import normalize_ticker
from utils.json_text import DuplicateKeys, MalformedJSON, parse_strict

JSON = "application/json"
AUTO = "auto"
MOST_PAIRS = 200  # in a query
StatementFormatName = TypeAliasType(
    "StatementFormatName",
    Literal[
        "bellwether",
        "generic",
        "ghostfolio",
        "ghostfolio_json",
        "portfolio_performance",
        "interactive_brokers_activity",
        "interactive_brokers_flex",
        "degiro_transactions",
        "degiro_account",
        "trade_republic",
        "trade_republic_table",
    ],
)


def _pairs(text: str) -> dict[str, str]:
    """The texts of a JSON object. Raises ValueError."""
    if not text:
        return {}
    try:
        told = parse_strict(text.encode())
    except (MalformedJSON, DuplicateKeys) as error:
        raise ValueError('It must be a JSON object, as in {"US0378331005": "AAPL"}.') from error
    if not isinstance(told, dict) or not all(
        isinstance(value, str) and key and len(key) <= LONGEST_SECURITY for key, value in told.items()
    ):
        raise ValueError(f"It must be a JSON object of texts; a name has 1 to {LONGEST_SECURITY} characters.")
    if len(told) > MOST_PAIRS:
        raise ValueError(f"It has more than {MOST_PAIRS} entries. Tell tickers with PATCH /api/v1/portfolio-symbols instead.")
    return told


def _symbols(text: str) -> str:
    for ticker in _pairs(text).values():
        normalize_ticker(ticker)
    return text


_ALIASES = {"ticker": "symbol"}  # as transactions and the export have it


def _columns(text: str) -> str:
    for name in _pairs(text).values():
        if name not in (*FIELDS, *_ALIASES):
            raise ValueError(f"There is no field {name[:30]!r}; there are {', '.join(FIELDS)}.")
    return text


class StatementQuery(Query):
    """What is said of a file of transactions, and what is to be done with it."""

    format: StatementFormatName | Literal["auto"] = Field("auto", description="Whose export it is; `auto` finds it by the columns.")
    dry_run: bool = Field(False, description="Add nothing, and answer what would be added and what is wrong.")
    duplicates: Literal["skip", "add"] = Field(
        "skip",
        description="What is booked already, by day, type, ticker, quantity and price: `skip` leaves it out, `add` books it again. The "
        "currency counts where the file tells it; a split is the same within a week.",
    )
    on_bad_rows: Literal["refuse", "drop"] = Field(
        "refuse", description="`drop` leaves out the lines with faults, and sales of more than is held, and names them."
    )
    dates: Literal[DateOrder.DMY, DateOrder.MDY] | None = Field(
        None, description="Whether dates have the day or the month first, where a file does not tell."
    )
    decimal: Literal["point", "comma"] | None = Field(
        None, description="The decimal sign, where a file does not tell: 1,234 may be either."
    )
    currency: Currency | None = Field(None, description="Of lines that tell none. Default: the base currency of the portfolio.")
    symbols: Annotated[str, AfterValidator(_symbols)] = Field(
        "",
        max_length=7_000,
        description='Tickers by ISIN, symbol or name, as JSON: {"US0378331005": "AAPL"}. They are remembered. '
        "What the export of transactions calls a ticker is one.",
    )
    columns: Annotated[str, AfterValidator(_columns)] = Field(
        "",
        max_length=7_000,
        description='Fields by names of columns, as JSON: {"Trade day": "day"}. Then the file is read as `generic`. '
        f"The fields are {', '.join(FIELDS)}; `ticker` is `symbol`. Each column has to be there. "
        "`amount` is before fee and tax, and `net`, which counts where there is no amount, after them: what was paid for a buy, and what "
        "was left of a sale, a dividend or interest.",
    )
    version: Counted | None = Field(None, description=VERSION)

    def wishes(self) -> ImportWishes:
        """The query for the service."""
        sign = None if self.decimal is None else "." if self.decimal == "point" else ","
        columns = {name: _ALIASES.get(column, column) for name, column in _pairs(self.columns).items()}
        return ImportWishes(
            reading=Wishes(None if self.dates is None else DateOrder(self.dates), sign, columns),
            format=None if self.format == AUTO else StatementFormat(self.format),
            symbols={security: normalize_ticker(ticker) for security, ticker in _pairs(self.symbols).items()},
            currency=self.currency,
            add_duplicates=self.duplicates == "add",
            leave_out_bad_lines=self.on_bad_rows == "drop",
            dry_run=self.dry_run,
            version=self.version,
        )


class StatementFile(RawBody):
    """A file of transactions: CSV as brokers and programs export it, or the JSON of Ghostfolio."""

    mimetypes: ClassVar[list[str]] = [CSV, JSON]


class StatementLine(BookedFields):
    """What a line of the file tells, as it is booked."""

    line: int = Field(description="The line of the file; its first is 1.")


class StatementDuplicate(Answer):
    """A line of the file that tells what is booked already."""

    read: StatementLine
    equals: TransactionAnswer = Field(description="The transaction that it equals.")


class StatementFaultAnswer(Answer):
    """What cannot be booked, and what to do."""

    line: int
    column: str | None = Field(description="The header's text.")
    message: str


class LeftOutLine(Answer):
    """A line that is no transaction."""

    line: int
    reason: str


class UnknownSecurityAnswer(Answer):
    """A security of the file whose ticker is not known."""

    isin: str
    symbol: str
    name: str
    line: int = Field(description="The first line that names it.")
    lines: int = Field(description="How many lines name it.")


class StatementUnderstood(Answer):
    """How the file was read."""

    format: StatementFormatName
    encoding: str
    delimiter: str
    decimal: str
    dates: str | None
    columns: dict[str, str] = Field(description="By our names: the names of the file's columns.")
    ignored: list[str] = Field(description="The columns that are not read.")


class StatementImportAnswer(Answer):
    """What was added, or would be. Each list has its first entries, and a total of all."""

    dry_run: bool
    understood: StatementUnderstood
    version: int = Field(description="The version of the portfolio afterwards.")
    added: list[StatementLine] = Field(max_length=MOST_LISTED)
    added_total: int
    duplicates: list[StatementDuplicate] = Field(max_length=MOST_LISTED, description="Left out, unless `duplicates=add`.")
    duplicates_total: int
    faults: list[StatementFaultAnswer] = Field(max_length=MOST_LISTED, description="Only of a dry run, or with `on_bad_rows=drop`.")
    faults_total: int
    left_out: list[LeftOutLine] = Field(max_length=MOST_LISTED)
    left_out_total: int
    unknown: list[UnknownSecurityAnswer] = Field(max_length=MOST_LISTED)
    without_prices: list[str] = Field(max_length=MOST_LISTED, description="Tickers among those added that have no prices here.")


class SymbolsRequest(Body):
    """Tickers of securities; those that are not named stay."""

    symbols: Annotated[dict[str, Ticker | None], Field(max_length=1_000)] = Field(
        description=f"By ISIN, symbol or name, in capitals or not, of which {LONGEST_SECURITY} characters count; null forgets one.",
        examples=[{"US0378331005": "AAPL"}],
    )


class SymbolsAnswer(Answer):
    """The tickers that are told for securities, by ISIN, symbol or name in capitals."""

    symbols: dict[str, str]


def import_answer(report: ImportReport) -> dict[str, Any]:
    """A report as it is sent."""
    return {
        "dry_run": report.dry_run,
        "understood": report.reading,
        "version": report.version,
        "added": list(map(_line, report.added[:MOST_LISTED])),
        "added_total": len(report.added),
        "duplicates": list(map(_duplicate, report.duplicates[:MOST_LISTED])),
        "duplicates_total": len(report.duplicates),
        "faults": report.faults[:MOST_LISTED],
        "faults_total": report.faults_total,
        "left_out": report.left_out,
        "left_out_total": report.left_out_total,
        "unknown": report.unknown[:MOST_LISTED],
        "without_prices": report.without_prices,
    }


def _line(read: ReadLine) -> dict[str, Any]:
    decimals = ((name, getattr(read.draft, name)) for name in NUMBERS)
    return {"line": read.line, **vars(read.draft), **{name: None if value is None else decimal_text(value) for name, value in decimals}}


def _duplicate(duplicate: Duplicate) -> dict[str, Any]:
    return {"read": _line(ReadLine(duplicate.line, duplicate.draft)), "equals": transaction_answer(duplicate.equals)}

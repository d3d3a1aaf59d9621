"""What is read of a file of transactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from models.portfolio import Draft, Transaction

MOST_STATEMENT_LINES = 50_000
MOST_LISTED = 100  # faults, lines that are left out, duplicates and so on that an answer lists
MOST_SYMBOLS = 5_000  # securities of an organization whose tickers are kept
LONGEST_SECURITY = 200  # characters of an ISIN, a symbol or a name


class StatementFormat(StrEnum):
    """Whose export a file of transactions is."""

    BELLWETHER = "bellwether"
    GENERIC = "generic"
    GHOSTFOLIO = "ghostfolio"
    GHOSTFOLIO_JSON = "ghostfolio_json"
    PORTFOLIO_PERFORMANCE = "portfolio_performance"
    INTERACTIVE_BROKERS_ACTIVITY = "interactive_brokers_activity"
    INTERACTIVE_BROKERS_FLEX = "interactive_brokers_flex"
    DEGIRO_TRANSACTIONS = "degiro_transactions"
    DEGIRO_ACCOUNT = "degiro_account"
    TRADE_REPUBLIC = "trade_republic"
    TRADE_REPUBLIC_TABLE = "trade_republic_table"


@dataclass(frozen=True)
class StatementFault:
    """What cannot be read on a line, and what to do. The file's first line is 1; `column` is the header's text."""

    line: int
    column: str | None
    message: str

    @property
    def place(self) -> str:
        """Line and column as text."""
        return f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"


@dataclass(frozen=True)
class LeftOut:
    """A line that is no transaction, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class StatementReading:
    """How a file was read."""

    format: StatementFormat
    encoding: str
    delimiter: str
    decimal: str
    dates: str | None
    columns: dict[str, str] = field(default_factory=dict)  # by our names: the file's names
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReadLine:
    """A transaction as a line of the file tells it."""

    line: int
    draft: Draft


@dataclass(frozen=True)
class Duplicate:
    """A line that tells a transaction which is booked already."""

    line: int
    draft: Draft
    equals: Transaction


@dataclass(frozen=True)
class UnknownSecurity:
    """A security of the file that has no ticker here: the first line that names it, and how many do."""

    isin: str
    symbol: str
    name: str
    line: int
    lines: int


@dataclass(frozen=True)
class ImportReport:
    """What an import of a file has added, or would add; lists have their first MOST_LISTED entries, beside the count of all."""

    dry_run: bool
    reading: StatementReading
    version: int  # of the portfolio afterwards
    added: list[ReadLine]
    duplicates: list[Duplicate]
    faults: list[StatementFault]
    faults_total: int
    left_out: list[LeftOut]
    left_out_total: int
    unknown: list[UnknownSecurity]
    without_prices: list[str]

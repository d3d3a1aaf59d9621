"""The Excel report of an index: its rules and numbers, its members, its rebalancings, and its levels by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from models.index import Index, Rebalancing
from models.metric import Metric
from utils.cancellation import Check, always_wanted

RATIOS = frozenset({"sharpe", "sortino", "calmar", "tail_ratio", "skewness", "excess_kurtosis"})
COUNTS = frozenset({"longest_drawdown"})
OF_A_MILLION = "Amounts are for an index of 1,000,000 at each rebalancing."
LINE_COLUMNS = (
    Column("Number", 9, Style.WHOLE),
    Column("At the close of", 14, Style.DATE),
    Column("By closes up to", 14, Style.DATE),
    Column("What", 14),
    Column("Members", 10, Style.WHOLE),
    Column("Level", 12, Style.DECIMAL),
    Column("Divisor before", 16, Style.DECIMAL),
    Column("Divisor after", 16, Style.DECIMAL),
    Column("Turnover", 11, Style.SHARE),
    Column("Cost", 10, Style.SHARE),
    Column("Why", 70, Style.LONG_TEXT),
)
WEIGHT_COLUMNS = (
    Column("Number", 9, Style.WHOLE),
    Column("Day", 12, Style.DATE),
    Column("Ticker", 12),
    Column("Before", 10, Style.SHARE),
    Column("After", 10, Style.SHARE),
    Column("Quantity", 16, Style.DECIMAL),
)
MEMBER_COLUMNS = (
    Column("Ticker", 12),
    Column("Name", 30),
    Column("Sector", 22),
    Column("Target", 10, Style.SHARE),
    Column("Weight", 10, Style.SHARE),
    Column("Drift", 10, Style.SHARE_CHANGE),
    Column("Quantity", 16, Style.DECIMAL),
    Column("Close", 12, Style.DECIMAL),
)


@dataclass(frozen=True)
class IndexReport:
    """What the report is made of.

    Members are rows of ticker, name, sector, target, weight, drift, quantity and close, levels lines of days, price and total. `currency`
    is None where neither the rules nor the members tell it.
    """

    index: Index
    currency: str | None
    metrics: dict[str, Metric]
    member_day: date
    members: Sequence[Sequence[CellValue]]
    ledger: Sequence[Rebalancing]
    levels: tuple[Sequence[date], Sequence[float], Sequence[float]]


def index_report(report: IndexReport, check: Check = always_wanted) -> WorkbookFile:
    """The workbook of an index. Raises what `check` raises."""
    return write_workbook(f"bellwether-index-{report.index.id}-{report.index.last_day}", lambda book: _fill(book, report), check)


def _fill(book: Book, report: IndexReport) -> None:
    facts = book.add_sheet("Index", (Column("What", 30, Style.LABEL), Column("Value", 24), Column("Meaning", 110, Style.LONG_TEXT)))
    for label, value, style in _facts(report):
        facts.append(label, value, styles=(None, style))
    for name, metric in report.metrics.items():
        style = Style.RATIO if name in RATIOS else Style.WHOLE if name in COUNTS else Style.SHARE
        facts.append(name.replace("_", " ").capitalize(), metric.value, metric.definition, styles=(None, style))
    members = book.add_sheet("Members", MEMBER_COLUMNS)
    for row in report.members:
        members.append(*row)
    _add_ledger(book, report.ledger)
    days = book.add_sheet(
        "Levels",
        (Column("Day", 12, Style.DATE), Column("Without distributions", 22, Style.DECIMAL), Column("With them", 14, Style.DECIMAL)),
    )
    for line in zip(*report.levels, strict=True):
        days.append(*line)
    days.add_filter()


def _facts(report: IndexReport) -> Iterator[tuple[str, CellValue, Style | None]]:
    index, rules = report.index, report.index.rules
    yield "Name", index.name, None
    yield "Members", rules.members.universe or ", ".join(rules.members.tickers), None
    yield "Weights follow", rules.weighting.method.replace("_", " "), None
    yield "Set anew", rules.rebalance.value, None
    yield "Most of one member", rules.single_cap, Style.SHARE
    yield "Most of a group", rules.group_cap, Style.SHARE
    yield "Currency", report.currency, None
    yield "First day", index.first_day, None
    yield "Last day", index.last_day, None
    yield "Level", index.level, Style.DECIMAL
    yield "Level with distributions", index.total_level, Style.DECIMAL
    yield "Weights of", report.member_day, None
    yield "Revision", index.revision, Style.WHOLE
    yield "Quantities", OF_A_MILLION, None
    for note in index.notes:
        yield "Note", note, Style.LONG_TEXT


def _add_ledger(book: Book, ledger: Sequence[Rebalancing]) -> None:
    lines = book.add_sheet("Rebalancings", LINE_COLUMNS)
    for line in ledger:
        held = sum(1 for each in line.positions if each.after > 0)
        about = (line.number, line.day, line.reference_day, line.kind.value, held)
        lines.append(*about, line.level, line.divisor_before, line.divisor_after, line.turnover, line.cost, line.why)
    weights = book.add_sheet("Weights", WEIGHT_COLUMNS)
    for line in ledger:
        for each in line.positions:
            weights.append(line.number, line.day, each.ticker, each.before, each.after, each.quantity)
    weights.add_filter()

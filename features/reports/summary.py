"""The first sheet of a report of many results: counts by verdict with a chart, what changed, what failed, and what the Buys would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from analysis.trade import Position
from features.reports.parameters import number_in_words, problem_in_words
from features.reports.workbook import Book, CellValue, Column, Sheet, Style
from models.analysis import Verdict
from models.day_text import day_text

COLUMNS = (
    Column("Summary", 26, Style.LABEL, align="left"),
    Column("", 26, align="left"),
    *(Column("", 16, align="left") for _ in range(3)),
    Column("", 80),
)
MOST_LISTED = 200  # rows of a section; the other sheets have all
MOST_DAYS = 10
CHART_COLUMN, CHART_SIZE = 6, {"width": 520, "height": 300}
# The colours of background and text.
VERDICT_COLOURS = {
    Verdict.STRONG_BUY: ("#63BE7B", "#0B3D1B"),
    Verdict.BUY: ("#C6EFCE", "#006100"),
    Verdict.HOLD: ("#FFEB9C", "#7F6000"),
    Verdict.SELL: ("#FFC7CE", "#9C0006"),
    Verdict.STRONG_SELL: ("#F8696B", "#4A0004"),
}


class Change(NamedTuple):
    """A result whose verdict is not the one before."""

    ticker: str
    name: str | None
    before: str
    verdict: str
    score: float
    strategy: str


class Failure(NamedTuple):
    """A ticker that could not be analysed, and why."""

    ticker: str
    name: str | None
    code: str | None
    reason: str | None


@dataclass
class Positions:
    """What all Buys of one strategy would cost, and lose at their stops."""

    buys: int = 0
    value: float = 0.0
    risk: float = 0.0


@dataclass
class Tally:
    """What the rows of a report add up to, with positions of the `capital`. Its size does not grow with their number."""

    capital: float
    verdicts: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    engines: Counter[str] = field(default_factory=Counter)
    positions: dict[str, Positions] = field(default_factory=dict)  # by the name of their strategy
    changed: int = 0
    changes: list[Change] = field(default_factory=list)
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add_change(self, change: Change) -> None:
        """Count a changed verdict, and keep it while there are few."""
        self.changed += 1
        if len(self.changes) < MOST_LISTED:
            self.changes.append(change)

    def add_failure(self, failure: Failure) -> None:
        """Count a failure, and keep it while there are few."""
        self.failed += 1
        if len(self.failures) < MOST_LISTED:
            self.failures.append(failure)

    def add_position(self, strategy: str, position: Position) -> None:
        """Add a Buy of a strategy."""
        total = self.positions.setdefault(strategy, Positions())
        total.buys += 1
        total.value += position.position_value
        total.risk += position.risk_amount


def write_summary(book: Book, sheet: Sheet, facts: Iterable[tuple[str, CellValue]], tally: Tally) -> None:
    """Fill a sheet of COLUMNS: the facts, then the sections, each below a heading."""
    for label, value in facts:
        sheet.append(label, value)
    _write_days(sheet, tally)
    first = _heading(sheet, "Verdicts", "Results", "Share")
    total = sum(tally.verdicts.values())
    for verdict in Verdict:
        count = tally.verdicts[verdict]
        sheet.append(verdict, count, count / total if total else None, styles=(Style.LABEL, Style.WHOLE, Style.SHARE))
    _add_chart(book, sheet, first)
    _write_positions(sheet, tally)
    _heading(sheet, f"Changed verdicts: {tally.changed:,}", "Name", "From", "To", "Score", "Strategy")
    for change in tally.changes:
        cells = (change.ticker, change.name, change.before, change.verdict, change.score, change.strategy)
        sheet.append(*cells, styles=(None, None, None, None, Style.SCORE))
    _say_more(sheet, tally.changed)
    _heading(sheet, f"Failed: {tally.failed:,}", "Name", "Problem", "", "", "Reason")
    for failure in tally.failures:
        sheet.append(failure.ticker, failure.name, problem_in_words(failure.code), None, None, failure.reason)
    _say_more(sheet, tally.failed)


def _write_positions(sheet: Sheet, tally: Tally) -> None:
    """One line for each strategy: each would have the whole capital, so their positions do not add up."""
    title = f"If every Buy were bought, with a capital of {number_in_words(tally.capital)} for each strategy"
    _heading(sheet, title, "Buys", "Position value", "Of the capital", "Loss at the stops", "Of the capital")
    for strategy, total in tally.positions.items():
        shares = total.value / tally.capital, total.risk / tally.capital
        cells = (strategy, total.buys, total.value, shares[0], total.risk, shares[1])
        sheet.append(*cells, styles=(None, Style.WHOLE, Style.MONEY, Style.SHARE, Style.MONEY, Style.SHARE))


def _write_days(sheet: Sheet, tally: Tally) -> None:
    newest = sorted(tally.days, reverse=True)
    for day in newest[:MOST_DAYS]:
        count = tally.days[day]
        sheet.append("As of", day, f"{count:,} {'result' if count == 1 else 'results'}")
    if len(newest) > MOST_DAYS:
        earlier = sum(tally.days[day] for day in newest[MOST_DAYS:])
        sheet.append("As of", f"{day_text(newest[-1])} to {day_text(newest[MOST_DAYS])}", f"{earlier:,} results")
    if tally.engines:
        sheet.append("Engine version", ", ".join(f"{engine} ({count:,})" for engine, count in sorted(tally.engines.items())))


def _heading(sheet: Sheet, *titles: str) -> int:
    """A heading after an empty row; the row below it, from 0."""
    sheet.append()
    sheet.append(*titles, styles=(Style.HEADER,) * len(titles))
    return sheet.rows + 1


def _say_more(sheet: Sheet, count: int) -> None:
    if count > MOST_LISTED:
        sheet.append(f"and {count - MOST_LISTED:,} more on the other sheets")


def _add_chart(book: Book, sheet: Sheet, first: int) -> None:
    """Draw the counts of the verdicts, whose rows begin at `first`, as bars in the colours of the verdicts."""
    last, name = first + len(Verdict) - 1, sheet.worksheet.get_name()
    chart = book.workbook.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "Results",
            "categories": [name, first, 0, last, 0],
            "values": [name, first, 1, last, 1],
            "points": [{"fill": {"color": background}} for background, _ in VERDICT_COLOURS.values()],
            "data_labels": {"value": True},
            "gap": 60,
        }
    )
    chart.set_title({"name": "Verdicts"})
    chart.set_legend({"none": True})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    chart.set_size(CHART_SIZE)
    sheet.worksheet.insert_chart(0, CHART_COLUMN, chart, {"description": "How many results have each verdict"})

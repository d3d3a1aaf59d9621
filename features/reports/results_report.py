"""The screener's whole filtered list as an Excel file."""

from __future__ import annotations

from collections.abc import Iterator

from database import Database
from features.analyses.service import result_pages
from features.reports.job_report import colour_verdicts
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from models.screen import ResultFilter
from utils.cancellation import Check, always_wanted
from utils.clock import now, today

COLUMNS = {
    "ticker": Column("Ticker", 14),
    "strategy": Column("Strategy", 12),
    "as_of": Column("As of", 12, Style.DATE),
    "close": Column("Close", 12, Style.DECIMAL),
    "score": Column("Score", 9, Style.SCORE),
    "verdict": Column("Verdict", 13),
    "signal": Column("Signal", 9),
    "bars": Column("Bars", 9, Style.WHOLE),
    "created_at": Column("Analysed (UTC)", 20, Style.MOMENT),
    "id": Column("Result id", 38),
}
FILTERS = (Column("Filter", 22, Style.LABEL), Column("Value", 40, align="left"))


def results_report(database: Database, org_id: int, result_filter: ResultFilter, check: Check = always_wanted) -> WorkbookFile:
    """The filtered list as a workbook, with a sheet of the filters. Raises what `check` raises."""
    return write_workbook(f"bellwether-results-{today()}", lambda book: _fill(book, database, org_id, result_filter), check)


def _fill(book: Book, database: Database, org_id: int, result_filter: ResultFilter) -> None:
    results = book.add_sheet("Results", tuple(COLUMNS.values()))
    for page in result_pages(database, org_id, result_filter):
        for result in page:
            results.append(*(result.value(key) for key in COLUMNS))
    results.add_filter()
    colour_verdicts(book, results)
    filters = book.add_sheet("Filters", FILTERS)
    for name, value in _filters(result_filter):
        filters.append(name, value)
    filters.append("Results", results.rows)
    filters.append("Made (UTC)", now())


def _filters(result_filter: ResultFilter) -> Iterator[tuple[str, CellValue]]:
    yield "Universe", "watchlist" if result_filter.watched_only else "all"
    yield "Strategy", result_filter.strategy
    yield "Verdict", result_filter.verdict
    yield "Signal", result_filter.signal
    yield "Lowest score", result_filter.min_score
    yield "Highest score", result_filter.max_score
    yield "Ticker or name starts with", result_filter.text
    yield "Sorted by", result_filter.sort

"""The screener's whole filtered list as a file: CSV, line by line, or Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain

import database
from features.analyses import store as result_store
from features.reports.job_report import colour_verdicts
from features.reports.workbook import Book, CellValue, Column, Style, WorkbookFile, write_workbook
from models.result import ResultFilter, ResultSummary
from utils.cancellation import Check, always_wanted
from utils.clock import iso, now, today

PAGE = 500  # results per read

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
# What spreadsheets take for the start of a formula, also behind a tab or a line's end.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def results_csv(org_id: int, wanted: ResultFilter) -> Iterator[bytes]:
    """The list as a CSV file with a header, in pieces. The first page is read at once, so that what is wrong is raised here."""
    pages = _pages(org_id, wanted)
    first = next(pages)
    return chain([_lines([list(COLUMNS)])], (_lines(map(_csv_row, page)) for page in chain([first], pages)))


def results_report(org_id: int, wanted: ResultFilter, check: Check = always_wanted) -> WorkbookFile:
    """The filtered list as a workbook, with a sheet of the filters. Raises what `check` raises."""
    return write_workbook(f"bellwether-results-{today()}", lambda book: _fill(book, org_id, wanted), check)


def _pages(org_id: int, wanted: ResultFilter) -> Iterator[list[ResultSummary]]:
    """At least one page, the last of which may be empty. No connection is held while a page is written out."""
    after = None
    while True:
        with database.read() as connection:
            page = result_store.latest(connection, org_id, wanted, PAGE, after)
        yield page
        if len(page) < PAGE:
            return
        after = result_store.position(wanted.sort, page[-1])


def _lines(rows: Iterable[list[object]]) -> bytes:
    text = io.StringIO()
    # Lines end as RFC 4180 has it; with "\n" the writer would leave a cell with a "\r" unquoted, and readers would end the line there.
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _csv_row(result: ResultSummary) -> list[object]:
    values = {**asdict(result), "created_at": iso(result.created_at)}
    return [_guarded(values[key]) for key in COLUMNS]


def _guarded(value: object) -> object:
    """A cell that no spreadsheet runs: text that looks like a formula gets a quote in front; numbers are numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _fill(book: Book, org_id: int, wanted: ResultFilter) -> None:
    results = book.add_sheet("Results", tuple(COLUMNS.values()))
    for page in _pages(org_id, wanted):
        for result in page:
            results.append(*(getattr(result, key) for key in COLUMNS))
    results.add_filter()
    colour_verdicts(book, results)
    filters = book.add_sheet("Filters", FILTERS)
    for name, value in _filters(wanted):
        filters.append(name, value)
    filters.append("Results", results.rows)
    filters.append("Made (UTC)", now())


def _filters(wanted: ResultFilter) -> Iterator[tuple[str, CellValue]]:
    yield "Universe", "watchlist" if wanted.watched_only else "all"
    yield "Strategy", wanted.strategy
    yield "Verdict", wanted.verdict
    yield "Signal", wanted.signal
    yield "Lowest score", wanted.min_score
    yield "Highest score", wanted.max_score
    yield "Ticker starts with", wanted.prefix
    yield "Sorted by", wanted.sort

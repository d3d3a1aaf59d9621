"""The screener's whole filtered list, page by page, and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain

from database import Database
from features.analyses import store as result_store
from models.result import ResultFilter, ResultSummary
from utils.clock import iso

PAGE = 500  # results a read
COLUMNS = ("ticker", "strategy", "as_of", "close", "score", "verdict", "signal", "bars", "created_at", "id")
# What spreadsheets take for the start of a formula, also behind a tab or a line's end.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def result_pages(database: Database, org_id: int, wanted: ResultFilter, page_size: int = PAGE) -> Iterator[list[ResultSummary]]:
    """At least one page, the last of which may be empty. No connection is held while the caller works on a page."""
    after = None
    while True:
        with database.read() as connection:
            page = result_store.latest(connection, org_id, wanted, page_size, after)
        yield page
        if len(page) < page_size:
            return
        after = result_store.position(wanted.sort, page[-1])


def results_csv(database: Database, org_id: int, wanted: ResultFilter, page_size: int = PAGE) -> Iterator[bytes]:
    """The list as a CSV file with a header, in pieces. The first page is read at once, so that what is wrong is raised here."""
    pages = result_pages(database, org_id, wanted, page_size)
    first = next(pages)
    return chain([_lines([list(COLUMNS)])], (_lines(map(_csv_row, page)) for page in chain([first], pages)))


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

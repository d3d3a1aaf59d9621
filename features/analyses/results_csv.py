"""The whole filtered list of latest results, page by page and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain

from database import Database
from features.analyses.store import result as result_store
from models.result import ResultFilter, ResultSummary
from utils.clock import iso

PAGE = 500  # results per read
COLUMNS = ("ticker", "strategy", "as_of", "close", "score", "verdict", "signal", "bars", "created_at", "id")
# Spreadsheets run a cell that begins with one of these as a formula, some also after a tab or line end.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def result_pages(database: Database, org_id: int, filters: ResultFilter, page_size: int = PAGE) -> Iterator[list[ResultSummary]]:
    """The pages of the list, at least one; the last may be empty. No connection is held between two pages."""
    after = None
    while True:
        with database.read() as connection:
            page = result_store.latest(connection, org_id, filters, page_size, after)
        yield page
        if len(page) < page_size:
            return
        after = result_store.position(filters.sort, page[-1])


def results_csv(database: Database, org_id: int, filters: ResultFilter, page_size: int = PAGE) -> Iterator[bytes]:
    """The list as a CSV file with a header, in pieces. The first page is read at once, so that its errors are raised by this call."""
    pages = result_pages(database, org_id, filters, page_size)
    first = next(pages)
    return chain([_lines([list(COLUMNS)])], (_lines(map(_csv_row, page)) for page in chain([first], pages)))


def _lines(rows: Iterable[list[object]]) -> bytes:
    text = io.StringIO()
    # The line end of RFC 4180. With "\n" the writer would not quote a cell with a "\r", and readers would end the line there.
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _csv_row(result: ResultSummary) -> list[object]:
    values = {**asdict(result), "created_at": iso(result.created_at)}
    return [_guarded(values[key]) for key in COLUMNS]


def _guarded(value: object) -> object:
    """The cell, with a quote in front of text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value

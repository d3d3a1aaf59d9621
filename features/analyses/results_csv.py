"""The whole filtered list of latest results, page by page and as a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from database import Database
from features.analyses.store import screener as screener_store
from features.prices import service as prices
from infrastructure.feature import Universes
from models.screen import ResultFilter, ScreenedResult
from utils.csv_text import csv_lines

PAGE = 500  # results per read
COLUMNS = ("ticker", "strategy", "as_of", "close", "score", "verdict", "signal", "bars", "created_at", "id", "superseded")


def result_pages(
    database: Database, org_id: int, filters: ResultFilter, universes: Universes, page_size: int = PAGE
) -> Iterator[list[ScreenedResult]]:
    """The pages of the list, at least one; the last may be empty. No connection is held between two pages. Raises UniverseNotFound."""
    after = None
    while True:
        with database.read() as connection:
            if after is None:
                prices.require_universe(connection, org_id, filters.universe, universes)
            page = screener_store.list_latest(connection, org_id, filters, page_size, after)
        yield [listed.result for listed in page]
        if len(page) < page_size:
            return
        after = page[-1].position()


def results_csv(database: Database, org_id: int, filters: ResultFilter, universes: Universes, page_size: int = PAGE) -> Iterator[bytes]:
    """The list as a CSV file with a header, in pieces. The first page is read at once, so that its errors are raised by this call."""
    pages = result_pages(database, org_id, filters, universes, page_size)
    first = next(pages)
    columns = filters.columns or COLUMNS
    return chain([csv_lines([list(columns)])], (csv_lines(_cells(one, columns) for one in page) for page in chain([first], pages)))


def page_csv(results: Iterable[ScreenedResult], filters: ResultFilter) -> list[bytes]:
    """Some results as a CSV file with a header, in pieces."""
    columns = filters.columns or COLUMNS
    return [csv_lines([list(columns)]), csv_lines(_cells(result, columns) for result in results)]


def _cells(result: ScreenedResult, columns: Sequence[str]) -> list[object]:
    return [result.value(column) for column in columns]

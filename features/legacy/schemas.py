"""Schemas of imported results."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.schemas import Page, PageQuery, RootAnswer, Ticker
from models.imported_result import ImportedFilter, ImportedResult, ImportedResultWithDetails


class ImportedResultPath(BaseModel):
    """The id of an imported result in a path."""

    result_id: str = Field(description="The `id` of an imported result.")


class ImportedResultsQuery(PageQuery):
    """The page, and whose results."""

    ticker: Ticker | None = Field(None, description="Only results of this ticker.")

    def wanted(self) -> ImportedFilter:
        """The query as a filter."""
        return ImportedFilter(self.ticker)


class ImportedResultsPage(Page):
    """Imported results, newest first."""

    items: list[ImportedResult]


class ImportedResultAnswer(RootAnswer[ImportedResultWithDetails]):
    """An imported result, with what the earlier tool kept beside it."""

"""Schemas of Excel reports."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.schemas import IsoDate, Query, not_below
from api.validation import BINARY
from features.analyses.schemas.result import ResultsFilterQuery
from features.strategies.schemas import StrategyId

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE = {"schema": {"type": "string", "format": "binary"}}
XLSX_ANSWER: dict[str | int, Any] = {
    200: {"description": f"An Excel workbook, as `{BINARY}` for clients that accept only that.", "content": {XLSX: _FILE, BINARY: _FILE}}
}


class ReportQuery(Query):
    """The strategy of the result, and the period."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    start: IsoDate | None = Field(None, description="First day of its history, included.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day of its history, included.")


class ResultsReportQuery(ResultsFilterQuery):
    """The filter and order of the latest results, without pages."""

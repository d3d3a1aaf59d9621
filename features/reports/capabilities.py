"""What reports offer to schedules and pipelines."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from api.schemas import Body
from database import Database
from features.analyses.schemas.result import ResultsFilterQuery
from features.analyses.service import first_page
from infrastructure.capability import Call, Capability, Reads
from infrastructure.foundation import Foundation


class ReportInputs(Body):
    """The results that a report is about."""

    filter: ResultsFilterQuery = Field(ResultsFilterQuery(), description="The filter and the order, as the query of GET /results.")
    limit: int = Field(20, ge=0, le=200, description="The results that are told here; the file has all.")


def report_capability(foundation: Foundation) -> Capability:
    """The capability `report`: what the report of the latest results says in short, and where its file is."""

    def answer(database: Database, call: Call, inputs: ReportInputs) -> dict[str, Any]:
        with database.read() as connection:
            items, total = first_page(connection, call.org_id, inputs.filter.filter(), foundation.universes, max(inputs.limit, 1))
        query = urlencode(inputs.filter.model_dump(mode="json", exclude_defaults=True))
        path = f"/api/v1/reports/results.xlsx{'?' if query else ''}{query}"
        return {"total": total, "items": items[: inputs.limit], "link": path}

    return Capability(
        "report", "The latest results that match a filter, and the address of their Excel report.", ReportInputs, Reads(answer)
    )

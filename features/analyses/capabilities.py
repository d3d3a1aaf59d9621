"""What analyses offer to schedules and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import LARGEST_LIMIT, Body
from database import Database
from features.analyses import screened
from features.analyses.bulk import submit
from features.analyses.flags import ANALYSES
from features.analyses.schemas.analysis import AnalyzeRequest, BulkAnalyzeRequest
from features.analyses.schemas.result import ResultsFilterQuery
from features.prices.fetching import FETCHES
from features.prices.service import absent_universe
from features.strategies.service import finder, finder_within, require_known
from infrastructure.cache import NoCache
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from infrastructure.foundation import Foundation
from jobs.flags import BULK_JOBS
from jobs.outcome import ended
from models.price_errors import NoProvider
from utils.json_text import parse_tolerant


class ScreenInputs(Body):
    """A filter of the latest results."""

    filter: ResultsFilterQuery = Field(ResultsFilterQuery(), description="The filter and the order, as the query of GET /results.")
    limit: int = Field(50, ge=1, le=LARGEST_LIMIT, description="The most results.")


def analysis_capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    """The capabilities `analyse`, `bulk_analyse` and `screen`."""

    def analyse(database: Database, call: Call, inputs: AnalyzeRequest) -> Any:
        from features.analyses.service import analyse_ticker  # noqa: PLC0415 — it loads the engine

        return parse_tolerant(analyse_ticker(database, call.org_id, inputs.order(finder(database, call.org_id)), NoCache(database)).body)

    def bulk_analyse(connection: Connection, call: Call, inputs: BulkAnalyzeRequest) -> Started:
        order = inputs.order(finder_within(connection, call.org_id))
        if order.params.refresh:
            foundation.flags.require(FETCHES, call.org_id)
            if not foundation.settings.price_providers:
                raise NoProvider
        return Started(submit(connection, call.org_id, order, foundation.universes).job.id)

    def absent(connection: Connection, org_id: int, inputs: BulkAnalyzeRequest) -> Iterator[tuple[str, str]]:
        return absent_universe(connection, org_id, inputs.universe, foundation.universes)

    def screen(database: Database, call: Call, inputs: ScreenInputs) -> dict[str, Any]:
        with database.read() as connection:
            require_known(connection, call.org_id, inputs.filter.strategy)
            items, total = screened.first_page(connection, call.org_id, inputs.filter.filter(), foundation.universes, inputs.limit)
        return {"items": items, "total": total}

    return (
        Capability("analyse", "Analyses one ticker and explains the verdict.", AnalyzeRequest, Reads(analyse), ANALYSES),
        Capability(
            "bulk_analyse", "Analyses many tickers by one strategy, as a job.", BulkAnalyzeRequest, Starts(bulk_analyse, ended), BULK_JOBS,
            absent,
        ),
        Capability("screen", "The latest results that match a filter, in an order.", ScreenInputs, Reads(screen)),
    )  # fmt: skip

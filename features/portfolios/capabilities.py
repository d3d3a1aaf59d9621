"""What portfolios offer to schedules and pipelines."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body
from features.portfolios import valuations
from infrastructure.capability import Call, Capability, Started, Starts
from jobs.outcome import ended
from models.job import Job
from models.performance_errors import NothingToValue
from models.portfolio import MOST_PORTFOLIOS
from models.portfolio_value import PORTFOLIO_VALUATION


class ValuationInputs(Body):
    """The portfolios to value."""

    portfolios: list[str] | None = Field(None, min_length=1, max_length=MOST_PORTFOLIOS, description="Their ids. By default all.")


def valuation_capability() -> Capability:
    """The capability `portfolio_valuation`."""

    def start(connection: Connection, call: Call, inputs: ValuationInputs) -> Started:
        submission = valuations.submit(connection, call.org_id, inputs.portfolios)
        if submission is None:
            raise NothingToValue("There is none with transactions.")
        return Started(submission.job.id)

    def answer(connection: Connection, call: Call, inputs: ValuationInputs, job: Job) -> dict[str, Any]:
        return ended(connection, call, inputs, job)

    description = "Values the portfolios: stores what each of their days was worth, as a job, and tells of it."
    return Capability(PORTFOLIO_VALUATION, description, ValuationInputs, Starts(start, answer))

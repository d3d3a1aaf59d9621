"""What portfolios offer to schedules and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body
from database import Database
from features.portfolios import service, valuations
from features.portfolios.schemas.holding import told
from features.strategies.schemas import StrategyId
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from jobs.outcome import ended
from models.job import Job
from models.performance_errors import NothingToValue
from models.portfolio import MOST_PORTFOLIOS
from models.portfolio_value import PORTFOLIO_VALUATION
from utils.json_text import dump, parse_tolerant


class ValuationInputs(Body):
    """The portfolios to value."""

    portfolios: list[str] | None = Field(None, min_length=1, max_length=MOST_PORTFOLIOS, description="Their ids. By default all.")


def valuation_capability() -> Capability:
    """The capability `portfolio_valuation`."""

    def start(connection: Connection, call: Call, inputs: ValuationInputs) -> Started:
        submission = valuations.submit(connection, call.org_id, inputs.portfolios)
        if submission is None:
            raise NothingToValue("There is none with transactions.")
        gone = tuple(f"{field}: {message}" for field, message in absent(connection, call.org_id, inputs))
        return Started(submission.job.id, left_out=gone)

    def answer(connection: Connection, call: Call, inputs: ValuationInputs, job: Job) -> dict[str, Any]:
        return ended(connection, call, inputs, job)

    def absent(connection: Connection, org_id: int, inputs: ValuationInputs) -> Iterator[tuple[str, str]]:
        return service.absent_portfolios(connection, org_id, inputs.portfolios or ())

    description = "Values the portfolios: stores what each of their days was worth, as a job, and tells of it."
    return Capability(PORTFOLIO_VALUATION, description, ValuationInputs, Starts(start, answer), absent=absent)


class HoldingsInputs(Body):
    """A portfolio to read."""

    portfolio: str = Field(min_length=1, max_length=36, description="Its id.")
    strategy: StrategyId = Field("balanced", description="Of the verdicts; see GET /strategies.")


def holdings_capability(keeper: service.BookKeeper) -> Capability:
    """The capability `holdings`."""
    words = "What a portfolio holds today, with values, gains and the newest verdicts."
    return Capability("holdings", words, HoldingsInputs, Reads(partial(_read, keeper)))


def _read(keeper: service.BookKeeper, database: Database, call: Call, inputs: HoldingsInputs) -> dict[str, Any]:
    order = service.HoldingsOrder(strategy=inputs.strategy)
    with database.read() as connection:
        found = service.holdings(connection, keeper, service.Ledger(call.org_id, inputs.portfolio), order)
    items = parse_tolerant(dump(told(found.items)))
    return {
        "portfolio": found.portfolio.id,
        "name": found.portfolio.name,
        "currency": found.portfolio.base_currency,
        "as_of": found.as_of.isoformat(),
        "items": items,
        "tickers": [item["ticker"] for item in items],
        "count": len(items),
        "cash": told(found.cash),
        "totals": parse_tolerant(dump(told(found.totals))),
        "warnings": list(found.warnings),
    }

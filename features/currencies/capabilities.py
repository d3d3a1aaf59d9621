"""What exchange rates offer to schedules and pipelines."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body, IsoDate
from database import Database
from features.currencies import service
from features.currencies.flags import CURRENCIES
from features.currencies.schemas import Pair
from features.currencies.upkeep import queue_fetch
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from infrastructure.foundation import Foundation
from jobs.outcome import ended
from models.fx_errors import NoRateProvider
from utils.clock import today


class RefreshInputs(Body):
    """Nothing: all rates are in one file."""


class RateInputs(Body):
    """A pair of currencies, and a day."""

    pair: Pair = Field(description="Units of the second for one of the first, as GBPUSD; USD alone is EURUSD.")
    day: IsoDate | None = Field(None, description="The day whose rate is wanted. Default: today.", strict=False)


def rate_capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    """The capabilities `refresh_fx_rates` and `fx_rate`."""

    def refresh(connection: Connection, call: Call, _: RefreshInputs) -> Started:
        if foundation.settings.fx_rates_url is None:
            raise NoRateProvider
        return Started(queue_fetch(connection, call.org_id).job.id)

    def rate(database: Database, call: Call, inputs: RateInputs) -> dict[str, Any]:
        day = inputs.day or today()
        with database.read() as connection:
            line = service.rates_between(connection, call.org_id, inputs.pair[:3], inputs.pair[3:])
        found = line.at(day)
        quoted = None if found.quoted is None else found.quoted.isoformat()
        return {"pair": inputs.pair, "day": day.isoformat(), "rate": found.value, "quoted": quoted, "reason": found.reason}

    return (
        Capability("refresh_fx_rates", "Fetches exchange rates.", RefreshInputs, Starts(refresh, ended), CURRENCIES),
        Capability("fx_rate", "The rate between two currencies on a day; none is older than a week.", RateInputs, Reads(rate)),
    )

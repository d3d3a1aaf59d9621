"""What prices offer to schedules and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body, UniverseName
from database import Database
from features.prices.flags import FETCHES
from features.prices.schemas.refresh import RefreshRequest
from features.prices.universes import absent_universe, resolve_universe
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from infrastructure.foundation import Foundation
from jobs.outcome import ended
from models.price_errors import NoProvider


class UniverseInputs(Body):
    """A universe to read."""

    name: UniverseName = Field(
        description="`all` with prices, the `watchlist`, another list (`watchlist:` and its id), a portfolio (`portfolio:` and its id), "
        "or a stored one."
    )


def price_capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    """The capabilities `refresh` and `universe`."""

    def refresh(connection: Connection, call: Call, inputs: RefreshRequest) -> Started:
        from features.prices.refreshing import submit  # noqa: PLC0415 — it loads the clients of the providers
        from features.prices.registry import configured  # noqa: PLC0415 — as above

        if not foundation.settings.price_providers:
            raise NoProvider
        with configured(foundation.settings, foundation.database) as providers:
            return Started(submit(connection, call.org_id, inputs.order(), foundation.universes, providers).job.id)

    def absent(connection: Connection, org_id: int, inputs: RefreshRequest) -> Iterator[tuple[str, str]]:
        return absent_universe(connection, org_id, inputs.universe, foundation.universes)

    def universe(database: Database, call: Call, inputs: UniverseInputs) -> dict[str, Any]:
        with database.read() as connection:
            tickers = resolve_universe(connection, call.org_id, inputs.name, foundation.universes)
        return {"name": inputs.name, "tickers": list(tickers), "count": len(tickers)}

    return (
        Capability(
            "refresh", "Brings the prices of many tickers up to date, within the limits of the providers.", RefreshRequest,
            Starts(refresh, ended), FETCHES, absent,
        ),
        Capability("universe", "The tickers of a universe.", UniverseInputs, Reads(universe)),
    )  # fmt: skip

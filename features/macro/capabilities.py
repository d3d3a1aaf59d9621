"""What macroeconomic series offer to schedules and pipelines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from api.schemas import Body, Ticker
from database import Database
from features.macro import service
from features.macro.schemas import SeriesName
from infrastructure.capability import Call, Capability, Reads
from utils.clock import today
from utils.json_text import dump, parse_tolerant

MOST_VALUES = 1_000


class MacroInputs(Body):
    """A series, or the regime where none is named."""

    series: SeriesName | None = Field(None, description="A stored series: its newest values.")
    limit: int = Field(60, ge=1, le=MOST_VALUES, description="The most values of a series, the newest ones.")
    index: Ticker | None = Field(None, description="A ticker with prices whose trend counts for the regime, in place of the series SP500.")


def macro_capability() -> Capability:
    """Reads what is stored; asks no provider."""

    def answer(database: Database, call: Call, inputs: MacroInputs) -> Any:
        with database.read() as connection:
            if inputs.series is None:
                return parse_tolerant(dump(asdict(service.regime(connection, call.org_id, inputs.index, today()))).decode())
            head, observations = service.find_series(connection, call.org_id, inputs.series)
        days, values = observations.days()[-inputs.limit :], observations.values()[-inputs.limit :]
        told = {"series": head.series, "title": head.title, "source": head.source, "last": days[-1].isoformat(), "value": values[-1]}
        return {**told, "dates": [day.isoformat() for day in days], "values": values}

    return Capability(
        "macro",
        "A macroeconomic series, or the regime: three votes by published rules, and the phase of the cycle by a rule.",
        MacroInputs,
        Reads(answer),
    )

"""What indexes offer to schedules and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body
from database import Database
from features.indexes import due, service
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from jobs.outcome import ended
from models.index import MOST_INDEXES
from utils.json_text import dump, parse_tolerant


class IndexInputs(Body):
    """An index to read."""

    index: str = Field(min_length=1, max_length=36, description="Its id.")


class RebalancingInputs(Body):
    """The indexes to bring up to date."""

    indexes: list[str] | None = Field(None, min_length=1, max_length=MOST_INDEXES, description="Their ids. By default all.")


def index_capabilities() -> tuple[Capability, ...]:
    """The capabilities `index` and `index_rebalancing`."""

    def start(connection: Connection, call: Call, inputs: RebalancingInputs) -> Started:
        gone = tuple(f"{field}: {message}" for field, message in absent(connection, call.org_id, inputs))
        return Started(due.submit_all(connection, call.org_id, inputs.indexes).job.id, left_out=gone)

    def absent(connection: Connection, org_id: int, inputs: RebalancingInputs) -> Iterator[tuple[str, str]]:
        return service.absent_indexes(connection, org_id, inputs.indexes or ())

    def read(database: Database, call: Call, inputs: IndexInputs) -> Any:
        with database.reader() as connection:
            return parse_tolerant(dump(service.find(connection, call.org_id, inputs.index)).decode())

    return (
        Capability("index", "An index as it is published: its level, its members and its next rebalancing.", IndexInputs, Reads(read)),
        Capability(
            "index_rebalancing",
            "Publishes what is new of indexes: their levels, and rebalancings that are due, as a job.",
            RebalancingInputs,
            Starts(start, ended),
            absent=absent,
        ),
    )

"""The kind of job that sends deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from jobs.kind import IsolationLimits
from models.job import Fault, Lane, Stored
from models.message import DELIVERY

if TYPE_CHECKING:
    from features.deliveries.courier import Courier


class Deliveries:
    """Makes the attempt of each delivery that is due. Each is noted as soon as it is made; an outcome is the delivery's status after it."""

    name = DELIVERY
    lane = Lane.NETWORK
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The message could not be sent; the log has the reason. It is tried again.")

    def __init__(self, make_courier: Callable[[], Courier]) -> None:
        """`make_courier` is called once, by a worker."""
        self._make_courier = make_courier
        self._courier: Courier | None = None

    def prepare(self) -> None:
        """Nothing: the first message imports the senders, since every installation has this process, and many send none."""

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the status of each delivery after its attempt."""
        courier = self._the_courier()
        for key in keys:
            yield key, courier.deliver(database, org_id, key)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, str], moment: datetime) -> Mapping[str, Stored]:
        """Tell what became of each delivery."""
        return {key: Stored(key, status) for key, status in outcomes.items()}

    def _the_courier(self) -> Courier:
        if self._courier is None:
            self._courier = self._make_courier()
        return self._courier

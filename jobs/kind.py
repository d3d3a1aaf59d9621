"""Kinds of job. A feature registers a kind; the machine runs it by its name and knows nothing else of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from database import Database
from models.job import Fault

Params = TypeVar("Params")


class Lane(StrEnum):
    """Where the items of a kind run. Each lane has workers of its own, so that waiting for a network never holds up a computation."""

    CPU = "cpu"  # a process for each core
    NETWORK = "network"  # one process with a pool of threads


class JobKind(Protocol[Params]):
    """One kind of job.

    An item of a job is a key of up to 200 characters: a ticker for most kinds. Everything here runs in worker processes; an outcome
    of `run` may cross a process boundary, so it can be pickled.
    """

    @property
    def name(self) -> str:
        """What `analysis_jobs.kind` holds."""

    @property
    def lane(self) -> Lane:
        """Which workers run it."""

    @property
    def unexpected(self) -> Fault:
        """The fault of an item whose run raised what nobody foresaw, or whose outcome cannot be stored."""

    def read_params(self, text: str) -> Params:
        """The parameters of a job, from the JSON of its row. Raises JobUnreadable for what this version cannot make sense of."""

    def run(self, database: Database, org_id: int, params: Params, keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """The outcome of each key, in an order of its own: a Fault, or what `store` takes.

        The caller may stop between two outcomes. What is wrong with one key is its Fault; only the database's errors are raised.
        """

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Any], moment: datetime) -> Mapping[str, str]:
        """Store the outcomes, by key, inside the transaction that ends their items; the id of what was stored, by key.

        A key without an id is run again: what it was to be stored with is gone.
        """


class JobKinds:
    """The kinds that this process can run, by name."""

    def __init__(self, kinds: Iterable[JobKind[Any]]) -> None:
        """Raises ValueError when two kinds have one name."""
        self._by_name: dict[str, JobKind[Any]] = {}
        for kind in kinds:
            if kind.name in self._by_name:
                raise ValueError(f"Two kinds of job are called {kind.name!r}.")
            self._by_name[kind.name] = kind

    def find(self, name: str) -> JobKind[Any] | None:
        """The kind of this name; None for one that this version does not know."""
        return self._by_name.get(name)

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes that any kind runs in."""
        return frozenset(kind.lane for kind in self._by_name.values())

"""Kinds of job. A feature registers a kind; the machine runs it by its name and knows nothing else of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from database import Database
from models.job import Fault, Lane

Params = TypeVar("Params")


@dataclass(frozen=True)
class IsolationLimits:
    """How a key is treated whose worker was lost: it runs alone in an isolated process (see jobs/isolated_process.py).

    - `cpu_seconds`: CPU time after which the kernel ends the process: the key loops.
    - `start_seconds`: time after which a process is ended that does not start.
    - `answer_seconds`: time after which the process is ended because it does not answer.
    - `crashes`: deaths in a row by the key's own doing that fail the key.
    - `strikes`: deaths by a signal from outside, and silences, that fail the key.
    - `first_pause`, `longest_pause`: seconds until the key is run again after a strike, or after a process that cannot be started; the
      pause doubles with each.
    """

    cpu_seconds: float = 30.0
    start_seconds: float = 60.0
    answer_seconds: float = 60.0
    crashes: int = 2
    strikes: int = 10
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def pause_after(self, times: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return float(min(self.first_pause * 2 ** min(times - 1, 16), self.longest_pause))


class JobKind(Protocol[Params]):
    """One kind of job.

    An item of a job is a key of up to 200 characters: a ticker for most kinds. A kind is used by several threads at once. Everything here
    runs in worker processes. An outcome of `run` may cross a process boundary, so it can be pickled.
    """

    @property
    def name(self) -> str:
        """What `analysis_jobs.kind` holds; up to 50 characters."""

    @property
    def lane(self) -> Lane:
        """Which workers run it."""

    @property
    def limits(self) -> IsolationLimits:
        """How long a key may take, and how often it may fail, when it runs alone."""

    @property
    def unexpected(self) -> Fault:
        """The fault of an item whose run raised an unexpected exception, or whose outcome the database refuses."""

    def prepare(self) -> None:
        """Import what `run` needs. A worker calls it as it starts; until then a kind is light, for processes that run no jobs."""

    def read_params(self, text: str) -> Params:
        """Parse the parameters of a job from the JSON of its row. Raises JobUnreadable for what this version cannot make sense of."""

    def run(self, database: Database, org_id: int, params: Params, keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield the outcome of each key, in any order: a Fault, or what `store` takes.

        The caller may stop between two outcomes. What is wrong with one key is its Fault. The database's errors are raised: they are no
        key's fault. After any other exception, the keys without an outcome are run again one by one.
        """

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Any], moment: datetime) -> Mapping[str, str]:
        """Store the outcomes, by key, inside the transaction that ends their items; return the id of what was stored, by key.

        A key without an id is run again: a row that its outcome relies on is gone. Rows are written in an order that depends on the
        outcomes alone, so that two workers never wait for each other.
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

    def prepare(self, lane: Lane) -> None:
        """Import what the kinds of a lane need to run."""
        for kind in self._by_name.values():
            if kind.lane is lane:
                kind.prepare()

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes that any kind runs in."""
        return frozenset(kind.lane for kind in self._by_name.values())

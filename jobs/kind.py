"""Kinds of job. Features register kinds; the job machine finds them by name and uses them only through the protocol `JobKind`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from database import Database
from models.job import Fault, Lane, Stored

Params = TypeVar("Params")


@dataclass(frozen=True)
class IsolationLimits:
    """The limits for a key whose worker was lost, which runs in an isolated process (jobs/isolated_process.py).

    - `cpu_seconds`: the CPU time after which the kernel ends the process.
    - `start_seconds`: the time after which a process that does not start is killed.
    - `answer_seconds`: the time after which a process that does not answer is killed.
    - `crashes`: the number of crashes in a row that fail the key.
    - `strikes`: the number of strikes (deaths by a signal from outside, and missing answers) that fail the key.
    - `first_pause`, `longest_pause`: the pause in seconds before the key is run again after a strike or while no process is available. It
      doubles each time.
    """

    cpu_seconds: float = 30.0
    start_seconds: float = 60.0
    answer_seconds: float = 60.0
    crashes: int = 2
    strikes: int = 10
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def pause_after(self, times: int) -> float:
        """The pause in seconds after the given number of failures in a row."""
        return float(min(self.first_pause * 2 ** min(times - 1, 16), self.longest_pause))


class JobKind(Protocol[Params]):
    """One kind of job.

    Each item of a job has a key of up to 200 characters, a ticker for most kinds. Workers call the methods, from several threads at once.
    The outcomes of `run` must support pickling, because they may be sent between processes.
    """

    @property
    def name(self) -> str:
        """The name, as stored in `analysis_jobs.kind`: up to 50 characters."""

    @property
    def lane(self) -> Lane:
        """The lane whose workers run it."""

    @property
    def limits(self) -> IsolationLimits:
        """The limits for a key that runs in an isolated process."""

    @property
    def unexpected(self) -> Fault:
        """The fault of a key when `run` raises an unexpected exception for it, or its outcome cannot be stored."""

    def prepare(self) -> None:
        """Import what `run` needs. Workers call it as they start, so that other processes do not load it."""

    def close(self) -> None:
        """Close what `run` has opened and keeps. Workers call it as they end."""

    def read_params(self, text: str) -> Params:
        """Parse the JSON parameters of a job. Raises JobUnreadable when this version cannot read them."""

    def run(self, database: Database, org_id: int, params: Params, keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield the outcome of each key, in any order: a Fault, or what `store` takes.

        The caller may stop between two outcomes. An error of one key is its Fault; the database's errors are raised, because no key causes
        them. After any other exception, the keys without an outcome are run again one by one.
        """

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Any], moment: datetime) -> Mapping[str, str | Stored]:
        """Store the outcomes by key, inside the transaction that ends their items; return by key the result's id, or what else is stored.

        A key without one is run again: for an outcome that depends on a row which was deleted meanwhile. Write rows in an order that
        depends on the outcomes only, so that two workers cannot deadlock.
        """


class JobKinds:
    """The kinds that this process can run, by name."""

    def __init__(self, kinds: Iterable[JobKind[Any]]) -> None:
        """Raises ValueError when two kinds have the same name."""
        self._by_name: dict[str, JobKind[Any]] = {}
        for kind in kinds:
            if kind.name in self._by_name:
                raise ValueError(f"Two kinds of job are called {kind.name!r}.")
            self._by_name[kind.name] = kind

    def find(self, name: str) -> JobKind[Any] | None:
        """The kind with this name; None when this version does not know it."""
        return self._by_name.get(name)

    def prepare(self, lane: Lane) -> None:
        """Prepare the kinds of a lane."""
        for kind in self._by_name.values():
            if kind.lane is lane:
                kind.prepare()

    def close(self) -> None:
        """Close what the kinds keep open."""
        for kind in self._by_name.values():
            kind.close()

    @property
    def lanes(self) -> frozenset[Lane]:
        """The lanes of the kinds."""
        return frozenset(kind.lane for kind in self._by_name.values())

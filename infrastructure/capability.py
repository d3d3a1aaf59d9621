"""Capabilities: use cases with typed inputs, which features offer to schedules and to the steps of pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from models.errors import NotFound

if TYPE_CHECKING:
    from pydantic import BaseModel
    from sqlalchemy import Connection

    from database import Database
    from models.feature_flag import Flag
    from models.job import Job


@dataclass(frozen=True)
class Call:
    """One use of a capability: for whom, and by what it was caused.

    `key` is the same when the call is repeated after a crash. `caused_by` is shown to people: a schedule, a run, a key.
    """

    org_id: int
    key: str
    caused_by: str


@dataclass(frozen=True)
class Started:
    """The job that a call has queued, the run of a pipeline where it is one, and in words what was left out of it, as it is gone."""

    job_id: str
    run_id: str | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reads:
    """Answers by reading or computing. What it stores meanwhile is found again by the same call."""

    answer: Callable[[Database, Call, Any], Any]


@dataclass(frozen=True)
class Writes:
    """Writes within the caller's transaction, which also notes that the call was made: so it is made once."""

    answer: Callable[[Connection, Call, Any], Any]


@dataclass(frozen=True)
class Starts:
    """Queues a job within the caller's transaction. `answer` tells what came of it once the job has ended, however it ended."""

    start: Callable[[Connection, Call, Any], Started]
    answer: Callable[[Connection, Call, Any, Job], Any]


# Tells what the inputs of an organization name that there is not: each field, and a sentence.
Absent: TypeAlias = "Callable[[Connection, int, Any], Iterable[tuple[str, str]]]"


@dataclass(frozen=True)
class Capability:
    """A use case: `inputs` validates its arguments, `work` does it. Answers must be JSON.

    `work` raises a BellwetherError for a reason that the caller can do something about. Where `flag` is off, it is refused. `absent` lets
    whoever stores inputs for later refuse those that cannot work.
    """

    name: str
    description: str
    inputs: type[BaseModel]
    work: Reads | Writes | Starts
    flag: Flag | None = None
    absent: Absent | None = None


class CapabilityNotFound(NotFound):
    """No feature offers such a capability."""

    code = "capability_not_found"

    def __init__(self, name: str, others: Iterable[str]) -> None:
        super().__init__(f"There is no capability '{name[:100]}'. There are {', '.join(sorted(others))}.")


class Capabilities:
    """All that features offer, by name."""

    def __init__(self, offered: Iterable[Capability]) -> None:
        """Raises ValueError when two have the same name."""
        self._by_name: dict[str, Capability] = {}
        for capability in offered:
            if capability.name in self._by_name:
                raise ValueError(f"Two capabilities are called {capability.name!r}.")
            self._by_name[capability.name] = capability

    def __iter__(self) -> Iterator[Capability]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Capability:
        """The capability of this name. Raises CapabilityNotFound."""
        found = self._by_name.get(name)
        if found is None:
            raise CapabilityNotFound(name, self._by_name)
        return found

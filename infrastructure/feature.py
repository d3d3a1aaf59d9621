"""What a feature offers to the processes that carry it.

Each package under features/ has one `FEATURE` of this type, and so has the job machine. `features.FEATURES` lists them; the web
process, the workers and the `flask` command loop over that list and know no feature by name. What a feature offers is loaded when it is
asked for, so that a worker process never loads Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from models.feature_flag import Flag
from models.health import Probe

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from api.authentication import Authentication
    from infrastructure.cache import Cache
    from infrastructure.foundation import Foundation
    from infrastructure.lifecycle import Step
    from jobs.kind import JobKind


# Reads the tickers of a universe, for an organization.
UniverseReader: TypeAlias = "Callable[[Connection, int], Sequence[str]]"
Universes: TypeAlias = Mapping[str, UniverseReader]


HOURLY = 3600.0  # seconds


@dataclass(frozen=True)
class MaintenanceTask:
    """Something that one process of all must do every `seconds`, whichever takes it first. `run` raises the database's errors."""

    name: str
    seconds: float
    run: Callable[[], object]


@dataclass(frozen=True)
class Feature:
    """One feature's contributions. Each callable imports what it returns.

    - `blueprints`: its HTTP routes.
    - `kinds`: its kinds of job.
    - `flags`: what can be switched off in it while the service runs.
    - `maintenance`: its periodic tasks.
    - `probes`: its health checks in a process that serves.
    - `metrics`: what `/metrics` shows of its tables, read on one connection.
    - `authentication`: who says whose keys and sessions are; one feature offers it.
    - `steps`: what it does as a process that serves starts, once the schema is there.
    - `universes`: sets of tickers by name, which a request may say instead of tickers.
    - `commands`: its groups of the `flask` command.
    """

    name: str
    blueprints: Callable[[], Sequence[Blueprint]] = tuple
    kinds: Callable[[], Sequence[JobKind[Any]]] = tuple
    flags: tuple[Flag, ...] = ()
    maintenance: Callable[[Foundation], Sequence[MaintenanceTask]] = lambda foundation: ()
    probes: Callable[[Foundation], Sequence[Probe]] = lambda foundation: ()
    metrics: Callable[[Foundation, Connection], Iterable[Metric]] = lambda foundation, connection: ()
    authentication: Callable[[Foundation, Cache], Authentication] | None = None
    steps: Callable[[Foundation], Sequence[Step]] = lambda foundation: ()
    universes: Callable[[], Universes] = dict
    commands: Callable[[], Sequence[Command]] = tuple

"""The contributions of a feature to the web process, the workers and the `flask` command.

Each package under features/ has one `FEATURE` of this type, and so has the job machine. `features.FEATURES` lists them; the processes
loop over that list and know no feature by name. A contribution is imported when its callable is called, so that a worker process never
loads Flask.
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


# Reads the tickers of a built-in universe, given a connection and an organization's id.
UniverseReader: TypeAlias = "Callable[[Connection, int], Sequence[str]]"
Universes: TypeAlias = Mapping[str, UniverseReader]


HOURLY, DAILY = 3_600.0, 86_400.0  # seconds


@dataclass(frozen=True)
class MaintenanceTask:
    """A task that one process among all runs every `seconds`. It is run again after an exception, which is logged."""

    name: str
    seconds: float
    run: Callable[[], object]


@dataclass(frozen=True)
class Feature:
    """One feature's contributions. Each callable imports what it returns.

    - `blueprints`: its HTTP routes.
    - `kinds`: its kinds of job.
    - `flags`: its feature flags.
    - `maintenance`: its periodic tasks.
    - `probes`: its health checks in a web process.
    - `metrics`: the metrics of its tables, read on one connection at each scrape.
    - `authentication`: finds the principal of a key or session; exactly one feature has it.
    - `steps`: its steps in the start of a web process, after the schema's.
    - `universes`: built-in sets of tickers, which a request may name instead of listing tickers; organizations store others.
    - `commands`: its groups of the `flask` command.
    """

    name: str
    blueprints: Callable[[], Sequence[Blueprint]] = tuple
    kinds: Callable[[Foundation], Sequence[JobKind[Any]]] = lambda foundation: ()
    flags: tuple[Flag, ...] = ()
    maintenance: Callable[[Foundation], Sequence[MaintenanceTask]] = lambda foundation: ()
    probes: Callable[[Foundation], Sequence[Probe]] = lambda foundation: ()
    metrics: Callable[[Foundation, Connection], Iterable[Metric]] = lambda foundation, connection: ()
    authentication: Callable[[Foundation, Cache], Authentication] | None = None
    steps: Callable[[Foundation], Sequence[Step]] = lambda foundation: ()
    universes: Callable[[], Universes] = dict
    commands: Callable[[], Sequence[Command]] = tuple

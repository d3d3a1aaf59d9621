"""The contributions of a feature to the web process, the workers and the `flask` command.

Each package under features/ has one `FEATURE` of this type, and so has the job machine. `features.FEATURES` lists them; the processes
loop over that list and know no feature by name. A contribution is imported when its callable is called, so that a worker process never
loads Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from infrastructure.belonging import Belonging
from models.feature_flag import Flag
from models.health import Probe

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from api.authentication import Authentication
    from database import AnyReader
    from infrastructure.cache import Cache
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector
    from infrastructure.lifecycle import Step
    from infrastructure.outbox import Subscriber
    from infrastructure.value_lines import LineReaders
    from jobs.kind import JobKind
    from models.integration import Integration


# Reads the tickers of a built-in universe, given a connection and an organization's id.
UniverseReader: TypeAlias = "Callable[[Connection, int], Sequence[str]]"
# The same for one of a family, given its name within that as well; None for one that there is not.
FamilyReader: TypeAlias = "Callable[[Connection, int, str], Sequence[str] | None]"


# Finds those of some ids that name something of an organization, given a connection and the organization's id.
KnownIds: TypeAlias = "Callable[[Connection, int, Collection[str]], Collection[str]]"


@dataclass(frozen=True)
class Universes:
    """Built-in sets of tickers: single ones by name, and families of them, whose names are `family:name`."""

    single: Mapping[str, UniverseReader] = field(default_factory=dict)
    families: Mapping[str, FamilyReader] = field(default_factory=dict)

    @classmethod
    def joined(cls, all_of_them: Iterable[Universes]) -> Universes:
        """Those of several features as one."""
        single: dict[str, UniverseReader] = {}
        families: dict[str, FamilyReader] = {}
        for each in all_of_them:
            single |= each.single
            families |= each.families
        return cls(single, families)

    def __contains__(self, name: str) -> bool:
        """Whether a name is a built-in one, or one of a family."""
        return name in self.single or (name.partition(":")[0] in self.families and ":" in name)

    def read(self, connection: Connection, org_id: int, name: str) -> Sequence[str] | None:
        """The tickers of a built-in universe; None where its family has no such name."""
        if name in self.single:
            return self.single[name](connection, org_id)
        family, _, own_name = name.partition(":")
        return self.families[family](connection, org_id, own_name)


HOURLY, DAILY = 3_600.0, 86_400.0  # seconds


@dataclass(frozen=True)
class MaintenanceTask:
    """A task that one process among all runs every `seconds`. It is run again after an exception, which is logged.

    One that `all_may_run` is run by each process that does maintenance: it finds by itself what another one does, and where there is
    nothing to do, it writes nothing.
    """

    name: str
    seconds: float
    run: Callable[[], object]
    all_may_run: bool = False


@dataclass(frozen=True)
class Feature:
    """One feature's contributions. Each callable imports what it returns.

    - `blueprints`: its HTTP routes.
    - `kinds`: its kinds of job.
    - `background_kinds`: the names of those that the service queues for itself, which no organization's limit of open jobs counts.
    - `flags`: its feature flags.
    - `maintenance`: its periodic tasks.
    - `probes`: its health checks in a web process.
    - `metrics`: the metrics of its tables, read on one connection at each scrape.
    - `authentication`: finds the principal of a key or session; exactly one feature has it.
    - `steps`: its steps in the start of a web process, after the schema's.
    - `universes`: built-in sets of tickers, which a request may name instead of listing tickers; organizations store others.
    - `commands`: its groups of the `flask` command.
    - `capabilities`: its use cases for schedules and pipelines.
    - `subscribers`: what is told of events.
    - `connectors`: what the installation is connected to through it.
    - `integrations`: what an organization is connected to through it, read on one connection, by the organization's id.
    - `lines`: readers of what has a value each day, by kind.
    - `known`: which ids there are of what is its own, by noun, for features beside it that name such things.
    - `belongings`: its tables with rows of organizations or of people, each before those that it refers to.
    - `stopping`: stops what it does by itself for an organization, within the transaction that removes the organization. Idempotent.
    """

    name: str
    blueprints: Callable[[], Sequence[Blueprint]] = tuple
    kinds: Callable[[Foundation], Sequence[JobKind[Any]]] = lambda foundation: ()
    background_kinds: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    maintenance: Callable[[Foundation], Sequence[MaintenanceTask]] = lambda foundation: ()
    probes: Callable[[Foundation], Sequence[Probe]] = lambda foundation: ()
    metrics: Callable[[Foundation, Connection], Iterable[Metric]] = lambda foundation, connection: ()
    authentication: Callable[[Foundation, Cache], Authentication] | None = None
    steps: Callable[[Foundation], Sequence[Step]] = lambda foundation: ()
    universes: Callable[[], Universes] = Universes
    commands: Callable[[], Sequence[Command]] = tuple
    capabilities: Callable[[Foundation], Sequence[Capability]] = lambda foundation: ()
    subscribers: Callable[[Foundation], Sequence[Subscriber]] = lambda foundation: ()
    connectors: Callable[[Foundation], Sequence[Connector]] = lambda foundation: ()
    integrations: Callable[[Foundation, AnyReader, int], Sequence[Integration]] = lambda foundation, reader, org_id: ()
    lines: Callable[[Foundation], LineReaders] = lambda foundation: {}
    known: Callable[[], Mapping[str, KnownIds]] = dict
    belongings: tuple[Belonging, ...] = ()
    stopping: Callable[[Connection, int], object] = lambda connection, org_id: None

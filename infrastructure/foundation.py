"""The objects that every process of the service needs: web, worker or command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from config import Settings
from database import Database, DatabaseOptions, adopt
from infrastructure.belonging import Belongings
from infrastructure.feature import Feature, Universes
from infrastructure.flags import FeatureFlags
from infrastructure.limits import Defaults, LimitBook

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from infrastructure.capability import Capabilities
    from infrastructure.feature import KnownIds
    from infrastructure.outbox import Subscriber
    from infrastructure.value_lines import ValueLines

Part = TypeVar("Part")


@dataclass(frozen=True)
class Foundation:
    """The settings, the database, the feature flags, and the features of a process.

    What features offer each other is built when it is first used.
    """

    settings: Settings
    database: Database
    flags: FeatureFlags
    features: tuple[Feature, ...] = ()

    @classmethod
    def of(cls, settings: Settings, features: Iterable[Feature], options: DatabaseOptions) -> Self:
        """Create them for this process; the database becomes the process-wide one. Opens no connection."""
        database, features = adopt(Database(options)), tuple(features)
        return cls(settings, database, FeatureFlags(database, (flag for feature in features for flag in feature.flags)), features)

    @cached_property
    def universes(self) -> Universes:
        """The built-in universes of all features."""
        return Universes.joined(feature.universes() for feature in self.features)

    @cached_property
    def limits(self) -> LimitBook:
        """The limits of organizations."""
        return LimitBook(self.database, Defaults.of(self.settings))

    @cached_property
    def background_kinds(self) -> frozenset[str]:
        """The kinds of job that the service queues for itself, of all features."""
        return frozenset(kind for feature in self.features for kind in feature.background_kinds)

    @cached_property
    def capabilities(self) -> Capabilities:
        """The use cases that all features offer."""
        from infrastructure.capability import Capabilities  # noqa: PLC0415 — most processes use none

        return Capabilities(capability for feature in self.features for capability in feature.capabilities(self))

    @cached_property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """What is told of events."""
        return tuple(subscriber for feature in self.features for subscriber in feature.subscribers(self))

    @cached_property
    def lines(self) -> ValueLines:
        """The readers of what has a value each day, of all features."""
        from infrastructure.value_lines import ValueLines  # noqa: PLC0415 — few processes use them

        return ValueLines.joined(feature.lines(self) for feature in self.features)

    @cached_property
    def known(self) -> Mapping[str, KnownIds]:
        """Which ids there are of things that features name without knowing each other, by noun."""
        return {noun: find for feature in self.features for noun, find in feature.known().items()}

    @cached_property
    def belongings(self) -> Belongings:
        """What belongs to an organization or to a person, of all features."""
        return Belongings.of(self.features)

    def stop_organization(self, connection: Connection, org_id: int) -> None:
        """Stop what the features do by themselves for an organization that is being removed, within the caller's transaction."""
        for feature in self.features:
            feature.stopping(connection, org_id)

    def part(self, make: Callable[[Foundation], Part]) -> Part:
        """What a feature has once in a process, made at the first call: it may cache and is thread-safe."""
        if make not in self._parts:
            self._parts.setdefault(make, make(self))
        return cast("Part", self._parts[make])

    @cached_property
    def _parts(self) -> dict[Callable[[Foundation], Any], Any]:
        return {}

"""What rules name, in words; and what of it is gone, which a rule says of itself in place of falling silent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from features.deliveries import service as deliveries
from features.indexes import service as indexes
from features.portfolios import service as portfolios
from features.prices import service as prices
from features.strategies import service as strategies
from infrastructure.feature import KnownIds, Universes
from models.alert import RuleDraft
from models.universe import UniverseNotFound


@dataclass(frozen=True)
class RuleFault:
    """What a rule names and is gone: the field, and a sentence."""

    field: str
    message: str


@dataclass
class Naming:
    """Looks up what the rules of an organization name, each kind of thing once."""

    connection: Connection
    org_id: int
    universes: Universes
    known: Mapping[str, KnownIds] = field(default_factory=dict)
    _found: dict[str, bool] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def names_of(self, strategy_ids: Collection[str]) -> Mapping[str, str]:
        """The names of some strategies by id."""
        missing = set(strategy_ids) - self._names.keys()
        self._names |= strategies.names_of(self.connection, self.org_id, missing)
        return self._names

    def faults(self, draft: RuleDraft) -> Iterator[RuleFault]:
        """What a rule names and is gone."""
        if draft.universe is not None and not self._has_universe(draft.universe):
            yield RuleFault("universe", f"The universe '{draft.universe}', which it watches, is gone: name another one.")
        for group, noun, known in self._groups():
            named = draft.conditions.get(group) or ()
            for number in self._places(named, known):
                yield RuleFault(f"conditions.{group}.{number}", f"The {noun} {named[number]}, which it watches, is gone: name another one.")
        for number in self._places(draft.channels, self._channels):
            yield RuleFault(f"channels.{number}", f"The channel {draft.channels[number]}, which it tells, is gone: name another one.")

    def absent(self, draft: RuleDraft, former: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Portfolios, indexes and schedules that there are not, and that former conditions did not name: each field with a sentence."""
        for group, noun, known in self._groups():
            named = draft.conditions.get(group) or ()
            for number in self._places(named, known):
                if named[number] not in (former.get(group) or ()):
                    see = f"It may have been deleted; see GET /api/v1/{group}."
                    yield f"conditions.{group}.{number}", f"There is no {noun} with this id. {see}"

    def _groups(self) -> tuple[tuple[str, str, Callable[[Collection[str]], Collection[str]]], ...]:
        """The conditions that name things by id, what these are, and which of some ids there are."""
        return (
            ("portfolios", "portfolio", self._portfolios),
            ("indexes", "index", self._indexes),
            ("schedules", "schedule", self._schedules),
        )

    def _places(self, named: Collection[str], known: Callable[[Collection[str]], Collection[str]]) -> list[int]:
        """The places of what is not known."""
        found = known(named) if named else ()
        return [number for number, one in enumerate(named) if one not in found]

    def _portfolios(self, ids: Collection[str]) -> Collection[str]:
        return portfolios.names_of(self.connection, self.org_id, ids)

    def _indexes(self, ids: Collection[str]) -> Collection[str]:
        return indexes.names_of(self.connection, self.org_id, ids)

    def _schedules(self, ids: Collection[str]) -> Collection[str]:
        return self.known["schedule"](self.connection, self.org_id, ids) if "schedule" in self.known else ids

    def _channels(self, ids: Collection[str]) -> Collection[str]:
        return deliveries.known_channels(self.connection, self.org_id, ids)

    def _has_universe(self, name: str) -> bool:
        if name not in self._found:
            try:
                prices.require_universe(self.connection, self.org_id, name, self.universes)
                self._found[name] = True
            except UniverseNotFound:
                self._found[name] = False
        return self._found[name]

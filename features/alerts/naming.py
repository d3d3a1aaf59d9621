"""What rules name, in words; and what of it is gone, which a rule says of itself in place of falling silent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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


@dataclass(frozen=True)
class RuleFault:
    """What a rule names and is gone: the field, and a sentence."""

    field: str
    message: str


_NOUNS = {"portfolios": "portfolio", "indexes": "index", "schedules": "schedule"}  # what conditions name by id
_CHANNELS = "channels"


@dataclass
class Naming:
    """Looks up what the rules of an organization name, each thing once."""

    connection: Connection
    org_id: int
    universes: Universes
    known: Mapping[str, KnownIds] = field(default_factory=dict)
    _found: dict[str, bool] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, dict[str, bool]] = field(default_factory=dict)

    def look_up(self, drafts: Sequence[RuleDraft]) -> None:
        """Look up what several rules name, by a statement for each kind of thing."""
        self.names_of({strategy for draft in drafts for strategy in draft.strategies})
        for group in (*_NOUNS, _CHANNELS):
            self._has(group, {one for draft in drafts for one in _named(draft, group)})

    def names_of(self, strategy_ids: Collection[str]) -> Mapping[str, str]:
        """The names of some strategies by id."""
        missing = set(strategy_ids) - self._names.keys()
        self._names |= strategies.names_of(self.connection, self.org_id, missing)
        return self._names

    def faults(self, draft: RuleDraft) -> Iterator[RuleFault]:
        """What a rule names and is gone."""
        if draft.universe is not None and not self._has_universe(draft.universe):
            yield RuleFault("universe", f"The universe '{draft.universe}', which it watches, is gone: name another one.")
        for group, noun in _NOUNS.items():
            for number, one in self._missing(draft, group):
                yield RuleFault(f"conditions.{group}.{number}", f"The {noun} {one}, which it watches, is gone: name another one.")
        for number, one in self._missing(draft, _CHANNELS):
            yield RuleFault(f"channels.{number}", f"The channel {one}, which it tells, is gone: name another one.")

    def absent(self, draft: RuleDraft, former: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Portfolios, indexes and schedules that there are not, and that former conditions did not name: each field with a sentence."""
        for group, noun in _NOUNS.items():
            for number, one in self._missing(draft, group):
                if one not in (former.get(group) or ()):
                    see = f"It may have been deleted; see GET /api/v1/{group}."
                    yield f"conditions.{group}.{number}", f"There is no {noun} with this id. {see}"

    def _missing(self, draft: RuleDraft, group: str) -> list[tuple[int, str]]:
        """What a rule names of a kind and there is not, with its places."""
        named = _named(draft, group)
        has = self._has(group, named)
        return [(number, one) for number, one in enumerate(named) if not has[one]]

    def _has(self, group: str, ids: Collection[str]) -> Mapping[str, bool]:
        """Whether there are things of a kind, by id."""
        known = self._ids.setdefault(group, {})
        missing = [one for one in ids if one not in known]
        if missing:
            found = self._find(group, missing)
            known |= {one: one in found for one in missing}
        return known

    def _find(self, group: str, ids: Collection[str]) -> Collection[str]:
        """Those of some ids that there are."""
        match group:
            case "portfolios":
                return portfolios.names_of(self.connection, self.org_id, ids)
            case "indexes":
                return indexes.names_of(self.connection, self.org_id, ids)
            case "schedules":
                return self.known["schedule"](self.connection, self.org_id, ids) if "schedule" in self.known else ids
            case _:
                return deliveries.known_channels(self.connection, self.org_id, ids)

    def _has_universe(self, name: str) -> bool:
        if name not in self._found:
            self._found[name] = prices.has_universe(self.connection, self.org_id, name, self.universes)
        return self._found[name]


def _named(draft: RuleDraft, group: str) -> Sequence[str]:
    return draft.channels if group == _CHANNELS else draft.conditions.get(group) or ()

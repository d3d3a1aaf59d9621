"""Feature flags: parts of features that can be switched off and on while the service runs. Every process follows within two seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection

from database import Database
from infrastructure import flag_store, organization_flag_store
from infrastructure.audit import note
from infrastructure.polling import PolledValue
from models.errors import FeatureDisabled, FeatureDisabledHere, FlagNotFound
from models.feature_flag import FeatureFlag, Flag, FlagChange, OrganizationFlagChange
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

FOLLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Switches:
    """The last changes of the installation's flags by name, and what is switched off for organizations, by id and name."""

    changes: Mapping[str, FlagChange] = field(default_factory=dict)
    off: Mapping[tuple[int, str], OrganizationFlagChange] = field(default_factory=dict)


class FeatureFlags:
    """The feature flags. A feature is on for an organization if it is on in the installation and not switched off for the organization.

    While the database is away they keep their last known state; before the first read every flag is on.
    """

    def __init__(self, database: Database, flags: Iterable[Flag], follow_seconds: float = FOLLOW_SECONDS) -> None:
        """Opens no connection. `flags` are all the flags. Raises ValueError when two have the same name."""
        self._database = database
        self._flags: dict[str, Flag] = {}
        for flag in flags:
            if flag.name in self._flags:
                raise ValueError(f"Two feature flags are called {flag.name!r}.")
            self._flags[flag.name] = flag
        self._switches: PolledValue[Switches] = PolledValue("feature flags", self._read, follow_seconds, Switches())

    def __iter__(self) -> Iterator[Flag]:
        return iter(self._flags.values())

    def is_enabled(self, flag: Flag, org_id: int | None = None) -> bool:
        """Whether a flag is on: for an organization, or in the installation."""
        switches = self._switches.get()
        change = switches.changes.get(flag.name)
        return (change is None or change.enabled) and (org_id, flag.name) not in switches.off

    def require(self, flag: Flag, org_id: int | None = None) -> None:
        """Raise FeatureDisabled when a flag is off: for an organization, or in the installation."""
        switches = self._switches.get()
        change = switches.changes.get(flag.name)
        if change is not None and not change.enabled:
            raise FeatureDisabled(flag.name, change.reason)
        own = None if org_id is None else switches.off.get((org_id, flag.name))
        if own is not None:
            raise FeatureDisabledHere(flag.name, own.reason, by_operator=own.by_operator)

    def find(self, name: str) -> Flag:
        """The flag of this name. Raises FlagNotFound."""
        if name not in self._flags:
            raise FlagNotFound(name, list(self._flags))
        return self._flags[name]

    def change(self, flag: Flag, enabled: bool, reason: str | None, changed_by: str) -> None:
        """Switch a flag on or off. The change is stored and logged with its author, time and reason."""
        change = FlagChange(new_id(), flag.name, enabled, reason, now(), changed_by)
        with self._database.transaction() as connection:
            before = flag_store.last_changes(connection).get(flag.name)
            flag_store.put(connection, change)
            told = {"enabled": before is None or before.enabled, "reason": None if before is None else before.reason}
            note(connection, before=told, after={"enabled": enabled, "reason": reason})
        self.forget()
        log.warning("feature flag changed", flag=flag.name, enabled=enabled, changed_by=changed_by, reason=reason)

    def forget(self) -> None:
        """Read the state again at the next call."""
        self._switches.forget()

    def list_flags(self) -> list[FeatureFlag]:
        """Every flag in its stored state."""
        with self._database.reader() as connection:
            changes = flag_store.last_changes(connection)
        return [_with_change(flag, changes.get(flag.name)) for flag in self._flags.values()]

    def states(self, connection: Connection) -> dict[str, bool]:
        """Whether each flag is on in its stored state."""
        changes = flag_store.last_changes(connection)
        return {name: name not in changes or changes[name].enabled for name in self._flags}

    def list_changes(self, flag: Flag, limit: int) -> list[FlagChange]:
        """The newest changes of a flag, newest first."""
        with self._database.read() as connection:
            return flag_store.list_changes(connection, flag.name, limit)

    def _read(self, _: Switches) -> Switches:
        with self._database.reader() as connection:
            off = organization_flag_store.list_off(connection)
            return Switches(flag_store.last_changes(connection), {(change.org_id, change.name): change for change in off})


def _with_change(flag: Flag, change: FlagChange | None) -> FeatureFlag:
    if change is None:
        return FeatureFlag(flag.name, True, flag.description)
    return FeatureFlag(flag.name, change.enabled, flag.description, change.reason, change.changed_at, change.changed_by)

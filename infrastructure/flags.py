"""Feature flags: parts of features that can be switched off and on while the service runs. Every process follows within two seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog
from sqlalchemy import Connection

from database import Database
from infrastructure import flag_store
from infrastructure.audit import note
from infrastructure.polling import PolledValue
from models.errors import FeatureDisabled, FlagNotFound
from models.feature_flag import FeatureFlag, Flag, FlagChange
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

FOLLOW_SECONDS = 2.0


class FeatureFlags:
    """The feature flags. While the database is away they keep their last known state; before the first read every flag is on."""

    def __init__(self, database: Database, flags: Iterable[Flag], follow_seconds: float = FOLLOW_SECONDS) -> None:
        """Opens no connection. `flags` are all the flags. Raises ValueError when two have the same name."""
        self._database = database
        self._flags: dict[str, Flag] = {}
        for flag in flags:
            if flag.name in self._flags:
                raise ValueError(f"Two feature flags are called {flag.name!r}.")
            self._flags[flag.name] = flag
        self._changes: PolledValue[Mapping[str, FlagChange]] = PolledValue("feature flags", self._read, follow_seconds, {})

    def is_enabled(self, flag: Flag) -> bool:
        """Whether a flag is on."""
        change = self._changes.get().get(flag.name)
        return change is None or change.enabled

    def require(self, flag: Flag) -> None:
        """Raise FeatureDisabled when a flag is off."""
        change = self._changes.get().get(flag.name)
        if change is not None and not change.enabled:
            raise FeatureDisabled(flag.name, change.reason)

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
        self._changes.forget()
        log.warning("feature flag changed", flag=flag.name, enabled=enabled, changed_by=changed_by, reason=reason)

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

    def _read(self, _: Mapping[str, FlagChange]) -> Mapping[str, FlagChange]:
        with self._database.reader() as connection:
            return flag_store.last_changes(connection)


def _with_change(flag: Flag, change: FlagChange | None) -> FeatureFlag:
    if change is None:
        return FeatureFlag(flag.name, True, flag.description)
    return FeatureFlag(flag.name, change.enabled, flag.description, change.reason, change.changed_at, change.changed_by)

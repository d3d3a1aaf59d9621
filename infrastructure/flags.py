"""Switching features off and on while the service runs. Every process follows within FOLLOW_SECONDS."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

import database
from infrastructure import flag_store
from infrastructure.polling import PolledValue
from models.errors import FeatureDisabled
from models.feature_flag import DESCRIPTIONS, Feature, FeatureFlag, FlagChange
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

FOLLOW_SECONDS = 2.0
CHANGES_SHOWN = 20


class FeatureFlags:
    """The flags as this process knows them. While the database is away, as they were last read; on, until they were read once."""

    def __init__(self) -> None:
        """Opens nothing."""
        self._changes: PolledValue[Mapping[str, FlagChange]] = PolledValue("feature flags", _read, FOLLOW_SECONDS, {})

    def is_enabled(self, feature: Feature) -> bool:
        """Whether a feature is on."""
        change = self._changes.get().get(feature)
        return change is None or change.enabled

    def require(self, feature: Feature) -> None:
        """Raise FeatureDisabled when a feature is off."""
        if not self.is_enabled(feature):
            raise FeatureDisabled(feature, self._changes.get()[feature].reason)

    def change(self, feature: Feature, enabled: bool, reason: str | None, changed_by: str) -> None:
        """Switch a feature on or off; logged with who and when."""
        change = FlagChange(new_id(), feature, enabled, reason, now(), changed_by)
        with database.transaction() as connection:
            flag_store.put(connection, change)
        self._changes.forget()
        log.warning("feature flag changed", flag=feature, enabled=enabled, changed_by=changed_by, reason=reason)


def list_flags() -> list[FeatureFlag]:
    """Every flag, as it is stored now."""
    with database.reader() as connection:
        changes = flag_store.last_changes(connection)
    return [_flag(feature, changes.get(feature)) for feature in Feature]


def _read(_: Mapping[str, FlagChange]) -> Mapping[str, FlagChange]:
    with database.reader() as connection:
        return flag_store.last_changes(connection)


def _flag(feature: Feature, change: FlagChange | None) -> FeatureFlag:
    if change is None:
        return FeatureFlag(feature, True, DESCRIPTIONS[feature])
    return FeatureFlag(feature, change.enabled, DESCRIPTIONS[feature], change.reason, change.changed_at, change.changed_by)

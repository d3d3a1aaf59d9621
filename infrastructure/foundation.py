"""The objects that every process of the service needs: web, worker or command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from config import Settings
from database import Database, DatabaseOptions, adopt
from infrastructure.feature import Feature
from infrastructure.flags import FeatureFlags


@dataclass(frozen=True)
class Foundation:
    """The settings, the database and the feature flags of a process."""

    settings: Settings
    database: Database
    flags: FeatureFlags

    @classmethod
    def of(cls, settings: Settings, features: Iterable[Feature], options: DatabaseOptions) -> Self:
        """Create them for this process; the database becomes the process-wide one. Opens no connection."""
        database = adopt(Database(options))
        return cls(settings, database, FeatureFlags(database, (flag for feature in features for flag in feature.flags)))

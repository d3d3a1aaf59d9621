"""The feature flags of organizations, as people see and change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import structlog

from database import Database
from infrastructure import flag_store, organization_flag_store
from infrastructure.audit import note
from infrastructure.flags import FeatureFlags
from infrastructure.organization_store import has_organization
from models.account_errors import OrganizationNotFound
from models.errors import FlagHeldByOperator, FlagOfInstallation
from models.feature_flag import Flag, FlagChange, OffBy, OrganizationFlag, OrganizationFlagChange
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Switch:
    """What a flag is switched to, why, and by whom: somebody of the organization, or an operator."""

    enabled: bool
    reason: str | None
    changed_by: str
    by_operator: bool


@dataclass(frozen=True)
class OrganizationFlags:
    """The flags of one organization in their stored state."""

    database: Database
    flags: FeatureFlags
    org_id: int

    @classmethod
    def of(cls, database: Database, flags: FeatureFlags, org_id: int) -> Self:
        """Those of an organization. Raises OrganizationNotFound."""
        with database.reader() as connection:
            if not has_organization(connection, org_id):
                raise OrganizationNotFound
        return cls(database, flags, org_id)

    def find(self, name: str) -> Flag:
        """The flag of this name. Raises FlagNotFound, or FlagOfInstallation for one of what all organizations share."""
        flag = self.flags.find(name)
        if not flag.per_organization:
            raise FlagOfInstallation(name)
        return flag

    def list_flags(self) -> list[OrganizationFlag]:
        """Every flag that can be switched for an organization, as it is for this one."""
        with self.database.reader() as connection:
            everywhere = flag_store.last_changes(connection)
            own = organization_flag_store.last_changes(connection, self.org_id)
        return [_decided(flag, everywhere.get(flag.name), own.get(flag.name)) for flag in self.flags if flag.per_organization]

    def list_changes(self, flag: Flag, limit: int) -> list[OrganizationFlagChange]:
        """The newest changes of a flag for the organization, newest first."""
        with self.database.reader() as connection:
            return organization_flag_store.list_changes(connection, self.org_id, flag.name, limit)

    def change(self, flag: Flag, switch: Switch) -> None:
        """Switch a flag for the organization. Raises FlagHeldByOperator."""
        change = OrganizationFlagChange(new_id(), self.org_id, flag.name, changed_at=now(), **vars(switch))
        with self.database.transaction() as connection:
            before = organization_flag_store.last_changes(connection, self.org_id).get(flag.name)
            if not organization_flag_store.put(connection, change):
                raise FlagHeldByOperator
            told = {"enabled": before is None or before.enabled, "reason": None if before is None else before.reason}
            target = f"organizations/{self.org_id}/flags/{flag.name}"
            note(connection, target=target, before=told, after={"enabled": switch.enabled, "reason": switch.reason})
        self.flags.forget()
        said = {"flag": flag.name, "of_organization": self.org_id, "enabled": switch.enabled, "changed_by": switch.changed_by}
        log.warning("feature flag of an organization changed", **said, reason=switch.reason)


def _decided(flag: Flag, everywhere: FlagChange | None, own: OrganizationFlagChange | None) -> OrganizationFlag:
    if everywhere is not None and not everywhere.enabled:
        return OrganizationFlag(flag.name, False, flag.description, OffBy.INSTALLATION, everywhere.reason, everywhere.changed_at)
    if own is None:
        return OrganizationFlag(flag.name, True, flag.description)
    off_by = None if own.enabled else OffBy.OPERATOR if own.by_operator else OffBy.ORGANIZATION
    changed_by = None if own.by_operator else own.changed_by
    return OrganizationFlag(flag.name, own.enabled, flag.description, off_by, own.reason, own.changed_at, changed_by)

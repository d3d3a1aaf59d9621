"""Schemas of removals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.schemas import Answer, Body
from features.accounts.schemas.auth import Password
from features.belongings.service import AccountPlan, OrganizationPlan
from models.removal import AccountRemoval, OrganizationRemoval, RemovalOrder, is_export_needed
from models.user import LONGEST_EMAIL, Membership
from utils.clock import now


class RemovalRequest(Body):
    """A removal, or a look at what it would do."""

    confirm: Annotated[str, StringConstraints(max_length=LONGEST_EMAIL)] = Field(
        "", description="The name of the organization, or one's own e-mail address, exactly as it is; needed unless `dry_run`."
    )
    password: Password | None = Field(None, description="The present password; needed unless `dry_run`, where the account has one.")
    dry_run: bool = Field(False, description="Only say what would be removed.")

    def order(self) -> RemovalOrder:
        """As the use case takes it."""
        return RemovalOrder(self.confirm, self.password)


class KindCount(Answer):
    """How many there are of a kind of thing."""

    kind: str = Field(description="The name of a table of the database, which is a member of the export.")
    rows: int = Field(description="Their number.")


class MemberFateAnswer(Answer):
    """What becomes of a member."""

    user_id: str = Field(description="Who it is.")
    name: str = Field(description="What they are called.")
    is_elsewhere: bool = Field(description="Whether they are a member of another organization; others get one of their own.")


class OrganizationRemovalAnswer(Answer):
    """What the removal of an organization does: at once nobody is a member, and keys and jobs end; then a task removes the rest."""

    organization: str = Field(description="Its name.")
    is_dry_run: bool = Field(description="Whether nothing was done.")
    kinds: list[KindCount] = Field(description="What is removed; the audit log stays for as long as it is kept.")
    file_bytes: int = Field(description="The size of the stored files, which are among `kinds`.")
    members: int = Field(description="How many people are members.")
    fates: list[MemberFateAnswer] = Field(description="What becomes of them, for the first 100.")
    stays: bool = Field(description="Whether it cannot be removed, because it is the first organization.")
    exported_at: datetime | None = Field(description="When everything was last exported to the end.")
    export_needed: bool = Field(description="Whether it has to be exported first, because that was more than 24 hours ago, or never.")


class RemovedOrganizationAnswer(Answer):
    """An organization that goes with its only member."""

    id: int = Field(description="Which one it is.")
    name: str = Field(description="What it is called.")
    rows: int = Field(description="How many things are in it, of all kinds.")


class LeftOrganizationAnswer(Answer):
    """An organization that stays."""

    id: int = Field(description="Which one it is.")
    name: str = Field(description="What it is called.")


class AccountRemovalAnswer(Answer):
    """What the removal of an account does: everything of the person goes at once, and organizations that have nobody else with them."""

    email: str = Field(description="Whose it is.")
    is_dry_run: bool = Field(description="Whether nothing was done.")
    kinds: list[KindCount] = Field(description="What of the person is removed; the audit log stays for as long as it is kept.")
    removed: list[RemovedOrganizationAnswer] = Field(description="Organizations that are removed, because they have no other member.")
    left: list[LeftOrganizationAnswer] = Field(description="Organizations that stay, with what the person made in them.")
    last_admin_of: list[LeftOrganizationAnswer] = Field(description="Organizations that need another administrator first.")
    is_last_operator: bool = Field(description="Whether nobody else looks after the installation, which stands in the way as well.")
    exported_at: datetime | None = Field(description="When everything was last exported to the end.")
    export_needed: bool = Field(description="Whether it has to be exported first, because that was more than 24 hours ago, or never.")


def organization_removal_answer(plan: OrganizationPlan, *, is_dry_run: bool) -> dict[str, Any]:
    """The removal of an organization as it is answered."""
    planned = plan.removal
    return {
        "organization": planned.name,
        "is_dry_run": is_dry_run,
        "kinds": [{"kind": kind, "rows": rows} for kind, rows in plan.rows.items()],
        "file_bytes": plan.file_bytes,
        "members": planned.members,
        "fates": list(planned.fates),
        "stays": planned.stays,
        **_export(planned),
    }


def account_removal_answer(plan: AccountPlan, *, is_dry_run: bool) -> dict[str, Any]:
    """The removal of an account as it is answered."""
    planned = plan.removal
    return {
        "email": planned.email,
        "is_dry_run": is_dry_run,
        "kinds": [{"kind": kind, "rows": rows} for kind, rows in plan.rows.items()],
        "removed": [{**_organization(each), "rows": plan.rows_of.get(each.org_id, 0)} for each in planned.removed],
        "left": list(map(_organization, planned.left)),
        "last_admin_of": list(map(_organization, planned.unguarded)),
        "is_last_operator": planned.is_last_operator,
        **_export(planned),
    }


def _organization(membership: Membership) -> dict[str, Any]:
    return {"id": membership.org_id, "name": membership.name}


def _export(planned: OrganizationRemoval | AccountRemoval) -> dict[str, Any]:
    return {"exported_at": planned.exported_at, "export_needed": is_export_needed(planned.exported_at, now())}

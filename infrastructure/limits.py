"""The limits of organizations and the budgets of their members. Every process follows a change within two seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, TypeVar

import structlog
from sqlalchemy import Connection

from config import Settings
from database import AnyReader, Database
from infrastructure import limit_store
from infrastructure.audit import note
from infrastructure.limit_store import Author
from infrastructure.organization_store import has_organization
from infrastructure.polling import PolledValue
from infrastructure.rate_limiter import Rates
from models.account_errors import MemberNotFound, OrganizationNotFound
from models.limits import BudgetBeyondOrganization, Budgets, OrganizationLimits, Quantities
from utils.clock import now
from utils.ids import is_id

log = structlog.get_logger(__name__)
Limits = TypeVar("Limits", Budgets, Quantities)

FOLLOW_SECONDS = 2.0
BUDGET_FIELDS = {field.name.removesuffix("_per_minute"): field.name for field in fields(Budgets) if field.name.endswith("_per_minute")}


@dataclass(frozen=True)
class Defaults:
    """What holds where nothing is set: the budgets of a caller, and the limits of an organization."""

    caller: Budgets
    organization: OrganizationLimits

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """By the settings."""
        caller = Budgets(
            settings.rate_limit_per_minute,
            settings.rate_limit_analyses_per_minute,
            settings.rate_limit_bulk_per_minute,
            settings.rate_limit_uploads_per_minute,
            settings.rate_limit_heavy_reads_per_minute,
            settings.rate_limit_tests_per_minute,
            settings.rate_limit_per_hour,
        )
        whole = Budgets(**{name: amount * settings.organization_budget_factor for name, amount in vars(caller).items()})
        quantities = Quantities(settings.organization_members, settings.organization_stored_bytes, settings.organization_open_jobs)
        return cls(caller, OrganizationLimits(whole, quantities))


@dataclass(frozen=True)
class _Stored:
    """What is set, as limits and as the rates by which requests are counted."""

    limits: Mapping[int, OrganizationLimits] = field(default_factory=dict)
    rates: Mapping[int, Rates] = field(default_factory=dict)
    member_rates: Mapping[tuple[int, str], Rates] = field(default_factory=dict)


class LimitBook:
    """All limits. While the database is away they keep their last known state. Thread-safe."""

    def __init__(self, database: Database, defaults: Defaults, follow_seconds: float = FOLLOW_SECONDS) -> None:
        """Opens no connection."""
        self._database, self.defaults = database, defaults
        self.caller_rates = rates_of(defaults.caller)
        self._organization_rates = rates_of(defaults.organization.budgets, "organization")
        self._stored: PolledValue[_Stored] = PolledValue("limits", self._read, follow_seconds, _Stored())

    def rates_of_organization(self, org_id: int) -> Rates:
        """The budgets of a whole organization."""
        return self._stored.get().rates.get(org_id, self._organization_rates)

    def rates_of_member(self, org_id: int, user_id: str) -> Rates | None:
        """The budgets that are set for a member; None for whoever has those of everybody."""
        return self._stored.get().member_rates.get((org_id, user_id))

    def quantities_of(self, org_id: int) -> Quantities:
        """What there may be of an organization; None for what has no limit."""
        return self._decided(self._stored.get().limits.get(org_id, OrganizationLimits())).quantities

    def quantities_in(self, connection: AnyReader, org_id: int) -> Quantities:
        """The same as it is stored, for whoever is in a transaction: a second connection would be waited for while this one is held."""
        return self._decided(limit_store.find(connection, org_id)).quantities

    def find(self, org_id: int) -> tuple[OrganizationLimits, OrganizationLimits]:
        """What is set for an organization in the stored state, and what holds by it. Raises OrganizationNotFound."""
        with self._database.reader() as connection:
            if not has_organization(connection, org_id):
                raise OrganizationNotFound
            own = limit_store.find(connection, org_id)
        return own, self._decided(own)

    def find_of_member(self, org_id: int, user_id: str) -> tuple[Budgets, Budgets]:
        """What is set for a member in the stored state, and what holds by it. Raises MemberNotFound."""
        with self._database.reader() as connection:
            if not is_id(user_id) or not limit_store.has_member(connection, org_id, user_id):
                raise MemberNotFound
            own = limit_store.find_of_member(connection, org_id, user_id)
        return own, filled(own, self.defaults.caller)

    def change(self, org_id: int, limits: OrganizationLimits, changed_by: str) -> None:
        """Set the limits of an organization. What it has beyond them stays. Raises OrganizationNotFound."""
        with self._database.transaction() as connection:
            if not has_organization(connection, org_id):
                raise OrganizationNotFound
            before = limit_store.find(connection, org_id)
            limit_store.put(connection, org_id, limits, Author(changed_by, now()))
            note(connection, target=f"organizations/{org_id}/limits", before=_flat(before), after=_flat(limits))
        self._stored.forget()
        log.warning("limits of an organization changed", of_organization=org_id, changed_by=changed_by)

    def change_of_member(self, org_id: int, user_id: str, budgets: Budgets, changed_by: str) -> None:
        """Set the budgets of a member. Raises MemberNotFound, or BudgetBeyondOrganization for more than the whole organization has."""
        most = vars(self.find(org_id)[1].budgets)
        for name, amount in vars(budgets).items():
            if amount is not None and amount > most[name]:
                raise BudgetBeyondOrganization(name, most[name])
        with self._database.transaction() as connection:
            if not is_id(user_id) or not limit_store.has_member(connection, org_id, user_id):
                raise MemberNotFound
            before = limit_store.find_of_member(connection, org_id, user_id)
            limit_store.put_of_member(connection, (org_id, user_id), budgets, Author(changed_by, now()))
            note(connection, target=f"organization/members/{user_id}/limits", before=vars(before), after=vars(budgets))
        self._stored.forget()
        log.warning("budgets of a member changed", user_id=user_id, changed_by=changed_by)

    def _decided(self, own: OrganizationLimits) -> OrganizationLimits:
        whole = self.defaults.organization
        return OrganizationLimits(filled(own.budgets, whole.budgets), filled(own.quantities, whole.quantities))

    def _read(self, _: _Stored) -> _Stored:
        with self._database.reader() as connection:
            limits, members = limit_store.list_limits(connection), limit_store.list_budgets(connection)
        whole = self.defaults.organization.budgets
        return _Stored(
            limits,
            {org_id: rates_of(filled(own.budgets, whole), "organization") for org_id, own in limits.items()},
            {member: rates_of(filled(own, self.defaults.caller)) for member, own in members.items()},
        )


def lock_organization(connection: Connection, org_id: int) -> None:
    """Let nobody else count what an organization has until this transaction ends."""
    limit_store.lock(connection, org_id)


def filled(own: Limits, defaults: Limits) -> Limits:
    """Limits with the defaults in place of what is not set."""
    unset: dict[str, Any] = {name: vars(defaults)[name] for name, value in vars(own).items() if value is None}
    return replace(own, **unset)


def rates_of(budgets: Budgets, of: str = "") -> Rates:
    """The rates by which requests are counted; `of` is whose they are, if not the caller's own."""
    values = vars(budgets)
    return Rates({budget: values[name] for budget, name in BUDGET_FIELDS.items()}, values["requests_per_hour"], of)


def _flat(limits: OrganizationLimits) -> dict[str, int | None]:
    return {**vars(limits.budgets), **vars(limits.quantities)}

"""How much an organization and its members may use."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import BellwetherError


@dataclass(frozen=True)
class Budgets:
    """Requests of each kind a minute, and of all kinds an hour; None for the default."""

    reads_per_minute: int | None = None
    analyses_per_minute: int | None = None
    bulk_per_minute: int | None = None
    uploads_per_minute: int | None = None
    heavy_reads_per_minute: int | None = None
    tests_per_minute: int | None = None
    requests_per_hour: int | None = None


@dataclass(frozen=True)
class Quantities:
    """What there may be of an organization at once; None for the default, which may be no limit."""

    members: int | None = None
    stored_bytes: int | None = None
    open_jobs: int | None = None


@dataclass(frozen=True)
class OrganizationLimits:
    """The limits of an organization."""

    budgets: Budgets = Budgets()
    quantities: Quantities = Quantities()


class LimitReached(BellwetherError):
    """The organization has as much as it may have."""

    code = "organization_limit"


class MembersLimit(LimitReached):
    """There are as many members as the organization may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The organization has as many members as it may have, which is {most:,}. Remove somebody, or ask an operator of the "
            "installation for more."
        )


class StorageLimit(LimitReached):
    """The organization keeps as many bytes as it may."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The organization may keep {most:,} bytes of files, and this would be more. Delete kept reports or originals of uploads, or "
            "ask an operator of the installation for more."
        )


class OpenJobsLimit(LimitReached):
    """The organization has as many open jobs as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The organization has as many jobs that are queued or running as it may have, which is {most:,}. Wait until one ends, cancel "
            "one, or ask an operator of the installation for more."
        )


class BudgetBeyondOrganization(BellwetherError):
    """A budget of a member is larger than that of the organization."""

    code = "validation_error"

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        super().__init__(f"{name} is at most {most:,}, which is what the whole organization has.")

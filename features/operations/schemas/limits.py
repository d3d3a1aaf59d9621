"""Schemas of the limits of organizations and the budgets of their members."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from api.schemas import Answer, Body, whole
from models.limits import Budgets, OrganizationLimits, Quantities

MOST = 10**15
DEFAULT = "null for the default"


AMOUNT = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(whole)]
COUNT = Annotated[int, Field(ge=0, le=MOST), BeforeValidator(whole)]


class LimitName(StrEnum):
    """What is limited."""

    READS_PER_MINUTE = "reads_per_minute"
    ANALYSES_PER_MINUTE = "analyses_per_minute"
    BULK_PER_MINUTE = "bulk_per_minute"
    UPLOADS_PER_MINUTE = "uploads_per_minute"
    HEAVY_READS_PER_MINUTE = "heavy_reads_per_minute"
    TESTS_PER_MINUTE = "tests_per_minute"
    REQUESTS_PER_HOUR = "requests_per_hour"
    MEMBERS = "members"
    STORED_BYTES = "stored_bytes"
    OPEN_JOBS = "open_jobs"


class BudgetsRequest(Body):
    """The budgets of a member, in place of those before. One that is left out is the default."""

    reads_per_minute: AMOUNT | None = Field(None, description=f"Requests that have no budget of their own, a minute; {DEFAULT}.")
    analyses_per_minute: AMOUNT | None = Field(None, description=f"Analyses a minute; {DEFAULT}.")
    bulk_per_minute: AMOUNT | None = Field(None, description=f"Bulk jobs that are asked for or cancelled, a minute; {DEFAULT}.")
    uploads_per_minute: AMOUNT | None = Field(None, description=f"Price files a minute; {DEFAULT}.")
    heavy_reads_per_minute: AMOUNT | None = Field(None, description=f"Reports, series, flips and exports a minute; {DEFAULT}.")
    tests_per_minute: AMOUNT | None = Field(None, description=f"Tests of integrations a minute; {DEFAULT}.")
    requests_per_hour: AMOUNT | None = Field(None, description=f"Requests of all kinds an hour; {DEFAULT}.")

    def budgets(self) -> Budgets:
        """As the use case takes them."""
        return Budgets(**{name: getattr(self, name) for name in vars(Budgets())})


class LimitsRequest(BudgetsRequest):
    """The limits of an organization, in place of those before. One that is left out is the default of the installation."""

    members: AMOUNT | None = Field(None, description=f"The most members; {DEFAULT}.")
    stored_bytes: COUNT | None = Field(None, description=f"The most bytes of originals and kept reports; {DEFAULT}.")
    open_jobs: COUNT | None = Field(None, description=f"The most jobs that are queued or running; {DEFAULT}.")

    def limits(self) -> OrganizationLimits:
        """As the use case takes them."""
        return OrganizationLimits(self.budgets(), Quantities(self.members, self.stored_bytes, self.open_jobs))


class LimitAnswer(Answer):
    """A limit, and what is used of it."""

    name: LimitName
    limit: int | None = Field(description="How much there may be; null for any number.")
    is_set: bool = Field(description="Whether it is set for this one; else it is the default.")
    used: int = Field(
        description="How much there is now. Of requests: in the present minute or hour, those that were refused for it included."
    )


class OrganizationLimitsAnswer(Answer):
    """The limits of an organization, and what is used of them."""

    items: list[LimitAnswer] = Field(description="The limits of the whole organization.")
    own: list[LimitAnswer] = Field(description="The caller's own budgets within them; empty for operators, who look from outside.")


class BudgetsAnswer(Answer):
    """The budgets of a member, and what is used of them."""

    items: list[LimitAnswer]


class MemberLimitsPath(BaseModel):
    """A member in a path."""

    user_id: str = Field(description="The `user_id` of a member.")

"""Schemas of the audit log."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from api.schemas import CSV, PLAIN_TEXT, Page, PageQuery
from features.audit.service import AuditItem
from models.audit import AuditFilter

_BEGINS_AS_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")


def _as_text(moment: object) -> object:
    # A number would be taken for seconds since 1970.
    if isinstance(moment, str) and not _BEGINS_AS_DAY.match(moment):
        raise ValueError("write it as in 2026-11-20T21:00:00Z")
    return moment


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("add a time zone, such as Z for UTC")
    return moment


Moment = Annotated[datetime, BeforeValidator(_as_text), AfterValidator(_with_zone)]


class AuditQuery(PageQuery):
    """A page of the audit log, and which entries."""

    actor: str | None = Field(
        None, min_length=1, max_length=100, pattern=PLAIN_TEXT, description="Only what this person or key did, by its id."
    )
    action: str | None = Field(
        None, min_length=1, max_length=100, pattern=PLAIN_TEXT, description="Only this: the id of an operation, such as `create_api_key`."
    )
    target: str | None = Field(
        None,
        min_length=1,
        max_length=300,
        pattern=PLAIN_TEXT,
        description="Only what was done to this, such as `watchlists/ID`; without a `/`, to all of a kind, such as `watchlists`.",
    )
    since: Moment | None = Field(None, description="Only from this time on.")
    until: Moment | None = Field(None, description="Only from before this time.")
    all: bool = Field(False, description="Of every organization and of none; for operators.")

    def filter(self, org_id: int) -> AuditFilter:
        """Which entries."""
        return AuditFilter(None if self.all else org_id, self.actor, self.action, self.target, self.since, self.until)


class AuditPage(Page):
    """Entries of the audit log, newest first."""

    items: list[AuditItem]

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

"""Schemas of events."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from api.schemas import PLAIN_TEXT, Body, Page, PageQuery, Query, RootAnswer
from models.event import OWN_SUBJECTS, Event, NewEvent
from utils.ids import new_id
from utils.json_text import dump

MOST_BYTES = 20_000  # of an event's data
TYPE_PATTERN = r"^[a-z][a-z0-9_]{0,30}(?:\.[a-z][a-z0-9_]{0,30}){1,3}$"
_TYPE = re.compile(TYPE_PATTERN)


def _checked_type(name: str) -> str:
    if not _TYPE.fullmatch(name):
        raise ValueError("a type is two to four words of small letters, digits and _, with dots between them, such as `desk.rebalanced`")
    if name.partition(".")[0] in OWN_SUBJECTS:
        raise ValueError(f"types that begin with {', '.join(OWN_SUBJECTS)} are the service's own; choose another first word")
    return name


def _small(data: dict[str, Any]) -> dict[str, Any]:
    if len(dump(data)) > MOST_BYTES:
        raise ValueError(f"an event's data has up to {MOST_BYTES:,} bytes as JSON; send what tells where the rest is")
    return data


class EventPath(BaseModel):
    """The id of an event in a path."""

    event_id: str = Field(description="The `id` of an event.")


class EventRequest(Body):
    """An event of the caller's own."""

    type: Annotated[str, AfterValidator(_checked_type), Field(json_schema_extra={"pattern": TYPE_PATTERN})] = Field(
        description="Two to four words with dots between them. The first is none of the service's own types."
    )
    subject: str | None = Field(None, min_length=1, max_length=200, pattern=PLAIN_TEXT, description="What it is about, such as a ticker.")
    key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=PLAIN_TEXT,
        description="Names what happened. A second event with the same key is not stored: the first one is answered.",
    )
    data: Annotated[dict[str, Any], AfterValidator(_small)] = Field({}, description=f"Any JSON object of up to {MOST_BYTES:,} bytes.")

    def event(self, created_by: str) -> NewEvent:
        """The request as an event."""
        return NewEvent(self.type, f"given:{self.key or new_id()}", self.subject, self.data, created_by)


class EventsQuery(PageQuery):
    """A page of events, and which."""

    type: str | None = Field(None, min_length=1, max_length=80, pattern=PLAIN_TEXT, description="Only events of this type.")
    subject: str | None = Field(None, min_length=1, max_length=200, pattern=PLAIN_TEXT, description="Only events about this.")


class EventStreamQuery(Query):
    """From where a stream begins."""

    after: int | None = Field(None, ge=0, le=10**18, description="Begin behind this `position`; by default with what comes from now on.")
    wait: bool = Field(True, description="Whether to wait for more events; otherwise the stream ends with those that there are.")


class EventAnswer(RootAnswer[Event]):
    """An event."""


class EventsPage(Page):
    """Events, newest first."""

    items: list[Event]

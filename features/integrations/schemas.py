"""Schemas of integrations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas import PLAIN_TEXT, Answer, Query, Ticker
from models.integration import Integration, IntegrationKind, IntegrationState, Reach, Tested


class IntegrationPath(BaseModel):
    """The name of an integration in a path."""

    name: str = Field(max_length=60, pattern=PLAIN_TEXT, description="The name of an integration of the installation, as it is listed.")


class IntegrationQuery(Query):
    """What a test may choose."""

    ticker: Ticker | None = Field(None, description="The ticker that a provider of prices is asked for; AAPL unless it is given.")
    message: bool = Field(False, description="Of the mail server: whether it is given a message to the address of the person who asks.")


class IntegrationAnswer(Answer):
    """An integration. Of the installation's, callers who do not look after it learn no more than `configured`."""

    name: str = Field(description="By which it is tested; of a channel `channel-` and its id.")
    kind: IntegrationKind = Field(description="What it is for.")
    title: str = Field(description="What people call it.")
    scope: Reach = Field(description="Whose it is.")
    configured: bool = Field(description="Whether it is set up.")
    state: IntegrationState = Field(
        description="`off`: it is not set up; `set_up`: it is, and a test tells whether it works; `ok`: it worked when it was last used; "
        "`warning`: it did not, or somebody should look after it."
    )
    detail: str | None = Field(description="What it is connected to and how it stands, or what to do to set it up; without secrets.")
    settings: list[str] = Field(description="The settings that set it up.")
    page: str | None = Field(description="The path of the page where it is set up or explained.")
    testable: bool = Field(description="Whether there is a test of it, and the caller may run it.")
    test: str | None = Field(description="The path that tries it with POST; null where there is nothing to try.")
    last_at: datetime | None = Field(description="When it last worked or failed, where that is known.")


class IntegrationList(Answer):
    """The integrations of the caller's organization, then those of the installation."""

    items: list[IntegrationAnswer]


class AttemptedAnswer(Answer):
    """One step of a test."""

    name: str = Field(description="What was done.")
    ok: bool = Field(description="Whether it was done.")
    seconds: float = Field(description="How long it took, or had taken when the test was over.")


class TestedIntegrationAnswer(Answer):
    """How a test went."""

    name: str = Field(description="The integration.")
    ok: bool = Field(description="Whether it works.")
    seconds: float = Field(description="How long the test took.")
    detail: str = Field(description="What works, or what was wrong and what to do.")
    steps: list[AttemptedAnswer] = Field(description="In the order in which they were taken; one that is not `ok` has failed.")


def integration_answer(found: Integration) -> dict[str, Any]:
    """An integration as JSON."""
    return {
        "name": found.name,
        "kind": found.kind,
        "title": found.title,
        "scope": found.scope,
        "configured": found.is_configured,
        "state": found.state,
        "detail": found.detail,
        "settings": found.settings,
        "page": found.page,
        "testable": found.test is not None,
        "test": found.test,
        "last_at": found.last_at,
    }


def tested_answer(tested: Tested) -> dict[str, Any]:
    """How a test went, as JSON."""
    return {**vars(tested), "steps": [{**vars(each), "seconds": round(each.seconds, 3)} for each in tested.steps]}

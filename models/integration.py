"""Integrations: what the service is connected to, whether each is set up, and how a test of one went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from models.errors import Conflict, NotFound


class IntegrationKind(StrEnum):
    """What an integration is for."""

    MAIL = "mail"
    STORAGE = "storage"
    PRICES = "prices"
    MACRO = "macro"
    CURRENCIES = "currencies"
    SIGN_IN = "sign_in"
    REDIS = "redis"
    ERRORS = "errors"
    NETWORK = "network"
    CHANNEL = "channel"
    FEED = "feed"
    KEYS = "keys"


class IntegrationState(StrEnum):
    """How an integration stands, as far as is known without trying it."""

    OFF = "off"  # it is not set up
    SET_UP = "set_up"  # a test tells whether it works
    OK = "ok"  # it worked when it was last used
    WARNING = "warning"  # it did not, or somebody should look after it


class Reach(StrEnum):
    """Whose an integration is."""

    INSTALLATION = "installation"
    ORGANIZATION = "organization"


@dataclass(frozen=True)
class Integration:
    """An integration as it stands.

    `settings` names what sets it up, `page` where it is set up or explained, `test` the path that tries it with POST, and `last_at` when it
    last worked or failed. None of them has a secret. What only operators may know of the installation's is None for others.
    """

    name: str
    kind: IntegrationKind
    title: str
    state: IntegrationState
    detail: str | None
    settings: tuple[str, ...] = ()
    page: str | None = None
    test: str | None = None
    last_at: datetime | None = None
    scope: Reach = Reach.INSTALLATION

    @property
    def is_configured(self) -> bool:
        """Whether it is set up."""
        return self.state is not IntegrationState.OFF

    def outline(self) -> Integration:
        """What people who do not look after the installation may know: whether it is there."""
        state = IntegrationState.SET_UP if self.is_configured else IntegrationState.OFF
        return replace(self, state=state, detail=None, settings=(), page=None, test=None, last_at=None)


@dataclass(frozen=True)
class Attempted:
    """One step of a test. `seconds` of a step that has not ended is the time so far."""

    name: str
    ok: bool
    seconds: float


@dataclass(frozen=True)
class Tested:
    """How a test went, in a sentence. Where it did not end well, the step that is not `ok` is the one that failed."""

    name: str
    ok: bool
    seconds: float
    detail: str
    steps: tuple[Attempted, ...] = ()


class IntegrationNotFound(NotFound):
    """There is no such integration that can be tested. GET /api/v1/integrations lists them, each with the path of its test."""


class IntegrationOff(Conflict):
    """The integration is not set up."""

    def __init__(self, title: str, settings: tuple[str, ...]) -> None:
        super().__init__(f"{title} is not set up, so there is nothing to test. Set {', '.join(settings)} first.")


class NoAddress(Conflict):
    """A key has no address to send a message to. Sign in as a person, or test without `message`."""


class IntegrationBusy(Conflict):
    """A test of this integration is still running. Wait for it to end, then try again."""

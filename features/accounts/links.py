"""Links that are good for one use. The token is behind the `#` of the address, so that no server's log and no other site gets it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from database import AnyReader, Database
from features.accounts.api_keys import digest_of
from features.accounts.store import link as link_store
from models.access import Role
from models.account_errors import LinkEnded
from models.link import Link, Purpose
from utils.clock import now
from utils.ids import new_id

LIFETIMES = {Purpose.RESET: timedelta(hours=24), Purpose.INVITATION: timedelta(days=7)}
PAGES = {Purpose.RESET: "/set-password", Purpose.INVITATION: "/join"}


@dataclass(frozen=True)
class Invited:
    """Who is invited to an organization, as what."""

    org_id: int
    role: Role
    email: str


@dataclass(frozen=True)
class MadeLink:
    """A new link with its token, which is stored nowhere. `path` is its page; `url` is the whole address, where PUBLIC_URL is set."""

    link: Link
    token: str
    path: str
    url: str | None


@dataclass(frozen=True)
class Links:
    """Makes links and uses them up."""

    database: Database
    public_url: str | None

    def for_password(self, connection: Connection, user_id: str, created_by: str | None) -> MadeLink:
        """A link by which somebody sets a password. The ones before it end."""
        link_store.end_of_user(connection, user_id, now())
        return self._make(connection, Purpose.RESET, created_by, user_id=user_id)

    def for_invitation(self, connection: Connection, invited: Invited, created_by: str | None) -> MadeLink:
        """A link by which somebody joins an organization."""
        return self._make(connection, Purpose.INVITATION, created_by, **vars(invited))

    def find(self, connection: AnyReader, purpose: Purpose, token: str) -> Link:
        """The link of a token. Raises LinkEnded for one that was used or has expired."""
        found = link_store.find(connection, purpose, digest_of(token), now())
        if found is None:
            raise LinkEnded
        return found

    def use(self, connection: Connection, purpose: Purpose, token: str) -> Link:
        """Use the link of a token up. Raises LinkEnded; of two at once, one gets it."""
        found = self.find(connection, purpose, token)
        if not link_store.use(connection, purpose, digest_of(token), now()):
            raise LinkEnded
        return found

    def _make(self, connection: Connection, purpose: Purpose, created_by: str | None, **given: object) -> MadeLink:
        token, moment = secrets.token_urlsafe(32), now()
        link = Link(new_id(), purpose, moment, moment + LIFETIMES[purpose], created_by, **given)  # type: ignore[arg-type]
        link_store.insert(connection, link, digest_of(token))
        path = f"{PAGES[purpose]}#{token}"
        return MadeLink(link, token, path, None if self.public_url is None else self.public_url.rstrip("/") + path)

"""E-mails of accounts. They are sent in the background, so that an answer's time tells nobody whose address is known."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import structlog

from database import Database
from features.accounts.links import Links, MadeLink
from features.accounts.store import organization as organization_store
from features.accounts.store import user as user_store
from infrastructure.audit import Trail, current_trail, follow, note
from infrastructure.background_writer import BackgroundWriter
from infrastructure.mail_server import MailServer, in_words
from models.audit import Actor, ActorKind
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

GATHERING_SECONDS = 0.05
LINK_TITLE = "Set a new password"
LINK_TEXT = """Somebody, probably you, asked for a new password for Bellwether.

Set it here within a day: {url}

If it was not you, nothing has to be done: your password stays as it is.
"""
SECOND_FACTOR_TITLE = "Your second factor was taken away"
SECOND_FACTOR_TEXT = """Whoever looks after Bellwether has taken away the second factor of your account, and ended all your sign-ins.

Your password alone is enough to sign in now. Set up another authenticator app on the page Account.

If you did not ask for this, tell whoever looks after Bellwether, and set a new password.
"""
INVITATION_TITLE = "You are invited to {organization}"
INVITATION_TEXT = """{inviter} invites you to {organization} in Bellwether, as {role}.

Join here within seven days: {url}
"""


@dataclass(frozen=True)
class Letter:
    """An e-mail to be sent; without a text, one with a new link for a password, if the address is somebody's."""

    to: str
    title: str = LINK_TITLE
    text: str | None = None
    trail: Trail | None = None  # of the request for the link


class AccountMail:
    """Sends the e-mails, where SMTP_HOST and PUBLIC_URL are set."""

    def __init__(self, database: Database, links: Links, server: MailServer | None) -> None:
        self._database, self._links, self._server = database, links, server
        self._writer: BackgroundWriter[Letter] = BackgroundWriter("e-mails", self._send_all, GATHERING_SECONDS)

    @property
    def is_set_up(self) -> bool:
        """Whether e-mails with links can be sent."""
        return self._server is not None and self._links.public_url is not None

    def send_password_link(self, email: str) -> None:
        """Send a link for a new password, if the address is somebody's."""
        self._writer.add(Letter(email, trail=current_trail()))

    def send_invitation(self, made: MadeLink, organization: str, inviter: str) -> None:
        """Send an invitation."""
        assert made.link.email is not None, "an invitation is for an address"
        told = {"organization": organization, "inviter": inviter, "role": made.link.role, "url": made.url}
        self._writer.add(Letter(made.link.email, INVITATION_TITLE.format(**told), INVITATION_TEXT.format(**told)))

    def send_second_factor_removed(self, email: str) -> None:
        """Tell somebody that their second factor was taken away, where there is a mail server: without a link, so without PUBLIC_URL."""
        if self._server is not None:
            self._writer.add(Letter(email, SECOND_FACTOR_TITLE, SECOND_FACTOR_TEXT))

    def close(self) -> None:
        """Send what waits; later ones are not sent."""
        self._writer.close()

    def _send_all(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            written = letter if letter.text is not None else self._with_link(letter)
            if written is not None:
                self._send(written)

    def _with_link(self, letter: Letter) -> Letter | None:
        """The letter with a new link, to the address as it is stored: one that is only like it could be somebody else's."""
        with self._database.reader() as reader:
            found = user_store.find_by_email(reader, letter.to)
        if found is None or found.disabled_at is not None:
            return None
        follow(letter.trail)
        try:
            with self._database.transaction() as connection:
                made = self._links.for_password(connection, found.id, found.id)
                org_id = organization_store.find_last_of_user(connection, found.id)
                note(connection, target=f"users/{found.id}", actor=Actor(ActorKind.ANYBODY, None, org_id), after={"sent": True})
        finally:
            follow(None)
        return replace(letter, to=found.email, text=LINK_TEXT.format(url=made.url))

    def _send(self, letter: Letter) -> None:
        server = self._server
        assert server is not None, "nothing is sent without a server"
        message = EmailMessage(policy=SMTP)
        message["From"] = Address("Bellwether", addr_spec=server.sender)
        message["To"] = letter.to
        message["Subject"] = " ".join(letter.title.split())
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{new_id()}@{server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text or "")
        try:
            with server.connect() as connection:
                connection.send_message(message, server.sender, [letter.to])
        except (OSError, smtplib.SMTPException) as error:
            log.error("e-mail not sent", title=letter.title, reason=in_words(error))

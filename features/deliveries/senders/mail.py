"""E-mail by SMTP: plain text first and HTML beside it, a Message-ID that repetitions share, and a link to stop with one click."""

from __future__ import annotations

import smtplib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from features.deliveries.attempts import Sent, Stopwatch
from features.deliveries.senders.base import Parcel
from features.deliveries.stored_message import one_line
from infrastructure.mail_server import MailServer, in_words
from models.message import AttemptOutcome

NOT_SET_UP = "E-mails cannot be sent: SMTP_HOST is not set. Set it and SMTP_FROM where the workers run, and restart them."
PERMANENT = 500  # answers of a mail server from here on say that another attempt would fail as well
# Faults of the connection or of our own settings, which may be mended before the next attempt, whatever the server's code.
_MENDABLE = (smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError, smtplib.SMTPNotSupportedError, smtplib.SMTPConnectError)


class MailSender:
    """Hands e-mails to the server."""

    def __init__(self, server: MailServer | None) -> None:
        self._server = server

    def send(self, parcel: Parcel) -> Sent:
        """Make one attempt. A refusal for good is final: another attempt would cost the sender its reputation."""
        watch = Stopwatch.start(parcel.moment)
        if self._server is None:
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error=NOT_SET_UP))
        try:
            with self._server.connect() as connection:
                connection.send_message(composed(parcel, self._server.sender), self._server.sender, [parcel.channel.address])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return self._refused(watch, code, text)
        except smtplib.SMTPResponseException as error:
            return self._refused(watch, error.smtp_code, error.smtp_error, is_mendable=isinstance(error, _MENDABLE))
        except (OSError, smtplib.SMTPException) as error:
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error=in_words(error)))
        return Sent(watch.note(AttemptOutcome.DELIVERED, 250))

    def _refused(self, watch: Stopwatch, code: int, text: Any, *, is_mendable: bool = False) -> Sent:
        told = one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text), 300)
        error = f"The mail server refuses ({code}): {told}"
        return Sent(watch.note(AttemptOutcome.REFUSED, code, error, told), final=code >= PERMANENT and not is_mendable)


def composed(parcel: Parcel, sender: str) -> EmailMessage:
    """The e-mail. Every value of a header is one line, so that none can begin another header."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Bellwether", addr_spec=sender)
    message["To"] = Address(addr_spec=parcel.channel.address)
    message["Subject"] = one_line(parcel.rendered.title)
    message["Date"] = format_datetime(parcel.moment)
    message["Message-ID"] = f"<{parcel.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Bellwether-Event"] = one_line(parcel.message.event, 80)
    if parcel.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{parcel.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parcel.rendered.text)
    message.add_alternative(parcel.rendered.html, subtype="html")
    return message

"""E-mail by SMTP: plain text first and HTML beside it, a Message-ID that repetitions share, and a link to stop with one click."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from config import Settings
from features.deliveries.attempts import Sent, Stopwatch
from features.deliveries.senders.base import LIMITS, Parcel
from features.deliveries.stored_message import one_line
from models.message import AttemptOutcome

NOT_SET_UP = "E-mails cannot be sent: SMTP_HOST is not set. Set it and SMTP_FROM where the workers run, and restart them."
PERMANENT = 500  # answers of a mail server from here on say that another attempt would fail as well
# Faults of the connection or of our own settings, which may be mended before the next attempt, whatever the server's code.
_MENDABLE = (smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError, smtplib.SMTPNotSupportedError, smtplib.SMTPConnectError)


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed in. `trusted` verifies its certificate, by default by the system's authorities."""

    host: str
    port: int
    sender: str
    security: str
    user: str | None = None
    password: str | None = None
    trusted: ssl.SSLContext | None = None
    seconds: float = LIMITS.seconds

    @classmethod
    def of(cls, settings: Settings) -> MailServer | None:
        """The server of the settings; None where there is none."""
        if settings.smtp_host is None or settings.smtp_from is None:
            return None
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
        return cls(settings.smtp_host, settings.smtp_port, settings.smtp_from, settings.smtp_security, settings.smtp_user, password)

    def connect(self) -> smtplib.SMTP:
        """A connection that is encrypted, unless set otherwise, and signed in. Raises OSError or SMTPException."""
        trusted = self.trusted or ssl.create_default_context()
        connection: smtplib.SMTP
        if self.security == "tls":
            connection = _TimedSmtpTls(self.host, self.port, timeout=self.seconds, context=trusted)
        else:
            connection = _TimedSmtp(self.host, self.port, timeout=self.seconds)
        try:
            if self.security == "starttls":
                connection.starttls(context=trusted)
            if self.user is not None and self.password is not None:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection


class _Timed(smtplib.SMTP):
    """Ends the connection when its time is over; the library's own limit begins anew with each byte."""

    _watchdog: threading.Timer | None = None

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> Any:
        self._watchdog = threading.Timer(self.timeout, self._hang_up)
        self._watchdog.daemon = True
        self._watchdog.start()
        return super().connect(host, port, source_address)

    def close(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        super().close()

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _TimedSmtp(_Timed):
    pass


class _TimedSmtpTls(_Timed, smtplib.SMTP_SSL):
    pass


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
            return Sent(watch.note(AttemptOutcome.UNANSWERED, error=_in_words(error)))
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


def _in_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server offers no STARTTLS. Choose a port that does, or set SMTP_SECURITY=tls; none sends unencrypted."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the mail server cannot be verified: {error.verify_message}."
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server closed the connection."
    return f"The mail server cannot be reached: {one_line(str(error), 200)}."

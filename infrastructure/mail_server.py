"""The mail server that e-mails are handed in at, by SMTP. A connection ends when its time is over."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

from config import Settings
from infrastructure.integration import Step, unnoticed

SECONDS = 15.0  # for one e-mail, from connecting to the server's answer
ACCEPTED = 250  # the answer to a command that was done
LONGEST_WORDS = 200  # characters of what a library says


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
    seconds: float = SECONDS

    @classmethod
    def of(cls, settings: Settings) -> MailServer | None:
        """The server of the settings; None where there is none."""
        if settings.smtp_host is None or settings.smtp_from is None:
            return None
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
        return cls(settings.smtp_host, settings.smtp_port, settings.smtp_from, settings.smtp_security, settings.smtp_user, password)

    def lasting(self, seconds: float) -> MailServer:
        """The same server, with another limit of time."""
        return replace(self, seconds=seconds)

    def connect(self, step: Step = unnoticed) -> smtplib.SMTP:
        """A connection that is encrypted, unless set otherwise, and signed in, by steps. Raises OSError or SMTPException."""
        trusted = self.trusted or ssl.create_default_context()
        connection: smtplib.SMTP
        with step("connect"):
            if self.security == "tls":
                connection = _TimedSmtpTls(self.host, self.port, timeout=self.seconds, context=trusted)
            else:
                connection = _TimedSmtp(self.host, self.port, timeout=self.seconds)
        try:
            if self.security == "starttls":
                with step("encrypt"):
                    connection.starttls(context=trusted)
            if self.user is not None and self.password is not None:
                with step("sign in"):
                    connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def try_message(self, message: EmailMessage, address: str, step: Step = unnoticed) -> None:
        """Hand in a message for an address. Raises OSError or SMTPException."""
        with self.connect(step) as connection, step("hand in a message"):
            connection.send_message(message, self.sender, [address])

    def try_out(self, step: Step = unnoticed) -> None:
        """Connect, and begin an e-mail from the sender without sending it. Raises OSError or SMTPException."""
        with self.connect(step) as connection, step("name the sender"):
            connection.ehlo_or_helo_if_needed()
            code, words = connection.mail(self.sender)
            if code != ACCEPTED:
                raise smtplib.SMTPSenderRefused(code, words, self.sender)
            connection.rset()


class _Timed(smtplib.SMTP):
    """Ends the connection when its time is over; the library's own limit begins anew with each byte."""

    _watchdog: threading.Timer | None = None
    _ends_at = 0.0

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> Any:
        self._ends_at = time.monotonic() + self.timeout
        self._watchdog = threading.Timer(self.timeout, self._hang_up)
        self._watchdog.daemon = True
        self._watchdog.start()
        return super().connect(host, port, source_address)

    def getreply(self) -> tuple[int, bytes]:
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            # The library tells of a time that is over as of a connection that the server closed.
            if time.monotonic() >= self._ends_at:
                raise TimeoutError from error
            raise

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


def in_words(error: Exception) -> str:
    """Why an e-mail could not be handed in."""
    if isinstance(error, smtplib.SMTPNotSupportedError) and "AUTH" in str(error):
        return "The mail server offers no way to sign in. Leave SMTP_USER unset, or choose a port where one signs in; 587 is usual."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server offers no STARTTLS. Choose a port that does, or set SMTP_SECURITY=tls; none sends unencrypted."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the mail server cannot be verified: {error.verify_message}."
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server closed the connection."
    words = " ".join(str(error).split())[:LONGEST_WORDS]
    return f"The mail server cannot be reached: {words}."

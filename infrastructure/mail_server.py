"""The mail server that e-mails are handed in at, by SMTP. A connection ends when its time is over."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from config import Settings

SECONDS = 15.0  # for one e-mail, from connecting to the server's answer
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


def in_words(error: Exception) -> str:
    """Why an e-mail could not be handed in."""
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

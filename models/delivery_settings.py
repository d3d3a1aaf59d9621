"""The rules of the settings that deliver messages."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from models.config_fault import Fault

if TYPE_CHECKING:
    from config import Settings

_PUBLIC_ADDRESS = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
# Stricter than a mail server: one address, with nothing that a header could be broken by.
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?")


def faults_of(settings: Settings) -> list[Fault]:
    """The faults of these settings."""
    faults = []
    if settings.public_url is not None and not _PUBLIC_ADDRESS.fullmatch(settings.public_url):
        faults.append(
            Fault("PUBLIC_URL", "it is not an address of the web.", "Set it to https:// and the host, as in https://example.com.")
        )
    for network in settings.webhook_allowed_networks:
        try:
            ip_network(network)
        except ValueError as error:
            remedy = "Write networks with their first address, comma-separated, as in 192.168.1.0/24,127.0.0.0/8."
            faults.append(Fault("WEBHOOK_ALLOWED_NETWORKS", f"{network[:40]!r} is no network ({error}).", remedy))
            break
    return faults + _mail_faults(settings)


def _mail_faults(settings: Settings) -> list[Fault]:
    faults = []
    sender, has_password = settings.smtp_from, settings.smtp_password is not None
    if sender is not None and not MAIL_ADDRESS.fullmatch(sender):
        faults.append(Fault("SMTP_FROM", "it is not an e-mail address.", "Set it to the address alone, as in bellwether@example.com."))
    if settings.smtp_host is not None and sender is None:
        faults.append(Fault("SMTP_FROM", "SMTP_HOST is set, and e-mails need a sender.", "Set it to an address of your own domain."))
    if has_password != (settings.smtp_user is not None):
        missing = "SMTP_USER" if has_password else "SMTP_PASSWORD"
        faults.append(Fault(missing, "a name and a password belong together.", "Set SMTP_USER and SMTP_PASSWORD, or neither."))
    if has_password and settings.smtp_security == "none":
        faults.append(Fault("SMTP_SECURITY", "the password would be sent unencrypted.", "Set it to starttls or tls."))
    return faults

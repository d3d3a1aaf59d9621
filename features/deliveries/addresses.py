"""Checks the address of a channel when it is stored; nobody is asked for a name then."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from infrastructure.address_guard import AddressGuard, AddressRefused
from infrastructure.audit_values import host_of_address
from models.delivery_errors import ChannelAddressRefused
from models.delivery_settings import MAIL_ADDRESS
from models.message import ChannelType

LONGEST_MAIL_ADDRESS = 254
# Services of Apprise that send a text by HTTPS to a fixed host of theirs. Neither json://, xml:// and form://, which ask any host, nor what
# reads files or runs programs.
# Of Apprise's services those with a host of their own: where the URL names the host, the guard of addresses would be passed by.
APPRISE_SCHEMES = (
    *("discord", "gchat", "ifttt", "join", "line", "pagerduty", "prowl", "pbul", "pover", "pushy"),
    *("sendgrid", "signl4", "slack", "tgram", "twilio", "webex"),
)
_TOPIC = re.compile(r"/[A-Za-z0-9_-]{1,64}")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_APPRISE = re.compile(r"[a-z0-9]{2,20}://[!-~]{1,1000}")


def check_address(kind: ChannelType, address: str, guard: AddressGuard) -> str:
    """The address as it is stored. Raises ChannelAddressRefused, whose message says what is expected."""
    if kind is ChannelType.EMAIL:
        return _mail_address(address)
    if kind is ChannelType.APPRISE:
        return _apprise_url(address)
    try:
        guard.target_of(address)
    except AddressRefused as error:
        raise ChannelAddressRefused(str(error)) from error
    split = urlsplit(address)
    if kind is ChannelType.NTFY and not _TOPIC.fullmatch(unquote(split.path)):
        raise ChannelAddressRefused("The address of ntfy is that of a topic, as in https://ntfy.sh/my-topic.")
    if kind is ChannelType.NTFY and (split.query or split.fragment):
        raise ChannelAddressRefused("The address of a topic has neither ? nor # in it.")
    return address


def is_time_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    if not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def shown_address(kind: ChannelType, address: str, *, whole: bool) -> str:
    """An address as it is shown: the URLs of Apprise are secrets but for their scheme.

    Of other URLs the path may be all that protects them; only `whole` has it.
    """
    if kind is ChannelType.APPRISE and address:
        return f"{address.partition('://')[0]}://…"
    return address if whole or kind is ChannelType.EMAIL or not address else host_of_address(address)


def _mail_address(address: str) -> str:
    if len(address) > LONGEST_MAIL_ADDRESS or not MAIL_ADDRESS.fullmatch(address) or ".." in address:
        raise ChannelAddressRefused("Give one e-mail address without a name, as in me@example.com.", "address")
    return address


def _apprise_url(address: str) -> str:
    scheme = address.partition("://")[0].lower()
    if not _APPRISE.fullmatch(address):
        raise ChannelAddressRefused("A URL of Apprise has a scheme and up to 1,000 characters of ASCII, as in tgram://token/chat.")
    if scheme not in APPRISE_SCHEMES:
        raise ChannelAddressRefused(f"{scheme}:// is not offered. There are {', '.join(APPRISE_SCHEMES)}.")
    return address

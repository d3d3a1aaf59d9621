"""What passkeys are bound to: the host name and the origin that people reach the service by."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class RelyingParty:
    """The host name that passkeys are made for, and the origin of the pages that may ask for them."""

    id: str
    origin: str

    @classmethod
    def of(cls, public_url: str | None) -> RelyingParty | None:
        """Of PUBLIC_URL; None where browsers have no passkeys: without it, over plain HTTP but on this machine, and at an IP address."""
        if public_url is None:
            return None
        parts = urlsplit(public_url)
        host = (parts.hostname or "").lower()
        if not host or _is_ip(host) or parts.scheme not in DEFAULT_PORTS or (parts.scheme == "http" and host != "localhost"):
            return None
        port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
        return cls(host, f"{parts.scheme}://{host}{port}")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

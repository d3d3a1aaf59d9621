"""Which addresses outside requests may go to, when others than the operator choose them: public ones, and those of allowed networks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]  # a name and a port to addresses

PORTS = frozenset({80, 443, 8080, 8443})  # of public addresses; in an allowed network any port may be asked
DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_URL = 2_000
MOST_RESOLVERS = 32  # threads that wait for a name server, over the process
# Written out, because what Python calls global differs between its versions.
REFUSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by a carrier's customers (CGNAT)
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # metadata of Azure
            "169.254.0.0/16",  # link-local, with the metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which stands for an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)
# All other IPv6 is refused: loopback, IPv4-mapped, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique local, link-local, multicast.
PUBLIC_IPV6 = ip_network("2000::/3")


class AddressRefused(Exception):
    """No request may go to this address. The message is one sentence for whoever gave it."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads: the scheme and host as they stand in it, and the port."""

    scheme: str
    host: str
    port: int


def networks_of(texts: Sequence[str]) -> tuple[IPNetwork, ...]:
    """Networks of their texts. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def resolve_by_system(host: str, port: int, seconds: float = 10.0) -> Sequence[str]:
    """The addresses of a name. Raises OSError, TimeoutError among others."""
    if not _resolvers.acquire(blocking=False):
        raise TimeoutError("too many names wait for the name server")
    found: list[Sequence[str] | OSError] = []

    def ask() -> None:
        try:
            found.append([str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            found.append(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            _resolvers.release()

    # The system's resolver has no limit of its own that would suit.
    thread = threading.Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError("the name server did not answer in time")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


_resolvers = threading.BoundedSemaphore(MOST_RESOLVERS)


@dataclass(frozen=True)
class AddressGuard:
    """Checks URLs and addresses. `allowed` are networks that may be asked although they are not public."""

    allowed: tuple[IPNetwork, ...] = ()
    resolve: Resolve = resolve_by_system
    ports: frozenset[int] = PORTS

    def target_of(self, url: str) -> Target:
        """Where a URL leads, without asking for its name. Raises AddressRefused for one that can never be asked."""
        split = _split(url)
        scheme = split.scheme.lower()
        if scheme not in DEFAULT_PORTS:
            raise AddressRefused("The address must begin with https:// or http://.")
        if split.username is not None or split.password is not None:
            raise AddressRefused("The address has a name or a password before its host; leave them out.")
        host = split.hostname or ""
        if not host or "%" in host:
            raise AddressRefused("The address has no host that can be asked.")
        try:
            port = DEFAULT_PORTS[scheme] if split.port is None else split.port
        except ValueError as error:
            raise AddressRefused("The port of the address is not a number from 1 to 65535.") from error
        literal = _literal(host)
        if literal is not None:
            self._check(literal, port)
        elif port not in self.ports and not self.allowed:
            raise AddressRefused(self._about_port(port))
        return Target(scheme, host, port)

    def addresses_of(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be asked, in the resolver's order, from one look-up. Raises AddressRefused or OSError."""
        literal = _literal(host)
        found = [host] if literal is not None else self.resolve(host, port)
        permitted, refusal = [], None
        for each in dict.fromkeys(found):
            address = _literal(each)
            if address is None:
                continue
            try:
                self._check(address, port)
            except AddressRefused as error:
                refusal = error
            else:
                permitted.append(str(address))
        if not permitted:
            raise refusal or AddressRefused(f"{host[:100]} has no address.")
        return permitted

    def _check(self, address: IPAddress, port: int) -> None:
        if any(address in network for network in self.allowed if network.version == address.version):
            return
        is_public = address.version == 4 or address in PUBLIC_IPV6
        if not is_public or any(address in network for network in REFUSED if network.version == address.version):
            raise AddressRefused(
                f"{address} is on this machine or in a network that is not public. WEBHOOK_ALLOWED_NETWORKS can allow its network."
            )
        if port not in self.ports:
            raise AddressRefused(self._about_port(port))

    def _about_port(self, port: int) -> str:
        return f"Port {port} cannot be asked at public addresses; {', '.join(map(str, sorted(self.ports)))} can."


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isascii() or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise AddressRefused(f"An address has up to {LONGEST_URL:,} characters of ASCII and no blanks.")
    if "\\" in url:
        raise AddressRefused("The address has a backslash in it.")
    try:
        return urlsplit(url)
    except ValueError as error:
        raise AddressRefused("The address cannot be read.") from error


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None

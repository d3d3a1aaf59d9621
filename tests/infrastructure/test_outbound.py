"""Requests to addresses that others choose: only public and allowed ones, the address that was checked, and an end in time."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.deploy import tool
from kit.receivers import LOOPBACK, Received, Receiver, Returned, receiving

from infrastructure.address_guard import PORTS, AddressGuard, AddressRefused, networks_of, resolve_by_system
from infrastructure.outbound import Outbound, OutboundError, OutboundLimits, OutboundRequest

SHORT = OutboundLimits(seconds=0.5)
ALLOWED = networks_of(LOOPBACK)
PUBLIC = "93.184.216.34"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def outbound(*addresses: str, allowed: bool = True) -> Outbound:
    """One whose names all have these addresses, in turn: each look-up gets the next one, and the last one for ever."""
    waiting = list(addresses)

    def resolve(host: str, port: int) -> Sequence[str]:
        return [waiting.pop(0) if len(waiting) > 1 else waiting[0]]

    return Outbound(AddressGuard(ALLOWED if allowed else (), resolve if addresses else resolve_by_system))


def post(url: str, **headers: str) -> OutboundRequest:
    return OutboundRequest("POST", url, headers, b'{"test": 1}')


# ---- addresses --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.0.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),  # noqa: S104
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "198.51.100.7", "203.0.113.9", "192.88.99.1"),
        *("::1", "::", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::"),
        *("2001:0:4136:e378::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "100::1", "fec0::1"),
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    guard = AddressGuard(resolve=lambda host, port: [address])
    with pytest.raises(AddressRefused, match="not public"):
        guard.addresses_of("receiver.example", 443)
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused, match="not public"):
        guard.target_of(f"https://{literal}/hook")


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::5e"])
def test_what_is_public_may_be_asked(address: str) -> None:
    assert AddressGuard(resolve=lambda host, port: [address]).addresses_of("receiver.example", 443) == [address]


@settings(derandomize=True, max_examples=300)
@given(st.ip_addresses(v=4))
def test_every_private_address_is_refused(address: object) -> None:
    """What Python knows to be private or multicast is refused, whatever our own list has."""
    guard = AddressGuard(resolve=lambda host, port: [str(address)])
    parsed = ip_address(str(address))
    if not parsed.is_global or parsed.is_multicast:
        with pytest.raises(AddressRefused):
            guard.addresses_of("receiver.example", 443)


def test_of_several_addresses_only_the_public_ones_are_asked() -> None:
    guard = AddressGuard(resolve=lambda host, port: ["10.0.0.1", PUBLIC, "::1", PUBLIC])
    assert guard.addresses_of("receiver.example", 443) == [PUBLIC]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("example.com/hook", "begin with https"),
        ("https://", "no host"),
        ("https://user:word@example.com/", "password"),
        ("https://user@example.com/", "password"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:x/", "port"),
        ("https://example.com:22/", "Port 22"),
        ("http://93.184.216.34:6379/", "Port 6379"),
        ("https://exa mple.com/", "no blanks"),
        ("https://example.com/\r\nX-Evil: 1", "no blanks"),
        ("https://bücher.example/", "ASCII"),
        ("https://example.com\\@127.0.0.1/", "backslash"),
        ("https://[fe80::1%25eth0]/", "no host"),
        ("https://[::1/", "cannot be read"),
        (f"https://example.com/{'a' * 2000}", "2,000"),
    ],
)
def test_an_address_that_can_never_be_asked(url: str, words: str) -> None:
    with pytest.raises(AddressRefused, match=words):
        AddressGuard().target_of(url)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_loopback(host: str) -> None:
    """They pass for names, and the system's resolver knows better: its answer is checked."""
    with pytest.raises(AddressRefused, match="not public"):
        AddressGuard(resolve=lambda name, port: ["127.0.0.1"]).addresses_of(host, 80)


def test_ports_of_public_addresses() -> None:
    for port in PORTS:
        assert AddressGuard().target_of(f"https://example.com:{port}/").port == port
    with pytest.raises(AddressRefused, match="Port 8000"):
        AddressGuard(ALLOWED, lambda host, port: [PUBLIC]).addresses_of("example.com", 8000)


def test_a_name_that_is_not_known() -> None:
    def nobody(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(OutboundError, match=r"receiver\.example: its name cannot be found"):
        Outbound(AddressGuard(resolve=nobody)).send(post("https://receiver.example/"))
    with pytest.raises(AddressRefused, match="has no address"):
        Outbound(AddressGuard(resolve=lambda host, port: [])).send(post("https://receiver.example/"))


# ---- requests ---------------------------------------------------------------------------------------------------------------------


def test_a_request_and_its_answer(receiver: Receiver) -> None:
    receiver.answer = lambda received: Returned(201, b"thanks", {"X-Told": "yes"})
    answer = outbound("127.0.0.1").send(post(f"http://receiver.example:{receiver.port}/hook?a=%20b", **{"X-Ours": "1"}))
    assert (answer.status, answer.body, answer.headers["x-told"], answer.is_cut) == (201, b"thanks", "yes", False)
    sent = receiver.received[0]
    assert (sent.method, sent.path, sent.body) == ("POST", "/hook?a=%20b", b'{"test": 1}')
    assert sent.headers["host"] == f"receiver.example:{receiver.port}"
    assert sent.headers["x-ours"] == "1"
    assert sent.headers["content-length"] == "11"


def test_loopback_is_refused_unless_it_is_allowed(receiver: Receiver) -> None:
    with pytest.raises(AddressRefused, match="WEBHOOK_ALLOWED_NETWORKS"):
        outbound(allowed=False).send(post(receiver.url()))
    assert not receiver.received
    assert outbound().send(post(receiver.url())).status == 200


def test_a_name_is_looked_up_once(receiver: Receiver) -> None:
    """A name server that answers a public address for the check and a private one for the connection is not asked twice."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    service = Outbound(AddressGuard(ALLOWED, rebinding))
    assert service.send(post(receiver.url(host="receiver.example"))).status == 200
    assert asked == ["receiver.example"]
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        service.send(post(receiver.url(host="receiver.example")))
    assert len(receiver.received) == 1


def test_a_redirect_is_an_answer(receiver: Receiver) -> None:
    with receiving() as inner:
        receiver.answer = lambda received: Returned(302, b"", {"Location": inner.url("/admin")})
        answer = outbound().send(post(receiver.url()))
        assert (answer.status, answer.headers["location"]) == (302, inner.url("/admin"))
        assert not inner.received


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert outbound().send(post(receiver.url())).status == 200


def test_the_second_address_is_asked_where_the_first_is_not_there(receiver: Receiver) -> None:
    guard = AddressGuard(networks_of(["127.0.0.0/8", "::1/128"]), lambda host, port: ["::1", "127.0.0.1"])
    assert Outbound(guard).send(post(receiver.url(host="receiver.example"))).status == 200


def test_a_long_answer_is_read_up_to_the_limit(receiver: Receiver) -> None:
    receiver.answer = lambda received: Returned(200, b"x" * 10_000_000)
    answer = outbound().send(post(receiver.url()), OutboundLimits(most_bytes=4_096))
    assert (len(answer.body), answer.is_cut) == (4_096, True)


@pytest.mark.parametrize("returned", [Returned(silent=True), Returned(drips=True)], ids=["silent", "byte by byte"])
def test_a_receiver_that_does_not_end(receiver: Receiver, returned: Returned) -> None:
    receiver.answer = lambda received: returned
    with pytest.raises(OutboundError, match="not complete in time"):
        outbound().send(post(receiver.url()), SHORT)


def test_an_answer_that_is_cut_off(receiver: Receiver) -> None:
    receiver.answer = lambda received: Returned(200, b"x" * 1000, cut=True)
    with pytest.raises(OutboundError, match="cut off"):
        outbound().send(post(receiver.url()))


def test_a_receiver_that_is_not_there() -> None:
    with receiving() as gone:
        url = gone.url()
    with pytest.raises(OutboundError, match="no connection"):
        outbound().send(post(url))


def test_a_header_with_a_line_break_is_not_sent(receiver: Receiver) -> None:
    with pytest.raises(OutboundError):
        outbound().send(post(receiver.url(), **{"X-Ours": "a\r\nX-Evil: b"}))
    assert not receiver.received


# ---- certificates -----------------------------------------------------------------------------------------------------------------


def openssl(*arguments: str) -> None:
    subprocess.run([tool("openssl"), *arguments], check=True, capture_output=True)


def authority(folder: Path) -> ssl.SSLContext:
    """What trusts a certificate authority of its own, and nobody else."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(folder / "ca.key")]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=Our authority", "-out", str(folder / "ca.pem"))
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def certified(folder: Path, name: str) -> ssl.SSLContext:
    """What a server with a certificate of the authority for a name needs."""
    key, request, path, extension = (folder / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
    extension.write_text(f"subjectAltName=DNS:{name}\n")
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key)]
    openssl("req", *made, "-subj", f"/CN={name}", "-out", str(request))
    signer = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"), "-CAcreateserial"]
    openssl("x509", "-req", "-in", str(request), *signer, "-days", "2", "-extfile", str(extension), "-out", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return context


def test_the_name_is_checked_although_the_address_is_asked(tmp_path: Path) -> None:
    trusted = authority(tmp_path)
    context = certified(tmp_path, "receiver.example")
    asked_names: list[str | None] = []
    context.sni_callback = lambda connection, name, _: asked_names.append(name)
    guard = AddressGuard(ALLOWED, lambda host, port: ["127.0.0.1"])
    with receiving(context=context) as secure:
        service = Outbound(guard, trusted)
        assert service.send(post(secure.url(host="receiver.example"))).status == 200
        assert asked_names == ["receiver.example"]
        assert secure.received[0].headers["host"] == f"receiver.example:{secure.port}"
        with pytest.raises(OutboundError, match="certificate cannot be verified"):
            service.send(post(secure.url(host="other.example")))
        with pytest.raises(OutboundError, match="certificate cannot be verified"):
            service.send(post(secure.url()))
        with pytest.raises(OutboundError, match="certificate cannot be verified"):
            Outbound(guard).send(post(secure.url(host="receiver.example")))
        assert len(secure.received) == 1


def test_what_speaks_no_tls(receiver: Receiver) -> None:
    with pytest.raises(OutboundError, match="no connection"):
        outbound("127.0.0.1").send(post(f"https://receiver.example:{receiver.port}/"), OutboundLimits(seconds=5))


def test_a_get_has_no_body(receiver: Receiver) -> None:
    def answer(received: Received) -> Returned:
        return Returned(304 if received.headers.get("if-none-match") == '"1"' else 200)

    receiver.answer = answer
    assert outbound().send(OutboundRequest("GET", receiver.url("/feed"), {"If-None-Match": '"1"'})).status == 304
    assert "content-length" not in receiver.received[0].headers

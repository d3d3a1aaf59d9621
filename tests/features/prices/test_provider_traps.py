"""Answers that would harm: packed ones without end, redirects to elsewhere, another content, and addresses with a key in them."""

from __future__ import annotations

import gzip
import logging
import socket
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import brotli
import pytest
from kit.price_server import Asked, PriceServer, Reply, certificate, price_server
from kit.providers import BARS, KEY, MOMENT, SOON_TIRED, UNHURRIED, WELL, Ask, Counter, csv_file, made

from features.prices.providers.base import Means
from features.prices.providers.csv_url import CsvUrl
from features.prices.providers.web_source import MOST_REDIRECTS, WebSource
from models.provider import ProviderError, ProviderFault

EACH = pytest.mark.parametrize("kind", WELL)
WITH_KEY = pytest.mark.parametrize("kind", ["tiingo", "twelvedata"])
BAD, UNREACHABLE = ProviderFault.BAD_ANSWER, ProviderFault.UNREACHABLE
BOMB = gzip.compress(b" " * 200_000_000, 9)  # 0.2 MB that stand for 200
SECRET = "s3cret-of-the-file-server"


def packed(body: bytes, coding: str) -> Reply:
    return Reply(body, headers={"Content-Encoding": coding})


def failure(ask: Ask, kind: str, reply: Reply) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(kind, reply).provider.fetch("AAPL", None)
    return caught.value


@EACH
def test_a_packed_answer_is_read(ask: Ask, kind: str) -> None:
    def answer(asked: Asked) -> Reply:
        plain = WELL[kind](asked)
        return replace(plain, body=gzip.compress(plain.body), headers={**plain.headers, "Content-Encoding": "gzip"})

    asking = ask(kind, answer)
    assert len(asking.provider.fetch("AAPL", None).packed) == len(BARS)
    assert {asked.headers["accept-encoding"] for asked in asking.server.asked} == {"gzip"}


@EACH
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(packed(BOMB, "gzip"), "more than 20 MB", id="200 MB in 0.2"),
        pytest.param(packed(gzip.compress(BOMB), "gzip, gzip"), "not asked for: 'gzip, gzip'", id="packed twice"),
        pytest.param(packed(brotli.compress(b" " * 1_000), "br"), "not asked for: 'br'", id="another packing"),
        pytest.param(packed(zlib.compress(b" " * 1_000), "gzip"), "no gzip", id="no gzip"),
        pytest.param(packed(b"plain", "gzip"), "no gzip", id="not packed"),
        pytest.param(packed(gzip.compress(b"[]") * 2, "gzip"), "more than one", id="two in one"),
        pytest.param(Reply(b" " * 21_000_000), "more than 20 MB", id="21 MB"),
    ],
)
def test_an_answer_is_unpacked_no_further_than_it_may_be_large(ask: Ask, kind: str, reply: Reply, words: str) -> None:
    error = failure(ask, kind, reply)
    assert error.fault is BAD
    assert words in str(error)


@EACH
def test_a_packed_answer_without_its_end_is_cut_off(ask: Ask, kind: str) -> None:
    asking = ask(kind, packed(gzip.compress(b" " * 1_000)[:-10], "gzip"), replace(UNHURRIED, attempts=2))
    with pytest.raises(ProviderError, match="cut off") as caught:
        asking.provider.fetch("AAPL", None)
    assert (caught.value.fault, len(asking.server.asked)) == (UNREACHABLE, 2)


@EACH
def test_a_redirect_to_another_path_is_followed_and_metered(ask: Ask, kind: str) -> None:
    replies = chain([Reply(status=302, headers={"Location": "?moved"})], repeat(None))
    told: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        reply = next(replies)
        told.append(asked) if reply is not None else None
        return reply or WELL[kind](replace(asked, query=told[0].query if "moved" in asked.query or not asked.query else asked.query))

    asking = ask(kind, answer)
    assert len(asking.provider.fetch("AAPL", None).packed) == len(BARS)
    assert len(asking.server.asked) == asking.meter.calls == asking.provider.cost(None) + 1


@EACH
def test_redirects_without_end_end(ask: Ask, kind: str) -> None:
    asking = ask(kind, Reply(status=302, headers={"Location": "/again"}))
    with pytest.raises(ProviderError, match="redirects without end") as caught:
        asking.provider.fetch("AAPL", None)
    assert (caught.value.fault, len(asking.server.asked)) == (UNREACHABLE, MOST_REDIRECTS + 1)


@pytest.fixture
def elsewhere() -> Iterator[PriceServer]:
    """Another server, that nobody is to ask."""
    with price_server(lambda asked: Reply(b"[]")) as server:
        yield server


@WITH_KEY
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_key_leads_nowhere_else(ask: Ask, elsewhere: PriceServer, kind: str, status: int) -> None:
    """Its prices would go by the provider's name."""
    location = elsewhere.address.replace("127.0.0.1", "localhost") + f"/prices?token={KEY}"
    error = failure(ask, kind, Reply(status=status, headers={"Location": location}))
    assert (error.fault, elsewhere.asked) == (UNREACHABLE, [])
    assert "redirects to another host: 'localhost'" in str(error)
    assert KEY not in str(error)


@WITH_KEY
def test_a_key_is_not_sent_to_another_port(ask: Ask, elsewhere: PriceServer, kind: str) -> None:
    failure(ask, kind, Reply(status=302, headers={"Location": elsewhere.address}))
    assert [asked.headers.get("authorization") for asked in elsewhere.asked][:1] == [None]


def test_files_may_lie_elsewhere(ask: Ask) -> None:
    def store(asked: Asked) -> Reply:
        return csv_file(replace(asked, query={"from": "1900-01-01"}))

    with price_server(store) as files:
        asking = ask("csv_url", Reply(status=302, headers={"Location": files.address.replace("127.0.0.1", "localhost") + "/AAPL"}))
        assert len(asking.provider.fetch("AAPL", None).packed) == len(BARS)


@EACH
@pytest.mark.parametrize("location", ["ftp://127.0.0.1/prices", "file:///etc/passwd", "http://[::1", "//"])
def test_a_redirect_that_leads_nowhere_is_told(ask: Ask, kind: str, location: str) -> None:
    assert failure(ask, kind, Reply(status=302, headers={"Location": location})).fault is UNREACHABLE


def test_a_redirect_gives_up_no_encryption(elsewhere: PriceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with price_server(lambda asked: Reply(status=302, headers={"Location": f"{elsewhere.address}/AAPL"}), context) as server:
        provider = CsvUrl(server.address + "/{ticker}.csv", Means(Counter(), lambda: MOMENT, UNHURRIED))
        with pytest.raises(ProviderError, match="without encryption") as caught:
            provider.fetch("AAPL", None)
        provider.close()
    assert (caught.value.fault, len(server.asked), elsewhere.asked) == (UNREACHABLE, 1, [])


@EACH
def test_a_certificate_of_nobody_is_refused(kind: str, tmp_path: Path) -> None:
    with price_server(WELL[kind], certificate(tmp_path)[1]) as server:
        provider = made(kind, server.address, Means(Counter(), lambda: MOMENT, replace(UNHURRIED, attempts=1)))
        with pytest.raises(ProviderError, match="certificate cannot be verified") as caught:
            provider.fetch("AAPL", None)
        provider.close()
    assert (caught.value.fault, server.asked) == (UNREACHABLE, [])


@EACH
@pytest.mark.parametrize("content_type", ["text/html", "image/png", "application/octet-stream", ""])
def test_what_the_content_is_decides_and_not_its_type(ask: Ask, kind: str, content_type: str) -> None:
    def answer(asked: Asked) -> Reply:
        return replace(WELL[kind](asked), headers={"Content-Type": content_type})

    assert len(ask(kind, answer).provider.fetch("AAPL", None).packed) == len(BARS)


@EACH
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(200), "application/json", id="a picture"),
        pytest.param(b"%PDF-1.7\n" + bytes(200), "text/csv", id="a document"),
        pytest.param(b"<?xml version='1.0'?><rss/>", "application/json", id="XML"),
        pytest.param(b"PK\x03\x04" + bytes(200), "text/csv", id="an archive that is none"),
        pytest.param(b"[" * 200_000, "application/json", id="brackets without end"),
    ],
)
def test_a_type_makes_no_data(ask: Ask, kind: str, body: bytes, content_type: str) -> None:
    assert failure(ask, kind, Reply(body, headers={"Content-Type": content_type})).fault is BAD


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(f"no such file: /AAPL.csv?token={SECRET}".encode(), 418), id="a status"),
        pytest.param(Reply(f"<html>/AAPL.csv?token={SECRET}</html>".encode()), id="a page"),
        pytest.param(Reply(f"Date,Close\n/AAPL.csv?token={SECRET},1\n".encode()), id="a cell"),
        pytest.param(Reply(status=302, headers={"Location": f"ftp://{SECRET}/"}), id="a redirect"),
        pytest.param(Reply(b"x" * 99, cut=True), id="cut off"),
    ],
)
def test_no_message_and_no_line_of_the_log_has_the_key_of_an_address(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with price_server(lambda asked: reply) as server:
        provider = CsvUrl(server.address + "/{ticker}.csv?token=" + SECRET + "&from={since}", Means(Counter(), lambda: MOMENT, SOON_TIRED))
        with pytest.raises(ProviderError) as caught:
            provider.fetch("AAPL", None)
        provider.close()
    assert server.asked[0].query["token"] == SECRET
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text


def test_a_password_in_an_address_goes_in_a_header_and_in_no_message() -> None:
    with price_server(lambda asked: Reply(f"who is reader with {SECRET}?".encode(), 418)) as server:
        address = server.address.replace("//", f"//reader:{SECRET}@") + "/{ticker}.csv"
        provider = CsvUrl(address, Means(Counter(), lambda: MOMENT, UNHURRIED))
        with pytest.raises(ProviderError) as caught:
            provider.fetch("AAPL", None)
        provider.close()
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    assert SECRET not in str(caught.value)
    assert "file server at 127.0.0.1" in str(caught.value)


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with price_server(lambda asked: Reply(b"through the proxy")) as proxy, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setenv("http_proxy", proxy.address.replace("//", "//me:pass@"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        source = WebSource("Files", "http://files.example", {}, Means(Counter(), lambda: MOMENT, UNHURRIED))
        assert source.get("/AAPL").body == b"through the proxy"
        assert proxy.asked[0].headers["host"] == "files.example"
        assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")
        with pytest.raises(ProviderError, match="no connection"):
            source.get(f"http://127.0.0.1:{taken.getsockname()[1]}/AAPL")
        source.close()
    assert len(proxy.asked) == 1

"""The parser of requests: it accepts bytes in pieces of any size and refuses bytes that are no request before they are complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    LimitRequestLine,
    UnsupportedTransferCoding,
)

from infrastructure.web_server.incoming import IN_MEMORY_BYTES, MOST_HEAD_BYTES, IncomingRequest
from infrastructure.web_server.refusal import refusal_of

MOST_BODY = 200_000
GET = b"GET /x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"


_made: list[IncomingRequest] = []


@pytest.fixture(autouse=True)
def _close_bodies() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


def incoming() -> IncomingRequest:
    _made.append(IncomingRequest(Config(), ("127.0.0.1", 1), 1, MOST_BODY))
    return _made[-1]


def cuts(sent: bytes) -> Iterator[list[bytes]]:
    """The same bytes whole, byte by byte, and cut in two at every place."""
    yield [sent]
    yield [sent[at : at + 1] for at in range(len(sent))]
    for at in range(1, len(sent)):
        yield [sent[:at], sent[at:]]


def fed(pieces: list[bytes]) -> IncomingRequest:
    message = incoming()
    for number, piece in enumerate(pieces):
        assert not message.is_complete, f"complete before piece {number} of {len(pieces)}"
        message.feed(piece)
    return message


@pytest.mark.parametrize(("sent", "body"), [(GET, b""), (POST, b"hello"), (CHUNKED + CHUNKS, b"hello"), (b"\r\n" + GET, b"")])
def test_a_request_however_it_is_cut(sent: bytes, body: bytes) -> None:
    for pieces in cuts(sent):
        message = fed(pieces)
        assert message.is_complete
        assert (message.request.path, message.body.read(), message.rest, message.is_cut) == ("/x", body, b"", False)


@pytest.mark.parametrize("first", [GET, POST, CHUNKED + CHUNKS])
def test_what_follows_a_request_is_left_for_the_next(first: bytes) -> None:
    message = fed([first + POST])
    assert message.is_complete
    assert message.rest == POST


@pytest.mark.parametrize(
    ("sent", "error", "status", "code"),
    [
        pytest.param(b"BROKEN\r\n\r\n", InvalidRequestLine, 400, "bad_request", id="no request line"),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", InvalidRequestLine, 400, "bad_request", id="line feeds alone"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\n", InvalidHeader, 400, "bad_request", id="a header that ends with a line feed"),
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", LimitRequestLine, 414, "uri_too_long", id="long line"),
        pytest.param(b"GET /" + b"a" * MOST_HEAD_BYTES, LimitRequestLine, 414, "uri_too_long", id="a line without an end"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", LimitRequestHeaders, 431, "headers_too_large", id="many headers"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 12000, LimitRequestHeaders, 431, "headers_too_large", id="headers without end"),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n", LimitRequestHeaders, 431, "headers_too_large", id="long header"),
        pytest.param(
            POST.replace(b"Content-Length: 5", b"Transfer-Encoding: foo"),
            UnsupportedTransferCoding,
            501,
            "not_implemented",
            id="unknown coding",
        ),
        pytest.param(POST.replace(b": 5", b": five"), InvalidHeader, 400, "bad_request", id="length that is no number"),
        pytest.param(POST.replace(b": 5", b": -5"), InvalidHeader, 400, "bad_request", id="negative length"),
        pytest.param(
            POST.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), InvalidHeader, 400, "bad_request", id="both framings"
        ),
        pytest.param(CHUNKED + b"ZZ\r\n", InvalidChunkSize, 400, "bad_request", id="size that is no number"),
        pytest.param(CHUNKED + b"-1\r\n", InvalidChunkSize, 400, "bad_request", id="negative size"),
        pytest.param(CHUNKED + b"1" * 17 + b"\r\n", InvalidChunkSize, 400, "bad_request", id="size beyond all bounds"),
        pytest.param(CHUNKED + b"\r\n", InvalidChunkSize, 400, "bad_request", id="no size"),
        pytest.param(CHUNKED + b"5" + b"0" * 2000, InvalidChunkSize, 400, "bad_request", id="size without an end"),
        pytest.param(CHUNKED + b"5;\x00\r\n", InvalidChunkExtension, 400, "bad_request", id="broken extension"),
        pytest.param(CHUNKED + b"3\r\nhello\r\n", ChunkMissingTerminator, 400, "bad_request", id="chunk longer than said"),
        pytest.param(CHUNKED + b"0\r\nno colon\r\n\r\n", InvalidHeader, 400, "bad_request", id="trailer without a name"),
        pytest.param(CHUNKED + b"0\r\n" + b"A: b\r\n" * 5000, LimitRequestHeaders, 431, "headers_too_large", id="trailers without end"),
        pytest.param(CHUNKED + b"1\r\nx\r\n" * 20_000, InvalidChunkSize, 400, "bad_request", id="chunks that are mostly framing"),
    ],
)
def test_what_is_no_request(sent: bytes, error: type[Exception], status: int, code: str) -> None:
    for pieces in ([sent], [sent[at : at + 997] for at in range(0, len(sent), 997)]):
        with pytest.raises(error) as raised:
            fed(pieces)
        refusal = refusal_of(raised.value)
        assert (refusal.status, refusal.code) == (status, code)
        assert len(refusal.detail) < 400


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY_BYTES, IN_MEMORY_BYTES + 1, MOST_BODY])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_of_all_sizes(size: int, is_chunked: bool) -> None:
    body = bytes(at * at % 251 for at in range(size))
    if is_chunked:
        pieces = [body[at : at + 30_000] for at in range(0, size, 30_000)]
        sent = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        sent = b"PUT /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + body
    message = fed([sent[at : at + 65_536] for at in range(0, len(sent), 65_536)])
    assert message.is_complete
    assert (message.body.read(), message.body_bytes, message.is_cut) == (body, size, False)


def test_a_body_that_is_too_large_is_left_where_it_is() -> None:
    message = fed([b"PUT /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1)])
    assert (message.is_complete, message.is_cut, message.request.should_close(), message.body.read()) == (True, True, True, b"")


def test_a_chunked_body_that_grows_too_large_is_answered_without_the_rest() -> None:
    message = incoming()
    message.feed(CHUNKED)
    chunk = b"%x\r\n%b\r\n" % (50_000, b"x" * 50_000)
    fed_chunks = 0
    while not message.is_complete:
        message.feed(chunk)
        fed_chunks += 1
    assert (fed_chunks, message.is_cut, message.request.should_close()) == (5, True, True)
    assert len(message.body.read()) > MOST_BODY  # so that the application sees that the body is too large


def test_who_waits_to_be_told_to_go_on() -> None:
    expecting = POST.replace(b"\r\n\r\nhello", b"\r\nExpect: 100-continue\r\n\r\n")
    assert fed([expecting]).wants_continue
    assert not fed([expecting + b"hello"]).wants_continue
    assert not fed([expecting.replace(b": 5", b": %d" % (MOST_BODY + 1))]).wants_continue


def test_a_request_without_a_length_has_no_body() -> None:
    message = fed([b"POST /x HTTP/1.1\r\nHost: a\r\n\r\n"])
    assert (message.is_complete, message.body.read()) == (True, b"")

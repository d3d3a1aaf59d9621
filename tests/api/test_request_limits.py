"""Limits on what is read of a request and on what an answer repeats of it: headers, forms, faults, and bodies that break off."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData
from kit.support import MASTER_KEY, Client
from structlog.testing import capture_logs
from werkzeug.exceptions import ClientDisconnected

from api.header_limits import LONGEST, LONGEST_PARSED
from utils.api_utils import LONGEST_ECHO, MAX_FIELDS
from web.sign_in import LARGEST_FORM

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

pytestmark = ON_SQLITE


def problem(answer: Any, status: int, code: str) -> Any:
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.data[:500]
    assert answer.json["code"] == code
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    return answer.json


# ---- faults -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "listed", "total"),
    [
        pytest.param({"tickers": ["*"] * 3}, 3, 3, id="few"),
        pytest.param({"tickers": ["*"] * 50}, 50, 50, id="as many as are listed"),
        pytest.param({"tickers": ["*"] * 51}, 50, 51, id="one more"),
        pytest.param({"tickers": ["*"] * 50_000}, 50, 50_000, id="as many tickers as a job may have"),
        pytest.param({f"key{number}": 1 for number in range(50_000)}, 50, 50_000, id="unknown fields"),
        pytest.param({"tickers": ["A"], "k" * 900_000: 1}, 1, 1, id="a field of 900,000 characters"),
        pytest.param({"tickers": ["A"], "weights": {"k" * 900_000: 1}}, 1, 1, id="and one within another"),
    ],
)
def test_an_answer_lists_fifty_faults_and_counts_the_rest(client: Client, body: dict[str, Any], listed: int, total: int) -> None:
    refused = problem(client.post("/bulk-analyze", body), 422, "validation_error")
    assert (len(refused["errors"]), refused["errors_total"]) == (listed, total)
    assert (f"({total - 1:,} more" in refused["detail"]) == (total > 1)
    assert ("lists the first 50" in refused["detail"]) == (total > MAX_FIELDS)
    assert all(len(error["field"]) <= LONGEST_ECHO for error in refused["errors"])
    assert len(json.dumps(refused)) < 10_000


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param('{"ticker": "AAPL", "ticker": "IBM"}', ["ticker"], id="two tickers"),
        pytest.param('{"ticker": "AAPL", "capital": 1, "capital": 1}', ["capital"], id="the same value twice"),
        pytest.param(
            '{"ticker": "AAPL", "weights": {"rsi": 1, "rsi": 2, "adx": 1, "adx": 1}}', ["weights.rsi", "weights.adx"], id="inside"
        ),
        pytest.param('{"a": {"b": [0, {"c": 1, "c": 2}]}, "ticker": "AAPL"}', ["a.b.1.c"], id="in no field of ours"),
        pytest.param('{"' + "k" * 900 + '": 1, "' + "k" * 900 + '": 1}', ["k" * LONGEST_ECHO], id="a long key"),
    ],
)
def test_fields_that_come_twice_are_refused_by_name(client: Client, body: str, fields: list[str]) -> None:
    refused = problem(client("POST", "/analyze", data=body, content_type=JSON), 422, "validation_error")
    assert refused["errors"] == [{"field": field, "message": "The field may be given once."} for field in fields]
    assert refused["errors_total"] == len(fields)
    assert refused["detail"].startswith(f"{fields[0]}: The field may be given once.")


def test_many_fields_that_come_twice_are_counted(client: Client) -> None:
    body = '{"ticker": "AAPL", "notes": [' + ",".join(['{"a": 1, "a": 2}'] * 50_000) + "]}"
    refused = problem(client("POST", "/analyze", data=body, content_type=JSON), 422, "validation_error")
    assert (len(refused["errors"]), refused["errors_total"]) == (50, 50_000)
    assert (refused["errors"][0]["field"], refused["errors"][49]["field"]) == ("notes.0.a", "notes.49.a")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("GET", "/tickers?" + "x" * 50_000 + "=1", {}, id="a parameter's name"),
        pytest.param("GET", "/tickers?" + "&".join(["x" * 50_000] * 2), {}, id="a parameter's name twice"),
        pytest.param("GET", "/tickers?" + "&".join(f"p{number}=1" for number in range(10_000)), {}, id="10,000 parameters"),
        pytest.param("GET", "/" + "x" * 50_000, {}, id="a path"),
        pytest.param("POST", "/analyze", {"Content-Type": "x" * 990}, id="a content type"),
        pytest.param("PUT", "/prices/X", {"Content-Type": "x" * 990}, id="a content type for prices"),
    ],
)
def test_little_of_what_was_sent_is_sent_back(client: Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client(method, path, headers=headers)
    assert answer.status_code in (404, 415, 422)
    assert len(answer.data) < 10_000
    assert b"x" * (LONGEST_ECHO + 1) not in answer.data


# ---- headers ----------------------------------------------------------------------------------------------------------------------

GAP = "a" + " " * 8_000 + "b"  # the framework parses it as Accept in 0.05 s, and ten times its length in 5 s


@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "Accept-Language", "If-Match", "If-None-Match", "Range", "Content-Type"])
@pytest.mark.parametrize("path", ["/api/v1/prices/AAPL", "/api/v1/nothing", "/nothing", "/health/live", "/", "/openapi.json"])
def test_a_header_that_is_parsed_is_refused_when_it_is_long(client: Client, path: str, name: str) -> None:
    for value in (GAP, "a," * 400_000, "x" * (LONGEST_PARSED + 1)):
        refused = problem(client.http.get(path, headers={name: value, "X-API-Key": MASTER_KEY}), 431, "headers_too_large")
        assert refused["detail"] == f"The header {name} has {len(value):,} characters; at most 1,000 are read."
    answer = client.http.get(path, headers={name: "x" * LONGEST_PARSED, "X-API-Key": MASTER_KEY})
    assert answer.status_code != 431


@pytest.mark.parametrize("name", ["Cookie", "Authorization", "X-API-Key", "User-Agent", "Idempotency-Key", "X-Anything"])
def test_any_other_header_is_refused_past_a_line(client: Client, name: str) -> None:
    client.http = client.app.test_client(use_cookies=False)  # a cookie jar would set the header Cookie itself
    problem(client.get("/tickers", headers={name: "x" * (LONGEST + 1)}), 431, "headers_too_large")
    assert client.get("/tickers", headers={name: "x" * LONGEST}, key=None).status_code in (200, 401)


def test_a_session_is_found_among_other_cookies_with_blanks(client: Client) -> None:
    client.http.post("/login", data={"key": MASTER_KEY})
    session = client.http.get_cookie("bellwether_session")
    assert session is not None
    client.http = client.app.test_client(use_cookies=False)
    cookies = f"a={' ' * 3_000};  bellwether_session={session.value} ;\tb= c"
    assert client.get("/tickers", headers={"Cookie": cookies}, key=None).status_code == 200


def test_every_long_header_is_forgotten_before_the_answer_is_made(client: Client) -> None:
    sent = {"Cookie": "a" * 9_000, "Accept": GAP, "Accept-Encoding": GAP, "If-None-Match": GAP}
    problem(client.http.get("/nothing", headers=sent), 431, "headers_too_large")


# ---- forms ------------------------------------------------------------------------------------------------------------------------


def multipart(*parts: tuple[str, str]) -> bytes:
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return ("".join(head.format(*part) for part in parts) + "--x--\r\n").encode()


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(FORM, f"key={MASTER_KEY}&".encode() + b"a" * LARGEST_FORM, id="one long field"),
        pytest.param(FORM, f"key={MASTER_KEY}&".encode() + b"a=1&" * 200_000, id="200,000 fields"),
        pytest.param("multipart/form-data; boundary=x", multipart(("key", MASTER_KEY), *[("a", "1")] * 10_000), id="10,000 parts"),
        pytest.param("multipart/form-data; boundary=x", multipart(("key", MASTER_KEY), ("a", "1" * 400_000)), id="one long part"),
    ],
)
def test_signing_in_takes_a_small_form(client: Client, kind: str, body: bytes, is_chunked: bool) -> None:
    answer = client.http.post("/login", content_type=kind, **sending(body, is_chunked))
    problem(answer, 413, "payload_too_large")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
def test_signing_in_with_a_form_of_the_largest_size(client: Client, is_chunked: bool) -> None:
    body = f"key={MASTER_KEY}&next=/tasks&a=".encode()
    answer = client.http.post("/login", content_type=FORM, **sending(body.ljust(LARGEST_FORM, b"x"), is_chunked))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks")


def sending(body: bytes, is_chunked: bool) -> dict[str, Any]:
    """The arguments that send a body as a server passes it on: with its length, or in chunks whose end the server knows."""
    if not is_chunked:
        return {"data": body}
    return {"input_stream": BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}


# ---- bodies that break off --------------------------------------------------------------------------------------------------------


class Broken:
    """A body that sends some bytes and then raises an error."""

    def __init__(self, begun: bytes, error: Exception | None) -> None:
        self._begun, self._error = BytesIO(begun), error

    def read(self, size: int = -1) -> bytes:
        piece = self._begun.read(size)
        if not piece and self._error is not None:
            raise self._error
        return piece


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(lambda: OSError("Invalid chunk header"), id="the development server"),
        pytest.param(lambda: InvalidChunkSize(b"zz"), id="gunicorn, no chunk"),
        pytest.param(lambda: ChunkMissingTerminator(b"xx"), id="gunicorn, a chunk without an end"),
        pytest.param(lambda: NoMoreData(b""), id="gunicorn, a client that is gone"),
        pytest.param(ConnectionResetError, id="a connection that was reset"),
        pytest.param(ClientDisconnected, id="the framework"),
        pytest.param(ValueError, id="a stream that was closed"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/api/v1/analyze", JSON),
        ("POST", "/api/v1/bulk-analyze", JSON),
        ("PUT", "/api/v1/prices/X", "text/csv"),
        ("POST", "/login", FORM),
        ("POST", "/login", "multipart/form-data; boundary=x"),
    ],
)
def test_a_body_that_breaks_off_is_a_bad_request_and_no_fault_of_ours(
    client: Client, method: str, path: str, kind: str, error: Callable[[], Exception]
) -> None:
    for sent in ({"wsgi.input_terminated": True}, {"CONTENT_LENGTH": "500"}):
        with capture_logs() as lines:
            answer = client.http.open(
                path,
                method=method,
                content_type=kind,
                headers={"X-API-Key": MASTER_KEY},
                environ_overrides={"wsgi.input": Broken(b"Date,Open", error()), **sent},
            )
        assert "Send it again" in problem(answer, 400, "bad_request")["detail"]
        assert [line for line in lines if line["log_level"] in ("error", "warning") or "exc_info" in line] == []


@pytest.mark.parametrize("sent", [{"wsgi.input_terminated": True}, {}], ids=["a server that ends bodies", "one that does not"])
def test_a_body_shorter_than_was_said_is_not_taken_for_the_whole(client: Client, sent: dict[str, Any]) -> None:
    rows = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2020-01-{day:02d},1,1,1,1,1\n" for day in range(1, 10))
    stream = {"wsgi.input": Broken(rows.encode(), None), "CONTENT_LENGTH": str(len(rows) + 24), **sent}
    answer = client("PUT", "/prices/CUT", content_type="text/csv", environ_overrides=stream)
    problem(answer, 400, "bad_request")
    assert client.get("/prices/CUT").status_code == 404


def test_a_body_that_is_too_large_and_breaks_off_is_too_large(client: Client) -> None:
    for error in (OSError(), InvalidChunkSize(b"zz"), None):
        stream = {"wsgi.input": Broken(b"x" * 1_500_000, error), "wsgi.input_terminated": True}
        answer = client("POST", "/analyze", content_type=JSON, environ_overrides=stream)
        problem(answer, 413, "payload_too_large")

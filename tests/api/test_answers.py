"""Compression, entity tags and 304, security headers, and trusted proxies."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID, finished, run_jobs
from kit.protection import Make, client_of
from kit.support import MASTER_KEY, Client

import database
from api.security_headers import ALWAYS, CREDENTIALS, DATA_POLICY, HSTS, PAGE_POLICY

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress, None: bytes}
PACKINGS = ("gzip", "br", "zstd")


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Make:
    return lambda **settings: client_of(backend, tmp_path, **settings)


@pytest.fixture
def client(make: Make) -> Client:
    return make(compress_responses=True)


def accepting(client: Client, path: str, accepted: str | None, method: str = "GET", **headers: str) -> Any:
    sent = headers if accepted is None else {"Accept-Encoding": accepted, **headers}
    return client(method, path, headers=sent)


def unpacked(answer: Any) -> bytes:
    return UNPACK[answer.headers.get("Content-Encoding")](answer.data)


# ---- compression ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def result_path(client: Client) -> str:
    """The path of a result, beside results of other days."""
    for month in range(1, 6):
        client.post("/analyze", {"ticker": "AAPL", "as_of": f"2012-{month:02d}-15"})
    return f"/results/{client.post('/analyze', {'ticker': 'AAPL'}).json['id']}"


@pytest.mark.parametrize(
    ("accepted", "packing"),
    [
        pytest.param("gzip", "gzip", id="gzip"),
        pytest.param("br", "br", id="brotli"),
        pytest.param("zstd", "zstd", id="zstd"),
        pytest.param("gzip, deflate, br, zstd", "zstd", id="what browsers accept"),
        pytest.param("gzip;q=1, br;q=0.5", "gzip", id="what is liked better"),
        pytest.param("gzip;q=0", None, id="refused"),
        pytest.param("br;q=0.0, zstd;q=0, gzip;q=0.1", "gzip", id="others refused"),
        pytest.param("br;q=0, *", "zstd", id="all but one"),
        pytest.param("identity", None, id="as it is"),
        pytest.param("made-up", None, id="unknown"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="not said"),
    ],
)
def test_an_answer_is_packed_as_is_accepted(
    client: Client, make: Make, result_path: str, accepted: str | None, packing: str | None
) -> None:
    plain = make().get(result_path)
    answer = accepting(client, result_path, accepted)
    assert answer.headers.get("Content-Encoding") == packing
    assert unpacked(answer) == plain.data
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.headers["ETag"] == (plain.headers["ETag"] if packing is None else plain.headers["ETag"][:-1] + f':{packing}"')
    if packing is not None:
        assert len(answer.data) < len(plain.data)
    head = accepting(client, result_path, accepted, "HEAD")
    assert (head.data, head.headers.get("Content-Encoding"), head.headers["ETag"]) == (b"", packing, answer.headers["ETag"])


@ON_SQLITE
@pytest.mark.parametrize(
    ("path", "is_packed"),
    [
        ("/results", True), ("/history/AAPL", True), ("/prices/AAPL", True), ("/openapi.json", True), ("/docs/assets/page.js", False),
        ("/watchlist", False), ("/nothing", False), ("/reports/analysis/AAPL.xlsx", False),
    ],
)  # fmt: skip
def test_what_is_worth_packing(client: Client, result_path: str, path: str, is_packed: bool) -> None:
    answer = accepting(client, path, "gzip")
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed
    answer.close()


@ON_SQLITE
def test_csv_is_packed_and_streams_are_not(client: Client) -> None:
    answer = accepting(client, "/prices/AAPL", "gzip", Accept="text/csv")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert unpacked(answer).startswith(b"Date,")
    assert answer.headers.getlist("Vary") == [f"Accept, Accept-Encoding, {CREDENTIALS}"]
    job = finished(client, "AAPL")
    stream = accepting(client, f"/jobs/{job['id']}/events", "gzip")
    assert (stream.mimetype, "Content-Encoding" in stream.headers) == ("text/event-stream", False)
    assert b"event: job" in stream.data


@ON_SQLITE
def test_switched_off_nothing_is_packed(make: Make) -> None:
    client = make(compress_responses=False)
    answer = accepting(client, "/prices/AAPL", "gzip, br, zstd")
    assert "Content-Encoding" not in answer.headers


# ---- tags -------------------------------------------------------------------------------------------------------------------------

TAGGED = ["result", "/results", "/results?strategy=balanced&limit=3", "/history/AAPL", "/history/AAPL?limit=2", "job"]


@pytest.fixture
def tagged_path(request: pytest.FixtureRequest, client: Client, result_path: str) -> str:
    path: str = request.param
    if path == "job":
        return f"/jobs/{finished(client, 'AAPL')['id']}"
    return result_path if path == "result" else path


@pytest.mark.parametrize("accepted", [None, *PACKINGS])
@pytest.mark.parametrize("tagged_path", TAGGED, indirect=True)
def test_who_has_it_is_told_so(client: Client, tagged_path: str, accepted: str | None) -> None:
    first = accepting(client, tagged_path, accepted)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    for method in ("GET", "HEAD"):
        for condition in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = accepting(client, tagged_path, accepted, method, **{"If-None-Match": condition})
            assert (again.status_code, again.data) == (304, b""), condition
            assert condition == "*" or again.headers["ETag"] == tag
            assert "Content-Encoding" not in again.headers or again.headers["Content-Encoding"] == accepted
            assert again.headers["X-Request-ID"]
            assert again.headers["X-Content-Type-Options"] == "nosniff"
        for condition in ('"other"', tag[:-1], '""', "nonsense", tag[:-1] + ':made-up"'):
            fresh = accepting(client, tagged_path, accepted, method, **{"If-None-Match": condition})
            assert (fresh.status_code, fresh.headers["ETag"]) == (200, tag), condition
    assert unpacked(accepting(client, tagged_path, accepted)) == unpacked(first)


def test_one_form_is_not_taken_for_another(client: Client, result_path: str) -> None:
    """Each encoding has its own tag, so that a cache does not send a compressed answer to a client that accepts none."""
    tags = {accepted: accepting(client, result_path, accepted).headers["ETag"] for accepted in (None, *PACKINGS)}
    assert len(set(tags.values())) == 4
    for accepted in tags:
        for other, tag in tags.items():
            answer = accepting(client, result_path, accepted, **{"If-None-Match": tag})
            # The tag of the plain form is known before compression and names the same result in every encoding.
            assert answer.status_code == (304 if other in (accepted, None) else 200)


def test_tags_of_lists_change_with_what_they_list(client: Client, result_path: str) -> None:
    paths = ("/results", "/history/AAPL")
    before = {path: client.get(path).headers["ETag"] for path in paths}
    assert {path: client.get(path).headers["ETag"] for path in paths} == before
    client.post("/analyze", {"ticker": "AAPL", "strategy": "trend"})
    for path in paths:
        answer = client.get(path, headers={"If-None-Match": before[path]})
        assert (answer.status_code, answer.headers["ETag"] == before[path]) == (200, False)
    assert client.get("/history/AAPL?limit=1").headers["ETag"] != client.get("/history/AAPL?limit=2").headers["ETag"]


def test_errors_have_no_tag_and_are_never_not_modified(client: Client) -> None:
    for path in (f"/results/{UNKNOWN_ID}", "/history/NOPE", f"/jobs/{UNKNOWN_ID}"):
        answer = client.get(path, headers={"If-None-Match": "*"})
        assert (answer.status_code, "ETag" in answer.headers) == (404, False)


# ---- a job's tag as a condition ---------------------------------------------------------------------------------------------------


def new_job(client: Client) -> str:
    """A job whose answer is compressed although it is short."""
    client.app.config["COMPRESS_MIN_SIZE"] = 1
    return str(client.post("/bulk-analyze", {"tickers": ["AAPL"], "force": True}).json["id"])


@pytest.mark.parametrize("accepted", [None, *PACKINGS])
def test_the_tag_of_a_packed_answer_is_a_condition_as_good_as_any(client: Client, accepted: str | None) -> None:
    job_id = new_job(client)
    shown = accepting(client, f"/jobs/{job_id}", accepted)
    assert shown.headers.get("Content-Encoding") == accepted
    stale = {"If-Match": shown.headers["ETag"].replace('"', '"9', 1)}
    assert client.post(f"/jobs/{job_id}/cancel", headers=stale).status_code == 412
    cancelled = client.post(f"/jobs/{job_id}/cancel", headers={"If-Match": shown.headers["ETag"]})
    assert (cancelled.status_code, cancelled.json["status"]) == (202, "cancelled")
    again = client.post(f"/jobs/{job_id}/cancel", headers={"If-Match": shown.headers["ETag"]})
    assert again.status_code in (409, 412)


@pytest.mark.parametrize("tag", ['"x"', '"x:gzip"', '":gzip"', '"99"', '"99:br"', '"-1"', '"1.0"', '"\u00b2"', f'"{"9" * 30}"', '""'])
def test_a_tag_that_is_none_of_its_versions(client: Client, tag: str) -> None:
    job_id = new_job(client)
    assert client.post(f"/jobs/{job_id}/cancel", headers={"If-Match": tag}).status_code == 412
    assert run_jobs() == 1


# ---- security headers -------------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_every_answer_has_them(client: Client, result_path: str) -> None:
    database.execute_db("ALTER TABLE watchlist_items RENAME TO gone")
    tag = client.get(result_path).headers["ETag"]
    answers = {
        200: client.get("/results"),
        304: client.get(result_path, headers={"If-None-Match": tag}),
        400: client("POST", "/analyze", data=b"{", content_type="application/json"),
        401: client.get("/results", key=None),
        404: client.http.get("/nothing"),
        405: client("DELETE", "/results"),
        413: client("POST", "/analyze", data=b"x" * 1_100_000, content_type="application/json"),
        415: client("POST", "/analyze", data=b"{}", content_type="text/plain"),
        422: client.post("/analyze", {"ticker": 5}),
        500: client.get("/watchlist"),
    }
    answers |= {status + 1000: client.http.open(path) for status, path in enumerate(("/health/live", "/metrics", "/openapi.json"))}
    for status, answer in answers.items():
        if status < 1000:
            assert answer.status_code == status
        assert {name: answer.headers.getlist(name) for name in ALWAYS} == {name: [value] for name, value in ALWAYS.items()}, status
        assert answer.headers.getlist("Content-Security-Policy") == [DATA_POLICY]
        assert "Strict-Transport-Security" not in answer.headers
        assert "Server" not in answer.headers


@ON_SQLITE
def test_a_limited_answer_has_them_too(make: Make) -> None:
    client = make(rate_limit_enabled=True, rate_limit_per_minute=1)
    answers = [client.get("/watchlist") for _ in range(2)]
    assert answers[1].status_code == 429
    assert {name: answers[1].headers[name] for name in ALWAYS} == ALWAYS


class Page(HTMLParser):
    """Collects the scripts, styles and files that a page would run or load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loaded: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self._in = tag
        self.loaded += [value for name, value in attrs if name in ("src", "href") and value and tag != "a"]
        self.inline += [name for name in attributes if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


@ON_SQLITE
def test_pages_run_nothing_inline_and_load_nothing_from_elsewhere(client: Client) -> None:
    answer = client.http.get("/docs")
    assert (answer.mimetype, answer.headers["Content-Security-Policy"]) == ("text/html", PAGE_POLICY)
    page = Page(answer.text)
    answer.close()
    assert page.inline == []
    assert page.loaded
    for path in page.loaded:
        assert not re.match(r"[a-z]+:|//", path), path
        loaded = client.http.get(path if path.startswith("/") else f"/{path}")
        assert loaded.status_code == 200, path
        loaded.close()
    assert "unsafe" not in PAGE_POLICY + DATA_POLICY
    assert "*" not in PAGE_POLICY + DATA_POLICY


# ---- proxies ----------------------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    ("proxies", "headers", "is_told"),
    [
        pytest.param(0, {}, False, id="plain"),
        pytest.param(0, {"X-Forwarded-Proto": "https"}, False, id="anybody can say so"),
        pytest.param(1, {"X-Forwarded-Proto": "https"}, True, id="a proxy with TLS"),
        pytest.param(1, {"X-Forwarded-Proto": "http"}, False, id="a proxy without"),
        pytest.param(1, {}, False, id="a proxy that does not say"),
        pytest.param(1, {"X-Forwarded-Proto": "https, http"}, False, id="the client's own word before the proxy's"),
        pytest.param(2, {"X-Forwarded-Proto": "http, https"}, True, id="two proxies, and the nearer says so"),
        pytest.param(2, {"X-Forwarded-Proto": "https"}, True, id="two proxies, and the nearer passes it on"),
    ],
)
def test_browsers_are_held_to_tls_where_there_is_tls(make: Make, proxies: int, headers: dict[str, str], is_told: bool) -> None:
    client = make(trusted_proxies=proxies)
    for path in ("/api/v1/results", "/health/live", "/nothing"):
        answer = client.http.get(path, headers={"X-API-Key": MASTER_KEY, **headers})
        assert answer.headers.get("Strict-Transport-Security") == (HSTS if is_told else None)


@ON_SQLITE
def test_tls_of_its_own_counts(make: Make) -> None:
    assert make().http.get("/health/live", base_url="https://x.example").headers["Strict-Transport-Security"] == HSTS


@ON_SQLITE
@pytest.mark.parametrize(
    ("proxies", "first", "second", "is_same"),
    [
        pytest.param(0, "192.0.2.1", "192.0.2.2", True, id="no proxy: made up"),
        pytest.param(0, None, "127.0.0.1", True, id="no proxy: as if from here"),
        pytest.param(1, "192.0.2.1", "192.0.2.2", False, id="two clients of a proxy"),
        pytest.param(1, "192.0.2.1", "192.0.2.1", True, id="one client of a proxy"),
        pytest.param(1, "192.0.2.1", "6.6.6.6, 192.0.2.1", True, id="one that makes up a proxy before"),
        pytest.param(1, "1.1.1.1, 192.0.2.1", "6.6.6.6, 192.0.2.1", True, id="one that makes up others"),
        pytest.param(1, "192.0.2.1, 192.0.2.9", "192.0.2.1, 192.0.2.8", False, id="two that make up the same"),
        pytest.param(1, "2001:db8::1", "2001:db8::2", False, id="IPv6"),
        pytest.param(2, "192.0.2.1, 10.0.0.1", "192.0.2.2, 10.0.0.1", False, id="two clients of two proxies"),
        pytest.param(2, "6.6.6.6, 192.0.2.1, 10.0.0.1", "7.7.7.7, 192.0.2.1, 10.0.0.2", True, id="one of two proxies that makes up"),
        pytest.param(2, "192.0.2.1", "192.0.2.2", True, id="one proxy where there should be two"),
    ],
)
def test_whom_the_limits_count(make: Make, proxies: int, first: str | None, second: str, is_same: bool) -> None:
    client = make(trusted_proxies=proxies, rate_limit_enabled=True, rate_limit_per_minute=1)
    statuses = [
        client.http.get("/openapi.json", headers={} if forwarded is None else {"X-Forwarded-For": forwarded}).status_code
        for forwarded in (first, second)
    ]
    assert statuses == [200, 429 if is_same else 200]


@ON_SQLITE
@pytest.mark.parametrize("header", ["X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Originating-IP"])
@pytest.mark.parametrize("proxies", [0, 1])
def test_other_headers_are_not_believed(make: Make, header: str, proxies: int) -> None:
    client = make(trusted_proxies=proxies, rate_limit_enabled=True, rate_limit_per_minute=1)
    addresses = ["for=192.0.2.1", "for=192.0.2.2"] if header == "Forwarded" else ["192.0.2.1", "192.0.2.2"]
    assert [client.http.get("/openapi.json", headers={header: value}).status_code for value in addresses] == [200, 429]

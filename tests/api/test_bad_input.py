"""Bad input of any kind is answered with a problem that says what to do: never a 5xx, never HTML."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kit.support import MASTER_KEY, Client

import database
from app import Application
from config import Settings
from features.accounts.api_keys import create_key
from utils.api_utils import PROBLEM_TYPE

JSON = "application/json"
CODES = {
    400: {"malformed_json"},
    401: {"unauthorized"},
    404: {"not_found", "ticker_not_found"},
    405: {"method_not_allowed"},
    409: {"conflict"},
    413: {"payload_too_large"},
    415: {"unsupported_media_type"},
    422: {"validation_error", "insufficient_history", "price_quality"},
}


def check(answer: Any, status: int, code: str | None = None) -> Any:
    """Check that the answer is a complete problem with this status and its code."""
    assert answer.status_code == status, answer.data[:500]
    assert answer.content_type == PROBLEM_TYPE
    problem = json.loads(answer.data)
    assert problem["status"] == status
    assert problem["code"] in CODES[status] if code is None else problem["code"] == code
    assert problem["type"].endswith(problem["code"])
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert (problem["code"] == "validation_error") <= bool(problem.get("errors"))
    assert "Traceback" not in answer.text
    return problem


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b'{"ticker": "AAPL"', id="cut off"),
        pytest.param(b"{'ticker': 'AAPL'}", id="Python quotes"),
        pytest.param(b'{"ticker": "AAPL",}', id="a trailing comma"),
        pytest.param(b'{"ticker": "AAPL", "capital": NaN}', id="NaN"),
        pytest.param(b'{"ticker": "AAPL", "capital": Infinity}', id="Infinity"),
        pytest.param(b'{"ticker": "AAPL", "capital": -Infinity}', id="-Infinity"),
        pytest.param(b'{"ticker": "\xff\xfe"}', id="broken UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"ticker": "AAPL"}', id="a byte order mark"),
        pytest.param(b'{"ticker": "AAPL", "capital": ' + b"9" * 5_000 + b"}", id="5,000 digits"),
        pytest.param(b"[" * 100_000, id="deep nesting"),
        pytest.param(b'{"a":' * 5_000 + b"1" + b"}" * 5_000, id="deep objects"),
        pytest.param(b"\x00" * 100, id="NULs"),
        pytest.param(b'{"ticker": "AAPL"} {}', id="two values"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_malformed_json(client: Client, body: bytes) -> None:
    check(client("POST", "/analyze", data=body, content_type=JSON), 400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param([], "", id="an array"),
        pytest.param("AAPL", "", id="a string"),
        pytest.param('{"ticker": "AAPL"}', "", id="JSON in a string"),
        pytest.param(None, "", id="null"),
        pytest.param(7, "", id="a number"),
        pytest.param({}, "ticker", id="no ticker"),
        pytest.param({"ticker": None}, "ticker", id="ticker null"),
        pytest.param({"ticker": 5}, "ticker", id="ticker a number"),
        pytest.param({"ticker": ["AAPL"]}, "ticker", id="ticker a list"),
        pytest.param({"ticker": ""}, "ticker", id="ticker empty"),
        pytest.param({"ticker": "A" * 10_000}, "ticker", id="ticker of 10,000 characters"),
        pytest.param({"ticker": "A" * 21}, "ticker", id="ticker of 21 characters"),
        pytest.param({"ticker": "../../etc/passwd"}, "ticker", id="a path"),
        pytest.param({"ticker": "'; DROP TABLE x; --"}, "ticker", id="SQL"),
        pytest.param({"ticker": "AA\nPL"}, "ticker", id="a line end"),
        pytest.param({"ticker": "AAPL\u0000"}, "ticker", id="a NUL"),
        pytest.param({"ticker": "\ud800"}, "ticker", id="half a surrogate pair"),
        pytest.param({"ticker": "ÄÖÜ"}, "ticker", id="letters of another kind"),
        pytest.param({"ticker": "=A1"}, "ticker", id="a formula"),
        pytest.param({"ticker": "AAPL", "surprise": 1}, "surprise", id="an unknown field"),
        pytest.param({"ticker": "AAPL", "strategy": "yolo"}, "strategy", id="an unknown strategy"),
        pytest.param({"ticker": "AAPL", "strategy": None}, "strategy", id="strategy null"),
        pytest.param({"ticker": "AAPL", "capital": "100000"}, "capital", id="a number as text"),
        pytest.param({"ticker": "AAPL", "capital": True}, "capital", id="a truth value"),
        pytest.param({"ticker": "AAPL", "capital": 0}, "capital", id="capital 0"),
        pytest.param({"ticker": "AAPL", "capital": -1}, "capital", id="capital negative"),
        pytest.param({"ticker": "AAPL", "capital": 1.0000001e12}, "capital", id="capital huge"),
        pytest.param({"ticker": "AAPL", "capital": 10**400}, "capital", id="capital of 400 digits"),
        pytest.param({"ticker": "AAPL", "risk_percent": 0}, "risk_percent", id="risk 0"),
        pytest.param({"ticker": "AAPL", "risk_percent": 100.1}, "risk_percent", id="risk above 100"),
        pytest.param({"ticker": "AAPL", "max_position_percent": 101}, "max_position_percent", id="cap above 100"),
        pytest.param({"ticker": "AAPL", "reward_risk": 0}, "reward_risk", id="reward 0"),
        pytest.param({"ticker": "AAPL", "reward_risk": 11}, "reward_risk", id="reward beyond sense"),
        pytest.param({"ticker": "AAPL", "weights": {"atr": 1}}, "weights.atr", id="weight for what does not vote"),
        pytest.param({"ticker": "AAPL", "weights": {"rsi": -1}}, "weights.rsi", id="a negative weight"),
        pytest.param({"ticker": "AAPL", "weights": {"rsi": "1"}}, "weights.rsi", id="a weight as text"),
        pytest.param({"ticker": "AAPL", "weights": [1]}, "weights", id="weights a list"),
        pytest.param({"ticker": "AAPL", "indicators": []}, "indicators", id="no indicators"),
        pytest.param({"ticker": "AAPL", "indicators": ["atr"]}, "indicators", id="an indicator that does not vote"),
        pytest.param({"ticker": "AAPL", "indicators": ["rsi"], "weights": {"rsi": 0}}, "indicators", id="an indicator without weight"),
        pytest.param(
            {"ticker": "AAPL", "weights": {"trend": 0, "momentum": 0, "volatility": 0, "volume": 0}}, "indicators", id="no weight at all"
        ),
        pytest.param({"ticker": "AAPL", "indicators": ["rsi", "rsi"]}, "indicators", id="an indicator twice"),
        pytest.param({"ticker": "AAPL", "indicators": ["sma"]}, "indicators.0", id="an unknown indicator"),
        pytest.param({"ticker": "AAPL", "indicators": "rsi"}, "indicators", id="indicators as text"),
        pytest.param({"ticker": "AAPL", "as_of": "2012-02-30"}, "as_of", id="no such day"),
        pytest.param({"ticker": "AAPL", "as_of": "2012-2-3"}, "as_of", id="a short date"),
        pytest.param({"ticker": "AAPL", "as_of": "2012-02-03T00:00:00"}, "as_of", id="a time"),
        pytest.param({"ticker": "AAPL", "as_of": 1_328_227_200}, "as_of", id="a time stamp"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_analyze_refuses_and_names_the_field(client: Client, body: Any, field: str) -> None:
    problem = check(client.post("/analyze", data=json.dumps(body), content_type=JSON), 422, "validation_error")
    assert field in [entry["field"] for entry in problem["errors"]]
    assert len(json.dumps(problem)) < 2_000  # the answer does not repeat the input


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"ticker": "AAPL", "name": "a\u0000b"}, id="a NUL in the name"),
        pytest.param({"ticker": "AAPL", "name": "a\nb"}, id="a line end in the name"),
        pytest.param({"ticker": "AAPL", "name": "x" * 101}, id="a long name"),
        pytest.param({"ticker": "AAPL", "notes": "x" * 2001}, id="long notes"),
        pytest.param({"ticker": "AAPL", "notes": "\u0007"}, id="a bell in the notes"),
        pytest.param({"ticker": "AAPL", "org_id": 2}, id="somebody else's"),
    ],
)
def test_watchlist_refuses(client: Client, body: Any) -> None:
    check(client.post("/watchlist", body), 422, "validation_error")


def test_text_of_any_script_is_kept(client: Client) -> None:
    notes = "日本 🚀 ' OR 1=1; -- \\ % _ {0} {{7*7}} ${x}\ttab\nline"
    assert client.post("/watchlist", {"ticker": "A&B.C-D=E^F", "name": "Ünï", "notes": notes}).status_code == 201
    assert client.get("/watchlist").json["items"][0]["notes"] == notes


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/csv", ""]
)
@pytest.mark.parametrize("path", ["/analyze", "/watchlist"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_wrong_content_types(client: Client, path: str, content_type: str) -> None:
    check(client("POST", path, data=b'{"ticker": "AAPL"}', headers={"Content-Type": content_type}), 415)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/png", ""])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_prices_want_csv(client: Client, content_type: str) -> None:
    check(client.put("/prices/X", b"Date\n", content_type=content_type), 415)


@pytest.mark.parametrize(
    "path",
    [
        "/history/AAPL?limit=1&limit=2",
        "/history/AAPL?limit=0", "/history/AAPL?limit=501", "/history/AAPL?limit=-1", "/history/AAPL?limit=1e3", "/history/AAPL?limit=x",
        "/history/AAPL?limit=", "/history/AAPL?limit=99999999999999999999", "/history/AAPL?surprise=1", "/history/AAPL?cursor=",
        "/history/AAPL?cursor=abc", "/history/AAPL?cursor=WyJoaXN0b3J5Il0.AAAA", "/history/AAPL?cursor=%00", "/history/AAPL?cursor=%FF",
        "/history/AAPL?cursor=" + "x" * 1001, "/history/" + "A" * 10_000, "/history/A%00B", "/history/%27%3B--", "/history/..",
        "/history/%FF",
        "/results?verdict=Maybe", "/results?verdict=buy", "/results?strategy=x", "/results?min_score=2", "/results?min_score=nan",
        "/results?min_score=inf", "/results?sort=closest", "/results?sort=score;drop", "/results?limit=501", "/results?cursor=..",
        "/tickers?q=" + "x" * 101, "/tickers?q=%00", "/tickers?limit=0", "/watchlist?limit=501", "/watchlist?cursor=x",
        "/prices/AAPL?start=yesterday", "/prices/AAPL?start=1330000000", "/prices/AAPL?end=2012-02-30", "/prices/AAPL?limit=1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bad_paths_and_queries(client: Client, path: str) -> None:
    check(client.get(path), 422, "validation_error")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nope", 404, "not_found"),
        ("GET", "/api/v1/", 404, "not_found"),
        ("GET", "/api//v1/tickers", 404, "not_found"),
        ("GET", "/api/v1/tickers/", 404, "not_found"),
        ("GET", "/health/../etc/passwd", 404, "not_found"),
        ("GET", "/docs/assets/../../index.html", 404, "not_found"),
        ("GET", "/docs/assets/%2e%2e/%2e%2e/__init__.py", 404, "not_found"),
        ("GET", "/prices/NOPE", 404, "ticker_not_found"),
        ("GET", "/history/NOPE", 404, "ticker_not_found"),
        ("DELETE", "/watchlist/NOPE", 404, "not_found"),
        ("GET", "/analyze", 405, "method_not_allowed"),
        ("DELETE", "/tickers", 405, "method_not_allowed"),
        ("PATCH", "/prices/AAPL", 405, "method_not_allowed"),
        ("POST", "/health/live", 405, "method_not_allowed"),
        ("BREW", "/tickers", 405, "method_not_allowed"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_wrong_paths_and_methods(client: Client, method: str, path: str, status: int, code: str) -> None:
    answer = client(method, path)
    check(answer, status, code)
    assert ("Allow" in answer.headers) == (status == 405)


def test_unknown_tickers(client: Client) -> None:
    check(client.post("/analyze", {"ticker": "NOPE"}), 404, "ticker_not_found")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bodies_that_are_too_large(client: Client) -> None:
    check(client("POST", "/analyze", data=b'{"ticker": "' + b"A" * 6_000_000 + b'"}', content_type=JSON), 413)
    check(client.put("/prices/X", b"x" * 6_000_000), 413)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"X-API-Key": "wrong"}, id="a wrong one"),
        pytest.param({"X-API-Key": MASTER_KEY[:-1]}, id="all but the last character"),
        pytest.param({"X-API-Key": "bw_" + "x" * 43}, id="one of our shape"),
        pytest.param({"X-API-Key": "\xff\xfe"}, id="no text"),
        pytest.param({"Authorization": f"Basic {MASTER_KEY}"}, id="another scheme"),
        pytest.param({"Authorization": "Bearer"}, id="an empty bearer"),
        pytest.param({"Authorization": MASTER_KEY}, id="no scheme"),
    ],
)
def test_without_a_valid_key(client: Client, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/watchlist"), ("POST", "/analyze"), ("PUT", "/prices/X"), ("GET", "/results/x")):
        answer = client(method, path, key=None, headers=headers)
        check(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    # An unknown path is answered without a key: the documentation lists all paths.
    check(client.get("/nope", key=None, headers=headers), 404)


def test_every_way_to_send_a_key(client: Client, app: Application) -> None:
    _, key = create_key(database.current(), 1, "another")
    for good in (MASTER_KEY, key):
        assert client.get("/watchlist", key=good).status_code == 200
        for scheme in ("Bearer", "bearer"):
            assert client.get("/watchlist", key=None, headers={"Authorization": f"{scheme} {good}"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/health/migrations",
        "/health",
        "/api/health/ping",
        "/openapi.json",
        "/docs",
        "/docs/assets/page.js",
    ],
)
def test_what_is_public(client: Client, path: str) -> None:
    with client.get(path, key=None) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_request_ids(client: Client) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": "abc-1.2_3"}).headers["X-Request-ID"] == "abc-1.2_3"
    for insane in ("a b", "x" * 65, "<script>", "-x", ""):
        assert client.get("/health/live", headers={"X-Request-ID": insane}).headers["X-Request-ID"] != insane


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_cors_is_for_the_origins_that_were_named(settings: Settings) -> None:
    from app import create_app, start

    app = create_app(settings.model_copy(update={"cors_origins": ("https://good.example",)}))
    start(app)
    client = Client(app)
    preflight = {"Origin": "https://good.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
    allowed = client("OPTIONS", "/analyze", key=None, headers=preflight)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "https://good.example")
    refused = client("OPTIONS", "/analyze", key=None, headers={**preflight, "Origin": "https://bad.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    error = client.get("/nope", headers={"Origin": "https://good.example"})
    assert error.headers["Access-Control-Allow-Origin"] == "https://good.example"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_origins_by_default(client: Client) -> None:
    answer = client.get("/health/live", headers={"Origin": "https://any.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_nobody_foresaw_leaks_nothing(app: Application) -> None:
    def fail() -> str:
        raise RuntimeError("password=hunter2")

    fail.is_public = True  # type: ignore[attr-defined]
    app.add_url_rule("/health/fail", view_func=fail)
    answer = Client(app).get("/health/fail")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text

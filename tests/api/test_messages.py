"""What problems say: in sentences that a person reads, with what was sent named, and without pieces of the program."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from kit.support import Client

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
RULE = "It has 1 to 20 characters: letters, digits and . & ^ = _ -, the first a letter, a digit or ^."


def refused(answer: Any, status: int = 422, code: str = "validation_error") -> Any:
    """The problem of an answer."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.data[:500]
    return answer.json


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/analyze", {"ticker": "Ünlü"}, "ticker"),
        ("POST", "/bulk-analyze", {"tickers": ["AAPL", "Ünlü"]}, "tickers.1"),
        ("POST", "/watchlist", {"ticker": "Ünlü"}, "ticker"),
        ("GET", "/history/Ünlü", None, "ticker"),
        ("GET", "/prices/Ünlü", None, "ticker"),
    ],
)
def test_what_is_no_ticker_is_named_in_a_sentence(client: Client, method: str, path: str, body: Any, field: str) -> None:
    problem = refused(client(method, path, json=body))
    assert problem["errors"] == [{"field": field, "message": f"'Ünlü' is no ticker. {RULE}"}]


def test_each_bad_ticker_of_a_list_is_named(client: Client) -> None:
    problem = refused(client.post("/bulk-analyze", {"tickers": ["?", "AAPL", "", "A" * 200]}))
    assert [error["field"] for error in problem["errors"]] == ["tickers.0", "tickers.2", "tickers.3"]
    assert [error["message"].split(". ")[0] for error in problem["errors"]] == [
        "'?' is no ticker",
        "A ticker is needed",
        f"'{'A' * 30}…' is no ticker",
    ]


def test_tickers_are_trimmed(client: Client) -> None:
    assert client.post("/analyze", {"ticker": " aapl\t"}).json["ticker"] == "AAPL"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/prices/AAPL?dates=foo", None),
        ("PUT", "/prices/AAPL?on_bad_rows=foo", None),
        ("PUT", "/prices/AAPL/bases", {"price_basis": "foo"}),
        ("POST", "/watchlist", {"ticker": "AAPL", "name": "a\x00b"}),
        ("GET", "/tickers?q=%00", None),
        ("POST", "/bulk-analyze", {"universe": "watchlist"}),
    ],
)
def test_no_message_has_pieces_of_the_program(client: Client, method: str, path: str, body: Any) -> None:
    problem = refused(client(method, path, json=body))
    assert not re.search(r"[<>^\\]|pattern|Enum|DateOrder", problem["errors"][0]["message"])


@pytest.mark.parametrize("body", [{}, {"price_basis": None}])
def test_bases_that_say_nothing_are_refused(client: Client, body: Any) -> None:
    problem = refused(client("PUT", "/prices/AAPL/bases", json=body))
    assert problem["detail"] == "say price_basis, volume_basis or both"


def test_a_large_body_is_told_its_size_and_the_limit(client: Client) -> None:
    for size, detail in (
        (1_000_001, "The body has more than 1 MB, which is the most that is allowed here."),
        (2_460_000, "The body has 2.5 MB; at most 1 MB are allowed here."),
    ):
        answer = client("POST", "/analyze", data=b" " * size, content_type="application/json")
        assert refused(answer, 413, "payload_too_large")["detail"] == detail


def test_a_packed_body_is_told_as_such(client: Client) -> None:
    for path, media_type in (("/analyze", "application/json"), ("/prices/ACME", "text/csv")):
        method = "POST" if path == "/analyze" else "PUT"
        sent = {"Content-Type": media_type, "Content-Encoding": "gzip"}
        detail = refused(client(method, path, data=gzip.compress(b"{}"), headers=sent), 415, "unsupported_media_type")["detail"]
        assert detail == "The body is packed (Content-Encoding: gzip), which is not undone here. Send it as it is."


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/analyze", {"ticker": "FB", "capital": 0}, "It must be above 0."),
        ("POST", "/analyze", {"ticker": "FB", "risk_percent": 101}, "It must be at most 100."),
        ("POST", "/analyze", {"ticker": "FB", "capital": "5"}, "A number is needed."),
        ("POST", "/analyze", {"ticker": "FB", "indicators": []}, "At least 1 must be given."),
        ("POST", "/portfolios", {"name": "Mine", "base_currency": "USD", "cost_method": "lifo"}, "It must be 'fifo' or 'average'."),
        ("POST", "/analyze", {"ticker": 5}, "A text is needed."),
        ("GET", "/history/FB?limit=many", None, "A whole number is needed."),
        ("GET", "/history/FB?limit=0", None, "It must be at least 1."),
        (
            "GET",
            "/jobs?cursor=x",
            None,
            "The cursor cannot be read. Send next_cursor of the page before as it is, or leave it out to begin again.",
        ),
        (
            "POST",
            "/prices/FB/actions",
            {"kind": "dividend", "effective_day": "2012-10-01", "amount": 1.0, "currency": "usd"},
            "A currency is written as three capitals, as USD or EUR.",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(client: Client, method: str, path: str, body: Any, message: str) -> None:
    assert refused(client(method, path, json=body))["errors"][0]["message"] == message


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/strategies?foo=1", "there are archived."),
        ("/history/FB?foo=1", "there are limit, cursor, strategy."),
        ("/session?foo", "there is none."),
        ("/indexes/some/compare?with=FB&foo", "there are with, variant, start, end, rate, series."),
    ],
)
def test_an_unknown_parameter_is_named_beside_those_that_there_are(client: Client, path: str, known: str) -> None:
    problem = refused(client.get(path))
    assert problem["errors"] == [{"field": "foo", "message": f"There is no such parameter here; {known}"}]


def test_probes_of_health_may_add_parameters(client: Client) -> None:
    assert client.get("/health/live?at=1").status_code == 200


@pytest.mark.parametrize(
    ("path", "field", "lower"),
    [
        ("/prices/AAPL?start=2012-02-01&end=2012-01-31", "end", "start, 2012-02-01"),
        ("/series/AAPL?start=2012-02-01&end=2012-01-31", "end", "start, 2012-02-01"),
        ("/reports/analysis/AAPL.xlsx?start=2012-02-01&end=2012-01-31", "end", "start, 2012-02-01"),
        ("/results?min_score=0.5&max_score=0.4", "max_score", "min_score, 0.5"),
        ("/reports/results.xlsx?min_rsi=40&max_rsi=30", "max_rsi", "min_rsi, 40.0"),
    ],
)
def test_a_range_whose_ends_are_swapped_is_refused(client: Client, path: str, field: str, lower: str) -> None:
    problem = refused(client.get(path))
    message = f"It lies below {lower}, so nothing can be between them. Swap the two, or leave one out."
    assert problem["errors"] == [{"field": field, "message": message}]

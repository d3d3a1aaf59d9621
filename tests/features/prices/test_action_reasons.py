"""Why an analysis restates nothing for an action, and amounts that are no dividend's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit.reports import price_file
from kit.splits import BARS, FIRST, SPLIT_AT, restated_file, tell, tell_split, traded_file
from kit.support import Client


@pytest.mark.parametrize(
    ("query", "adjusted", "action", "part"),
    [
        pytest.param("?price_basis=split_adjusted", False, {}, "restated for splits already", id="restated"),
        pytest.param("?price_basis=split_adjusted", True, {}, "adjusted closes", id="adjusted closes"),
        pytest.param("", False, {"effective_day": "2019-01-01"}, "from before it", id="before all bars"),
        pytest.param("", False, {"effective_day": "2025-01-01"}, "from its day on", id="after all bars"),
    ],
)
def test_a_split_that_changes_nothing_says_why(client: Client, query: str, adjusted: bool, action: dict[str, str], part: str) -> None:
    client.put(f"/prices/WHY{query}", traded_file(adjusted=adjusted))
    told = tell(client, "WHY", kind="split", numerator=2, denominator=1, **action).json
    assert told["applied_to"] == []
    assert part in told["reason"]
    assert told in client.get("/prices/WHY/actions").json["items"]


def test_a_split_of_prices_of_unknown_basis_says_so(client: Client) -> None:
    client.put("/prices/WHY", restated_file())
    assert "as traded" in tell_split(client, "WHY").json["reason"]


def test_an_action_that_is_applied_has_no_reason(client: Client) -> None:
    client.put("/prices/WHY", traded_file())
    assert tell_split(client, "WHY").json["reason"] is None


@pytest.mark.parametrize("amount", [1e-320, 1e-12, 5000.0, 1e8])
def test_an_amount_that_is_no_dividend_is_refused(client: Client, amount: float) -> None:
    client.put("/prices/WHY", price_file(100))
    answer = tell(client, "WHY", kind="dividend", amount=amount)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "amount")


def file_of(closes: list[float]) -> str:
    """A file with a column of splits, which yfinance writes beside prices that it has restated; none is in it."""
    rows = [f"{FIRST + timedelta(days=at)},{c},{c * 1.01},{c * 0.99},{c},1000,0" for at, c in enumerate(closes)]
    return "\n".join(["Date,Open,High,Low,Close,Volume,Stock Splits", *rows])


def test_a_header_is_not_believed_against_a_split_that_shows(client: Client) -> None:
    smooth = [100 + at % 3 for at in range(BARS)]
    report = client.put("/prices/YAHOO", file_of([c / (2 if at >= SPLIT_AT else 1) for at, c in enumerate(smooth)])).json
    assert report["price_basis"] == "unknown"
    assert "likely_split" in [warning["code"] for warning in report["warnings"]]
    assert tell_split(client, "YAHOO").json["applied_to"] == ["price", "volume"]
    assert "likely_split" not in [warning["code"] for warning in client.get("/prices/YAHOO/quality").json["warnings"]]
    assert client.put("/prices/PLAIN", file_of([float(close) for close in smooth])).json["price_basis"] == "split_adjusted"

"""Performance over HTTP: what is told, by which prices, and again after everything has changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.splits import BARS, FIRST, SPLIT_DAY, price, restated_file, tell, tell_split, traded_file
from kit.support import Client

PARTS = ("capital", "dividends", "interest", "fees", "taxes", "fx")
LAST = FIRST + timedelta(days=BARS - 1)
BOUGHT = FIRST + timedelta(days=10)


def performance(client: Client, portfolio_id: str, query: str = "period=max") -> Any:
    answer = client.get(f"/portfolios/{portfolio_id}/performance?{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def held(client: Client, *, file: str | None = None, query: str = "", **fields: Any) -> str:
    """A portfolio that keeps cash and has ten shares of HELD since BOUGHT."""
    assert client.put(f"/prices/HELD{query}", file or restated_file(1.0)).status_code == 200
    portfolio_id = make_portfolio(client, **fields)
    booked(
        client,
        portfolio_id,
        cash("deposit", str(BOUGHT), "1000"),
        trade("buy", str(BOUGHT), "HELD", "10", repr(price(10)), fee="1.00"),
    )
    return portfolio_id


def test_a_portfolio_tells_its_returns_and_gains(client: Client) -> None:
    portfolio_id = held(client)
    told = performance(client, portfolio_id)
    shares = 10 * price(BARS - 1)
    end = 1000 - 1 - 10 * price(10) + shares
    assert (told["first_day"], told["last_day"]) == (str(BOUGHT - timedelta(days=1)), str(LAST))
    assert (told["start_value"], told["flows"], told["end_value"]) == (0.0, 1000.0, pytest.approx(end))
    assert told["twr"]["value"] == pytest.approx(end / 1000 - 1)
    years = (LAST - BOUGHT).days / 365
    assert (1 + told["mwr"]["value"]) ** years == pytest.approx(1 + told["twr"]["value"])
    assert (told["mwr"]["annualised"], told["mwr"]["reason"]) == (True, None)
    assert told["dietz"]["value"] == pytest.approx(end / 1000 - 1)
    gain = {name: each["value"] for name, each in told["gain"].items()}
    assert gain == {
        "total": pytest.approx(end - 1000), "capital": pytest.approx(10 * (price(BARS - 1) - price(10))), "fees": -1.0,
        "dividends": 0.0, "interest": 0.0, "taxes": 0.0, "fx": 0.0,
    }  # fmt: skip
    assert all(each["definition"] for each in (*told["gain"].values(), told["twr"], told["mwr"], told["dietz"], *told["risk"].values()))
    (ticker, of_cash) = told["attribution"]["holdings"]
    assert (ticker["ticker"], ticker["gain"], of_cash["ticker"]) == ("HELD", pytest.approx(end - 1000), None)
    assert ticker["contribution"] + of_cash["contribution"] == pytest.approx(told["dietz"]["value"])
    assert told["remarks"] == {
        "keeps_cash": True, "lowest_cash": pytest.approx(0.0, abs=1e3), "unvalued": [], "without_capital": [], "without_prices": [],
        "silent": [],
    }  # fmt: skip
    series = told["series"]
    assert len(series["days"]) == told["days"] + 1 == len(series["value"]) == len(series["twr"]) == len(series["invested"])
    assert (series["twr"][0], series["twr"][-1], series["invested"][-1]) == (0.0, pytest.approx(told["twr"]["value"]), 1000.0)
    assert (told["ledger_version"], told["packs"][0]["day"]) == (2, str(LAST))


def test_periods_are_parts_of_the_whole(client: Client) -> None:
    portfolio_id = held(client)
    whole = performance(client, portfolio_id)["series"]
    at = dict(zip(whole["days"], zip(whole["value"], whole["twr"], strict=True), strict=True))
    for period, start in (
        ("1d", LAST - timedelta(days=1)),
        ("mtd", date(LAST.year, LAST.month, 1) - timedelta(days=1)),
        ("6m", date(2024, 4, 26)),
        (f"{SPLIT_DAY}..{LAST - timedelta(days=20)}", SPLIT_DAY),
        ("1y", BOUGHT - timedelta(days=1)),
    ):
        told = performance(client, portfolio_id, f"period={period}&series=false")
        assert (told["period"], told["first_day"], told["series"]) == (period, str(start), None)
        (start_value, before), (end_value, after) = at[told["first_day"]], at[told["last_day"]]
        assert (told["start_value"], told["end_value"]) == (start_value, end_value)
        assert told["twr"]["value"] == pytest.approx((1 + after) / (1 + before) - 1)
        parts = [told["gain"][name]["value"] for name in PARTS]
        assert told["gain"]["total"]["value"] == pytest.approx(sum(parts), abs=1e-9)
        assert told["gain"]["total"]["value"] == pytest.approx(end_value - start_value - told["flows"], abs=1e-5)


@pytest.mark.parametrize(
    ("query", "file"),
    [
        ("?price_basis=as_traded", traded_file()),
        ("?price_basis=split_adjusted", restated_file()),
        ("", traded_file()),
    ],
)
def test_a_split_changes_no_value_and_no_return(client: Client, query: str, file: str) -> None:
    plain = performance(client, held(client, name="without a split"))
    portfolio_id = held(client, file=file, query=query)
    tell_split(client, "HELD")
    told = performance(client, portfolio_id)
    for name in ("value", "twr", "invested"):
        assert told["series"][name] == pytest.approx(plain["series"][name], rel=1e-12)
    assert {name: each["value"] for name, each in told["risk"].items()} == {
        name: each["value"] and pytest.approx(each["value"], rel=1e-9) for name, each in plain["risk"].items()
    }


@pytest.mark.parametrize("days", [-1, 1])
@pytest.mark.parametrize(("query", "file"), [("?price_basis=as_traded", traded_file()), ("?price_basis=split_adjusted", restated_file())])
def test_a_split_that_the_ledger_dates_otherwise_counts_once(client: Client, query: str, file: str, days: int) -> None:
    """In values, in what is held and in what was paid on it."""
    plain = performance(client, held(client, name="without a split"))
    portfolio_id = held(client, file=file, query=query)
    tell_split(client, "HELD")
    tell(client, "HELD", kind="dividend", amount=0.5)
    own = {"type": "split", "day": str(SPLIT_DAY + timedelta(days=days)), "ticker": "HELD", "numerator": 2, "denominator": 1}
    booked(client, portfolio_id, own)
    assert performance(client, portfolio_id)["series"]["value"] == pytest.approx(plain["series"]["value"], rel=1e-12)
    (item,) = client.get(f"/portfolios/{portfolio_id}/holdings?as_of={LAST}").json["items"]
    (paid,) = client.get(f"/portfolios/{portfolio_id}/dividends").json["items"]
    assert (item["quantity"], paid["quantity"], paid["amount"]) == ("20", "20", "10")


def test_a_benchmark_stands_beside_it_in_the_base_currency(client: Client) -> None:
    portfolio_id = held(client, benchmark="HELD")
    told = performance(client, portfolio_id)
    beside = told["benchmark"]
    assert (beside["reference"], beside["kind"], beside["reason"], beside["last_day"]) == ("HELD", "ticker", None, str(LAST))
    assert beside["total_return"] == pytest.approx(price(BARS - 1) / price(9) - 1)
    assert beside["metrics"]["correlation"]["value"] == pytest.approx(1.0, abs=0.05)
    assert told["series"]["benchmark"][-1] == pytest.approx(beside["total_return"])
    none = held(client, benchmark="NOSUCH", name="another")
    assert performance(client, none)["benchmark"]["reason"] is not None


def test_a_benchmark_has_a_return_from_one_day_to_the_next(client: Client) -> None:
    portfolio_id = held(client, benchmark="HELD")
    for query in ("period=1d", f"period={LAST - timedelta(days=1)}..{LAST}"):
        beside = performance(client, portfolio_id, query)["benchmark"]
        assert (beside["reason"], beside["days"], beside["metrics"]) == (None, 1, {})
        assert beside["total_return"] == pytest.approx(price(BARS - 1) / price(BARS - 2) - 1)


def test_a_benchmark_that_begins_with_the_portfolio_has_a_value_on_all_of_its_days(client: Client) -> None:
    header, *lines = restated_file(1.0).splitlines()
    client.put("/prices/YOUNG", "\n".join([header, *lines[10:]]))
    told = performance(client, held(client, benchmark="YOUNG"))
    assert told["series"]["benchmark"][:2] == [0.0, 0.0]
    assert told["series"]["benchmark"][-1] == pytest.approx(price(BARS - 1) / price(10) - 1)
    client.put("/prices/YOUNG", "\n".join([header, *lines[11:]]))
    assert performance(client, told["portfolio_id"])["series"]["benchmark"][:3] == [None, None, 0.0]


def test_what_becomes_of_the_benchmark_is_seen_by_the_next_answer(client: Client) -> None:
    client.put("/prices/BESIDE", restated_file(2.0))
    portfolio_id = held(client, benchmark="BESIDE")
    before = performance(client, portfolio_id)
    assert performance(client, portfolio_id) == before
    client.put("/prices/BESIDE", traded_file(1.0))
    after = performance(client, portfolio_id)
    assert after["packs"] != before["packs"]
    client.delete("/prices/BESIDE")
    gone = performance(client, portfolio_id)["benchmark"]
    assert (before["benchmark"]["kind"], gone["kind"], gone["metrics"]) == ("ticker", None, {})


def test_a_corrected_and_a_removed_transaction_count_after_an_answer_as_before_one(client: Client) -> None:
    portfolio_id = held(client)
    client.put("/prices/MORE", restated_file(1.0))
    first = performance(client, portfolio_id)
    (more,) = booked(client, portfolio_id, trade("buy", str(BOUGHT), "MORE", "3", repr(price(10))))
    assert performance(client, portfolio_id)["end_value"] > first["end_value"]
    path = f"/portfolios/{portfolio_id}/transactions/{more['id']}"
    assert client("PUT", path, json=trade("buy", str(BOUGHT), "MORE", "6", repr(price(10)))).status_code == 200
    (double,) = (each for each in performance(client, portfolio_id)["attribution"]["holdings"] if each["ticker"] == "MORE")
    assert double["end"] == pytest.approx(6 * price(BARS - 1))
    assert client.delete(path).status_code == 204
    assert performance(client, portfolio_id)["end_value"] == first["end_value"]


def test_costs_while_nothing_is_held_are_no_total_loss(client: Client) -> None:
    """A fee before the first deposit, a day's trade at a loss, what was paid in and taken out at once, and a fee after the last sale."""
    client.put("/prices/HELD", restated_file(1.0))
    days = [str(FIRST + timedelta(days=at)) for at in range(BARS)]
    grown = [trade("buy", days[20], "HELD", "10", repr(price(20))), trade("sell", days[40], "HELD", "10", repr(price(40)))]
    for name, costs in (
        ("an early fee", [cash("fee", days[10], "2.5")]),
        ("a late fee", [cash("fee", days[50], "2.5")]),
        ("a trade", [trade("buy", days[10], "HELD", "1", "60", fee="1"), trade("sell", days[10], "HELD", "1", "50", fee="1")]),
        ("in and out", [cash("deposit", days[10], "1000", fee="5"), cash("withdrawal", days[10], "995"), cash("deposit", days[20], "600")]),
    ):
        portfolio_id = make_portfolio(client, name=name)
        booked(client, portfolio_id, *grown, *costs)
        told = performance(client, portfolio_id)
        assert told["twr"]["value"] == pytest.approx(price(40) / price(20) - 1, abs=0.05), name
        assert told["risk"] is not None, name
        assert any(each["day"] in told["remarks"]["without_capital"] for each in costs), name


def test_the_lines_are_a_file(client: Client) -> None:
    portfolio_id = held(client)
    answer = client.get(f"/portfolios/{portfolio_id}/performance?period=1m", headers={"Accept": "text/csv"})
    header, *rows = answer.text.splitlines()
    told = performance(client, portfolio_id, "period=1m")
    assert header == "day,value,invested,twr,benchmark"
    assert [row.split(",")[0] for row in rows] == told["series"]["days"]
    assert f"performance-{portfolio_id}.csv" in answer.headers["Content-Disposition"]


def test_an_answer_is_computed_again_to_the_byte_after_everything_has_changed(client: Client) -> None:
    portfolio_id = held(client, file=traded_file(), query="?price_basis=as_traded", benchmark="AAPL", base_currency="EUR")
    rates = "Date,USD\n" + "".join(f"{FIRST + timedelta(days=at)},{1.05 + at / 5000:.4f}\n" for at in range(BARS))
    assert client("POST", "/fx-rates", data=rates, content_type="text/csv").status_code == 200
    booked(client, portfolio_id, trade("buy", str(SPLIT_DAY), "AAPL", "3", "100", currency="USD", tax="0.5"))
    before = client.get(f"/portfolios/{portfolio_id}/performance?period=ytd&rate=0.02")
    told = before.json
    query = f"period=ytd&rate=0.02&pack={told['packs'][0]['digest']}&ledger={told['ledger_version']}"
    assert client.get(f"/portfolios/{portfolio_id}/performance?{query}").data == before.data
    tell_split(client, "HELD")
    client.put("/prices/AAPL", restated_file(1.5))
    client("POST", "/fx-rates", data=rates.replace("1.1", "1.2"), content_type="text/csv")
    booked(client, portfolio_id, cash("withdrawal", str(LAST), "10"))
    client("PATCH", f"/portfolios/{portfolio_id}", json={"benchmark": "MSFT", "name": "other"})
    now = client.get(f"/portfolios/{portfolio_id}/performance?period=ytd&rate=0.02")
    assert now.data != before.data
    again = client.get(f"/portfolios/{portfolio_id}/performance?{query}")
    assert again.data == before.data
    assert again.headers["ETag"] == before.headers["ETag"]
    listed = client.get("/pricing-packs").json["items"]
    assert {told["packs"][0]["digest"], now.json["packs"][0]["digest"]} <= {each["digest"] for each in listed}

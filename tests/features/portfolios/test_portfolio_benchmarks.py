"""What portfolios are measured by: refused where there is none of it, and told as gone once it is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import booked, make_portfolio, trade
from kit.series import store
from kit.support import Client

from utils.clock import now

FIRST = date(2024, 1, 1)


@pytest.fixture
def priced(client: Client) -> Client:
    for place, ticker in enumerate(("ONE", "TWO")):
        store(ticker, bars_of([20.0 + place + day / 10 for day in range(70)], first=FIRST), now())
    return client


def make_index(client: Client) -> str:
    answer = client.post("/indexes", {"name": "Both", "members": {"tickers": ["ONE", "TWO"]}})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def beside(client: Client, portfolio_id: str, query: str = "") -> Any:
    answer = client.get(f"/portfolios/{portfolio_id}/performance?series=false{query}")
    assert answer.status_code == 200, answer.json
    return answer.json["benchmark"]


def test_an_id_that_names_nothing_is_refused(priced: Client) -> None:
    body = {"name": "Savings", "base_currency": "USD", "benchmark": UNKNOWN_ID}
    refused = priced.post("/portfolios", body)
    assert (refused.status_code, refused.json["code"], refused.json["errors"][0]["field"]) == (422, "validation_error", "benchmark")
    assert UNKNOWN_ID in refused.json["detail"]
    assert "GET /api/v1/indexes" in refused.json["detail"]
    portfolio = make_portfolio(priced, benchmark="NOSUCH")
    for reference in (UNKNOWN_ID, portfolio):
        changed = priced("PATCH", f"/portfolios/{portfolio}", json={"benchmark": reference})
        assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, "benchmark")
    assert priced.get(f"/portfolios/{portfolio}").json["benchmark"] == "NOSUCH"


def test_what_belongs_to_others_is_not_there(priced: Client) -> None:
    theirs = (make_index(priced), make_portfolio(priced))
    stranger = Client(priced.app, {"X-API-Key": another_organization()})
    for reference in theirs:
        body = {"name": "Savings", "base_currency": "USD", "benchmark": reference}
        assert stranger.post("/portfolios", body).status_code == 422
        assert make_portfolio(priced, name=f"By {reference}", benchmark=reference)


def test_a_benchmark_that_was_deleted_is_told_as_gone(priced: Client) -> None:
    index, other = make_index(priced), make_portfolio(priced, name="Other")
    booked(priced, other, trade("buy", "2024-01-10", "TWO", "2", "21"))
    for reference, path in ((index, f"/indexes/{index}"), (other, f"/portfolios/{other}")):
        portfolio = make_portfolio(priced, name=f"By {reference}", benchmark=reference)
        booked(priced, portfolio, trade("buy", "2024-01-10", "ONE", "2", "21"))
        told = priced.get(f"/portfolios/{portfolio}/performance?series=false").json
        assert told["benchmark"]["reason"] is None
        assert priced.delete(path).status_code == 204
        gone = beside(priced, portfolio)
        assert (gone["reference"], gone["total_return"]) == (reference, None)
        assert gone["reason"].startswith("The benchmark is gone: there is no portfolio and no index with the id ")
        assert reference in gone["reason"]
        again = f"&pack={told['packs'][0]['digest']}&ledger={told['ledger_version']}"
        assert beside(priced, portfolio, again) == told["benchmark"]
        assert priced("PATCH", f"/portfolios/{portfolio}", json={"name": f"Still by {reference}"}).status_code == 200
        assert priced("PATCH", f"/portfolios/{portfolio}", json={"benchmark": None}).status_code == 200


def test_an_index_in_another_currency_is_converted_as_its_only_member_is(priced: Client) -> None:
    days = [FIRST + timedelta(days=number) for number in range(70)]
    dollars = [1 + number / 400 for number in range(70)]
    assert priced.post("/fx-rates", data=rates_file(days, {"USD": dollars}), content_type="text/csv").status_code == 200
    listing = {"items": [{"ticker": "ONE", "currency": "USD"}, {"ticker": "TWO", "currency": "EUR"}]}
    assert priced("PUT", "/universes/told", json=listing).status_code == 201
    index = priced.post("/indexes", {"name": "Alone", "members": {"tickers": ["ONE"]}}).json["id"]
    found = []
    for reference in ("ONE", index):
        portfolio = make_portfolio(priced, name=f"By {reference}", base_currency="EUR", benchmark=reference)
        booked(priced, portfolio, trade("buy", "2024-01-10", "TWO", "2", "21", currency="EUR"))
        found.append(beside(priced, portfolio))
    assert found[0]["currency"] == found[1]["currency"] == "USD"
    assert found[1]["total_return"] == pytest.approx(found[0]["total_return"])


def test_one_without_prices_or_values_says_so(priced: Client) -> None:
    empty = make_portfolio(priced, name="Empty")
    for reference, reason in (
        ("NOSUCH", "There are no prices of NOSUCH. Upload or fetch them."),
        (empty, "The portfolio that it is measured by has nothing to value yet."),
    ):
        portfolio = make_portfolio(priced, name=f"By {reference}", benchmark=reference)
        booked(priced, portfolio, trade("buy", "2024-01-10", "ONE", "2", "21"))
        assert beside(priced, portfolio)["reason"] == reason


def test_a_benchmark_can_be_bought(priced: Client) -> None:
    portfolio = make_portfolio(priced, benchmark="TWO")
    booked(priced, portfolio, trade("buy", "2024-01-10", "ONE", "2", "21"))
    assert beside(priced, portfolio)["total_return"] is not None  # now the process keeps what it has read
    booked(priced, portfolio, trade("buy", "2024-01-11", "TWO", "3", "22"))
    told = priced.get(f"/portfolios/{portfolio}/performance?series=false").json
    newest = 2 * (20.0 + 69 / 10) + 3 * (21.0 + 69 / 10)
    assert (told["remarks"]["without_prices"], told["end_value"]) == ([], pytest.approx(newest))
    booked(priced, portfolio, trade("sell", "2024-01-12", "TWO", "3", "22"))
    assert priced.get(f"/portfolios/{portfolio}/performance?series=false").json["end_value"] == pytest.approx(newest - 3 * (21.0 + 69 / 10))


def test_a_benchmark_that_has_ended_is_not_carried_on(priced: Client) -> None:
    days = [str(FIRST + timedelta(days=at)) for at in range(70)]
    store("ENDED", bars_of([20.0 + at for at in range(10)], first=FIRST), now())
    store("LATE", bars_of([20.0 + at for at in range(65)], first=FIRST), now())
    for ticker, last in (("ENDED", 9), ("LATE", 69)):
        portfolio = make_portfolio(priced, name=ticker, benchmark=ticker)
        booked(priced, portfolio, trade("buy", days[1], "ONE", "10", "20"))
        told = priced.get(f"/portfolios/{portfolio}/performance").json
        assert (told["last_day"], told["benchmark"]["last_day"]) == (days[69], days[last])
        assert told["benchmark"]["total_return"] == pytest.approx((20 + min(last, 64)) / 20 - 1)
        assert [value is None for value in told["series"]["benchmark"]] == [at > last for at in range(70)]


def test_a_benchmark_is_carried_over_a_gap_of_a_week(priced: Client) -> None:
    days = [FIRST + timedelta(days=at) for at in range(70)]
    gap = range(20, 40)
    lines = "".join(f"{day},20,20,20,20,1\n" for at, day in enumerate(days) if at not in gap)
    assert priced.put("/prices/GAP", f"Date,Open,High,Low,Close,Volume\n{lines}").status_code == 200
    portfolio = make_portfolio(priced, benchmark="GAP")
    booked(priced, portfolio, trade("buy", str(days[1]), "ONE", "10", "20"))
    told = priced.get(f"/portfolios/{portfolio}/performance").json
    without = [day for day, value in zip(told["series"]["days"], told["series"]["benchmark"], strict=True) if value is None]
    assert without == [str(day) for day in days[27:40]]


def test_why_there_was_no_benchmark_is_told_again_as_it_was(priced: Client) -> None:
    empty = make_portfolio(priced, name="Empty")
    portfolio = make_portfolio(priced, benchmark=empty)
    booked(priced, portfolio, trade("buy", "2024-01-02", "ONE", "10", "20"))
    path = f"/portfolios/{portfolio}/performance?series=false"
    told = priced.get(path)
    assert "nothing to value" in told.json["benchmark"]["reason"]
    again = f"{path}&pack={told.json['packs'][0]['digest']}&ledger={told.json['ledger_version']}"
    assert priced.delete(f"/portfolios/{empty}").status_code == 204
    assert priced.get(again).data == told.data
    gone = priced.get(path).json
    assert empty in gone["benchmark"]["reason"]
    assert gone["packs"] != told.json["packs"]

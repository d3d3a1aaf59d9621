"""Valuations of portfolios as a job: each day once, by what was stored then, and told in the same transaction."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.jobs import another_organization, run_jobs
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.splits import BARS, FIRST, price, restated_file
from kit.support import Client

import database
from api.application import Application
from features.portfolios.kinds import PortfolioValuing
from features.portfolios.service import Ledger
from features.portfolios.valuations import queue_all, store_values, submit, value_portfolio
from features.portfolios.valuing import Valuer
from infrastructure.outbox import hand_out
from models.api_key import FIRST_ORG
from models.portfolio_errors import PortfolioNotFound
from utils.clock import now

LAST = FIRST + timedelta(days=BARS - 1)


def held(client: Client, **fields: Any) -> str:
    client.put("/prices/HELD", restated_file(1.0))
    portfolio_id = make_portfolio(client, **fields)
    booked(client, portfolio_id, cash("deposit", str(FIRST), "1000"), trade("buy", str(FIRST), "HELD", "2", repr(price(0))))
    return portfolio_id


def value_all(app: Application) -> None:
    queue_all(database.current())
    run_jobs(kinds=[PortfolioValuing(app.services.foundation)])


def stored(client: Client, portfolio_id: str, query: str = "") -> list[Any]:
    items: list[Any] = client.get(f"/portfolios/{portfolio_id}/valuations{query}").json["items"]
    return items


def events(client: Client, type_: str) -> list[Any]:
    hand_out(database.current(), [])
    found: list[Any] = client.get(f"/events?type={type_}").json["items"]
    return found


def extend(client: Client, day: date, close: float) -> None:
    line = f"{day},{close},{close},{close},{close},1000"
    assert client.put("/prices/HELD?extend=true", f"Date,Open,High,Low,Close,Volume\n{line}\n").status_code == 200


def test_a_day_is_stored_by_its_pack_and_told(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    value_all(app)
    (day,) = stored(client, portfolio_id)
    told = client.get(f"/portfolios/{portfolio_id}/performance").json
    assert (day["day"], day["value"], day["currency"]) == (str(LAST), told["end_value"], "USD")
    assert day["growth"] == pytest.approx(1 + told["twr"]["value"])
    assert day["twr"] == pytest.approx((1 + told["series"]["twr"][-1]) / (1 + told["series"]["twr"][-2]) - 1)
    assert (day["pack"], day["ledger_version"]) == (told["packs"][0]["digest"], told["ledger_version"])
    (valued,) = events(client, "portfolio.valued")
    assert (valued["subject"], valued["data"]["day"], valued["data"]["value"]) == (portfolio_id, str(LAST), day["value"])
    (standing,) = events(client, "portfolio.drawdown")
    (holding,) = standing["data"]["holdings"]
    assert (holding["ticker"], holding["weight"]) == ("HELD", pytest.approx(2 * price(BARS - 1) / day["value"]))
    assert standing["data"]["drawdown"] == pytest.approx(told["risk"]["current_drawdown"]["value"])
    assert standing["data"]["max_drawdown"] == pytest.approx(told["risk"]["max_drawdown"]["value"])


def test_the_list_has_the_newest_stored_day_of_each(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    other = make_portfolio(client, name="Pension")
    value_all(app)
    extend(client, LAST + timedelta(days=1), 50.0)
    value_all(app)
    newest, former = stored(client, portfolio_id)
    listed = {item["id"]: item for item in client.get("/portfolios").json["items"]}
    assert listed[portfolio_id]["valuation"] == newest != former
    assert listed[portfolio_id]["version"] == newest["ledger_version"]
    assert listed[other]["valuation"] is None
    assert client.get("/portfolios", headers={"X-API-Key": another_organization()}).json["items"] == []


def test_the_same_again_stores_nothing_and_tells_nothing(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    value_all(app)
    before = stored(client, portfolio_id)
    value_all(app)
    assert stored(client, portfolio_id) == before
    assert len(events(client, "portfolio.valued")) == 1


def test_days_since_the_last_one_are_caught_up_and_a_corrected_one_is_replaced(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    value_all(app)
    for at in range(1, 4):
        extend(client, LAST + timedelta(days=at), 100.0 + at)
    value_all(app)
    days = stored(client, portfolio_id)
    assert [each["day"] for each in days] == [str(LAST + timedelta(days=at)) for at in (3, 2, 1, 0)]
    assert len({each["pack"] for each in days[:4]}) == 1  # the last stored day is computed again by the newest prices
    assert days[0]["value"] - days[1]["value"] == pytest.approx(2.0)
    booked(client, portfolio_id, cash("deposit", str(LAST + timedelta(days=3)), "50"))
    value_all(app)
    again = stored(client, portfolio_id)
    assert again[1:] == days[1:]
    assert again[0]["value"] == pytest.approx(days[0]["value"] + 50)
    assert (again[0]["flows"], again[0]["ledger_version"]) == (50.0, days[0]["ledger_version"] + 1)
    assert again[0]["twr"] == pytest.approx((days[0]["value"] + 50) / (days[1]["value"] + 50) - 1)
    pages = stored(client, portfolio_id, "?limit=2")
    cursor = client.get(f"/portfolios/{portfolio_id}/valuations?limit=2").json["next_cursor"]
    assert pages + stored(client, portfolio_id, f"?limit=2&cursor={cursor}") == again


def test_a_stored_day_that_has_no_value_any_more_gives_way_to_the_last_one(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    value_all(app)
    (last,) = stored(client, portfolio_id)
    extend(client, LAST + timedelta(days=40), 9_999.0)  # a mistyped day
    value_all(app)
    assert stored(client, portfolio_id)[0]["value"] > last["value"]
    client.put("/prices/HELD", restated_file(1.0))
    for _ in range(2):
        value_all(app)
        newest = stored(client, portfolio_id)[0]
        assert (newest["day"], newest["value"]) == (str(LAST), last["value"])
        assert client.get("/portfolios").json["items"][0]["valuation"] == newest


def test_a_portfolio_that_was_emptied_is_listed_without_a_value(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    value_all(app)
    for each in client.get(f"/portfolios/{portfolio_id}/transactions").json["items"]:
        assert client.delete(f"/portfolios/{portfolio_id}/transactions/{each['id']}").status_code == 204
    value_all(app)
    assert client.get("/portfolios").json["items"][0]["valuation"] is None


def test_an_older_valuation_that_comes_later_removes_no_newer_day(client: Client) -> None:
    portfolio_id = held(client)
    ledger, database_ = Ledger(FIRST_ORG, portfolio_id), database.current()
    older = value_portfolio(database_, Valuer(), ledger)
    extend(client, LAST + timedelta(days=1), 50.0)
    for new in (value_portfolio(database_, Valuer(), ledger), older):
        with database.transaction() as connection:
            store_values(connection, FIRST_ORG, {portfolio_id: new}, now())
    assert [each["day"] for each in stored(client, portfolio_id)] == [str(LAST + timedelta(days=1)), str(LAST)]


def test_holdings_tell_how_far_their_stop_and_target_are(app: Application, client: Client) -> None:
    held(client)
    trade_plan = client.post("/analyze", {"ticker": "HELD"}).json["trade"]
    value_all(app)
    (holding,) = events(client, "portfolio.drawdown")[0]["data"]["holdings"]
    close = price(BARS - 1)
    assert holding["close"] == close
    if trade_plan is None:
        assert (holding["stop"], holding["to_stop"]) == (None, None)
    else:
        assert holding["to_stop"] == pytest.approx((close - trade_plan["stop_loss"]) / close)
        assert holding["to_target"] == pytest.approx((trade_plan["target"] - close) / close)


@pytest.mark.parametrize("cash_stays", [False, True])
def test_a_portfolio_that_was_emptied_is_told_once(app: Application, client: Client, cash_stays: bool) -> None:
    portfolio_id = held(client)
    value_all(app)
    before = stored(client, portfolio_id)
    for each in client.get(f"/portfolios/{portfolio_id}/transactions").json["items"]:
        if not (cash_stays and each["type"] == "deposit"):
            assert client.delete(f"/portfolios/{portfolio_id}/transactions/{each['id']}").status_code == 204
    for _ in range(2):
        value_all(app)
        told = [(each["data"]["day"], each["data"]["held"]) for each in events(client, "portfolio.drawdown")]
        assert sorted(told) == [(str(LAST), 0), (str(LAST), 1)]
    assert client.get("/jobs").json["items"][0]["failed"] == 0
    assert stored(client, portfolio_id) == before


def test_what_cannot_be_valued_fails_alone_and_what_is_deleted_is_left_out(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    foreign = make_portfolio(client, name="foreign", base_currency="SEK")
    booked(client, foreign, trade("buy", str(FIRST), "NONE", "1", "5", currency="NOK"))
    make_portfolio(client, name="empty")
    value_all(app)
    (job,) = client.get("/jobs").json["items"]
    assert (job["kind"], job["status"], job["succeeded"], job["failed"]) == ("portfolio_valuation", "completed", 1, 1)
    items = {each["key"]: each for each in client.get(f"/jobs/{job['id']}/items").json["items"]}
    assert items[foreign]["error"]["code"] == "insufficient_history"
    assert items[portfolio_id]["facts"]["last"] == str(LAST)
    new = value_portfolio(database.current(), Valuer(), Ledger(FIRST_ORG, portfolio_id))
    assert client.delete(f"/portfolios/{portfolio_id}").status_code == 204
    with database.transaction() as connection:
        assert store_values(connection, FIRST_ORG, {portfolio_id: new}, now()) == {}
    assert client.get(f"/portfolios/{portfolio_id}/valuations").status_code == 404


def test_portfolios_are_named_or_all(client: Client) -> None:
    with database.transaction() as connection:
        assert submit(connection, FIRST_ORG) is None
        with pytest.raises(PortfolioNotFound):
            submit(connection, FIRST_ORG, ["019aa3b2-7a1e-7c8e-8a55-ffffffffffff"])
    first, _ = held(client), held(client, name="second")
    other = {"headers": {"X-API-Key": another_organization()}}
    with database.transaction() as connection:
        named = submit(connection, FIRST_ORG, [first, first])
        every = submit(connection, FIRST_ORG)
        assert named is not None
        assert every is not None
        assert (named.job.total, every.job.total) == (1, 2)
        again = submit(connection, FIRST_ORG)
        assert again is not None
        assert not again.is_new
    assert client.get(f"/portfolios/{first}/valuations", **other).status_code == 404


def test_a_portfolio_is_a_line_for_whatever_measures(app: Application, client: Client) -> None:
    portfolio_id = held(client)
    told = client.get(f"/portfolios/{portfolio_id}/performance").json
    lines = app.services.foundation.lines
    for connect in (database.reader, database.read):
        with connect() as connection:
            line = lines.find(connection, FIRST_ORG, portfolio_id)
        assert (str(line.kind), line.name, line.currency, line.adjusted) == ("portfolio", "Savings", "USD", True)
        assert line.days.tolist()[-1] == LAST
        assert line.values.tolist() == pytest.approx([1 + each for each in told["series"]["twr"]])
    beside = held(client, name="beside", benchmark=portfolio_id)
    compared = client.get(f"/portfolios/{beside}/performance").json["benchmark"]
    assert (compared["kind"], compared["name"], compared["currency"]) == ("portfolio", "Savings", "USD")
    assert compared["metrics"]["tracking_error"]["value"] == pytest.approx(0.0, abs=1e-9)

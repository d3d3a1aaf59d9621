"""What rules on what one owns would see now: weights, drawdowns and days, whether any job has told of them or not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.alerting import MONDAY, Evening, make_index, make_rule
from kit.bars import bars_of
from kit.jobs import another_organization, run_jobs
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.support import Client

import database
from features.alerts.owned import MOST_VALUED
from features.portfolios.kinds import PortfolioValuing
from models.event import EventType
from utils.clock import now

WEIGHT = {"name": "Too much", "on": "weight_above", "conditions": {"percent": 60.0}}
FALL = {"name": "Fell", "on": "drawdown_beyond", "conditions": {"percent": 10.0}}
DUE = {"name": "Due", "on": "rebalancing_due", "conditions": {}}


@pytest.fixture
def growth(client: Client) -> str:
    """A portfolio worth 1,000 at the end: 700 in ONE, which has fallen from 1,000, 200 in TWO, and 100 in cash."""
    store("ONE", bars_of([100.0] * 30 + [70.0] * 30, first=MONDAY), now())
    store("TWO", bars_of([20.0] * 60, first=MONDAY), now())
    portfolio = make_portfolio(client, name="Growth")
    booked(
        client, portfolio, cash("deposit", "2024-01-02", "1300"),
        trade("buy", "2024-01-02", "ONE", "10", "100"), trade("buy", "2024-01-02", "TWO", "10", "20"),
    )  # fmt: skip
    return portfolio


def preview(client: Client, rule: dict[str, Any], **more: Any) -> Any:
    answer = client.post("/alert-rules/preview", {**rule, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_the_weight_of_each_holding_and_its_cap(client: Client, growth: str) -> None:
    seen = preview(client, WEIGHT)
    assert (seen["watches"], seen["tickers"], seen["holding"], seen["without_data"]) == ("holding", 2, 1, 0)
    assert [(item["ticker"], item["value"], item["holds"], item["link"]) for item in seen["items"]] == [
        ("ONE", 70.0, True, f"/portfolios?id={growth}"),
        ("TWO", 20.0, False, f"/portfolios?id={growth}"),
    ]
    assert seen["items"][0]["says"] == "70 % of the portfolio Growth; told from 60 % on"
    assert seen["items"][0]["day"] == str(MONDAY.replace(month=2, day=29))
    assert seen["sentence"].startswith("Tells you when a holding takes 60 % or more of any portfolio.")


def test_the_drawdown_and_its_bound(client: Client, growth: str) -> None:
    seen = preview(client, FALL)
    assert (seen["watches"], seen["tickers"], seen["holding"]) == ("portfolio", 1, 1)
    (item,) = seen["items"]
    assert (item["ticker"], item["name"], item["link"]) == (growth, "Growth", f"/portfolios?id={growth}")
    assert item["value"] == pytest.approx(100 * 300 / 1300, abs=0.01)
    assert item["says"] == "23.08 % below its highest value; told from 10 % on"
    assert preview(client, FALL, conditions={"percent": 30.0})["items"][0]["holds"] is False


def test_it_is_what_the_valuation_tells(client: Client, growth: str, evening: Evening) -> None:
    rules = {name: make_rule(client, tickers=None, **rule) for name, rule in (("weight", WEIGHT), ("fall", FALL))}
    tried = {name: client.post(f"/alert-rules/{rule['id']}/test", {}).json["preview"]["items"] for name, rule in rules.items()}
    assert client.post("/schedules", {"name": "Value", "cron": "0 0 * * *", "action": "portfolio_valuation"}).status_code == 201
    (schedule,) = client.get("/schedules").json["items"]
    assert client.post(f"/schedules/{schedule['id']}/run").status_code == 202
    run_jobs(kinds=[PortfolioValuing(client.app.services.foundation)])
    evening.evaluate()
    for name, rule in rules.items():
        told = {item["ticker"]: item["value"] for item in client.get(f"/alert-rules/{rule['id']}/states").json["items"]}
        prefix = f"{growth}:" if name == "weight" else ""
        assert {f"{prefix}{item['ticker']}": item["value"] for item in tried[name]}.items() <= told.items()


def test_states_are_told_by_name(client: Client, growth: str, evening: Evening) -> None:
    index = make_index(client)
    rules = {rule["on"]: make_rule(client, tickers=None, **rule)["id"] for rule in (WEIGHT, FALL, DUE)}
    rules["prices_stale"] = make_rule(client, on="prices_stale", conditions={})["id"]
    told = {"name": "Growth", "day": MONDAY, "drawdown": -0.1, "holdings": [{"ticker": "ONE", "weight": 0.7}]}
    evening.event(EventType.PORTFOLIO_DRAWDOWN, growth, told)
    due = {"index": "Both", "reference_day": MONDAY, "rebalance": "monthly", "last_day": MONDAY}
    evening.event(EventType.INDEX_REBALANCING_DUE, index, due)
    evening.stale(MONDAY, MONDAY + timedelta(days=30))
    evening.evaluate()

    def names(on: str) -> list[tuple[str, str | None]]:
        return [(item["name"], item["link"]) for item in client.get(f"/alert-rules/{rules[on]}/states").json["items"]]

    page = f"/portfolios?id={growth}"
    assert names("weight_above") == [("Growth", page), ("Growth: ONE", page), ("Growth: TWO", page)]
    assert names("drawdown_beyond") == [("Growth", page)]
    assert names("rebalancing_due") == [("Both", f"/indices?index={index}")]
    assert names("prices_stale") == [("ACME", "/tickers/ACME")]
    assert client.delete(f"/portfolios/{growth}").status_code == 204
    assert names("drawdown_beyond") == [(growth, None)]


def test_chosen_portfolios_alone_and_those_without_a_value_say_why(client: Client, growth: str) -> None:
    empty = make_portfolio(client, name="Empty")
    chosen = preview(client, WEIGHT, conditions={"percent": 60.0, "portfolios": [empty]})
    (item,) = chosen["items"]
    assert (item["name"], item["value"], item["holds"], chosen["without_data"]) == ("Empty", None, None, 1)
    assert "no transactions yet" in item["says"]
    assert [each["name"] for each in preview(client, FALL)["items"]] == ["Growth", "Empty"]


def test_a_look_values_so_many_portfolios(client: Client) -> None:
    for number in range(MOST_VALUED + 1):
        make_portfolio(client, name=f"Portfolio {number:02}")
    seen = preview(client, FALL)
    assert (seen["tickers"], seen["without_data"], len(seen["items"])) == (MOST_VALUED + 1, MOST_VALUED + 1, 50)


def test_the_day_of_each_index(client: Client) -> None:
    index = make_index(client)
    stored = client.get(f"/indexes/{index}").json
    seen = preview(client, DUE)
    (item,) = seen["items"]
    assert (seen["watches"], item["ticker"], item["name"], item["link"]) == ("index", index, "Both", f"/indices?index={index}")
    assert (item["day"], stored["next_reference_day"]) == (stored["last_day"], "2024-03-29")
    assert (item["value"], item["holds"]) == (15.0, False)
    assert item["says"] == ("rebalancing due by the closes of 29 March 2024, in 15 trading days; it is told 3 trading days before")
    near = make_index(client, "Near", "SIX", days=86)
    found = {each["name"]: each for each in preview(client, DUE)["items"]}
    assert (found["Near"]["value"], found["Near"]["holds"]) == (3.0, True)
    assert found["Near"]["says"] == "rebalancing due by the closes of 29 March 2024, in 3 trading days"
    assert [each["ticker"] for each in preview(client, DUE, conditions={"indexes": [near]})["items"]] == [near]


def test_days_are_counted_as_the_index_counts_them(client: Client) -> None:
    """From 24 December 2024 to the end of the year New York has four trading days; Monday to Friday are five."""
    assert client("PUT", "/universes/few", json={"items": [{"ticker": "ONE", "exchange": "XNYS"}]}).status_code == 201
    days = [day for number in range(250) if (day := date(2024, 12, 24) - timedelta(days=number)).weekday() < 5]
    rows = "".join(f"{day},5,5,5,5,9\n" for day in reversed(days))
    assert client.put("/prices/ONE", f"Date,Open,High,Low,Close,Volume\n{rows}", content_type="text/csv").status_code == 200
    for members in ({"tickers": ["ONE"]}, {"universe": "few"}):
        answer = client.post("/indexes", {"name": str(members), "members": members, "notice_days": 4, "start": "2024-06-03"})
        assert answer.json["next_reference_day"] == "2024-12-31"
        assert client.post(f"/indexes/{answer.json['id']}/publish").status_code == 200
    told = database.query_db("SELECT subject FROM events WHERE type = 'index.rebalancing_due'")
    assert len(told) == 2
    assert [(item["value"], item["holds"]) for item in preview(client, DUE)["items"]] == [(4.0, True)] * 2
    assert client.delete("/universes/few").status_code == 204
    assert [item["value"] for item in preview(client, DUE)["items"]] == [4.0, 4.0]


def test_another_organization_sees_its_own(client: Client, growth: str) -> None:
    make_index(client)
    stranger = Client(client.app, {"X-API-Key": another_organization()})
    for rule in (WEIGHT, FALL, DUE):
        assert preview(stranger, rule)["items"] == []


def test_nothing_is_stored(client: Client, growth: str) -> None:
    for rule in (WEIGHT, FALL, DUE):
        preview(client, rule)
    for table in ("alert_rules", "alert_states", "alerts", "portfolio_valuations"):
        assert database.query_db(f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]


def test_other_rules_name_and_link_their_tickers(client: Client) -> None:
    seen = preview(client, {"name": "Behind", "on": "prices_stale", "tickers": ["AAPL"], "conditions": {}})
    assert (seen["watches"], seen["items"][0]["name"], seen["items"][0]["link"]) == ("ticker", "AAPL", "/tickers/AAPL")

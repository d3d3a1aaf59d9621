"""Dividends that corporate actions propose: for what was held before the day, booked once, however somebody books them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from kit.jobs import another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.reports import price_file
from kit.support import Client

import database
from features.prices.store import action as action_store
from models.api_key import FIRST_ORG
from models.corporate_action import MERGE, ActionKind, CorporateAction, StoredAction
from utils.clock import now
from utils.ids import new_id

KEY = "AAPL:2012-11-07:dividend"


@pytest.fixture
def portfolio(client: Client) -> str:
    made = make_portfolio(client)
    report(client, "2012-08-09", 2.65)
    report(client, "2012-11-07", 2.65)
    booked(client, made, trade("buy", "2012-09-04", "AAPL", "10", "675"), trade("sell", "2012-11-07", "AAPL", "4", "558"))
    return made


def report(client: Client, day: str, amount: float, ticker: str = "AAPL", **more: Any) -> None:
    action = {"effective_day": day, "kind": "dividend", "amount": amount, "currency": "USD", **more}
    answer = client.post(f"/prices/{ticker}/actions", action)
    assert answer.status_code == 201, answer.json


def listed(client: Client, portfolio: str, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/portfolios/{portfolio}/dividends{query}").json["items"]
    return items


def confirm(client: Client, portfolio: str, *items: dict[str, Any], **more: Any) -> Any:
    return client.post(f"/portfolios/{portfolio}/dividends", {"items": list(items)}, **more)


def test_it_is_proposed_for_what_was_held_before_the_day(client: Client, portfolio: str) -> None:
    assert listed(client, portfolio) == [
        {
            "key": KEY, "ticker": "AAPL", "kind": "dividend", "ex_day": "2012-11-07", "quantity": "10", "per_share": "2.65",
            "amount": "26.5", "currency": "USD", "state": "proposed", "transaction_id": None,
        }
    ]  # fmt: skip
    assert listed(client, portfolio, "?ticker=MSFT") == listed(client, portfolio, "?state=booked") == []


def test_a_confirmed_one_is_booked_once(client: Client, portfolio: str) -> None:
    answer = confirm(client, portfolio, {"key": KEY, "day": "2012-11-15", "tax": "3.97", "note": "Paid."})
    (made,) = answer.json["items"]
    told = [made[name] for name in ("type", "day", "ticker", "amount", "tax", "currency")]
    assert (answer.status_code, told) == (201, ["dividend", "2012-11-15", "AAPL", "26.5", "3.97", "USD"])
    (found,) = listed(client, portfolio)
    assert (found["state"], found["transaction_id"]) == ("booked", made["id"])
    again = confirm(client, portfolio, {"key": KEY})
    assert (again.status_code, made["id"] in again.json["detail"]) == (409, True)
    assert client.get(f"/portfolios/{portfolio}/income").json["totals"]["net"] == "22.53"
    # Once its transaction is deleted, it is proposed again.
    client.delete(f"/portfolios/{portfolio}/transactions/{made['id']}")
    assert listed(client, portfolio)[0]["state"] == "proposed"
    assert confirm(client, portfolio, {"key": KEY}).status_code == 201


@pytest.mark.parametrize(
    ("day", "amount", "more", "state"),
    [
        ("2012-11-15", "26.50", {}, "booked"),
        ("2012-11-05", "26.5", {}, "booked"),
        ("2012-11-15", "22.53", {}, "booked"),  # after taxes
        ("2012-11-15", "20.71", {"currency": "EUR", "fx_rate": "1.28"}, "booked"),
        ("2013-02-15", "26.50", {}, "proposed"),
        ("2012-11-15", "2.65", {}, "proposed"),
        ("2012-11-15", "100", {}, "proposed"),
        ("2012-11-15", "26.50", {"ticker": "MSFT"}, "proposed"),
    ],
)
def test_one_that_was_booked_by_hand_is_found(
    client: Client, portfolio: str, day: str, amount: str, more: dict[str, str], state: str
) -> None:
    (by_hand,) = booked(client, portfolio, cash("dividend", day, amount, **{"ticker": "AAPL", **more}))
    (found,) = listed(client, portfolio)
    assert (found["state"], found["transaction_id"]) == (state, by_hand["id"] if state == "booked" else None)
    assert confirm(client, portfolio, {"key": KEY}).status_code == (409 if state == "booked" else 201)


def test_each_that_was_booked_by_hand_stands_for_one(client: Client, portfolio: str) -> None:
    report(client, "2012-12-07", 2.65)
    booked(client, portfolio, trade("buy", "2012-11-08", "AAPL", "4", "550"), cash("dividend", "2012-12-15", "26.5", ticker="AAPL"))
    assert [(each["ex_day"], each["state"]) for each in listed(client, portfolio)] == [
        ("2012-12-07", "booked"),
        ("2012-11-07", "proposed"),
    ]


def test_a_dismissed_one_can_still_be_confirmed(client: Client, portfolio: str) -> None:
    path = f"/portfolios/{portfolio}/dividends/dismissals"
    assert client.post(path, {"keys": [KEY]}).status_code == 204
    assert [each["state"] for each in listed(client, portfolio)] == ["dismissed"]
    assert listed(client, portfolio, "?state=proposed") == []
    assert confirm(client, portfolio, {"key": KEY}).status_code == 201
    assert client.post(path, {"keys": [KEY]}).status_code == 409
    assert client.post(path, {"keys": ["AAPL:2012-01-01:dividend"]}).status_code == 404


def test_two_reports_of_one_payment_are_one(client: Client, portfolio: str) -> None:
    report(client, "2012-11-08", 2.6501)
    assert [each["key"] for each in listed(client, portfolio)] == [KEY]


@pytest.mark.parametrize("day", ["2012-11-05", "2012-11-06"])
def test_one_that_is_dated_anew_stays_what_it_is(client: Client, portfolio: str, day: str) -> None:
    (made,) = confirm(client, portfolio, {"key": KEY}).json["items"]
    report(client, day, 2.65)
    (found,) = listed(client, portfolio)
    assert (found["ex_day"], found["state"], found["transaction_id"]) == (day, "booked", made["id"])
    assert confirm(client, portfolio, {"key": found["key"]}).status_code == 409
    client.delete(f"/portfolios/{portfolio}/transactions/{made['id']}")
    client.post(f"/portfolios/{portfolio}/dividends/dismissals", {"keys": [found["key"]]})
    report(client, "2012-11-04", 2.65)
    assert [(each["ex_day"], each["state"]) for each in listed(client, portfolio)] == [("2012-11-04", "dismissed")]


def test_a_decision_about_one_of_another_week_is_none_about_it(client: Client, portfolio: str) -> None:
    assert client.post(f"/portfolios/{portfolio}/dividends/dismissals", {"keys": [KEY]}).status_code == 204
    report(client, "2012-11-14", 2.65)
    assert [(each["ex_day"], each["state"]) for each in listed(client, portfolio)] == [
        ("2012-11-14", "proposed"),
        ("2012-11-07", "dismissed"),
    ]


def test_what_merging_prices_has_found_is_not_proposed(client: Client, portfolio: str) -> None:
    with database.transaction() as connection:
        found = CorporateAction(date(2012, 10, 1), ActionKind.DIVIDEND, amount=2.6489)
        action_store.insert(connection, FIRST_ORG, "AAPL", StoredAction(new_id(), found, MERGE, now()))
    assert [each["key"] for each in listed(client, portfolio)] == [KEY]


def test_a_split_of_the_day_makes_new_shares(client: Client, portfolio: str) -> None:
    split = {"effective_day": "2012-12-07", "kind": "split", "numerator": 2, "denominator": 1}
    report(client, "2012-12-07", 1.5)
    client.post("/prices/AAPL/actions", split)
    newest = listed(client, portfolio)[0]
    assert (newest["quantity"], newest["amount"]) == ("12", "18")


def test_of_several_at_once_one_books_it(client: Client, portfolio: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: confirm(Client(client.app), portfolio, {"key": KEY}).status_code, range(4)))
    assert sorted(answers) == [201, 409, 409, 409]


def test_a_request_is_whole_and_repeated_safely(client: Client, portfolio: str) -> None:
    refused = confirm(client, portfolio, {"key": KEY}, {"key": "AAPL:1999-01-01:dividend"})
    assert refused.status_code == 404
    assert confirm(client, portfolio, {"key": KEY}, {"key": KEY}).status_code == 409
    wrong = confirm(client, portfolio, {"key": KEY, "day": "2999-01-01"})
    assert [error["field"] for error in wrong.json["errors"]] == ["items.0.day"]
    assert listed(client, portfolio)[0]["state"] == "proposed"
    first, second = (confirm(client, portfolio, {"key": KEY}, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.json, second.headers["Idempotent-Replayed"]) == (second.json, "true")


def test_one_whose_currency_nobody_tells_needs_it(client: Client, portfolio: str) -> None:
    assert client.put("/prices/OWN", price_file(250)).status_code == 200
    booked(client, portfolio, trade("buy", "2012-01-04", "OWN", "10", "30"))
    report(client, "2012-02-14", 0.23, "OWN", currency=None)
    key = "OWN:2012-02-14:dividend"
    refused = confirm(client, portfolio, {"key": key})
    assert [error["field"] for error in refused.json["errors"]] == ["items.0.currency"]
    assert confirm(client, portfolio, {"key": key, "currency": "USD"}).status_code == 201


def test_another_organization_sees_none(client: Client, portfolio: str) -> None:
    other = another_organization()
    assert client.get(f"/portfolios/{portfolio}/dividends", key=other).status_code == 404
    assert confirm(client, portfolio, {"key": KEY}, key=other).status_code == 404

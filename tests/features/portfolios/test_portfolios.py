"""Portfolios: making, reading, changing and deleting them, alone and at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.support import Client

import database
from features.portfolios import service
from features.portfolios.service import Terms
from models.portfolio import CostMethod
from models.portfolio_errors import PortfolioExists, TooManyPortfolios


def change(client: Client, portfolio_id: str, **body: Any) -> Any:
    return client("PATCH", f"/portfolios/{portfolio_id}", json=body)


def names(client: Client, **more: Any) -> list[str]:
    return [each["name"] for each in client.get("/portfolios", **more).json["items"]]


def test_a_portfolio_is_made_read_changed_and_deleted(client: Client) -> None:
    answer = client.post("/portfolios", {"name": "  Pension ", "base_currency": "eur", "benchmark": "msft"})
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/portfolios/{answer.json['id']}")
    made = answer.json
    told = ("name", "base_currency", "benchmark", "cost_method", "version", "transactions", "holdings")
    assert [made[name] for name in told] == ["Pension", "EUR", "MSFT", "fifo", 1, 0, 0]
    assert client.get(f"/portfolios/{made['id']}").json == made
    changed = change(client, made["id"], name="Ünïversal 銀行", cost_method="average", benchmark=None, version=1).json
    assert [changed[name] for name in told] == ["Ünïversal 銀行", "EUR", None, "average", 2, 0, 0]
    assert change(client, made["id"], name="Ünïversal 銀行").json == changed  # nothing changes, nor does the version
    assert change(client, made["id"]).json == changed
    assert client.delete(f"/portfolios/{made['id']}").status_code == 204
    assert names(client) == []
    for method, path, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("GET", "/transactions", None),
        ("POST", "/transactions", cash("deposit", "2020-01-01", "1")), ("DELETE", f"/transactions/{UNKNOWN_ID}", None),
        ("POST", "/transactions/batch", {"items": [cash("deposit", "2020-01-01", "1")]}),
        ("PUT", f"/transactions/{UNKNOWN_ID}", cash("deposit", "2020-01-01", "1")), ("GET", f"/transactions/{UNKNOWN_ID}", None),
    ):  # fmt: skip
        answer = client(method, f"/portfolios/{made['id']}{path}", json=body)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), (method, path)
        assert "no portfolio" in answer.json["detail"]


@pytest.mark.parametrize("portfolio_id", ["x", UNKNOWN_ID, "%00", "1' OR '1'='1"])
def test_an_impossible_id_is_not_found(client: Client, portfolio_id: str) -> None:
    for path in (f"/portfolios/{portfolio_id}", f"/portfolios/{portfolio_id}/transactions"):
        assert client.get(path).status_code == 404
    assert client.delete(f"/portfolios/{portfolio_id}").status_code == 404


def test_the_list_counts_what_each_has_and_is_paged_by_name(client: Client) -> None:
    for name in ("beta", "Alpha", "gamma"):
        make_portfolio(client, name=name)
    first = client.get("/portfolios?limit=2").json
    rest = client.get(f"/portfolios?limit=2&cursor={first['next_cursor']}").json
    assert [each["name"] for each in first["items"] + rest["items"]] == ["Alpha", "beta", "gamma"]
    assert rest["next_cursor"] is None
    alpha = first["items"][0]["id"]
    booked(client, alpha, trade("buy", "2020-01-02", "AAPL", "2", "10"), trade("buy", "2020-01-02", "MSFT", "1", "10"))
    booked(client, alpha, trade("sell", "2020-01-03", "AAPL", "2", "10"))
    counted = client.get("/portfolios").json["items"][0]
    assert (counted["transactions"], counted["holdings"], counted["version"]) == (3, 1, 3)
    fresh = client.get("/portfolios")
    assert client.get("/portfolios", headers={"If-None-Match": fresh.headers["ETag"]}).status_code == 304


def test_names_are_compared_as_they_look(client: Client) -> None:
    first = make_portfolio(client, name="Savings")
    for name in ("savings", "SAVINGS", "Ｓavings", "Sa\u0076ings"):
        refused = client.post("/portfolios", {"name": name, "base_currency": "USD"})
        assert (refused.status_code, refused.json["code"]) == (409, "conflict"), name
    other = make_portfolio(client, name="Others")
    assert change(client, other, name="SAVINGS").status_code == 409
    assert change(client, first, name="SAVINGS").json["name"] == "SAVINGS"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "base_currency": "USD"}, "name"),
        ({"name": "x" * 61, "base_currency": "USD"}, "name"),
        ({"name": "a\x00b", "base_currency": "USD"}, "name"),
        ({"name": "x"}, "base_currency"),
        ({"name": "x", "base_currency": "DOLLAR"}, "base_currency"),
        ({"name": "x", "base_currency": "U5D"}, "base_currency"),
        ({"name": "x", "base_currency": "GBp"}, "base_currency"),
        ({"name": "x", "base_currency": "USD", "benchmark": "not a ticker"}, "benchmark"),
        ({"name": "x", "base_currency": "USD", "cost_method": "lifo"}, "cost_method"),
        ({"name": "x", "base_currency": "USD", "owner": "me"}, "owner"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(client: Client, body: dict[str, Any], field: str) -> None:
    refused = client.post("/portfolios", body)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert [error["field"] for error in refused.json["errors"]] == [field]


def test_a_request_is_repeated_safely(client: Client) -> None:
    body = {"name": "Once", "base_currency": "USD"}
    answers = [client.post("/portfolios", body, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert (answers[1].headers["Idempotent-Replayed"], names(client)) == ("true", ["Once"])


def test_only_so_many_are_stored(client: Client) -> None:
    terms = [Terms(name, "USD", None, CostMethod.FIFO) for name in ("a", "b", "c")]
    with database.transaction() as connection:
        service.create(connection, 1, terms[0], most=2)
        service.create(connection, 1, terms[1], most=2)
        with pytest.raises(TooManyPortfolios, match="You have 2 portfolios"):
            service.create(connection, 1, terms[2], most=2)


def test_of_two_with_one_name_at_once_one_is_made(client: Client) -> None:
    def create(_: int) -> str:
        try:
            with database.transaction() as connection:
                service.create(connection, 1, Terms("Same", "USD", None, CostMethod.FIFO))
        except PortfolioExists:
            return "refused"
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == ["made", "refused", "refused", "refused"]


def test_a_change_of_another_version_is_refused(client: Client) -> None:
    made = make_portfolio(client)
    booked(client, made, cash("deposit", "2020-01-01", "5"))
    refused = change(client, made, name="Late", version=1)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert "it is at version 2" in refused.json["detail"]


def test_the_base_currency_stays_once_rates_into_it_are_booked(client: Client) -> None:
    made = make_portfolio(client)
    (deposit,) = booked(client, made, cash("deposit", "2020-01-01", "5", currency="EUR", fx_rate="1.1"))
    refused = change(client, made, base_currency="CHF")
    assert (refused.status_code, "fx_rate into USD" in refused.json["detail"]) == (409, True)
    client.delete(f"/portfolios/{made}/transactions/{deposit['id']}")
    assert change(client, made, base_currency="CHF").json["base_currency"] == "CHF"


def test_another_organization_sees_nothing_of_it(client: Client) -> None:
    made = make_portfolio(client)
    other = another_organization()
    assert names(client, key=other) == []
    for answer in (
        client.get(f"/portfolios/{made}", key=other),
        client("PATCH", f"/portfolios/{made}", json={"name": "Mine"}, key=other),
        client.delete(f"/portfolios/{made}", key=other),
        client.post(f"/portfolios/{made}/transactions", cash("deposit", "2020-01-01", "1"), key=other),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client.post("/portfolios", {"name": "Savings", "base_currency": "USD"}, key=other).status_code == 201

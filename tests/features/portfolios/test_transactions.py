"""The ledger of a portfolio: booking, correcting and removing transactions, what is refused, and versions that stay readable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from kit.jobs import UNKNOWN_ID
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.support import Client

import database
from features.portfolios import service
from models.portfolio import MOST_TICKERS, MOST_TRANSACTIONS, Draft, TransactionType
from models.portfolio_errors import LedgerVersionNotFound, PortfolioChanged, TooMuchInPortfolio
from utils.clock import today

ORG = 1


@pytest.fixture
def portfolio(client: Client) -> str:
    return make_portfolio(client)


def add(client: Client, portfolio: str, body: dict[str, Any], **more: Any) -> Any:
    return client.post(f"/portfolios/{portfolio}/transactions", body, **more)


def listed(client: Client, portfolio: str, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/portfolios/{portfolio}/transactions{query}").json["items"]
    return items


def version(client: Client, portfolio: str) -> int:
    return int(client.get(f"/portfolios/{portfolio}").json["version"])


def test_a_transaction_is_booked_read_corrected_and_removed(client: Client, portfolio: str) -> None:
    body = trade("buy", "2020-01-02", "aapl", "1.50", "300.3500", fee="1.00", note="First.\nLine.")
    answer = add(client, portfolio, body)
    made = answer.json
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/portfolios/{portfolio}/transactions/{made['id']}")
    # Every digit stays as it was given, and the currency is that of the portfolio.
    told = {name: made[name] for name in ("ticker", "quantity", "price", "fee", "tax", "amount", "currency", "note", "since_version")}
    assert told == {
        "ticker": "AAPL", "quantity": "1.50", "price": "300.3500", "fee": "1.00", "tax": "0", "amount": None, "currency": "USD",
        "note": "First.\nLine.", "since_version": 2,
    }  # fmt: skip
    path = f"/portfolios/{portfolio}/transactions/{made['id']}"
    assert client.get(path).json == made
    corrected = client("PUT", path, json=trade("buy", "2020-01-03", "AAPL", "2", "300", currency="EUR", version=2)).json
    assert (corrected["id"], corrected["day"], corrected["quantity"], corrected["fee"]) == (made["id"], "2020-01-03", "2", "0")
    assert (corrected["since_version"], client.get(path).json) == (3, corrected)
    assert listed(client, portfolio) == [corrected]
    assert client.delete(f"{path}?version=3").status_code == 204
    assert (listed(client, portfolio), version(client, portfolio)) == ([], 4)
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert client("PUT", path, json=cash("deposit", "2020-01-01", "1")).status_code == 404


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (trade("buy", "2020-01-02", "AAPL", "-1", "10"), ["quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "0", "10"), ["quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "-10"), ["price"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "10", fee="-1"), ["fee"]),
        (trade("buy", "2020-01-02", "AAPL", "1e3", "10"), ["quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "NaN", "Infinity"), ["quantity", "price"]),
        (trade("buy", "2020-01-02", "AAPL", "1" * 16, "10"), ["quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "0.12345678901", "10"), ["quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "١", "10"), ["quantity"]),
        ({"type": "buy", "day": "2020-01-02", "ticker": "AAPL", "quantity": 1.5, "price": "1"}, ["quantity"]),
        ({"type": "buy", "day": "2020-01-02", "ticker": "AAPL", "quantity": "1"}, ["price"]),
        ({"type": "buy", "day": "2020-01-02", "amount": "1"}, ["ticker", "quantity"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "10", currency="DOLLAR"), ["currency"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "10", fx_rate="0"), ["fx_rate"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "10", acquired="2019-01-01"), ["acquired"]),
        (trade("buy", "2020-02-30", "AAPL", "1", "10"), ["day"]),
        (trade("buy", "1620-02-20", "AAPL", "1", "10"), ["day"]),
        (trade("buy", (today() + timedelta(days=2)).isoformat(), "AAPL", "1", "10"), ["day"]),
        (trade("short", "2020-01-02", "AAPL", "1", "10"), ["type"]),
        (trade("dividend", "2020-01-02", "AAPL", "1", "10"), ["amount", "quantity", "price"]),
        (cash("dividend", "2020-01-02", "10"), ["ticker"]),
        (cash("deposit", "2020-01-02", "-10"), ["amount"]),
        (cash("deposit", "2020-01-02", "0"), ["amount"]),
        (cash("fee", "2020-01-02", "0"), ["amount"]),
        (cash("deposit", "2020-01-02", "10", ticker="AAPL"), ["ticker"]),
        (cash("transfer_out", "2020-01-02", "10", ticker="AAPL"), ["quantity", "amount"]),
        (
            {"type": "transfer_in", "day": "2020-01-02", "ticker": "A", "quantity": "1", "price": "1", "acquired": "2021-01-01"},
            ["acquired"],
        ),
        ({"type": "split", "day": "2020-01-02", "ticker": "A", "numerator": 2}, ["denominator"]),
        ({"type": "split", "day": "2020-01-02", "ticker": "A", "numerator": 2, "denominator": 0}, ["denominator"]),
        (trade("buy", "2020-01-02", "not a ticker", "1", "10"), ["ticker"]),
        (trade("buy", "2020-01-02", "AAPL", "1", "10", note="x" * 501), ["note"]),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(client: Client, portfolio: str, body: dict[str, Any], places: list[str]) -> None:
    refused = add(client, portfolio, body)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error"), refused.json
    assert [error["field"] for error in refused.json["errors"]] == places
    among = client.post(f"/portfolios/{portfolio}/transactions/batch", {"items": [cash("deposit", "2020-01-01", "1"), body]})
    assert [error["field"] for error in among.json["errors"]] == [f"items.1.{place}" for place in places]
    assert (listed(client, portfolio), version(client, portfolio)) == ([], 1)


def test_more_than_is_held_cannot_leave(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2020-01-02", "AAPL", "3", "10"))
    refused = add(client, portfolio, trade("sell", "2020-02-03", "AAPL", "3.0000000001", "10"))
    assert (refused.status_code, refused.json["code"], refused.json["errors"][0]["field"]) == (422, "oversold", "quantity")
    assert "3.0000000001 of AAPL would leave on 3 February 2020, when 3 are held" in refused.json["detail"]
    # Before it was bought, and twice in one request.
    assert add(client, portfolio, trade("sell", "2020-01-01", "AAPL", "1", "10")).json["code"] == "oversold"
    twice = [
        trade("sell", "2020-02-03", "AAPL", "2", "10"),
        {"type": "transfer_out", "day": "2020-02-04", "ticker": "AAPL", "quantity": "2"},
    ]
    among = client.post(f"/portfolios/{portfolio}/transactions/batch", {"items": twice})
    assert [error["field"] for error in among.json["errors"]] == ["items.1.quantity"]
    assert version(client, portfolio) == 2


def test_what_a_later_sale_needs_stays(client: Client, portfolio: str) -> None:
    bought, sold = booked(client, portfolio, trade("buy", "2020-01-02", "AAPL", "3", "10"), trade("sell", "2020-02-03", "AAPL", "3", "10"))
    path = f"/portfolios/{portfolio}/transactions/{bought['id']}"
    for refused in (
        client.delete(path),
        client("PUT", path, json=trade("buy", "2020-01-02", "AAPL", "2", "10")),
        client("PUT", path, json=trade("buy", "2020-02-04", "AAPL", "3", "10")),
        client("PUT", path, json=trade("buy", "2020-01-02", "MSFT", "3", "10")),
        add(client, portfolio, trade("sell", "2020-02-02", "AAPL", "1", "10")),
    ):
        assert (refused.status_code, refused.json["code"]) == (422, "oversold")
        assert sold["id"] in refused.json["detail"]
    assert client("PUT", path, json=trade("buy", "2020-02-03", "AAPL", "3", "9")).status_code == 200  # buys come first on a day


def test_a_split_counts_for_what_may_be_sold(client: Client, portfolio: str) -> None:
    recorded = client.post("/prices/AAPL/actions", {"effective_day": "2010-06-01", "kind": "split", "numerator": 2, "denominator": 1})
    assert recorded.status_code == 201, recorded.json
    booked(client, portfolio, trade("buy", "2010-01-04", "AAPL", "3", "10"))
    assert add(client, portfolio, trade("sell", "2010-05-28", "AAPL", "6", "5")).json["code"] == "oversold"
    assert add(client, portfolio, trade("sell", "2010-06-01", "AAPL", "6", "5")).status_code == 201
    # What the action's end makes of an old sale keeps nothing else from being booked.
    assert client.delete(f"/prices/AAPL/actions/{recorded.json['id']}").status_code == 204
    assert add(client, portfolio, trade("buy", "2010-06-02", "AAPL", "1", "5")).status_code == 201
    assert add(client, portfolio, trade("sell", "2010-06-03", "AAPL", "2", "5")).json["code"] == "oversold"


def test_one_that_has_no_prices_is_booked(client: Client, portfolio: str) -> None:
    assert add(client, portfolio, trade("buy", "2020-01-02", "NOWHERE", "3", "10")).status_code == 201
    assert client.get(f"/portfolios/{portfolio}").json["holdings"] == 1


def test_the_list_is_filtered_and_paged_newest_first(client: Client, portfolio: str) -> None:
    items = [trade("buy", f"2020-01-{day:02}", ticker, "1", "10") for day in range(1, 6) for ticker in ("AAPL", "MSFT")]
    booked(client, portfolio, *items, cash("deposit", "2020-01-03", "5"))
    found, cursor = [], ""
    while True:
        answer = client.get(f"/portfolios/{portfolio}/transactions?limit=4{cursor}").json
        found += answer["items"]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert [(each["day"], each["id"]) for each in found] == sorted(((each["day"], each["id"]) for each in found), reverse=True)
    assert len(found) == 11
    assert {each["ticker"] for each in listed(client, portfolio, "?ticker=aapl")} == {"AAPL"}
    assert [each["type"] for each in listed(client, portfolio, "?type=deposit")] == ["deposit"]
    assert {each["day"] for each in listed(client, portfolio, "?start=2020-01-02&end=2020-01-03")} == {"2020-01-02", "2020-01-03"}
    assert client.get(f"/portfolios/{portfolio}/transactions?start=2020-01-02&end=2020-01-01").status_code == 422
    page_of_another = client.get(f"/portfolios/{portfolio}/transactions?ticker=AAPL{cursor}")
    assert page_of_another.status_code == 422


def test_a_request_is_repeated_safely(client: Client, portfolio: str) -> None:
    for path, body in (
        ("", cash("deposit", "2020-01-01", "5")),
        ("/batch", {"items": [cash("deposit", "2020-01-01", "5"), cash("deposit", "2020-01-01", "5")]}),
    ):
        key = {"Idempotency-Key": f"once{path}"}
        first, second = (client.post(f"/portfolios/{portfolio}/transactions{path}", body, headers=key) for _ in range(2))
        assert (first.json, second.headers["Idempotent-Replayed"]) == (second.json, "true")
    assert len(listed(client, portfolio)) == 3  # equal ones of one request are two


def test_of_two_writers_at_one_version_one_is_told_to_read_again(client: Client, portfolio: str) -> None:
    draft = Draft(TransactionType.DEPOSIT, today(), "USD", amount=Decimal(5))

    def write(_: int) -> str:
        try:
            with database.transaction() as connection:
                service.add_transactions(connection, ORG, portfolio, [draft], 1)
        except PortfolioChanged as error:
            return str(error)
        return "written"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(write, range(4)))
    assert outcomes[-1] == "written"
    assert all("Read it again" in outcome for outcome in outcomes[:3])
    assert len(listed(client, portfolio)) == 1


def test_without_a_version_all_writers_are_heard_but_none_oversells(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2020-01-02", "AAPL", "3", "10"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: add(Client(client.app), portfolio, trade("sell", "2020-02-03", "AAPL", "1", "10")), range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 422, 422]
    assert (version(client, portfolio), client.get(f"/portfolios/{portfolio}").json["holdings"]) == (5, 0)


def test_what_was_traded_this_morning_is_booked_where_it_is_tomorrow_already(client: Client, portfolio: str) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    assert add(client, portfolio, trade("buy", tomorrow, "AAPL", "3", "10")).status_code == 201
    assert add(client, portfolio, trade("sell", tomorrow, "AAPL", "4", "10")).status_code == 422
    assert client.get(f"/portfolios/{portfolio}").json["holdings"] == 1
    assert client.get(f"/portfolios/{portfolio}/holdings").json["items"] == []  # by the day in UTC
    assert client.get(f"/portfolios/{portfolio}/performance").json["last_day"] == tomorrow
    assert add(client, portfolio, trade("sell", tomorrow, "AAPL", "3", "10")).status_code == 201


def test_a_ledger_is_read_as_it_was_at_any_version(client: Client, portfolio: str) -> None:
    first, second = booked(client, portfolio, trade("buy", "2020-01-02", "AAPL", "3", "10"), cash("deposit", "2020-01-03", "5"))
    client("PUT", f"/portfolios/{portfolio}/transactions/{first['id']}", json=trade("buy", "2020-01-02", "AAPL", "4", "10"))
    client("PATCH", f"/portfolios/{portfolio}", json={"cost_method": "average", "benchmark": "MSFT"})
    client.delete(f"/portfolios/{portfolio}/transactions/{second['id']}")

    def read(at: int | None = None) -> tuple[str, str | None, list[str | None]]:
        with database.reader() as connection:
            found, transactions = service.read_ledger(connection, ORG, portfolio, at)
        assert (found.version, found.transactions) == (at or 5, len(transactions))
        return str(found.cost_method), found.benchmark, [str(each.quantity or each.amount) for each in transactions]

    assert read(1) == ("fifo", None, [])
    assert read(2) == ("fifo", None, ["3", "5"])
    assert read(3) == ("fifo", None, ["4", "5"])
    assert read(4) == ("average", "MSFT", ["4", "5"])
    assert read(5) == read() == ("average", "MSFT", ["4"])
    for never in (0, 6, -1):
        with database.reader() as connection, pytest.raises(LedgerVersionNotFound):
            service.read_ledger(connection, ORG, portfolio, never)


def test_a_portfolio_has_so_many_tickers(client: Client, portfolio: str) -> None:
    def drafts(first: int, last: int) -> list[Draft]:
        price: dict[str, Any] = {"quantity": Decimal(1), "price": Decimal(1)}
        return [Draft(TransactionType.BUY, today(), "USD", f"T{number}", **price) for number in range(first, last)]

    with database.transaction() as connection:
        service.add_transactions(connection, ORG, portfolio, drafts(0, MOST_TICKERS))
    with pytest.raises(TooMuchInPortfolio, match="2,000 tickers"), database.transaction() as connection:
        service.add_transactions(connection, ORG, portfolio, drafts(MOST_TICKERS, MOST_TICKERS + 1))
    assert client.get(f"/portfolios/{portfolio}").json["holdings"] == MOST_TICKERS


def test_fifty_thousand_are_imported_at_once_and_no_more(client: Client, portfolio: str) -> None:
    lines = ["Date,Type,Ticker,Quantity,Price,Fee,Currency\n"]
    for number in range(MOST_TRANSACTIONS):
        type_, price = ("Sell", number) if number % 4 == 3 else ("Buy", number % 100)
        lines.append(f"{today() - timedelta(days=3_000 - number // 20)},{type_},T{number // 4 % 50},1,{price}.25,0.50,USD\n")
    path = f"/portfolios/{portfolio}/transactions/import"
    answer = client("POST", path, data="".join(lines), content_type="text/csv")
    assert (answer.status_code, answer.json["added_total"], answer.json["version"]) == (201, MOST_TRANSACTIONS, 2)
    assert client.get(f"/portfolios/{portfolio}").json["transactions"] == MOST_TRANSACTIONS
    held = client.get(f"/portfolios/{portfolio}/holdings").json["items"]
    assert [(item["quantity"], item["lots"]) for item in held] == [("500", 500)] * 50
    refused = add(client, portfolio, cash("deposit", "2020-01-01", "5"))
    assert (refused.status_code, "50,000 transactions" in refused.json["detail"]) == (409, True)
    with database.transaction() as connection:
        assert len(service.read_ledger(connection, ORG, portfolio)[1]) == MOST_TRANSACTIONS


def test_an_unknown_transaction_is_not_found(client: Client, portfolio: str) -> None:
    for transaction_id in (UNKNOWN_ID, "x", "%00"):
        assert client.get(f"/portfolios/{portfolio}/transactions/{transaction_id}").status_code == 404

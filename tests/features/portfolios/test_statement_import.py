"""Importing files of transactions over HTTP: what is added, shown, remembered and refused; and the export."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from kit import broker_files as samples
from kit.jobs import another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.servers import wait_until
from kit.support import Client

import database
from features.portfolios import service
from features.portfolios.service import Ledger
from models.api_key import FIRST_ORG

HEADER = "Date,Type,Ticker,Quantity,Price,Amount,Fee,Currency\n"
BOUGHT = "2024-03-15,Buy,AAPL,10,100,,1,USD\n"
PAID_IN = "2024-03-14,Deposit,,,,2000,,USD\n"


@pytest.fixture
def portfolio(client: Client) -> str:
    return make_portfolio(client)


def send(client: Client, portfolio: str, body: str | bytes, headers: dict[str, str] | None = None, **query: Any) -> Any:
    told = {name: json.dumps(value) if isinstance(value, dict) else str(value).lower() for name, value in query.items()}
    path = f"/portfolios/{portfolio}/transactions/import?{urlencode(told)}"
    return client("POST", path, data=body, content_type="text/csv", headers=headers)


def stored(client: Client, portfolio: str) -> list[tuple[Any, ...]]:
    items = client.get(f"/portfolios/{portfolio}/transactions?limit=500").json["items"]
    return [(item["day"], item["type"], item["ticker"], item["quantity"], item["price"], item["amount"]) for item in reversed(items)]


def test_a_file_is_added_whole(client: Client, portfolio: str) -> None:
    answer = send(client, portfolio, HEADER + PAID_IN + BOUGHT)
    assert answer.status_code == 201
    assert (answer.json["added_total"], answer.json["version"], answer.json["understood"]["format"]) == (2, 2, "generic")
    assert [(line["line"], line["type"], line["fee"]) for line in answer.json["added"]] == [(2, "deposit", "0"), (3, "buy", "1")]
    assert stored(client, portfolio) == [
        ("2024-03-14", "deposit", None, None, None, "2000"),
        ("2024-03-15", "buy", "AAPL", "10", "100", None),
    ]


def test_a_dry_run_adds_and_remembers_nothing(client: Client, portfolio: str) -> None:
    answer = send(client, portfolio, samples.DEGIRO_EN, dry_run=True, symbols={"US0000000001": "ACME", "IE0000000002": "WRLD"})
    assert answer.status_code == 200
    assert answer.json["dry_run"]
    assert answer.json["understood"]["columns"]["quantity"] == "Quantity"
    assert stored(client, portfolio) == []
    assert client.get("/portfolio-symbols").json == {"symbols": {}}


def test_more_than_is_held_is_told_with_its_line_by_a_dry_run_and_refused_by_an_import(client: Client, portfolio: str) -> None:
    text = HEADER + BOUGHT + "2024-03-16,Sell,AAPL,11,100,,,USD\n"
    [fault] = send(client, portfolio, text, dry_run=True).json["faults"]
    assert (fault["line"], "11 of AAPL" in fault["message"]) == (3, True)
    refused = send(client, portfolio, text)
    assert (refused.status_code, refused.json["code"]) == (422, "statement_refused")
    assert refused.json["errors"][0]["field"] == "line 3"
    assert stored(client, portfolio) == []


def test_one_fault_refuses_the_whole_file_or_is_left_out(client: Client, portfolio: str) -> None:
    text = HEADER + BOUGHT + "2024-03-16,Buy,AAPL,many,100,,,USD\n2999-01-01,Buy,AAPL,1,100,,,USD\n"
    refused = send(client, portfolio, text)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [
        "line 3, column Quantity",
        "line 4, column Date",
    ]
    assert stored(client, portfolio) == []
    answer = send(client, portfolio, text, on_bad_rows="drop")
    assert (answer.status_code, answer.json["added_total"], answer.json["faults_total"]) == (201, 1, 2)


def test_sales_of_too_much_are_told_beside_other_faults_and_left_out_like_these(client: Client, portfolio: str) -> None:
    text = HEADER + BOUGHT + "2024-03-16,Sell,AAPL,11,100,,,USD\n2024-03-17,Buy,MSFT,1,cheap,,,USD\n2024-03-18,Sell,AAPL,4,100,,,USD\n"
    seen = send(client, portfolio, text, dry_run=True).json
    assert [(fault["line"], fault["column"]) for fault in seen["faults"]] == [(3, None), (4, "Price"), (5, None)]
    assert seen["faults"][0]["message"].endswith("Lines with faults are not counted.")
    assert seen["version"] == 1
    assert send(client, portfolio, text).status_code == 422
    tried = send(client, portfolio, text, on_bad_rows="drop", dry_run=True).json
    dropped = send(client, portfolio, text, on_bad_rows="drop")
    assert dropped.status_code == 201
    assert (dropped.json["added"], dropped.json["faults"]) == (tried["added"], tried["faults"])
    assert stored(client, portfolio) == [("2024-03-15", "buy", "AAPL", "10", "100", None)]


def test_a_sale_that_is_booked_is_not_undercut_by_a_file_that_leaves_lines_out(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2024-03-01", "AAPL", "10", "100"), trade("sell", "2024-03-20", "AAPL", "10", "100"))
    text = HEADER + "2024-03-16,Sell,AAPL,1,100,,,USD\n"
    assert send(client, portfolio, text, on_bad_rows="drop").status_code == 422
    assert send(client, portfolio, text, on_bad_rows="drop", dry_run=True).json["faults_total"] == 1


def test_a_file_of_nothing_but_sales_of_too_much_adds_nothing(client: Client, portfolio: str) -> None:
    answer = send(client, portfolio, HEADER + "2024-03-16,Sell,AAPL,1,100,,,USD\n", on_bad_rows="drop")
    assert (answer.status_code, answer.json["added_total"], answer.json["faults_total"], answer.json["version"]) == (200, 0, 1, 1)


@pytest.mark.parametrize("cells", ["10,cheap,", "10,,cheap", ",10,"])
def test_a_number_that_is_none_is_told_once(client: Client, portfolio: str, cells: str) -> None:
    text = HEADER + f"2024-03-16,Buy,AAPL,{cells},,USD\n"
    assert send(client, portfolio, text, dry_run=True).json["faults_total"] == 1


def test_what_is_booked_already_is_shown_and_left_out(client: Client, portfolio: str) -> None:
    [first] = booked(client, portfolio, trade("buy", "2024-03-15", "AAPL", "10", "100.0", fee="1"))
    answer = send(client, portfolio, HEADER + PAID_IN + BOUGHT)
    assert answer.json["added_total"] == answer.json["duplicates_total"] == 1
    [duplicate] = answer.json["duplicates"]
    assert (duplicate["read"]["line"], duplicate["equals"]["id"]) == (3, first["id"])
    assert len(stored(client, portfolio)) == 2
    again = send(client, portfolio, HEADER + PAID_IN + BOUGHT)
    assert (again.json["added_total"], again.json["duplicates_total"], again.json["version"]) == (0, 2, answer.json["version"])


def test_equal_lines_of_a_file_are_as_many_transactions(client: Client, portfolio: str) -> None:
    text = HEADER + BOUGHT * 3
    assert send(client, portfolio, text).json["added_total"] == 3
    assert send(client, portfolio, text + BOUGHT).json["added_total"] == 1
    assert send(client, portfolio, text, duplicates="add").json["added_total"] == 3
    assert len(stored(client, portfolio)) == 7


def test_securities_get_their_tickers_and_keep_them(client: Client, portfolio: str) -> None:
    refused = send(client, portfolio, samples.TRADE_REPUBLIC)
    assert refused.status_code == 422
    [error] = refused.json["errors"]
    assert error["field"] == "line 3, column symbol"
    assert '{"US0000000001": "TICKER"}' in error["message"]
    [unknown] = send(client, portfolio, samples.TRADE_REPUBLIC, dry_run=True).json["unknown"]
    assert (unknown["isin"], unknown["name"], unknown["line"], unknown["lines"]) == ("US0000000001", "Acme", 3, 3)
    answer = send(client, portfolio, samples.TRADE_REPUBLIC, symbols={"us0000000001": "aapl"})
    assert answer.status_code == 201
    assert client.get("/portfolio-symbols").json == {"symbols": {"US0000000001": "AAPL"}}
    other = make_portfolio(client, name="Other")
    assert send(client, other, samples.TRADE_REPUBLIC).json["added_total"] == answer.json["added_total"]


def test_tickers_of_securities_are_told_and_forgotten(client: Client, portfolio: str) -> None:
    told = client("PATCH", "/portfolio-symbols", json={"symbols": {"US0000000001": "AAPL", "Acme  Inc": "ACME"}})
    assert told.json == {"symbols": {"US0000000001": "AAPL", "ACME INC": "ACME"}}
    assert client("PATCH", "/portfolio-symbols", json={"symbols": {"us0000000001": None}}).json == {"symbols": {"ACME INC": "ACME"}}
    text = "Date,Type,Security,Quantity,Price,Currency\n2024-03-15,Buy,Acme Inc,1,2,USD\n"
    assert send(client, portfolio, text).json["added"][0]["ticker"] == "ACME"


def test_columns_and_currency_are_told(client: Client, portfolio: str) -> None:
    text = "When,What,Paper,How many,Each\n2024-03-15,Buy,AAPL,1,2\n"
    columns = {"When": "day", "What": "type", "Paper": "symbol", "How many": "quantity", "Each": "price"}
    [other] = send(client, portfolio, text, columns=columns, dry_run=True).json["added"]
    assert other["currency"] == "USD"
    [line] = send(client, portfolio, text, columns=columns, currency="EUR").json["added"]
    assert (line["ticker"], line["currency"]) == ("AAPL", "EUR")


def test_a_column_is_called_ticker_as_in_the_export_and_has_to_be_there(client: Client, portfolio: str) -> None:
    text = "When,What,Paper,How many,Each\n2024-03-15,Buy,AAPL,1,2\n"
    columns = {"When": "day", "What": "type", "Paper": "ticker", "How many": "quantity", "Each": "price"}
    assert send(client, portfolio, text, columns=columns).json["added"][0]["ticker"] == "AAPL"
    refused = send(client, portfolio, text, columns={**columns, "Nope": "fee"})
    assert (refused.status_code, refused.json["code"]) == (422, "statement_refused")
    message = "there is no column 'Nope', which `columns` names. The file has: When, What, Paper, How many, Each."
    assert refused.json["errors"][0]["message"] == message


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"columns": {"a": "nothing"}}, id="an unknown field"),
        pytest.param({"symbols": {"a": "not a ticker"}}, id="no ticker"),
        pytest.param({"symbols": "x"}, id="no JSON"),
        pytest.param({"symbols": "[1]"}, id="no object"),
        pytest.param({"format": "papyrus"}, id="an unknown format"),
    ],
)
def test_what_does_not_fit_in_the_query_is_refused(client: Client, portfolio: str, query: dict[str, Any]) -> None:
    refused = send(client, portfolio, HEADER + BOUGHT, **query)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")


def test_an_import_is_done_once_for_each_key(client: Client, portfolio: str) -> None:
    headers = {"Idempotency-Key": "import-1"}
    first = send(client, portfolio, HEADER + BOUGHT, headers)
    again = send(client, portfolio, HEADER + BOUGHT, headers)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send(client, portfolio, HEADER + BOUGHT + BOUGHT, headers).json["code"] == "idempotency_mismatch"
    assert len(stored(client, portfolio)) == 1


def test_an_import_names_the_version_that_it_is_for(client: Client, portfolio: str) -> None:
    assert send(client, portfolio, HEADER + BOUGHT, version=7).status_code == 409
    assert send(client, portfolio, HEADER + BOUGHT, version=1).status_code == 201
    for dry_run in (True, False):
        stale = send(client, portfolio, HEADER + BOUGHT, version=1, dry_run=dry_run)
        assert (stale.status_code, stale.json["code"]) == (409, "conflict")


WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # on SQLite the others wait for the one writer
def test_a_file_that_is_sent_twice_at_once_is_added_once(client: Client, portfolio: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as connection:
            service.find_to_change(connection, Ledger(FIRST_ORG, portfolio))
            sent = [pool.submit(send, Client(client.app), portfolio, HEADER + BOUGHT) for _ in range(2)]
            wait_until(lambda: database.query_db(WAITING, one=True)["n"] == 2)
        answers = sorted(each.result().status_code for each in sent)
    assert answers == [200, 201]
    assert len(stored(client, portfolio)) == 1


def test_tickers_without_prices_are_told(client: Client, portfolio: str) -> None:
    text = HEADER + BOUGHT + "2024-03-15,Buy,NOSUCH,1,1,,,USD\n"
    assert send(client, portfolio, text, dry_run=True).json["without_prices"] == ["NOSUCH"]


def test_an_export_imports_back(client: Client, portfolio: str) -> None:
    booked(
        client,
        portfolio,
        cash("deposit", "2024-03-01", "5000.50", note="=1+1"),
        trade("buy", "2024-03-02", "AAPL", "10.5", "100.25", fee="1.50", tax="0.1", fx_rate="0.92", currency="EUR"),
        {"type": "split", "day": "2024-04-02", "ticker": "AAPL", "numerator": 3, "denominator": 2},
        cash("dividend", "2024-04-03", "7", ticker="AAPL", tax="1.05"),
        cash("fee", "2024-04-04", "-2"),
    )
    export = client.get(f"/portfolios/{portfolio}/transactions/export")
    assert export.mimetype == "text/csv"
    assert export.text.splitlines()[0].startswith("day,type,ticker,quantity")
    assert "'=1+1" in export.text
    other = make_portfolio(client, name="Other")
    assert send(client, other, export.data).json["added_total"] == 5
    assert client.get(f"/portfolios/{other}/transactions/export").data == export.data
    assert send(client, other, export.data).json["duplicates_total"] == 5


def test_an_export_keeps_its_tickers_whatever_a_broker_calls_so(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2024-01-02", "VOD", "10", "20"))
    client("PATCH", "/portfolio-symbols", json={"symbols": {"VOD": "VOD.L", "not a ticker": "VOD"}})
    export = client.get(f"/portfolios/{portfolio}/transactions/export").text
    assert send(client, portfolio, export).json["duplicates_total"] == 1
    other = make_portfolio(client, name="Other")
    assert [line["ticker"] for line in send(client, other, export).json["added"]] == ["VOD"]
    assert send(client, other, export.replace("VOD", "not a ticker")).json["duplicates_total"] == 1


def test_a_line_without_currency_is_known_again_after_the_base_currency_has_changed(client: Client, portfolio: str) -> None:
    text = "Date,Type,Ticker,Quantity,Price\n2024-03-15,Buy,AAPL,10,100\n"
    assert send(client, portfolio, text).json["added_total"] == 1
    assert client("PATCH", f"/portfolios/{portfolio}", json={"base_currency": "EUR"}).status_code == 200
    assert send(client, portfolio, text).json["duplicates_total"] == 1
    assert send(client, portfolio, text, currency="EUR").json["added_total"] == 1
    assert send(client, portfolio, text + text.splitlines()[1]).json["duplicates_total"] == 2


def test_net_amounts_and_rates_that_divide_cost_what_was_paid(client: Client) -> None:
    portfolio = make_portfolio(client, base_currency="EUR")
    rated = "Date,Type,Ticker,Quantity,Price,Currency,Exchange rate,Total\n2024-01-10,Buy,AAPL,10,100,USD,1.25,800\n"
    net = "Date,Type,Ticker,Quantity,Net amount,Fee,Tax\n2024-01-11,Buy,MSFT,10,1001,1,\n2024-01-12,Dividend,MSFT,,85,,15\n"
    assert [send(client, portfolio, text).status_code for text in (rated, net)] == [201, 201]
    lots = client.get(f"/portfolios/{portfolio}/lots").json["items"]
    assert [(lot["ticker"], lot["cost_base"]) for lot in lots] == [("AAPL", "800"), ("MSFT", "1001")]
    assert client.get(f"/portfolios/{portfolio}/income").json["totals"]["net"] == "85"


def test_a_split_is_the_same_one_whatever_day_and_currency_a_broker_tells(client: Client, portfolio: str) -> None:
    header = "Date,Type,Ticker,Ratio,Currency\n"
    assert send(client, portfolio, f"{header}2023-05-01,Split,AAPL,3:2,USD\n").json["added_total"] == 1
    for line in ("2023-05-02,Split,AAPL,3:2,EUR", "2023-04-28,Split,AAPL,3:2,USD"):
        assert send(client, portfolio, f"{header}{line}\n", dry_run=True).json["duplicates_total"] == 1
    for line in ("2023-05-02,Split,AAPL,3:1,USD", "2023-05-02,Split,MSFT,3:2,USD", "2023-05-20,Split,AAPL,3:2,USD"):
        assert send(client, portfolio, f"{header}{line}\n", dry_run=True).json["added_total"] == 1


def test_a_long_file_is_taken(client: Client, portfolio: str) -> None:
    lines = (
        f"{year}-{month:02}-{day:02},Deposit,,,,{day}.{year},,USD\n"
        for year in range(1990, 2010)
        for month in range(1, 13)
        for day in range(1, 29)
    )
    answer = send(client, portfolio, HEADER + "".join(lines))
    assert (answer.status_code, answer.json["added_total"], len(answer.json["added"])) == (201, 20 * 12 * 28, 100)


def test_a_portfolio_that_is_not_there_takes_no_file(client: Client) -> None:
    missing = "01900000-0000-7000-8000-000000000000"
    assert send(client, missing, HEADER + BOUGHT).status_code == 404
    assert send(client, missing, HEADER + BOUGHT, dry_run=True).status_code == 404
    assert client.get(f"/portfolios/{missing}/transactions/export").status_code == 404


def test_another_organization_neither_imports_nor_exports_nor_knows_the_tickers(client: Client, portfolio: str) -> None:
    client("PATCH", "/portfolio-symbols", json={"symbols": {"US0000000001": "AAPL"}})
    other = Client(client.app, {"X-API-Key": another_organization()})
    assert send(other, portfolio, HEADER + BOUGHT).status_code == 404
    assert other.get(f"/portfolios/{portfolio}/transactions/export").status_code == 404
    assert other.get("/portfolio-symbols").json == {"symbols": {}}
    mine = make_portfolio(other)
    assert send(other, mine, samples.TRADE_REPUBLIC).status_code == 422

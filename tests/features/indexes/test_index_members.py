"""Who is a member: by verdicts up to a day, in several currencies, and by shares that a split has changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of, walk
from kit.currencies import rates_file
from kit.series import store
from kit.splits import restated_file, tell
from kit.support import Client

from utils.clock import now

FIRST = date(2024, 1, 1)


def created(client: Client, rules: Any) -> Any:
    answer = client.post("/indexes", {"name": "Mine", **rules})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_screen_asks_for_the_verdict_of_the_reference_day(client: Client) -> None:
    rules = {"members": {"universe": "all", "screen": {"verdicts": ["Buy", "Strong Buy"]}}, "start": "2012-06-01"}
    made = created(client, rules)
    lines = client.get(f"/indexes/{made['id']}/rebalances").json["items"]
    assert "vanished" in made["notes"][0]
    for line in [line for line in lines if line["kind"] == "rebalancing"][:4]:
        held = {each["ticker"] for each in line["positions"] if each["after"] > 0}
        for ticker in ("AAPL", "IBM", "MSFT"):
            verdict = client.post("/analyze", {"ticker": ticker, "as_of": line["reference_day"]}).json["verdict"]
            assert (ticker in held) == (verdict in ("Buy", "Strong Buy")), (ticker, line["reference_day"])


def test_members_in_another_currency_are_converted(client: Client) -> None:
    days = [FIRST + timedelta(days=number) for number in range(40)]
    rates = np.linspace(1.0, 1.2, 40)  # dollars for a euro
    assert client.post("/fx-rates", data=rates_file(days, {"USD": rates.tolist()}), content_type="text/csv").status_code == 200
    store("EURO", bars_of(np.full(40, 10.0), first=FIRST), now())
    listing = {"items": [{"ticker": "EURO", "currency": "EUR"}]}
    assert client("PUT", "/universes/few", json=listing).status_code == 201
    made = created(client, {"members": {"tickers": ["EURO"]}, "currency": "USD", "rebalance": "quarterly"})
    values = client.get(f"/indexes/{made['id']}/values").json["items"]
    assert values[-1]["value"] == pytest.approx(100 * rates[-1] / rates[1], rel=1e-9)
    simulated = client.post(f"/indexes/{made['id']}/simulate", {"amount": 100.0, "currency": "EUR", "costs": False}).json
    assert simulated["value"] == pytest.approx(100.0)
    assert client.post("/indexes/preview", {"members": {"tickers": ["EURO"]}, "currency": "CHF"}).json["code"] == "rate_not_found"


def test_an_index_that_names_no_currency_has_that_of_its_members(client: Client) -> None:
    days = [FIRST + timedelta(days=number) for number in range(40)]
    rates = np.linspace(1.0, 1.2, 40)  # dollars for a euro
    assert client.post("/fx-rates", data=rates_file(days, {"USD": rates.tolist()}), content_type="text/csv").status_code == 200
    for ticker in ("EURO", "USD1", "WHO"):
        store(ticker, bars_of(np.full(40, 10.0), first=FIRST), now())
    listing = {"items": [{"ticker": "EURO", "currency": "EUR"}, {"ticker": "USD1", "currency": "USD"}]}
    assert client("PUT", "/universes/few", json=listing).status_code == 201
    made = created(client, {"members": {"tickers": ["USD1", "WHO"]}, "rebalance": "quarterly"})
    url = f"/indexes/{made['id']}"
    simulated = client.post(f"{url}/simulate", {"amount": 100.0, "currency": "EUR", "costs": False}).json
    assert simulated["value"] == pytest.approx(100 * rates[1] / rates[-1], rel=1e-9)
    compared = client.get(f"{url}/compare?with=EURO").json
    assert (compared["index"]["currency"], compared["notes"][-1]) == ("USD", "The one is in USD, the other in EUR; nothing is converted.")
    assert {client.get(path).json["currency"] for path in (f"{url}/values", f"/risk/{made['id']}")} == {"USD"}
    unknown = created(client, {"name": "Unknown", "members": {"tickers": ["WHO"]}, "rebalance": "quarterly"})
    assert client.get(f"/indexes/{unknown['id']}/values").json["currency"] is None


def test_currencies_that_differ_need_one_to_be_told(client: Client) -> None:
    for ticker, currency in (("EURO", "EUR"), ("USD1", "USD")):
        store(ticker, bars_of(np.full(40, 10.0), first=FIRST), now())
        assert (
            client("PUT", f"/universes/{currency.lower()}", json={"items": [{"ticker": ticker, "currency": currency}]}).status_code == 201
        )
    answer = client.post("/indexes/preview", {"members": {"tickers": ["EURO", "USD1"]}})
    assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "index_invalid", "currency")


def test_distributions_that_are_known_and_not_applied_are_told_with_the_remedy(client: Client) -> None:
    header, *lines = restated_file(1.0).splitlines()
    client.put("/prices/PAID", "\n".join([header, *lines]))
    rules = {"members": {"tickers": ["PAID"]}, "start": str(FIRST + timedelta(days=5))}

    def note() -> str:
        answer = client.post("/indexes/preview", rules)
        assert answer.status_code == 200, answer.json
        return str(next(note for note in answer.json["notes"] if "istributions" in note or "dividends" in note))

    assert note() == "Of PAID no distributions are known: the total return is that of the price."
    assert tell(client, "PAID", kind="dividend", amount=1.0).status_code == 201
    assert "PUT /api/v1/prices/PAID/bases" in note()
    assert client("PUT", "/prices/PAID/bases", json={"price_basis": "as_traded"}).status_code == 200
    assert note() == "The total return of PAID is from the dividends that are told of, not from adjusted closes."


def test_capitalisations_follow_the_shares_that_are_given(client: Client) -> None:
    for seed, ticker in enumerate(("BIG", "SMALL")):
        store(ticker, walk(seed, 60), now())
    shares = {"BIG": {"shares": 3000.0, "free_float": 0.5}, "SMALL": {"shares": 500.0}}
    made = created(client, {"members": {"tickers": ["BIG", "SMALL"]}, "weighting": {"method": "cap", "shares": shares}})
    line = client.get(f"/indexes/{made['id']}/rebalances?limit=1").json["items"][0]
    closes = {t: client.get(f"/prices/{t}?end={line['reference_day']}").json["close"][-1] for t in ("BIG", "SMALL")}
    worth = {"BIG": 1500 * closes["BIG"], "SMALL": 500 * closes["SMALL"]}
    after = {each["ticker"]: each["after"] for each in line["positions"]}
    assert after["BIG"] == pytest.approx(worth["BIG"] / sum(worth.values()))


def test_a_blend_and_groups_by_hand(client: Client) -> None:
    parts = [{"method": "momentum", "lookback": 60, "skip": 5, "share": 2}, {"method": "equal", "share": 1}]
    rules = {
        "members": {"tickers": ["AAPL", "GOOG", "IBM", "MSFT"]},
        "weighting": {"method": "blend", "parts": parts},
        "groups": {"AAPL": "a", "GOOG": "a", "IBM": "b", "MSFT": "c"},
        "group_cap": 0.4,
        "start": "2010-01-04",
    }
    made = created(client, rules)
    for line in client.get(f"/indexes/{made['id']}/rebalances").json["items"]:
        after = {each["ticker"]: each["after"] for each in line["positions"]}
        assert after["AAPL"] + after["GOOG"] <= 0.4 + 1e-9
        assert sum(after.values()) == pytest.approx(1)
    assert made["rules"]["weighting"]["parts"][0]["share"] == 2.0


def test_allocations_are_those_of_the_ledger_also_where_nothing_was_changed(client: Client) -> None:
    members = {"tickers": ["AAPL", "IBM", "MSFT"], "screen": {"verdicts": ["Strong Buy"]}}
    made = client.post("/indexes", {"name": "Rare", "members": members, "start": "2010-01-04"}).json
    lines = client.get(f"/indexes/{made['id']}/rebalances?limit=200").json["items"]
    assert {"skipped", "rebalancing"} <= {line["kind"] for line in lines}
    for line in lines:
        told = client.get(f"/indexes/{made['id']}/allocations?day={line['day']}").json["items"]
        assert sum(each["quantity"] * each["close"] for each in told) / line["divisor_after"] == pytest.approx(line["level"], rel=1e-9)
        quantities = {each["ticker"]: each["quantity"] for each in line["positions"] if each["quantity"] > 0}
        assert {each["ticker"]: each["quantity"] for each in told} == pytest.approx(quantities, rel=1e-9)

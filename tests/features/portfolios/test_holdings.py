"""What is held on a day: quantities, costs, prices, rates and gains, with what cannot be known told and never dropped."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.splits import FIRST, SPLIT_AT, SPLIT_DAY, restated_file, tell_split
from kit.support import Client

from utils.clock import now, today

COMPLETE: dict[str, Any] = {"complete": True, "missing_tickers": [], "missing_currencies": []}
DAYS = [date(2020, 1, 6), date(2020, 1, 7), date(2020, 1, 8)]


@pytest.fixture
def portfolio(client: Client) -> str:
    return make_portfolio(client)


def holdings(client: Client, portfolio: str, query: str = "") -> Any:
    answer = client.get(f"/portfolios/{portfolio}/holdings{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def upload_rates(client: Client, **rates: list[float | None]) -> None:
    answer = client.post("/fx-rates", data=rates_file(DAYS, rates), content_type="text/csv")
    assert answer.status_code == 200, answer.json


def numbers(item: dict[str, Any], *names: str) -> list[Any]:
    return [None if item[name] is None else Decimal(item[name]) for name in names]


def test_what_is_held_is_worth_its_price(client: Client, portfolio: str) -> None:
    store("ACME", bars_of([10, 11, 12], first=DAYS[0]), now())
    booked(
        client,
        portfolio,
        cash("deposit", "2020-01-06", "1000"),
        trade("buy", "2020-01-06", "ACME", "10", "10.5", fee="5"),
        trade("buy", "2020-01-07", "ACME", "10", "11.5"),
        trade("sell", "2020-01-08", "ACME", "4", "12", fee="2"),
    )
    found = holdings(client, portfolio, "?as_of=2020-01-08")
    (item,) = found["items"]
    assert (item["ticker"], item["price_day"], item["acquired"], item["lots"], item["weight"]) == (
        "ACME",
        "2020-01-08",
        "2020-01-06",
        2,
        1.0,
    )
    assert item["portfolio_weight"] == pytest.approx(192 / (192 + 821))
    # Six of the first lot, at 11 with the fee, and ten at 11.5.
    assert numbers(item, "quantity", "cost", "average_cost", "price", "value") == [16, 181, Decimal("11.3125"), 12, 192]
    assert numbers(item, "gain", "gain_base", "price_gain_base", "currency_gain_base") == [11, 11, 11, 0]
    assert item["gain_percent"] == pytest.approx(100 * 11 / 181)
    assert (numbers(item, "day_change_base"), item["day_change_percent"]) == ([16], pytest.approx(100 / 11))
    totals = found["totals"]
    assert numbers(totals, "value", "cost", "gain", "cash") == [192, 181, 11, Decimal("821")]
    assert [(each["currency"], each["amount"], each["warnings"]) for each in found["cash"]] == [("USD", "821", [])]
    assert totals["complete"] is True
    earlier = holdings(client, portfolio, "?as_of=2020-01-07")
    assert numbers(earlier["items"][0], "quantity", "price", "value") == [20, 11, 220]
    assert holdings(client, portfolio, "?as_of=2020-01-05")["items"] == []


@pytest.mark.parametrize("part", ["holdings", "lots"])
def test_a_day_that_has_not_come_is_refused(client: Client, portfolio: str, part: str) -> None:
    assert client.get(f"/portfolios/{portfolio}/{part}?as_of={today()}").status_code == 200
    refused = client.get(f"/portfolios/{portfolio}/{part}?as_of={today() + timedelta(days=1)}")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "as_of")


def test_an_old_price_is_no_move_of_the_newest_day(client: Client, portfolio: str) -> None:
    store("ACME", bars_of([10, 11, 12], first=DAYS[0]), now())
    store("GONE", bars_of([20, 25], first=DAYS[0]), now())
    booked(client, portfolio, *(trade("buy", "2020-01-06", ticker, "10", "10") for ticker in ("ACME", "GONE")))
    found = holdings(client, portfolio, "?as_of=2020-01-08")
    assert [(item["price_day"], numbers(item, "day_change_base")) for item in found["items"]] == [
        ("2020-01-08", [10]),
        ("2020-01-07", [50]),
    ]
    assert (found["totals"]["change_day"], numbers(found["totals"], "day_change")) == ("2020-01-08", [10])
    former = holdings(client, portfolio, "?as_of=2020-01-07")["totals"]
    assert (former["change_day"], numbers(former, "day_change")) == ("2020-01-07", [60])
    empty = holdings(client, portfolio, "?as_of=2020-01-05")["totals"]
    assert (empty["change_day"], numbers(empty, "day_change")) == (None, [0])


def test_a_currency_makes_a_part_of_the_gain(client: Client) -> None:
    portfolio = make_portfolio(client, base_currency="EUR")
    store("ACME", bars_of([10, 11, 15], first=DAYS[0]), now())
    upload_rates(client, USD=[1.25, None, 1.0])
    booked(client, portfolio, trade("buy", "2020-01-06", "ACME", "2", "10", currency="USD"))
    (item,) = holdings(client, portfolio, "?as_of=2020-01-08")["items"]
    # 20 dollars were 16 euros and are 20 now; 10 dollars of gain are 10 euros.
    assert numbers(item, "cost", "cost_base", "rate", "value_base", "gain") == [20, 16, 1, 30, 10]
    assert numbers(item, "gain_base", "price_gain_base", "currency_gain_base") == [14, 10, 4]
    (told,) = item["warnings"]
    assert "USD is assumed" in told


def test_what_cannot_be_known_is_told_and_stays_in_the_list(client: Client, portfolio: str) -> None:
    store("ACME", bars_of([10, 11, 12], first=DAYS[0]), now())
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "NOWHERE", "3", "10"),
        trade("buy", "2020-01-06", "ACME", "3", "10", currency="SEK"),
    )
    found = holdings(client, portfolio, "?as_of=2020-01-08")
    acme, nowhere = found["items"]
    assert numbers(nowhere, "quantity", "cost_base", "price", "value_base", "gain_base") == [3, 30, None, None, None]
    assert "no prices of NOWHERE" in nowhere["warnings"][0]
    assert numbers(acme, "cost", "cost_base", "value", "value_base", "gain") == [30, None, 36, None, 6]
    assert any("There was no rate into USD" in warning for warning in acme["warnings"])
    assert any("SEK" in warning and "rate" in warning.lower() for warning in acme["warnings"])
    assert (found["totals"]["complete"], found["totals"]["value"], nowhere["weight"]) == (False, "0", None)
    negative = {each["currency"]: each["warnings"][0] for each in found["cash"]}
    assert set(negative) == {"SEK", "USD"}
    assert all("below 0" in warning for warning in negative.values())


def test_an_old_price_is_kept_and_told(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2013-02-01", "AAPL", "3", "450"))
    (item,) = holdings(client, portfolio)["items"]
    assert (item["price_state"], item["price_day"]) == ("stale", "2013-03-01")
    assert item["portfolio_weight"] == 1  # what purchases cost counts as paid in, so that no cash is in the value
    assert "1 March 2013" in item["warnings"][0]
    assert Decimal(item["value"]) == 3 * Decimal(item["price"])


def test_quantities_and_prices_meet_on_one_footing(client: Client, portfolio: str) -> None:
    # Closes that are restated for the split: as traded they were 40, 44 and, after 4:1, 12.
    store("ACME", bars_of([10, 11, 12], first=DAYS[0]), now())
    action = {"effective_day": "2020-01-08", "kind": "split", "numerator": 4, "denominator": 1}
    assert client.post("/prices/ACME/actions", action).status_code == 201
    booked(client, portfolio, trade("buy", "2020-01-06", "ACME", "1", "40"))
    (before,) = holdings(client, portfolio, "?as_of=2020-01-07")["items"]
    (after,) = holdings(client, portfolio, "?as_of=2020-01-08")["items"]
    assert numbers(before, "quantity", "price", "value", "gain") == [1, 44, 44, 4]
    assert numbers(after, "quantity", "price", "value", "gain", "day_change_base") == [4, 12, 48, 8, 4]


def test_prices_of_no_known_currency_are_in_that_of_the_first_purchase(client: Client) -> None:
    """Here and in performance, also where all of it was sold since."""
    rates = "Date,USD\n" + "".join(f"{FIRST + timedelta(days=at)},2.0\n" for at in range(40))
    assert client.post("/fx-rates", data=rates, content_type="text/csv").status_code == 200
    store("ACME", bars_of([10.0] * 40, first=FIRST), now())
    days = [str(FIRST + timedelta(days=at)) for at in range(40)]
    for name, first, second in (("one", "EUR", "USD"), ("other", "USD", "EUR")):
        made = make_portfolio(client, name=name, base_currency="EUR")
        booked(
            client,
            made,
            trade("buy", days[5], "ACME", "1", "10", currency=first),
            trade("sell", days[6], "ACME", "1", "10", currency=first),
            trade("buy", days[7], "ACME", "1", "10", currency=second),
        )
        told = holdings(client, made, f"?as_of={days[-1]}")
        performance = client.get(f"/portfolios/{made}/performance?series=false").json
        assert f"{first} is assumed" in str(told["items"][0]["warnings"])
        assert float(told["totals"]["value"]) == performance["end_value"] == (10.0 if first == "EUR" else 5.0)


def test_verdicts_stand_beside_what_is_held_today(client: Client, portfolio: str) -> None:
    analysed = client.post("/analyze", {"ticker": "AAPL"}).json
    booked(client, portfolio, trade("buy", "2013-02-01", "AAPL", "3", "450"), trade("buy", "2013-02-01", "MSFT", "3", "28"))
    by_ticker = {item["ticker"]: item for item in holdings(client, portfolio)["items"]}
    verdict = by_ticker["AAPL"]["verdict"]
    assert (verdict["result_id"], verdict["verdict"], verdict["is_outdated"]) == (analysed["id"], analysed["verdict"], False)
    assert verdict["record"]
    if analysed["trade"]:
        price = float(by_ticker["AAPL"]["price"])
        assert verdict["to_stop_percent"] == pytest.approx(100 * (analysed["trade"]["stop_loss"] / price - 1))
    assert by_ticker["MSFT"]["verdict"] is None
    assert holdings(client, portfolio, "?as_of=2013-03-01")["items"][0]["verdict"] is None
    assert holdings(client, portfolio, "?strategy=trend")["items"][0]["verdict"] is None


def test_an_earlier_version_of_the_ledger_is_valued_as_it_was(client: Client, portfolio: str) -> None:
    (bought,) = booked(client, portfolio, trade("buy", "2013-02-01", "AAPL", "3", "450"))
    first = holdings(client, portfolio)
    client("PUT", f"/portfolios/{portfolio}/transactions/{bought['id']}", json=trade("buy", "2013-02-01", "AAPL", "5", "450"))
    assert holdings(client, portfolio)["items"][0]["quantity"] == "5"
    assert holdings(client, portfolio, "?ledger=2")["items"] == first["items"]
    assert client.get(f"/portfolios/{portfolio}/holdings?ledger=9").status_code == 404


def test_lots_realised_gains_and_income_are_listed(client: Client, portfolio: str) -> None:
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "ACME", "10", "10"),
        trade("buy", "2020-01-07", "ACME", "10", "20"),
        trade("buy", "2020-01-07", "OTHER", "1", "5", currency="SEK"),
        trade("sell", "2020-02-03", "ACME", "15", "30", fee="3"),
        cash("dividend", "2020-02-04", "8", ticker="ACME", tax="2"),
        cash("dividend", "2020-02-20", "4", ticker="ACME", tax="1"),
        cash("interest", "2020-03-02", "1"),
    )
    lots = client.get(f"/portfolios/{portfolio}/lots?limit=1").json
    rest = client.get(f"/portfolios/{portfolio}/lots?limit=1&cursor={lots['next_cursor']}").json
    told = [(each["ticker"], each["quantity"], each["cost"], each["cost_base"]) for each in lots["items"] + rest["items"]]
    assert told == [("ACME", "5", "100", "100"), ("OTHER", "1", "5", None)]
    assert rest["next_cursor"] is None
    assert [each["quantity"] for each in client.get(f"/portfolios/{portfolio}/lots?as_of=2020-01-06").json["items"]] == ["10"]
    realised = client.get(f"/portfolios/{portfolio}/realised").json
    assert [(each["quantity"], each["cost"], each["gain"], each["holding_days"]) for each in realised["items"]] == [
        ("5", "100", "49", 27),
        ("10", "100", "198", 28),
    ]
    assert realised["totals"] == {"proceeds": "447", "cost": "200", "gain": "247", "currency_gain": "0", **COMPLETE}
    assert client.get(f"/portfolios/{portfolio}/realised?end=2020-02-02").json["items"] == []
    income = client.get(f"/portfolios/{portfolio}/income").json
    assert [(each["month"], each["ticker"], each["payments"], each["gross"], each["net"]) for each in income["items"]] == [
        ("2020-03", None, 1, "1", "1"),
        ("2020-02", "ACME", 2, "12", "9"),
    ]
    assert income["totals"] == {"gross": "13", "net": "10", "complete": True, "missing_currencies": []}
    assert client.get(f"/portfolios/{portfolio}/income?ticker=ACME&start=2020-02-05").json["totals"]["gross"] == "4"


def test_a_cursor_is_of_one_version(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2020-01-06", "A", "1", "1"), trade("buy", "2020-01-06", "B", "1", "1"))
    cursor = client.get(f"/portfolios/{portfolio}/lots?limit=1").json["next_cursor"]
    booked(client, portfolio, trade("buy", "2020-01-06", "C", "1", "1"))
    assert client.get(f"/portfolios/{portfolio}/lots?limit=1&cursor={cursor}").status_code == 422
    assert client.get(f"/portfolios/{portfolio}/lots?limit=1&ledger=2&cursor={cursor}").json["items"][0]["ticker"] == "B"


@pytest.mark.parametrize("path", ["holdings", "lots", "realised", "income"])
def test_what_is_unknown_is_not_found(client: Client, portfolio: str, path: str) -> None:
    other = another_organization()
    for portfolio_id, key in ((UNKNOWN_ID, None), ("x", None), (portfolio, other)):
        answer = client.get(f"/portfolios/{portfolio_id}/{path}", **({"key": key} if key else {}))
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_sale_that_a_removed_split_leaves_without_shares_is_told(client: Client, portfolio: str) -> None:
    action = {"effective_day": "2010-06-01", "kind": "split", "numerator": 2, "denominator": 1}
    made = client.post("/prices/AAPL/actions", action).json["id"]
    booked(client, portfolio, trade("buy", "2010-01-04", "AAPL", "3", "10"), trade("sell", "2010-06-02", "AAPL", "6", "5"))
    assert holdings(client, portfolio)["warnings"] == []
    client.delete(f"/prices/AAPL/actions/{made}")
    (warning,) = holdings(client, portfolio)["warnings"]
    assert "6 of AAPL left, when 3 were held" in warning


def test_a_split_that_merging_found_and_nobody_told_is_said(client: Client, portfolio: str) -> None:
    header, *lines = restated_file(2.0).splitlines()
    before = restated_file(1.0).splitlines()[1:]
    client.put("/prices/PART", "\n".join([header, *before[:SPLIT_AT]]))
    booked(client, portfolio, trade("buy", str(FIRST), "PART", "10", "50"))
    report = client.put("/prices/PART?extend=true", "\n".join([header, *lines[: SPLIT_AT + 3]])).json

    def told() -> list[bool]:
        (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of={SPLIT_DAY}").json["items"]
        quality = client.get("/prices/PART/quality").json["warnings"]
        return [any("restated for a split 2:1" in warning for warning in item["warnings"]), "untold_split" in {w["code"] for w in quality}]

    assert "untold_split" in {warning["code"] for warning in report["warnings"]}
    assert told() == [True, True]
    tell_split(client, "PART")
    assert told() == [False, False]
    (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of={SPLIT_DAY}").json["items"]
    assert item["quantity"] == "20"


def test_the_largest_numbers_are_told_whole(client: Client, portfolio: str) -> None:
    booked(client, portfolio, trade("buy", "2020-01-06", "ACME", "999999999999999.9999999999", "1"))
    (item,) = holdings(client, portfolio)["items"]
    assert item["cost"] == item["quantity"] == "999999999999999.9999999999"
    assert client.get(f"/portfolios/{portfolio}/lots").json["items"][0]["cost"] == item["cost"]


def test_what_is_held_and_what_came_of_it_are_sent_as_files(client: Client, portfolio: str) -> None:
    store("ACME", bars_of([10, 11, 9], first=DAYS[0]), now())
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "ACME", "10", "10.5", fee="5"),
        trade("sell", "2020-01-08", "ACME", "4", "9"),
        cash("dividend", "2020-01-08", "3.5", ticker="ACME"),
    )
    (held,) = lines(client, f"/portfolios/{portfolio}/holdings")
    assert (held["ticker"], held["quantity"], held["price"], held["gain"], held["verdict"]) == ("ACME", "6", "9", "-12", "")
    assert "8 January 2020" in held["warnings"]
    (lot,) = lines(client, f"/portfolios/{portfolio}/lots?limit=1")
    assert (lot["acquired"], lot["quantity"], lot["cost"]) == ("2020-01-06", "6", "66")
    (sold,) = lines(client, f"/portfolios/{portfolio}/realised")
    assert (sold["sold"], sold["gain"]) == ("2020-01-08", "-8")
    (month,) = lines(client, f"/portfolios/{portfolio}/income")
    assert (month["month"], month["type"], month["net"]) == ("2020-01", "dividend", "3.5")


def lines(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "Accept" in answer.vary
    return list(csv.DictReader(io.StringIO(answer.text)))

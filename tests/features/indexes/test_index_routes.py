"""Indexes over HTTP: made, read, changed, brought up to date and deleted."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import booked, make_portfolio, trade
from kit.series import store
from kit.support import Client

import database
from models.index import REVISIONS_KEPT
from utils.clock import now

FIRST = date(2024, 1, 1)
EQUAL = {"members": {"tickers": ["ONE", "TWO"]}, "rebalance": "monthly"}


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def grown(start: float, rate: float, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(start * (1 + rate) ** np.arange(count), dtype=np.float64)


@pytest.fixture
def two(client: Client) -> Client:
    """Two tickers with prices on 70 days: one grows by 1 % a day, one falls by 1 %."""
    store("ONE", bars_of(grown(10, 0.01, 70), first=FIRST), now())
    store("TWO", bars_of(grown(40, -0.01, 70), first=FIRST), now())
    return client


def make(client: Client, **more: Any) -> Any:
    answer = client.post("/indexes", {"name": "Mine", **EQUAL, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def get(client: Client, index: Any, path: str = "") -> Any:
    answer = client.get(f"/indexes/{index['id']}{path}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_quantities_stand_between_rebalancings(two: Client) -> None:
    made = make(two)
    assert (made["first_day"], made["last_day"], made["members"], made["published"]) == ("2024-01-02", "2024-03-10", 2, 69)
    values = get(two, made, "/values")["items"]
    assert values[0] == {"day": "2024-01-02", "value": 100.0}
    # Both begin with half of 100 on the second day, and stand until the close of 1 February.
    assert values[10]["value"] == pytest.approx(50 * 1.01**10 + 50 * 0.99**10)
    before = 50 * 1.01**30 + 50 * 0.99**30
    assert values[30] == {"day": "2024-02-01", "value": pytest.approx(before)}
    assert values[31]["value"] == pytest.approx(before * (0.5 * 1.01 + 0.5 * 0.99))


def test_the_ledger_tells_each_rebalancing(two: Client) -> None:
    made = make(two)
    page = get(two, made, "/rebalances")
    assert [(line["kind"], line["reference_day"], line["day"]) for line in page["items"]] == [
        ("rebalancing", "2024-02-29", "2024-03-01"),
        ("rebalancing", "2024-01-31", "2024-02-01"),
        ("start", "2024-01-01", "2024-01-02"),
    ]
    line = page["items"][1]
    one = 1.01**30 / (1.01**30 + 0.99**30)
    assert line["positions"][0]["before"] == pytest.approx(one)
    assert [position["after"] for position in line["positions"]] == [0.5, 0.5]
    assert line["turnover"] == pytest.approx(one - 0.5)
    assert line["cost"] == pytest.approx(2 * (one - 0.5) * 0.001)
    first = two.get(f"/indexes/{made['id']}/rebalances?limit=2").json
    rest = two.get(f"/indexes/{made['id']}/rebalances?limit=2&cursor={first['next_cursor']}").json
    assert [line["number"] for line in [*first["items"], *rest["items"]]] == [3, 2, 1]


def test_weights_of_a_day_have_drifted(two: Client) -> None:
    made = make(two)
    found = get(two, made, "/allocations?day=2024-02-11")
    one = 1.01**10 / (1.01**10 + 0.99**10)
    assert (found["day"], found["since"], found["reference_day"]) == ("2024-02-11", "2024-02-01", "2024-01-31")
    assert [(item["ticker"], item["target"]) for item in found["items"]] == [("ONE", 0.5), ("TWO", 0.5)]
    assert found["items"][0]["weight"] == pytest.approx(one)
    assert found["items"][0]["drift"] == pytest.approx(one - 0.5)
    assert found["items"][0]["quantity"] == pytest.approx(500_000 / (10 * 1.01**31))
    early = two.get(f"/indexes/{made['id']}/allocations?day=2024-01-01")
    assert (early.status_code, early.json["code"]) == (422, "insufficient_history")


def test_an_amount_is_followed_through_time(two: Client) -> None:
    made = make(two)
    url = f"/indexes/{made['id']}/simulate"
    found = two.post(url, {"amount": 1000.0, "start": "2024-01-12", "costs": False}).json
    values = get(two, made, "/values")["items"]
    assert found["items"][-1]["value"] == pytest.approx(1000 * values[-1]["value"] / values[10]["value"])
    assert (found["items"][0], found["costs"]) == ({"day": "2024-01-12", "value": 1000.0}, 0.0)
    assert found["notes"] == ["Neither the first purchase nor rebalancings cost anything."]
    charged = two.post(url, {"amount": 1000.0, "start": "2024-01-12"}).json
    costs = [line["cost"] for line in get(two, made, "/rebalances")["items"] if line["kind"] == "rebalancing"]
    kept = 0.999 * np.prod([1 - cost for cost in costs])
    assert charged["items"][0] == {"day": "2024-01-12", "value": pytest.approx(999.0)}
    assert charged["value"] == pytest.approx(found["value"] * kept)
    assert charged["metrics"]["total_return"]["value"] == pytest.approx(charged["gain"] / 1000)
    on = {item["day"]: item["value"] for item in found["items"]}
    first, second = (on[day] for day in ("2024-02-01", "2024-03-01"))
    spent = 1.0 + 0.999 * (first * costs[1] + second * (1 - costs[1]) * costs[0])
    assert charged["costs"] == pytest.approx(spent)
    assert charged["notes"] == ["The first purchase costs 0.1 % of the amount, each rebalancing what its line of the ledger says."]
    assert two.post(url, {"amount": 1000.0, "currency": "EUR"}).json["code"] == "index_invalid"


def test_it_is_held_against_anything(two: Client) -> None:
    made, other = make(two), make(two, name="Other", weighting={"method": "custom", "weights": {"TWO": 1}})
    found = get(two, made, "/compare?with=one&series=true")
    assert (found["days"], found["other"]["kind"], found["other"]["reference"]) == (68, "ticker", "ONE")
    assert found["other"]["metrics"]["total_return"]["value"] == pytest.approx(1.01**68 - 1)
    assert (found["series"]["index"][0], found["series"]["other"][0]) == (1.0, 1.0)
    beside = get(two, made, f"/compare?with={other['id']}")
    assert (beside["other"]["kind"], beside["other"]["name"]) == ("index", "Other")
    assert beside["other"]["metrics"]["total_return"]["value"] == pytest.approx(0.99**68 - 1)
    assert two.get(f"/indexes/{made['id']}/compare?with={UNKNOWN_ID}").json["code"] == "line_not_found"
    assert two.get(f"/indexes/{made['id']}/compare?with=NOPE").json["code"] == "ticker_not_found"


def test_files_have_the_same(two: Client) -> None:
    made = make(two)
    as_file = {"Accept": "text/csv"}
    rows = list(csv.DictReader(io.StringIO(two.get(f"/indexes/{made['id']}/values", headers=as_file).text)))
    assert [{"day": row["day"], "value": float(row["value"])} for row in rows] == get(two, made, "/values")["items"]
    members = list(csv.DictReader(io.StringIO(two.get(f"/indexes/{made['id']}/allocations", headers=as_file).text)))
    assert [row["ticker"] for row in members] == ["ONE", "TWO"]
    lines = list(csv.DictReader(io.StringIO(two.get(f"/indexes/{made['id']}/rebalances", headers=as_file).text)))
    assert len(lines) == 6


def test_members_are_told_by_the_names_that_their_prices_came_with(client: Client) -> None:
    made = client.post("/indexes", {"name": "Large", "members": {"tickers": ["AAPL", "IBM"]}, "start": "2012-01-02"}).json
    names = {item["ticker"]: item["name"] for item in get(client, made, "/allocations")["items"]}
    assert names["IBM"] == "International Business Machines Corporation"
    assert all(names.values())
    rows = csv.DictReader(io.StringIO(client.get(f"/indexes/{made['id']}/allocations", headers={"Accept": "text/csv"}).text))
    assert {row["ticker"]: row["name"] for row in rows} == names


@pytest.mark.parametrize("kind", ["portfolio", "list", "stored"])
def test_an_index_says_that_the_universe_of_its_members_is_gone(two: Client, kind: str) -> None:
    if kind == "portfolio":
        portfolio = make_portfolio(two)
        booked(two, portfolio, trade("buy", "2024-01-10", "ONE", "2", "10"), trade("buy", "2024-01-10", "TWO", "2", "40"))
        universe, path = f"portfolio:{portfolio}", f"/portfolios/{portfolio}"
    elif kind == "list":
        listed = two.post("/watchlists", {"name": "Mine"}).json["id"]
        for ticker in ("ONE", "TWO"):
            two.post(f"/watchlists/{listed}/items", {"ticker": ticker})
        universe, path = f"watchlist:{listed}", f"/watchlists/{listed}"
    else:
        universe, path = "mine", "/universes/mine"
        assert two.put(path, "Ticker\nONE\nTWO\n", content_type="text/csv").status_code == 201
    made = make(two, members={"universe": universe})
    notes = get(two, made)["notes"]
    assert two.delete(path).status_code == 204
    gone = f"The universe '{universe}' of its members is gone, so that nothing more is published: change the rules to name another one."
    assert get(two, made)["notes"] == [*notes, gone]
    assert two.get("/indexes").json["items"][0]["notes"] == [*notes, gone]
    assert two("PATCH", f"/indexes/{made['id']}", json={"members": {"tickers": ["ONE", "TWO"]}}).status_code == 200
    assert gone not in get(two, made)["notes"]


def test_a_preview_stores_nothing(two: Client) -> None:
    answer = two.post("/indexes/preview", EQUAL)
    assert answer.status_code == 200, answer.json
    assert two.get("/indexes").json["items"] == []
    made = make(two)
    assert answer.json["items"] == get(two, made, "/values")["items"]
    assert {name: answer.json[name] for name in ("level", "members", "notes")} == {
        name: made[name] for name in ("level", "members", "notes")
    }


def test_rules_hold_from_the_next_reference_day_on(two: Client) -> None:
    made = make(two)
    answer = two("PATCH", f"/indexes/{made['id']}", json={"weighting": {"method": "custom", "weights": {"ONE": 1}}, "version": 1})
    assert (answer.status_code, answer.json["version"], answer.json["level"]) == (200, 2, made["level"])
    assert two("PATCH", f"/indexes/{made['id']}", json={"name": "Else", "version": 1}).status_code == 409
    store("ONE", bars_of(grown(10, 0.01, 95), first=FIRST), now())
    store("TWO", bars_of(grown(40, -0.01, 95), first=FIRST), now())
    published = two.post(f"/indexes/{made['id']}/publish")
    assert (published.status_code, published.json["revision"], published.json["last_day"]) == (200, 1, "2024-04-04")
    newest = get(two, made, "/rebalances")["items"][0]
    assert (newest["day"], newest["version"]) == ("2024-04-01", 2)
    assert {position["ticker"]: position["after"] for position in newest["positions"]} == {"ONE": 1.0, "TWO": 0.0}
    versions = get(two, made, "/versions")["items"]
    assert [(each["version"], each["since"]) for each in versions] == [(1, None), (2, "2024-03-10")]
    assert two("PATCH", f"/indexes/{made['id']}", json={"name": "Else"}).json["name"] == "Else"


def test_corrected_prices_make_another_revision(two: Client) -> None:
    made = make(two)
    closes = grown(10, 0.01, 70)
    closes[40:] *= 1.5
    store("ONE", bars_of(closes, first=FIRST), now())
    changed = two.post(f"/indexes/{made['id']}/publish").json
    assert (changed["revision"], changed["last_day"]) == (2, made["last_day"])
    assert changed["level"] > made["level"]
    assert get(two, made, "/values?revision=1")["items"][-1]["value"] == made["level"]
    assert [each["revision"] for each in get(two, made, "/revisions")["items"]] == [2, 1]
    assert two.get(f"/indexes/{made['id']}/values?revision=3").status_code == 404


def test_a_revision_that_goes_back_to_earlier_levels_is_another_answer(two: Client) -> None:
    made = make(two)
    etag = two.get(f"/indexes/{made['id']}/values").headers["ETag"]
    for factor in (1.5, 1):
        closes = grown(10, 0.01, 70)
        closes[40:] *= factor
        store("ONE", bars_of(closes, first=FIRST), now())
        two.post(f"/indexes/{made['id']}/publish")
    for revision, status in (("", 200), ("?revision=1", 304), ("?revision=3", 200)):
        answer = two.get(f"/indexes/{made['id']}/values{revision}", headers={"If-None-Match": etag})
        assert answer.status_code == status


def test_the_newest_revisions_are_kept(two: Client) -> None:
    made = make(two)
    for revision in range(2, REVISIONS_KEPT + 3):
        closes = grown(10, 0.01, 70)
        closes[40:] *= 1 + revision / 1000
        store("ONE", bars_of(closes, first=FIRST), now())
        assert two.post(f"/indexes/{made['id']}/publish").json["revision"] == revision
    newest = REVISIONS_KEPT + 2
    listed = [each["revision"] for each in get(two, made, "/revisions")["items"]]
    assert listed == list(range(newest, newest - REVISIONS_KEPT, -1))
    for path in ("values", "allocations", "rebalances"):
        assert get(two, made, f"/{path}?revision=3")["revision"] == 3
        gone = two.get(f"/indexes/{made['id']}/{path}?revision=2")
        assert (gone.status_code, gone.json["code"]) == (404, "not_found")
        assert gone.json["detail"] == f"Revision 2 of the index is no longer kept: the newest {REVISIONS_KEPT} are, up to {newest}."
        assert "has no revision 99" in two.get(f"/indexes/{made['id']}/{path}?revision=99").json["detail"]
    left = database.query_db("SELECT DISTINCT revision FROM index_rebalancings ORDER BY 1")
    assert [row["revision"] for row in left] == listed[::-1]


def test_a_split_changes_no_level(two: Client) -> None:
    made = make(two)
    before = get(two, made, "/values")["items"]
    store("ONE", bars_of(grown(5, 0.01, 71), first=FIRST), now())
    store("TWO", bars_of(grown(40, -0.01, 71), first=FIRST), now())
    changed = two.post(f"/indexes/{made['id']}/publish").json
    assert (changed["revision"], changed["published"]) == (1, 70)
    assert get(two, made, "/values")["items"][:-1] == before


def test_names_are_unique_and_indexes_can_go(two: Client) -> None:
    made = make(two)
    assert two.post("/indexes", {"name": "MINE", **EQUAL}).status_code == 409
    assert two.get("/indexes").json["items"] == [made]
    assert two.delete(f"/indexes/{made['id']}").status_code == 204
    assert two.get(f"/indexes/{made['id']}").status_code == 404
    assert two.delete(f"/indexes/{made['id']}").status_code == 404


def test_an_organization_does_not_see_those_of_others(two: Client) -> None:
    made = make(two)
    stranger = Client(two.app, {"X-API-Key": another_organization()})
    for path in ("", "/values", "/allocations", "/rebalances", "/versions", "/revisions", "/compare?with=ONE"):
        assert stranger.get(f"/indexes/{made['id']}{path}").status_code == 404, path
    assert stranger.post(f"/indexes/{made['id']}/publish").status_code == 404
    assert stranger.post(f"/indexes/{made['id']}/simulate", {"amount": 1.0}).status_code == 404
    assert stranger("PATCH", f"/indexes/{made['id']}", json={"name": "Yours"}).status_code == 404
    assert stranger.delete(f"/indexes/{made['id']}").status_code == 404
    assert stranger.get("/indexes").json["items"] == []


@pytest.mark.parametrize(
    ("rules", "code", "words"),
    [
        ({"members": {"tickers": ["ONE", "NOPE"]}}, "ticker_not_found", "NOPE"),
        ({"members": {"universe": "nowhere"}}, "universe_not_found", "nowhere"),
        ({"single_cap": 0.4}, "index_invalid", "2 members"),
        ({"group_cap": 0.4, "groups": {"ONE": "a", "TWO": "b"}}, "index_invalid", "2 groups"),
        ({"weighting": {"method": "cap"}}, "validation_error", "shares"),
        ({"weighting": {"method": "blend"}}, "validation_error", "parts"),
        ({"weighting": {"method": "custom", "weights": {"ONE": 0}}}, "validation_error", "above 0"),
        ({"weighting": {"method": "equal", "lookback": 30}}, "validation_error", "lookback"),
        ({"weighting": {"method": "momentum", "lookback": 30, "skip": 30}}, "validation_error", "skip"),
        ({"weighting": {"method": "blend", "parts": [{"method": "blend"}]}}, "validation_error", "blend"),
        ({"weighting": {"method": "inverse_volatility", "lookback": 100}}, "index_invalid", "100 trading days"),
        ({"start": "2030-01-01"}, "index_invalid", "On no day"),
        ({"base": 0}, "validation_error", "base"),
        ({"members": {"tickers": []}}, "validation_error", "tickers"),
        ({"members": {"tickers": ["ONE"], "screen": {"verdicts": []}}}, "validation_error", "verdicts"),
        ({"nonsense": 1}, "validation_error", "nonsense"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_rules_that_cannot_be_are_refused(two: Client, rules: Any, code: str, words: str) -> None:
    answer = two.post("/indexes/preview", {**EQUAL, **rules})
    assert answer.json["code"] == code, answer.json
    assert words in str(answer.json)


@pytest.mark.parametrize("method", ["inverse_volatility", "equal_risk"])
def test_methods_without_a_skip_look_back_as_little_as_they_say(client: Client, method: str) -> None:
    walk = 50 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, 70)))
    store("ONE", bars_of(walk, first=FIRST), now())
    weighting = {"method": method, "lookback": 20}
    for asked in (weighting, {"method": "blend", "parts": [weighting]}):
        answer = client.post("/indexes/preview", {"members": {"tickers": ["ONE"]}, "weighting": asked})
        assert answer.status_code == 200, answer.json


def test_an_unknown_strategy_is_refused(two: Client) -> None:
    answer = two.post("/indexes/preview", {**EQUAL, "weighting": {"method": "score", "strategy": "nosuch"}})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert "nosuch" in answer.json["detail"]


def test_a_split_that_nobody_tells_of_is_seen_in_adjusted_closes(client: Client) -> None:
    """The sample's closes of AAPL are as traded, and fell by half overnight in 2005 and before; it paid nothing until 2012."""
    rules = {"members": {"tickers": ["AAPL"]}, "start": "2004-06-01"}
    made = client.post("/indexes", {"name": "Apple", **rules}).json
    price, total = (get(client, made, f"/values?variant={variant}&end=2011-12-30")["items"] for variant in ("price", "total"))
    assert [row["value"] for row in price] == pytest.approx([row["value"] for row in total], rel=2e-3)


def test_what_is_published_stays_readable_when_prices_are_taken_away(two: Client) -> None:
    made = make(two)
    for ticker in ("ONE", "TWO"):
        store(ticker, bars_of(grown(10, 0.01, 50), first=FIRST), now())
    assert len(get(two, made, "/allocations")["items"]) == 2
    assert two.post(f"/indexes/{made['id']}/publish").status_code == 200
    again = get(two, made)
    assert (again["revision"], again["last_day"]) == (2, str(FIRST + timedelta(days=49)))
    assert len(get(two, made, "/values?revision=1")["items"]) == 69


def test_what_is_published_stays_readable_when_members_are_of_other_currencies(two: Client) -> None:
    made = make(two)
    before = get(two, made, "/allocations")
    assert two.put("/universes/told", "Ticker,Currency\nONE,EUR\nTWO,USD\n", content_type="text/csv").status_code == 201
    told = get(two, made, "/allocations")
    assert [each["ticker"] for each in told["items"]] == [each["ticker"] for each in before["items"]]
    assert two.post(f"/indexes/{made['id']}/publish").status_code == 422

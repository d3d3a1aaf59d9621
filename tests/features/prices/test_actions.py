"""Corporate actions and bases over HTTP: what a user tells changes the analysis, and nothing else does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from kit.jobs import insert
from kit.reports import price_file
from kit.splits import BARS, FIRST, SPLIT_AT, SPLIT_DAY, price, restated_file, tell, tell_split, traded_file
from kit.support import Client

import database
from api.application import Application
from features.prices.actions import ToldAction, read_footing, record_action
from models.api_key import FIRST_ORG
from models.corporate_action import MOST_ACTIONS, ActionKind, CorporateAction
from models.day_text import day_text
from models.price_errors import TooManyActions
from models.recent_closes import MOST_CLOSES
from utils.clock import now


def analysis(client: Client, ticker: str, **more: Any) -> Any:
    return client.post("/analyze", {"ticker": ticker, **more}).json


def test_a_split_that_is_told_gives_the_analysis_of_the_restated_file(client: Client) -> None:
    client.put("/prices/TRADED", traded_file())
    client.put("/prices/WHOLE", restated_file())
    before = analysis(client, "TRADED")
    told = tell_split(client, "TRADED")
    assert told.status_code == 201
    assert told.json["applied_to"] == ["price", "volume"]
    after, whole = analysis(client, "TRADED"), analysis(client, "WHOLE")
    assert after["score"] == pytest.approx(whole["score"], rel=1e-9)
    assert after["verdict"] == whole["verdict"]
    assert after["fingerprint"] != before["fingerprint"]
    assert after["provenance"]["bars_sha256"] != before["provenance"]["bars_sha256"]
    assert (before["provenance"]["adjustment"], after["provenance"]["adjustment"]) == ("none", "actions")
    assert client.get(f"/results/{after['id']}/flips").status_code == 200
    assert client.get(f"/results/{before['id']}/flips").json["code"] == "conflict"
    stored = client.get("/prices/TRADED").json
    assert (stored["price_basis"], stored["volume_basis"]) == ("as_traded", "as_traded")
    assert stored["close"][0] == price(0)  # as delivered
    client.post("/watchlist", {"ticker": "TRADED"})
    closes = client.get("/overview").json["items"][0]["closes"]
    assert closes == pytest.approx([price(at) / 2 for at in range(BARS - MOST_CLOSES, BARS)])


def test_as_of_a_day_before_the_split_it_is_not_known(client: Client) -> None:
    client.put("/prices/TRADED", traded_file())
    day = str(SPLIT_DAY - timedelta(days=1))
    before = analysis(client, "TRADED", as_of=day)
    tell_split(client, "TRADED")
    assert analysis(client, "TRADED", as_of=day) == before
    later = analysis(client, "TRADED", as_of=str(SPLIT_DAY))
    assert later["provenance"]["adjustment"] == "actions"
    assert client.get(f"/results/{later['id']}/flips").status_code == 200


def test_an_action_that_is_deleted_is_forgotten(client: Client) -> None:
    client.put("/prices/TRADED", traded_file())
    before = analysis(client, "TRADED")
    told = tell_split(client, "TRADED").json
    assert client.delete(f"/prices/TRADED/actions/{told['id']}").status_code == 204
    assert client.delete(f"/prices/TRADED/actions/{told['id']}").status_code == 404
    assert client.get("/prices/TRADED/actions").json["items"] == []
    assert analysis(client, "TRADED") == before


def test_with_adjusted_closes_the_volume_waits_for_a_word_on_its_basis(client: Client) -> None:
    report = client.put("/prices/ADJ", traded_file(adjusted=True)).json
    assert (report["price_basis"], report["volume_basis"]) == ("as_traded", "unknown")
    (found,) = client.get("/prices/ADJ/actions").json["items"]
    assert (found["kind"], found["numerator"], found["denominator"], found["source"]) == ("split", 2, 1, "upload")
    assert (found["effective_day"], found["applied_to"]) == (str(SPLIT_DAY), [])
    before = analysis(client, "ADJ")
    declared = client("PUT", "/prices/ADJ/bases", json={"volume_basis": "as_traded"})
    assert declared.status_code == 200
    assert declared.json["actions"][0]["applied_to"] == ["volume"]
    after = analysis(client, "ADJ")
    client.put("/prices/WHOLE", restated_file())
    whole = analysis(client, "WHOLE")
    assert after["provenance"]["adjustment"] == "adj_close+actions"
    assert after["score"] == pytest.approx(whole["score"], rel=1e-9)
    assert {one["key"] for one, other in zip(after["indicators"], before["indicators"], strict=True) if one["value"] != other["value"]} <= {
        "obv",
        "cmf",
    }
    assert client.put("/prices/ADJ?volume_basis=split_adjusted", traded_file(adjusted=True)).json["volume_basis"] == "split_adjusted"
    assert analysis(client, "ADJ")["score"] == before["score"]


def test_what_merging_finds_is_recorded(client: Client) -> None:
    header, *lines = restated_file().splitlines()
    client.put("/prices/PART", "\n".join([header, *traded_file().splitlines()[1:SPLIT_AT]]))
    report = client.put("/prices/PART?extend=true", "\n".join([header, *lines[SPLIT_AT - 20 :]])).json
    assert report["rescaled"]["actions"] == [f"split 2:1 effective {day_text(SPLIT_DAY - timedelta(days=1))}"]
    (found,) = client.get("/prices/PART/actions").json["items"]
    assert (found["numerator"], found["denominator"], found["source"], found["applied_to"]) == (2, 1, "merge", [])
    assert (report["price_basis"], report["volume_basis"]) == ("unknown", "unknown")
    assert client.get("/prices/PART").json["actions"] == [found]


def test_a_dry_run_records_nothing(client: Client) -> None:
    client.put("/prices/ADJ", price_file(100))
    client.put("/prices/ADJ?dry_run=true", traded_file(adjusted=True))
    assert client.get("/prices/ADJ/actions").json["items"] == []


def test_dividends_of_restated_prices_adjust_them(client: Client) -> None:
    client.put("/prices/PAID?price_basis=split_adjusted", price_file(300))
    before = analysis(client, "PAID")
    told = tell(client, "PAID", kind="dividend", effective_day="2012-06-01", amount=5.5, currency="USD").json
    assert (told["amount"], told["currency"], told["applied_to"]) == (5.5, "USD", ["price"])
    assert analysis(client, "PAID")["fingerprint"] != before["fingerprint"]
    gain = tell(client, "PAID", kind="capital_gain", effective_day="2012-06-01", amount=1).json
    assert gain["applied_to"] == ["price"]


@pytest.mark.parametrize(
    ("action", "field"),
    [
        pytest.param({"kind": "split", "numerator": 2}, "", id="a split without denominator"),
        pytest.param({"kind": "split", "numerator": 2, "denominator": 1, "amount": 3.0}, "", id="a split with an amount"),
        pytest.param({"kind": "split", "numerator": 2, "denominator": 2}, "denominator", id="a split that is none"),
        pytest.param({"kind": "split", "numerator": 0, "denominator": 1}, "numerator", id="a split to nothing"),
        pytest.param({"kind": "split", "numerator": "2", "denominator": 1}, "numerator", id="a number as text"),
        pytest.param({"kind": "dividend"}, "", id="a dividend without amount"),
        pytest.param({"kind": "dividend", "amount": -1.0}, "amount", id="a negative dividend"),
        pytest.param({"kind": "dividend", "amount": 1.0, "numerator": 2}, "", id="a dividend with a numerator"),
        pytest.param({"kind": "dividend", "amount": 1.0, "currency": "dollars"}, "currency", id="a currency in words"),
        pytest.param({"kind": "spin_off", "amount": 1.0}, "kind", id="an unknown kind"),
        pytest.param({"kind": "dividend", "amount": 1.0, "effective_day": "1789-07-14"}, "effective_day", id="before there were shares"),
        pytest.param({"kind": "dividend", "amount": 1.0, "source": "me"}, "source", id="an unknown field"),
    ],
)
def test_actions_that_are_none(client: Client, action: dict[str, Any], field: str) -> None:
    client.put("/prices/TRADED", price_file(60))
    answer = tell(client, "TRADED", **action)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert client.get("/prices/TRADED/actions").json["items"] == []


def test_who_cannot_be_told_of(client: Client) -> None:
    assert tell_split(client, "NOPE").json["code"] == "ticker_not_found"
    assert client.get("/prices/NOPE/actions").status_code == 404
    assert client("PUT", "/prices/NOPE/bases", json={"volume_basis": "as_traded"}).status_code == 404
    client.put("/prices/TRADED", traded_file())
    added = tell_split(client, "TRADED").json
    again = tell_split(client, "TRADED")
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    split = f"a split {added['numerator']}:{added['denominator']}"
    assert again.json["detail"] == (
        f"TRADED has {split} on {day_text(date.fromisoformat(added['effective_day']))} already. To change it, delete it first with "
        f"DELETE /api/v1/prices/TRADED/actions/{added['id']}. Two on one day are recorded as one whose ratio is the product of both."
    )
    dividend = {"kind": "dividend", "effective_day": added["effective_day"], "amount": 0.5, "currency": "USD"}
    assert tell(client, "TRADED", **dividend).status_code == 201
    detail = tell(client, "TRADED", **dividend).json["detail"]
    assert detail.startswith("TRADED has a dividend of 0.5 USD on ")
    assert detail.endswith("Two on one day are recorded as one of their sum.")


def test_organizations_do_not_see_each_others_actions(client: Client) -> None:
    other = FIRST_ORG + 1
    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (:id, 'Other', :at)", {"id": other, "at": now()})
    told = record_action(database.current(), other, "FB", ToldAction(CorporateAction(date(2012, 10, 1), ActionKind.DIVIDEND, amount=1.0)))
    assert client.get("/prices/FB/actions").json["items"] == []
    assert client.get("/prices/FB").json["actions"] == []
    assert client.delete(f"/prices/FB/actions/{told.id}").status_code == 404
    assert [each.id for each in read_footing(database.current(), other, "FB").actions] == [told.id]


def test_shared_prices_stay_as_they_are(client: Client) -> None:
    """An action of an organization is its own knowledge; the prices that all share are not changed by it."""
    before = analysis(client, "FB")
    told = tell(client, "FB", kind="split", effective_day="2012-10-01", numerator=2, denominator=1)
    assert (told.status_code, told.json["applied_to"]) == (201, [])
    assert analysis(client, "FB") == before
    refused = client("PUT", "/prices/FB/bases", json={"price_basis": "split_adjusted"})
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")


def test_there_is_an_end_to_actions(client: Client) -> None:
    client.put("/prices/MANY", price_file(60))
    told = [CorporateAction(date(2012, 2, day), ActionKind.DIVIDEND, amount=1.0) for day in (1, 2, 3)]
    for action in told[:2]:
        record_action(database.current(), FIRST_ORG, "MANY", ToldAction(action), most=2)
    with pytest.raises(TooManyActions):
        record_action(database.current(), FIRST_ORG, "MANY", ToldAction(told[2]), most=2)


def test_pages_of_actions(client: Client) -> None:
    client.put("/prices/MANY", price_file(60))
    days = [f"2012-02-{day:02}" for day in range(1, 8)]
    for day in reversed(days):
        tell(client, "MANY", kind="dividend", effective_day=day, amount=1)
    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get(f"/prices/MANY/actions?limit=3{cursor and '&cursor=' + cursor}").json
        seen += [item["effective_day"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == days
    assert client.get("/prices/MINE/actions?cursor=x").status_code == 422


def test_a_split_told_of_the_wrong_day_can_be_told_again(client: Client) -> None:
    client.put("/prices/TRADED", traded_file())
    wrong = tell(client, "TRADED", kind="split", effective_day=str(SPLIT_DAY + timedelta(days=3)), numerator=2, denominator=1).json
    assert wrong["applied_to"] == []
    client.delete(f"/prices/TRADED/actions/{wrong['id']}")
    assert tell_split(client, "TRADED").json["applied_to"] == ["price", "volume"]


def test_a_told_split_holds_for_the_file_that_is_uploaded_again(client: Client) -> None:
    client.put("/prices/TRADED", traded_file())
    tell_split(client, "TRADED")
    before = analysis(client, "TRADED")
    exported = client.get("/prices/TRADED", headers={"Accept": "text/csv"}).data
    for file in (traded_file(), exported):
        assert client.put("/prices/TRADED", file).json["price_basis"] == "as_traded"
        assert analysis(client, "TRADED") == before
    assert client.put("/prices/TRADED", restated_file()).json["price_basis"] == "unknown"
    assert analysis(client, "TRADED")["score"] == pytest.approx(before["score"], rel=1e-9)


def test_a_split_that_is_told_ahead_is_applied_when_it_comes(client: Client) -> None:
    header, *lines = traded_file().splitlines()
    client.put("/prices/TRADED", "\n".join([header, *lines[:SPLIT_AT]]))
    assert tell_split(client, "TRADED").json["applied_to"] == []
    report = client.put("/prices/TRADED?extend=true", "\n".join([header, *lines[SPLIT_AT - 5 :]])).json
    assert (report["price_basis"], report["volume_basis"]) == ("as_traded", "as_traded")
    client.put("/prices/WHOLE", restated_file())
    assert analysis(client, "TRADED")["score"] == pytest.approx(analysis(client, "WHOLE")["score"], rel=1e-9)


def test_what_a_file_showed_is_forgotten_with_it(client: Client) -> None:
    client.put("/prices/ADJ", traded_file(adjusted=True))
    assert [item["source"] for item in client.get("/prices/ADJ/actions").json["items"]] == ["upload"]
    client.put("/prices/ADJ?price_basis=as_traded&volume_basis=as_traded", price_file(BARS))
    assert client.get("/prices/ADJ/actions").json["items"] == []
    assert analysis(client, "ADJ")["provenance"]["adjustment"] == "none"


def test_files_cannot_pile_up_actions(client: Client) -> None:
    client.put("/prices/MANY", traded_file(adjusted=True))
    rows = [
        {"id": f"{at:036}", "org_id": FIRST_ORG, "ticker": "MANY", "effective_day": FIRST + timedelta(days=at), "kind": "dividend",
         "amount": 1.0, "source": "user", "captured_at": now()}
        for at in range(-MOST_ACTIONS, 0)
    ]  # fmt: skip
    for row in rows:
        insert("corporate_actions", row)
    assert client.put("/prices/MANY", traded_file(adjusted=True)).status_code == 200
    count = database.query_db("SELECT count(*) AS n FROM corporate_actions WHERE ticker = 'MANY'", one=True)
    assert count["n"] == MOST_ACTIONS


@pytest.mark.parametrize("action_id", ["%00", "a%00b", "x", "0" * 300])
def test_an_id_that_is_none(client: Client, action_id: str) -> None:
    client.put("/prices/TRADED", price_file(60))
    assert client.delete(f"/prices/TRADED/actions/{action_id}").status_code == 404


def test_an_upload_and_a_word_on_its_splits_at_once_lose_nothing(client: Client, app: Application) -> None:
    """Whichever comes first, the analysis takes the split: neither writer overlooks the other."""

    def upload(_: int) -> int:
        return int(Client(app).put("/prices/RACE?price_basis=as_traded&volume_basis=as_traded", traded_file()).status_code)

    def split(_: int) -> int:
        return int(tell_split(Client(app), "RACE").status_code)

    upload(0)
    expected = None
    for _ in range(8):
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(upload, 0), pool.submit(split, 0)
            assert (first.result(), second.result()) == (200, 201)
        (told,) = client.get("/prices/RACE/actions").json["items"]
        assert told["applied_to"] == ["price", "volume"]
        result = analysis(client, "RACE")
        assert result["provenance"]["adjustment"] == "actions"
        expected = expected or result["fingerprint"]
        assert result["fingerprint"] == expected
        client.delete(f"/prices/RACE/actions/{told['id']}")

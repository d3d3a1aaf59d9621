"""Exchange rates over HTTP: uploaded, added to, read as pairs, deleted; and what organizations see of each other's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.archives import packed
from kit.currencies import DAILY, HISTORY, rates_file
from kit.jobs import another_organization
from kit.macro import days_to
from kit.support import Client

import database
from api.application import Application
from features.currencies import service
from features.currencies.reading import read_rates
from infrastructure.capability import Call, Reads, Starts
from models.api_key import FIRST_ORG, SHARED_ORG
from models.fx_errors import NoRateProvider, RateNotFound
from utils.clock import today

CSV = {"Accept": "text/csv"}


def post(client: Client, text: str | bytes, query: str = "", **more: Any) -> Any:
    return client.post(f"/fx-rates{query}", data=text, content_type="text/csv", **more)


def share(text: str) -> None:
    """Store rates for all, as fetched ones."""
    with database.transaction() as connection:
        service.apply(connection, SHARED_ORG, read_rates(text.encode(), today()), (service.FETCHED, None))


def listed(client: Client, **more: Any) -> dict[str, Any]:
    return {item["series"]["currency"]: item for item in client.get("/fx-rates", **more).json["items"]}


def test_a_file_is_stored_and_read_as_pairs(client: Client) -> None:
    stored = post(client, HISTORY).json
    assert (stored["layout"], stored["first_day"], stored["last_day"], stored["missing"]) == ("columns", "2024-03-15", "2024-03-19", 3)
    assert {
        each["series"]["currency"]: (each["added"], each["changed"], each["hides_shared"]) for each in stored["items"]
    } == dict.fromkeys(("BGN", "GBP", "JPY", "USD", "ZAR"), (3, 0, False))
    dollar = listed(client)["USD"]
    assert (dollar["series"]["own"], dollar["series"]["source"], dollar["series"]["last_rate"]) == (True, "upload", 1.0854)
    assert dollar["age_days"] == (today() - date(2024, 3, 19)).days
    assert dollar["carried_until"] == "2024-03-26"
    told = client.get("/fx-rates/GBPUSD").json
    assert (told["base"], told["quote"], told["sources"], told["fixed"]) == ("GBP", "USD", ["upload"], None)
    assert told["dates"] == told["quoted"] == ["2024-03-15", "2024-03-18", "2024-03-19"]
    assert told["rates"] == [1.0892 / 0.85468, 1.0892 / 0.85535, 1.0854 / 0.85476]
    assert [(gap["first"], gap["last"]) for gap in told["gaps"]] == [("2024-03-27", str(today()))]
    assert "carried for 7 days at most" in told["gaps"][0]["reason"]
    assert client.get("/fx-rates/usd?start=2024-03-19").json["rates"] == [1.0854]
    part = client.get("/fx-rates/EURUSD?start=2024-03-10&end=2024-03-15").json
    assert (part["rates"], [(gap["first"], gap["last"]) for gap in part["gaps"]]) == ([1.0892], [("2024-03-10", "2024-03-14")])


def test_pence_and_the_same_currency(client: Client) -> None:
    post(client, HISTORY)
    pounds, pence = (client.get(f"/fx-rates/{pair}").json["rates"] for pair in ("GBPUSD", "GBpUSD"))
    assert pence == pytest.approx([rate / 100 for rate in pounds], rel=1e-15)
    same = client.get("/fx-rates/GBpGBP").json
    assert (same["fixed"], same["dates"], same["gaps"]) == (0.01, [], [])
    assert client.get("/fx-rates/EUREUR").json["fixed"] == 1


def test_a_file_of_a_pair_can_be_uploaded_again(client: Client) -> None:
    post(client, HISTORY)
    answer = client.get("/fx-rates/USDEUR?start=2024-03-18", headers=CSV)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="USDEUR.csv"'
    assert answer.text.splitlines()[:2] == ["DATE,BASE,QUOTE,RATE", f"2024-03-18,USD,EUR,{1 / 1.0892!r}"]
    client.delete("/fx-rates/USD")
    assert post(client, answer.data).json["layout"] == "pairs"
    assert client.get("/fx-rates/EURUSD").json["rates"] == pytest.approx([1.0892, 1.0854], rel=1e-15)


def test_files_are_added_to_what_is_there(client: Client) -> None:
    post(client, HISTORY)
    again = post(client, DAILY).json
    assert {(each["added"], each["changed"]) for each in again["items"]} == {(0, 0)}
    changed = post(client, "Date,USD,CHF\n2024-03-19,1.09,0.95\n2024-03-20,1.1,N/A\n").json
    assert {each["series"]["currency"]: (each["added"], each["changed"]) for each in changed["items"]} == {"CHF": (1, 0), "USD": (1, 1)}
    assert client.get("/fx-rates/USD").json["rates"] == [1.0892, 1.0892, 1.09, 1.1]
    assert listed(client)["JPY"]["series"]["rates"] == 3


def test_a_trial_stores_nothing(client: Client) -> None:
    tried = post(client, HISTORY, "?dry_run=true").json
    assert listed(client) == {}
    stored = post(client, HISTORY).json
    assert [(each["added"], each["series"]["last_rate"]) for each in tried["items"]] == [
        (each["added"], each["series"]["last_rate"]) for each in stored["items"]
    ]


def test_the_same_key_stores_once(client: Client) -> None:
    key = {"Idempotency-Key": "rates"}
    first = post(client, HISTORY, headers=key)
    client.delete("/fx-rates/USD")
    repeated = post(client, HISTORY, headers=key)
    assert (repeated.json, repeated.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert "USD" not in listed(client)
    assert post(client, DAILY, headers=key).json["code"] == "idempotency_mismatch"


def test_a_zip_is_read(client: Client) -> None:
    answer = client.post("/fx-rates", data=packed({"eurofxref-hist.csv": HISTORY}), content_type="application/zip")
    assert answer.json["items"][0]["series"]["rates"] == 3


def test_what_is_no_upload(client: Client) -> None:
    refused = post(client, "Date,USD\n2024-03-18,high\n")
    assert (refused.status_code, refused.json["code"]) == (422, "price_quality")
    assert refused.json["errors"] == [{"field": "line 2, column USD", "message": "'high' is no number; a day without a rate has N/A."}]
    assert client.post("/fx-rates", data=HISTORY, content_type="image/png").status_code == 415
    assert post(client, b"x" * 5_100_000).status_code == 413
    assert post(client, HISTORY, "?nosuch=1").status_code == 422
    tomorrow = today() + timedelta(days=2)
    assert "none lies ahead" in post(client, f"Date,USD\n{tomorrow},1\n").json["detail"]
    assert listed(client) == {}


def test_what_there_is_not(client: Client) -> None:
    for pair in ("USD", "EURUSD", "USDEUR"):
        told = client.get(f"/fx-rates/{pair}")
        assert (told.status_code, told.json["code"]) == (404, "rate_not_found")
        assert "FX_RATES_URL" in told.json["detail"]
    assert client.delete("/fx-rates/USD").status_code == 404
    assert client.delete("/fx-rates/EUR").json["code"] == "validation_error"
    for pair in ("EURUS", "U", "EURUSDX", "EU1USD"):
        assert client.get(f"/fx-rates/{pair}").status_code == 422
    post(client, HISTORY)
    assert client.get("/fx-rates/USDCHF").json["detail"].startswith("There are no exchange rates of CHF against EUR.")


def test_own_rates_hide_the_shared_ones_by_currency(client: Client) -> None:
    share("Date,USD,CHF\n2024-03-18,9,0.9\n2024-03-19,9,0.9\n")
    assert client.get("/fx-rates/USD").json["sources"] == ["ecb"]
    refused = client.delete("/fx-rates/USD")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    other = another_organization()
    stored = post(client, "Date,USD\n2024-03-18,2\n").json
    assert [each["hides_shared"] for each in stored["items"]] == [True]
    assert client.get("/fx-rates/USD").json["rates"] == [2]
    assert client.get("/fx-rates/CHFUSD").json["sources"] == ["ecb", "upload"]
    assert client.get("/fx-rates/USD", key=other).json["rates"] == [9, 9]
    assert {name: item["series"]["own"] for name, item in listed(client).items()} == {"CHF": False, "USD": True}
    assert {item["series"]["own"] for item in listed(client, key=other).values()} == {False}
    assert client.delete("/fx-rates/EURUSD").status_code == 204
    assert client.get("/fx-rates/USD").json["rates"] == [9, 9]


def test_with_the_flag_off_nothing_is_stored(app: Application, client: Client) -> None:
    post(client, HISTORY)
    app.services.flags.change(app.services.flags.find("currencies"), False, None, "tests")
    assert post(client, DAILY).json["code"] == "feature_disabled"
    assert client.get("/fx-rates/USD").status_code == 200


def test_the_interface_for_other_features(client: Client) -> None:
    days = days_to(date(2024, 3, 29), 30)
    post(client, rates_file(days, {"USD": [1.25] * 30, "GBP": [None] * 20 + [0.5] + [None] * 9}))
    with database.read() as connection:
        lines = service.rates_into(connection, FIRST_ORG, ["USD", "GBp", "EUR"], "USD")
        assert lines["USD"].fixed == 1
        assert lines["EUR"].on(np.array(days, "datetime64[D]")).tolist() == [1.25] * 30
        found = lines["GBp"].on(np.array(days, "datetime64[D]"))
        assert found[20:28].tolist() == pytest.approx([0.025] * 8, rel=1e-15)
        assert np.flatnonzero(~np.isnan(found)).tolist() == list(range(20, 28))
        assert service.rates_between(connection, FIRST_ORG, "CHF", "CHF").fixed == 1
        with pytest.raises(RateNotFound, match="of CHF"):
            service.rates_into(connection, FIRST_ORG, ["USD", "CHF"], "EUR")


def test_the_capabilities(client: Client) -> None:
    capabilities = client.app.services.foundation.capabilities
    post(client, HISTORY)
    rate, refresh = capabilities.find("fx_rate"), capabilities.find("refresh_fx_rates")
    assert isinstance(rate.work, Reads)
    assert isinstance(refresh.work, Starts)

    def ask(**inputs: Any) -> Any:
        assert isinstance(rate.work, Reads)
        return rate.work.answer(database.current(), Call(1, "k", "test"), rate.inputs.model_validate(inputs))

    told = ask(pair="usd", day="2024-03-24")
    assert (told["rate"], told["quoted"], told["reason"]) == (1.0854, "2024-03-19", None)
    assert "carried for 7 days at most" in ask(pair="EURUSD")["reason"]
    with pytest.raises(RateNotFound):
        ask(pair="CHF")
    with pytest.raises(NoRateProvider), database.transaction() as connection:
        refresh.work.start(connection, Call(1, "k", "test"), refresh.inputs.model_validate({}))

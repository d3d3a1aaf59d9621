"""Former prices: what an upload replaced or a deletion removed comes back byte for byte, for a week."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from kit.jobs import another_organization, csv_of
from kit.reports import price_file
from kit.splits import tell_split, traded_file
from kit.support import Client

import database
from features.prices.former import prune_former
from features.prices.originals import Originals
from features.prices.uploads import Upload, UploadOptions, import_prices
from models.price_series import FORMER_KEPT_FOR
from utils.clock import now

TABLES = ("price_series", "series_basis", "recent_closes", "corporate_actions")


def rows(ticker: str, tables: tuple[str, ...] = TABLES) -> list[dict[str, Any]]:
    """All that is stored of a ticker, to the byte."""
    found = []
    for table in tables:
        for row in database.query_db(f"SELECT * FROM {table} WHERE ticker = :ticker", {"ticker": ticker}):
            found.append({name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})
    return sorted(found, key=repr)


@pytest.mark.parametrize("adjusted", [False, True])
def test_a_series_comes_back_with_its_bases_steps_and_actions(client: Client, adjusted: bool) -> None:
    client.put("/prices/TRADED?volume_basis=as_traded", traded_file(adjusted=adjusted))
    tell_split(client, "TRADED")
    before, analysed = rows("TRADED"), client.post("/analyze", {"ticker": "TRADED"}).json
    report = client.put("/prices/TRADED", price_file(80)).json
    assert (report["undo"], report["lost"]["days"]) == ("restore", 300)
    after = rows("TRADED")
    assert after != before
    assert client.get("/prices/TRADED/quality").json["former"]["bars"] == 300
    restored = client.post("/prices/TRADED/restore")
    assert (restored.status_code, restored.json["bars"], restored.json["former"]["bars"]) == (200, 300, 80)
    assert rows("TRADED") == before
    assert client.post("/analyze", {"ticker": "TRADED"}).json["id"] == analysed["id"]
    client.post("/prices/TRADED/restore")
    assert rows("TRADED") == after


def test_a_deleted_series_comes_back(client: Client) -> None:
    client.put("/prices/GONE", traded_file(adjusted=True))
    client.post("/watchlist", {"ticker": "GONE"})
    result = client.post("/analyze", {"ticker": "GONE"}).json
    before = rows("GONE")
    assert client.delete("/prices/GONE").status_code == 204
    assert rows("GONE") == []
    assert client.get("/prices/GONE").status_code == 404
    assert client.post("/analyze", {"ticker": "GONE"}).json["code"] == "ticker_not_found"
    assert client.get(f"/results/{result['id']}").status_code == 200
    assert client.get("/history/GONE").json["items"][0]["id"] == result["id"]
    (row,) = client.get("/overview").json["items"]
    assert (row["ticker"], row["closes"]) == ("GONE", [])
    assert client.get("/tickers?q=GONE").json["items"] == []
    (former,) = client.get("/former-prices").json["items"]
    assert (former["ticker"], former["bars"], former["deleted"]) == ("GONE", 300, True)
    assert client.post("/prices/GONE/restore").status_code == 200
    assert rows("GONE") == before
    assert client.post("/analyze", {"ticker": "GONE"}).json["id"] == result["id"]
    # Nothing was stored that would have become the former series.
    assert client.post("/prices/GONE/restore").json["code"] == "not_found"


def test_a_deleted_series_and_the_one_stored_since_change_places(client: Client) -> None:
    client.put("/prices/TWICE", csv_of(100))
    client.delete("/prices/TWICE")
    assert client.put("/prices/TWICE", csv_of(60)).json["undo"] == "delete"
    assert client.post("/prices/TWICE/restore").json["bars"] == 100
    assert client.post("/prices/TWICE/restore").json["bars"] == 60


def test_a_split_of_the_user_outlives_the_deleted_series(client: Client) -> None:
    client.put("/prices/SPLIT", traded_file(adjusted=True))
    tell_split(client, "SPLIT")
    client.delete("/prices/SPLIT")
    assert [row["source"] for row in rows("SPLIT", ("corporate_actions",))] == ["user"]
    client.post("/prices/SPLIT/restore")
    assert [row["source"] for row in rows("SPLIT", ("corporate_actions",))] == ["upload", "user"]


def test_what_changes_nothing_leaves_the_former_series(client: Client) -> None:
    client.put("/prices/SAME", csv_of(100))
    client.put("/prices/SAME", csv_of(60))
    for query in ("", "?extend=true", "?dry_run=true"):
        assert client.put(f"/prices/SAME{query}", csv_of(60)).json["undo"] is None
    assert client.post("/prices/SAME/restore").json["bars"] == 100


@pytest.mark.parametrize("path", ["/prices/NOTHING", "/prices/NOTHING/restore"])
def test_where_there_is_nothing_it_is_said(client: Client, path: str) -> None:
    answer = client("POST" if path.endswith("restore") else "DELETE", path)
    assert answer.status_code == 404
    assert "NOTHING" in answer.json["detail"]


def test_shared_prices_are_not_deleted_and_come_out_behind_ones_own(client: Client) -> None:
    import_prices(
        database.current(),
        Upload(0, "SHARED", csv_of(100).encode()),
        UploadOptions(),
        Originals.of(client.app.services.foundation, "tests"),
    )
    answer = client.delete("/prices/SHARED")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    report = client.put("/prices/SHARED", csv_of(60)).json
    assert (report["undo"], report["lost"]) == ("delete", None)
    assert client.get("/prices/SHARED/quality").json["own"]
    assert client.delete("/prices/SHARED").status_code == 204
    quality = client.get("/prices/SHARED/quality").json
    assert (quality["bars"], quality["own"], quality["former"]["bars"]) == (100, False, 60)


def test_another_organization_neither_sees_nor_restores_it(client: Client) -> None:
    client.put("/prices/MINE", csv_of(100))
    client.delete("/prices/MINE")
    key = another_organization()
    assert client.get("/former-prices", key=key).json["items"] == []
    assert client("POST", "/prices/MINE/restore", key=key).status_code == 404


def test_lost_days_are_refused_where_they_are_to_be_kept(client: Client) -> None:
    client.put("/prices/LOSS", csv_of(500))
    before = rows("LOSS")
    told = client.put("/prices/LOSS?on_loss=refuse&dry_run=true", csv_of(70)).json
    assert told["lost"] == {"days": 430, "first": "2020-03-11", "last": "2021-05-14"}
    refused = client.put("/prices/LOSS?on_loss=refuse", csv_of(70))
    assert (refused.status_code, refused.json["code"]) == (409, "stored_days_lost")
    assert "430 stored days of LOSS, 11 March 2020 to 14 May 2021, would be deleted" in refused.json["detail"]
    assert rows("LOSS") == before
    assert client.put("/prices/LOSS?on_loss=refuse&extend=true", csv_of(70)).json["lost"] is None
    assert client.put("/prices/LOSS?on_loss=refuse", csv_of(501)).status_code == 200


def test_former_series_are_removed_after_a_week(client: Client) -> None:
    client.put("/prices/OLD", csv_of(100))
    client.delete("/prices/OLD")
    long_ago = now() - FORMER_KEPT_FOR - timedelta(minutes=1)
    database.execute_db("UPDATE former_series SET replaced_at = :then", {"then": long_ago})
    client.put("/prices/NEW", csv_of(100))
    client.delete("/prices/NEW")
    assert client.post("/prices/OLD/restore").status_code == 404
    assert [item["ticker"] for item in client.get("/former-prices").json["items"]] == ["NEW"]
    assert prune_former(database.current()) == 1
    assert [row["ticker"] for row in database.query_db("SELECT ticker FROM former_series")] == ["NEW"]


def test_uploads_and_restores_at_once_leave_one_of_the_series_whole(client: Client) -> None:
    files = [csv_of(bars) for bars in (60, 70, 80)]
    client.put("/prices/RACE", files[0])
    client.put("/prices/RACE", files[1])

    def work(number: int) -> int:
        if number % 3 == 2:
            return int(client.post("/prices/RACE/restore").status_code)
        return int(client.put("/prices/RACE", files[number % 3]).status_code)

    with ThreadPoolExecutor(6) as pool:
        statuses = set(pool.map(work, range(12)))
    assert statuses == {200}
    quality = client.get("/prices/RACE/quality").json
    assert {quality["bars"], quality["former"]["bars"]} <= {60, 70, 80}
    assert quality["bars"] != quality["former"]["bars"]


def test_damaged_prices_come_back_as_they_were(client: Client) -> None:
    client.put("/prices/TORN", csv_of(100))
    database.execute_db("UPDATE price_series SET data = substr(data, 1, 500) WHERE ticker = 'TORN'")
    before = rows("TORN", ("price_series",))
    assert client.put("/prices/TORN", csv_of(60)).json["lost"] is None
    client.post("/prices/TORN/restore")
    assert rows("TORN", ("price_series",)) == before


def test_former_prices_are_listed_in_pages(client: Client) -> None:
    for number in range(5):
        client.put(f"/prices/P{number}", csv_of(50))
        client.delete(f"/prices/P{number}")
    first = client.get("/former-prices?limit=3").json
    rest = client.get(f"/former-prices?limit=3&cursor={first['next_cursor']}").json
    assert [item["ticker"] for item in [*first["items"], *rest["items"]]] == [f"P{number}" for number in range(5)]
    assert rest["next_cursor"] is None

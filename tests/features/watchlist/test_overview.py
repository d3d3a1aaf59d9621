"""The overview: the watchlist with verdicts, previous verdicts, and the newest closes."""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.reports import price_file
from kit.support import Client, settings_for
from sqlalchemy import Connection, event, text

import database
import db_migrations
from features.accounts.api_keys import create_key
from features.prices import demo
from features.prices.providers.demo import DemoProvider
from features.prices.providers.sample import SampleProvider
from features.prices.store import series as series_store
from models.price_series import PackedBars, SeriesDescription, SeriesHead, head_of
from models.recent_closes import RecentCloses
from utils.clock import now

SAMPLE = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def follow(client: Client, *tickers: str) -> None:
    for ticker in tickers:
        assert client.post("/watchlist", {"ticker": ticker}).status_code == 201


def only(client: Client, query: str = "") -> Any:
    """The only item of the overview."""
    (item,) = client.get(f"/overview{query}").json["items"]
    return item


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the database, through SQLAlchemy or directly to the driver."""
    seen: list[str] = []
    engine = database.current().engine()

    def note(connection: Any, *_: Any) -> None:
        seen.append("checkout")

    event.listen(engine, "checkout", note)
    yield seen
    event.remove(engine, "checkout", note)


def closes_in_table() -> list[Any]:
    rows = database.query_db("SELECT org_id, ticker, last_day, closes, last_close FROM recent_closes ORDER BY org_id, ticker")
    return [{name: bytes(value) if name in ("closes", "last_close") else value for name, value in row.items()} for row in rows]


def test_everything_at_once(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL", "notes": "<b>=1+1</b>"})
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    item = only(client)
    assert list(item) == [
        *("ticker", "name", "notes", "position", "latest", "previous", "change", "failure"),
        *("closes", "change_percent", "last_day", "freshness", "is_old", "is_outdated"),
    ]
    assert (item["ticker"], item["name"], item["notes"]) == ("AAPL", "Apple Inc.", "<b>=1+1</b>")
    latest = item["latest"]
    assert list(latest) == ["id", "as_of", "close", "score", "verdict", "signal", "strategy", "created_at", "analysed_at", "superseded"]
    assert {name: latest[name] for name in list(latest)[:-2]} == {name: result[name] for name in list(latest)[:-2]}
    assert (latest["analysed_at"], latest["superseded"]) == (result["created_at"], False)
    assert (item["previous"], item["last_day"]) == (None, "2013-03-01")
    # The closes are adjusted as in an analysis: the newest is the traded price.
    shown = client.get("/series/AAPL?keys=close").json["series"]["close"]
    assert item["closes"] == pytest.approx(shown[-60:], rel=1e-12)
    assert item["closes"][-1] == latest["close"]
    assert item["change_percent"] == pytest.approx(100 * (shown[-1] / shown[-2] - 1))


def test_what_there_is_nothing_of_is_null(client: Client) -> None:
    follow(client, "NOPRICES", "FB")
    client.put("/prices/ONE", price_file(1))
    follow(client, "ONE")
    fb, without, one = client.get("/overview").json["items"]
    assert (fb["ticker"], fb["latest"], fb["previous"], fb["last_day"]) == ("FB", None, None, "2013-03-01")
    assert len(fb["closes"]) == 60
    assert {name: without[name] for name in ("name", "notes", "latest", "previous", "closes", "change_percent", "last_day")} == {
        "name": None, "notes": None, "latest": None, "previous": None, "closes": [], "change_percent": None, "last_day": None,
    }  # fmt: skip
    assert (one["closes"], one["change_percent"], one["last_day"]) == ([100.0], None, "2012-01-02")


def test_a_followed_ticker_has_the_name_that_became_known_later_unless_it_has_its_own(client: Client) -> None:
    client.post("/watchlist/items", {"tickers": ["ACME"]})
    assert only(client)["name"] is None
    client.put("/universes/mine", "Symbol,Name\nACME,Acme Ltd\n")
    assert only(client)["name"] == "Acme Ltd"
    client("PATCH", "/watchlist/ACME", json={"name": "Roadrunners"})
    assert only(client)["name"] == "Roadrunners"
    client("PATCH", "/watchlist/ACME", json={"name": None})
    assert only(client)["name"] == "Acme Ltd"


def test_an_empty_watchlist(client: Client) -> None:
    assert client.get("/overview").json == {"items": [], "next_cursor": None}


def test_the_verdict_before_is_the_one_that_the_screener_showed(client: Client) -> None:
    follow(client, "IBM")
    whole = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    results = []
    for last in ("2013-01-31", "2013-02-15", "2013-03-01"):
        client.put("/prices/IBM", client.get(f"/prices/IBM?end={last}", headers={"Accept": "text/csv"}).data)
        results.append(client.post("/analyze", {"ticker": "IBM"}).json)
        client.put("/prices/IBM", whole)
    before = {name: results[1][name] for name in ("score", "verdict", "as_of")}
    assert (only(client)["latest"]["id"], only(client)["previous"]) == (results[2]["id"], before)
    # A repeated request, another day, other weights or another strategy do not change this item.
    client.post("/analyze", {"ticker": "IBM"})
    client.post("/analyze", {"ticker": "IBM", "as_of": "2012-05-15"})
    client.post("/analyze", {"ticker": "IBM", "weights": {"rsi": 9}})
    trend = client.post("/analyze", {"ticker": "IBM", "strategy": "trend"}).json
    assert (only(client)["latest"]["id"], only(client)["previous"]) == (results[2]["id"], before)
    assert (only(client, "?strategy=trend")["latest"]["id"], only(client, "?strategy=trend")["previous"]) == (trend["id"], None)
    # After a return to earlier prices their result is the latest again, and the replaced result is the previous one.
    client.put("/prices/IBM", client.get("/prices/IBM?end=2013-01-31", headers={"Accept": "text/csv"}).data)
    client.post("/analyze", {"ticker": "IBM"})
    item = only(client)
    assert (item["latest"]["id"], item["previous"]["as_of"]) == (results[0]["id"], "2013-03-01")
    assert item["latest"]["analysed_at"] > item["latest"]["created_at"]


def test_a_previous_result_that_retention_removed_is_null(client: Client) -> None:
    follow(client, "FB")
    for last in ("2013-02-15", "2013-03-01"):
        client.put("/prices/FB", client.get(f"/prices/FB?end={last}", headers={"Accept": "text/csv"}).data)
        client.post("/analyze", {"ticker": "FB"})
        client.put("/prices/FB", price_file(100))
    client.post("/analyze", {"ticker": "FB"})
    assert only(client)["previous"] is not None
    database.execute_db("DELETE FROM analysis_results WHERE id NOT IN (SELECT result_id FROM latest_results)")
    item = only(client)
    assert (item["previous"], item["latest"] is None) == (None, False)


def test_closes_follow_the_series(client: Client) -> None:
    follow(client, "FB")
    client.put("/prices/FB", price_file(100))
    item = only(client)
    assert item["closes"] == pytest.approx([100 + 0.1 * index for index in range(40, 100)])
    client.put("/prices/FB?extend=true", "Date,Open,High,Low,Close,Volume\n2013-03-04,70,71,69,70.5,5")
    item = only(client)
    assert (item["closes"][-1], item["last_day"], len(item["closes"])) == (70.5, "2013-03-04", 60)
    refused = client.put("/prices/FB", "Date,Open,High,Low,Close,Volume\n2013-03-04,70,71,69,x,5")
    assert refused.status_code == 422
    assert only(client) == item
    database.execute_db("DELETE FROM price_series WHERE org_id = 1 AND ticker = 'FB'")
    shared = only(client)
    assert (shared["last_day"], len(shared["closes"])) == ("2013-03-01", 60)  # the shared prices below the organisation's own


def test_closes_of_a_series_that_is_not_stored_are_not_either(client: Client) -> None:
    before = closes_in_table()
    packed = PackedBars.pack(next(iter(SampleProvider().series())).bars[:5])
    with database.transaction() as connection:
        assert not series_store.save_over_same_provider(
            connection, head_of(SeriesDescription(0, "AAPL", None, "other", True), packed), packed, now()
        )
    assert closes_in_table() == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_closes_that_cannot_be_stored_take_the_series_with_them(client: Client) -> None:
    before = client.get("/prices/FB").data
    database.execute_db("ALTER TABLE recent_closes RENAME TO elsewhere")
    assert client.put("/prices/FB", price_file(100)).status_code == 500
    assert client.get("/prices/FB").data == before


def test_demo_tickers_have_closes_and_lose_them(client: Client) -> None:
    demo.load(database.current(), DemoProvider(date(2024, 1, 31), 70), 3)
    follow(client, "DEMO00002")
    assert len(only(client)["closes"]) == 60
    assert len(closes_in_table()) == 5 + 3
    demo.remove(database.current())
    assert only(client)["closes"] == []
    assert [row["ticker"] for row in closes_in_table()] == list(SAMPLE)


def test_damaged_closes_are_none(client: Client) -> None:
    follow(client, "FB")
    for closes in (b"", b"123", b"\0" * 8, b"\xff" * 480):
        database.execute_db("UPDATE recent_closes SET closes = :closes WHERE ticker = 'FB'", {"closes": closes})
        answer = client.get("/overview")
        assert answer.status_code == 200, closes
        assert all(close is None or close > 0 for close in answer.json["items"][0]["closes"])


def test_pages_without_loss(client: Client) -> None:
    follow(client, *SAMPLE, "A", "Z")
    whole = client.get("/overview").json["items"]
    assert [item["ticker"] for item in whole] == sorted([*SAMPLE, "A", "Z"])
    items, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/overview?limit=3{cursor and '&cursor='}{cursor}").json
        items += page["items"]
        cursor = page["next_cursor"]
    assert items == whole
    cursor = client.get("/overview?limit=3").json["next_cursor"]
    for other in ("/overview?strategy=trend&", "/watchlist?"):
        assert client.get(f"{other}cursor={cursor}").status_code == 422
    assert client.get("/overview?limit=501").status_code == 422
    assert client.get("/overview?strategy=x").json["errors"][0]["field"] == "strategy"


def test_who_has_it_already_is_told_so(client: Client) -> None:
    follow(client, "AAPL")
    etag = {"If-None-Match": client.get("/overview").headers["ETag"]}
    assert client.get("/overview", headers=etag).status_code == 304
    client.post("/analyze", {"ticker": "AAPL"})
    assert client.get("/overview", headers=etag).status_code == 200


def test_organizations_do_not_see_each_other(client: Client) -> None:
    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (2, 'Another', :created_at)", {"created_at": now()})
    _, other = create_key(database.current(), 2, "theirs")
    follow(client, "AAPL")
    client.put("/prices/AAPL", price_file(100))
    client.post("/analyze", {"ticker": "AAPL"})
    assert client.get("/overview", key=other).json["items"] == []
    client.post("/watchlist", {"ticker": "AAPL"}, key=other)
    (theirs,) = client.get("/overview", key=other).json["items"]
    assert (theirs["latest"], theirs["last_day"], only(client)["last_day"]) == (None, "2013-03-01", "2012-04-10")


def test_one_connection_however_long_the_list_is(client: Client) -> None:
    follow(client, *(f"T{number}" for number in range(30)), *SAMPLE)
    with statements() as seen:
        assert len(client.get("/overview").json["items"]) == 35
    assert len(seen) == 1


def insert_results(connection: Connection) -> None:
    """Two tickers' results as the previous version stored them: the latest is marked, the one before it is not."""
    for number, (result_id, ticker, strategy, parameters) in enumerate(
        (
            ("a1", "A", "balanced", "{}"),
            ("a2", "A", "balanced", "{}"),
            ("a3", "A", "balanced", '{"weights": 9}'),
            ("t1", "A", "trend", "{}"),
            ("a4", "A", "balanced", "{}"),
            ("b1", "B", "balanced", "{}"),
        )
    ):
        connection.execute(
            text(
                "INSERT INTO analysis_results VALUES (:id, 1, :ticker, :strategy, '2013-03-01', 99, 5, 0, 'Hold', 'HOLD', :fingerprint, "
                ":parameters, '{}', :created_at)"
            ),
            {
                "id": result_id,
                "ticker": ticker,
                "strategy": strategy,
                "parameters": parameters,
                "fingerprint": result_id.rjust(64, "0"),
                "created_at": now() + timedelta(minutes=number),
            },
        )
    connection.execute(
        text(
            "INSERT INTO latest_results (org_id, ticker, strategy, result_id, score, verdict, analysed_at) "
            "SELECT 1, ticker, strategy, id, 0, 'Hold', created_at FROM analysis_results WHERE id IN ('a4', 't1', 'b1')"
        )
    )


def insert_series(connection: Connection, head: SeriesHead, packed: PackedBars) -> None:
    """Insert a series as the previous version did: without its closes."""
    connection.execute(
        text(
            "INSERT INTO price_series "
            "(org_id, ticker, name, provider, adjusted, bars, first_day, last_day, sha256, data, updated_at) VALUES "
            "(:org_id, :ticker, :name, :provider, :adjusted, :bars, :first_day, :last_day, :sha256, :data, :updated_at)"
        ),
        {**dict(zip(SeriesHead.__annotations__, head, strict=True)), "data": packed.data, "updated_at": now()},
    )


def test_the_migration_cuts_the_closes_as_the_code_does(empty_backend: Backend, tmp_path: Path) -> None:
    """A database of the previous version, with long, short, adjusted and unadjusted series, gets the same table as a new one."""
    before, whole = tmp_path / "before", db_migrations.FOLDER
    before.mkdir()
    for path in whole.glob("000[1-4]*.sql"):
        shutil.copy(path, before)
    database.configure(settings_for(empty_backend.url, tmp_path))
    db_migrations.up(before)
    bars = next(iter(SampleProvider().series())).bars
    with database.transaction() as connection:
        insert_results(connection)
        for ticker, count, adjusted in (
            ("LONG", 500, True),
            ("RAW", 500, False),
            ("SIXTY", 60, True),
            ("SHORT", 7, True),
            ("ONE", 1, False),
        ):
            packed = PackedBars.pack(bars[:count])
            insert_series(connection, head_of(SeriesDescription(0, ticker, None, "sample", adjusted), packed), packed)
    db_migrations.up(whole)
    latest = database.query_db("SELECT result_id, previous_id FROM latest_results ORDER BY ticker, strategy")
    assert [(row["result_id"], row["previous_id"]) for row in latest] == [("a4", "a2"), ("t1", None), ("b1", None)]
    for row in closes_in_table():
        with database.read() as connection:
            loaded = series_store.load(connection, 0, row["ticker"])
        assert loaded is not None
        head, packed = loaded
        assert (row["last_day"], RecentCloses(row["closes"], row["last_close"])) == (head.last_day, RecentCloses.of(packed, head.adjusted))
    assert len(closes_in_table()) == 5


def test_adjusted_closes_end_with_the_digits_that_were_delivered() -> None:
    closes = RecentCloses(array("d", [0.65, 1.3, 0.65]).tobytes(), array("d", [1.95]).tobytes())
    assert closes.prices() == [1.95, 3.9, 1.95]

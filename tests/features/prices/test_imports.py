"""Imports of many tickers: split, stored by a job, each file with its own outcome, once whatever is killed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from kit.archives import packed
from kit.jobs import another_organization, csv_of, items_of, job_row, options_for, working
from kit.support import Client

import database
from features.prices.files.archive import split_upload
from features.prices.files.names import ticker_of_name
from features.prices.imports import KEPT_FOR, REFUSED_KEPT_FOR, Imported, import_files, prune_imports, read_params, store_files
from features.prices.kinds import PriceImport
from models.job import Fault
from models.price_errors import ImportRefused
from utils.clock import now

KINDS = (PriceImport(),)


def table_of(bars: dict[str, int], *, by_day: bool = False) -> str:
    """A table with a column of tickers."""
    rows = [(line, ticker) for ticker, count in bars.items() for line in csv_of(count).splitlines()[1:]]
    if by_day:
        rows.sort()
    return "\n".join(["Date,Open,High,Low,Close,Volume,Ticker", *(f"{line},{ticker}" for line, ticker in rows)])


def send(client: Client, body: str | bytes, query: str = "", type_of: str = "application/zip", **headers: str) -> Any:
    return client("POST", f"/price-imports{query}", data=body, headers={"Content-Type": type_of, **headers})


def run() -> int:
    with working(options=options_for(KINDS)) as executor:
        return executor.drain()


def outcomes_of(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    page = client.get(f"/price-imports/{job['params']['import_id']}").json
    return {item["ticker"]: item for item in page["items"]}


def kept() -> list[dict[str, Any]]:
    return list(database.query_db("SELECT ticker, content FROM price_import_files WHERE content IS NOT NULL ORDER BY ticker"))


def test_an_archive_is_stored_by_a_job(client: Client) -> None:
    bad = csv_of(60).replace(",10,11,9,", ",10,11,x,", 1)
    prices: dict[str, str | bytes] = {"AAA.csv": csv_of(60), "deep/BBB_daily (2).csv": csv_of(70), "CCC.csv": bad}
    names = prices | {"README.md": "hello", "__MACOSX/._AAA.csv": b"\x00", "readme.txt": "Date,Close\n"}
    answer = send(client, packed(names))
    assert (answer.status_code, answer.json["kind"], answer.json["total"]) == (202, "price_import", 3)
    assert answer.json["params"]["ignored"] == ["README.md", "._AAA.csv", "readme.txt"]
    assert len(kept()) == 3
    assert run() == 3
    job = client.get(f"/jobs/{answer.json['id']}").json
    assert (job["status"], job["succeeded"], job["failed"]) == ("completed", 2, 1)
    outcomes = outcomes_of(client, job)
    assert [outcomes[ticker]["report"]["bars"] for ticker in ("AAA", "BBB")] == [60, 70]
    problem = outcomes["CCC"]["problem"]
    assert (problem["code"], problem["errors"]) == ("price_quality", [{"field": "line 2, column Low", "message": "'x' is not a number."}])
    assert items_of(client, job["id"])["CCC"]["error"]["code"] == "price_quality"
    assert client.get("/prices/BBB/quality").json["bars"] == 70
    assert client.get("/prices/CCC").status_code == 404
    assert [row["ticker"] for row in kept()] == ["CCC"]


@pytest.mark.parametrize("by_day", [False, True])
def test_a_table_with_a_column_of_tickers_is_split(client: Client, by_day: bool) -> None:
    text = table_of({"AAA": 60, "BBB": 50}, by_day=by_day)
    at = next(number for number, line in enumerate(text.splitlines(), 1) if line.endswith("BBB") and "2020-02-10" in line)
    lines = text.splitlines()
    lines[at - 1] = lines[at - 1].replace(",11,", ",y,")
    answer = send(client, "\n".join(lines), type_of="text/csv")
    assert answer.status_code == 202
    run()
    outcomes = outcomes_of(client, answer.json)
    assert outcomes["AAA"]["report"]["bars"] == 60
    assert outcomes["BBB"]["problem"]["errors"][0]["field"] == f"line {at}, column High"


def test_a_check_stores_nothing_and_options_hold_for_all(client: Client) -> None:
    client.put("/prices/AAA", csv_of(100))
    body = packed({"AAA.csv": csv_of(60), "BBB.csv": csv_of(50)})
    job = send(client, body, "?dry_run=true").json
    run()
    outcomes = outcomes_of(client, job)
    assert (outcomes["AAA"]["report"]["lost"]["days"], outcomes["AAA"]["report"]["preview"]) == (40, None)
    assert client.get("/prices/BBB").status_code == 404
    job = send(client, body, "?on_loss=refuse").json
    run()
    assert outcomes_of(client, job)["AAA"]["problem"]["code"] == "stored_days_lost"
    job = send(client, body, "?extend=true").json
    run()
    assert outcomes_of(client, job)["AAA"]["report"]["bars"] == 100
    assert client.get("/prices/BBB/quality").json["bars"] == 50
    send(client, body)
    run()
    assert client.get("/prices/AAA/quality").json["bars"] == 60
    assert client.post("/prices/AAA/restore").json["bars"] == 100


@pytest.mark.parametrize(
    ("files", "field", "part"),
    [
        pytest.param({"download.csv": "a,b"}, "download.csv", "ticker is not clear", id="no ticker"),
        pytest.param({"AAA.csv": "x", "aaa (1).csv": "y"}, "aaa (1).csv", "so is AAA.csv", id="one ticker twice"),
        pytest.param({"README.md": "x"}, "archive", "neither a CSV file", id="nothing of prices"),
        pytest.param({f"T{number}.csv": "x" for number in range(2001)}, "archive", "2,001 files", id="too many"),
        pytest.param({"BIG.csv": b" " * 6_000_000}, "BIG.csv", "more than 5.0 MB unpacked", id="a bomb"),
    ],
)
def test_archives_that_cannot_be_taken(client: Client, files: dict[str, str | bytes], field: str, part: str) -> None:
    answer = send(client, packed(files))
    assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "price_quality", field)
    assert part in answer.json["errors"][0]["message"]
    assert client.get("/jobs").json["items"] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_empty_archive_is_told_as_such(client: Client) -> None:
    assert send(client, packed({})).json["errors"] == [
        {"field": "archive", "message": "it is empty. Pack the price files into it, a file for each ticker."}
    ]


def test_an_archive_that_is_large_in_all_is_refused() -> None:
    bomb = packed({f"T{number}.csv": b" " * 4_900_000 for number in range(45)})
    with pytest.raises(ImportRefused, match="more than 200 MB unpacked"):
        split_upload(bomb, 5_000_000, names_are_tickers=False)


def test_encrypted_damaged_and_nested_archives_are_told(client: Client) -> None:
    body = bytearray(packed({"AAA.csv": csv_of(60)}))
    for at in (6, body.index(b"PK\x01\x02") + 8):
        body[at] |= 1
    assert "encrypted" in send(client, bytes(body)).json["detail"]
    body = bytearray(packed({"AAA.csv": csv_of(60)}))
    body[45] ^= 0xFF
    assert "damaged" in send(client, bytes(body)).json["detail"]
    assert "damaged" in send(client, b"PK\x03\x04 and nothing").json["detail"]
    job = send(client, packed({"AAA.csv": packed({"inner.csv": csv_of(60)})})).json
    run()
    assert "a ZIP archive" in outcomes_of(client, job)["AAA"]["problem"]["message"]


def test_names_of_members_lead_nowhere() -> None:
    (part,) = split_upload(packed({"../../etc/AAA.csv": csv_of(50)}), 5_000_000, names_are_tickers=False).parts
    assert (part.ticker, part.name) == ("AAA", "AAA.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AAPL.csv", "AAPL"), ("aapl_us_d.csv", "AAPL"), ("Stock Price History AAPL.csv", "AAPL"), ("NASDAQ_AAPL, 1D.csv", "AAPL"),
        ("AAPL_Kurse.csv", "AAPL"), ("quotes_AAPL.csv", "AAPL"), ("aapl.us.csv", "AAPL.US"), ("BRK-B (3).csv", "BRK-B"),
        ("AAPL_2010-01-01_2020-12-31.csv", "AAPL"), ("C:\\data\\IBM.xlsx", "IBM"), ("^GSPC.csv", "^GSPC"),
        ("HistoricalQuotes.csv", None), ("download.csv", None), ("data.csv", None), ("my two words.csv", None), (".csv", None),
    ],
)  # fmt: skip
def test_the_ticker_of_a_name(name: str, expected: str | None) -> None:
    assert ticker_of_name(name) == expected


def test_a_file_without_a_telling_name_is_known_by_its_column(client: Client) -> None:
    lines = csv_of(50).splitlines()
    text = "\n".join([f"Symbol,{lines[0]}", *(f"MSFT,{line}" for line in lines[1:])])
    assert send(client, packed({"download.csv": text})).status_code == 202
    run()
    assert client.get("/prices/MSFT/quality").json["own"]
    assert send(client, packed({"DATA.csv": csv_of(50)}), "?names=tickers").json["total"] == 1


@pytest.mark.parametrize(
    ("body", "query", "type_of", "status"),
    [(b"x", "", "text/html", 415), (b"Date,Open,High,Low,Close\n1,1,1,1,1\n", "", "text/csv", 422), (b"", "", "application/zip", 422)],
)
def test_what_is_no_import(client: Client, body: bytes, query: str, type_of: str, status: int) -> None:
    assert send(client, body, query, type_of).status_code == status


def test_a_repeated_request_is_one_import(client: Client) -> None:
    body, key = packed({"AAA.csv": csv_of(50)}), {"Idempotency-Key": "once"}
    first, again = send(client, body, **key), send(client, body, **key)
    assert (first.json["id"], again.headers["Idempotent-Replayed"]) == (again.json["id"], "true")
    assert send(client, body, "?dry_run=true", **key).json["code"] == "idempotency_mismatch"
    assert len(kept()) == 1


def test_another_organization_sees_no_import(client: Client) -> None:
    job = send(client, packed({"AAA.csv": csv_of(50)})).json
    key = another_organization()
    assert client.get(f"/price-imports/{job['params']['import_id']}", key=key).status_code == 404
    assert client.get("/price-imports/nonsense").status_code == 404


def test_prices_that_change_between_reading_and_storing_are_read_again(client: Client) -> None:
    job = send(client, packed({"AAA.csv": csv_of(80)}), "?extend=true").json
    params = read_params(job_row(job["id"])["params"])
    ((_, outcome),) = import_files(database.current(), 1, params, ["AAA"])
    assert isinstance(outcome, Imported)
    client.put("/prices/AAA", csv_of(100))
    with database.transaction() as connection:
        assert store_files(connection, 1, {"AAA": outcome}) == {}
    assert run() == 1
    assert client.get("/prices/AAA/quality").json["bars"] == 100


def test_what_is_kept_is_removed(client: Client) -> None:
    job = send(client, packed({"AAA.csv": csv_of(50), "BAD.csv": "x"})).json
    run()
    prune_imports(database.current(), now() + REFUSED_KEPT_FOR - timedelta(minutes=1))
    assert [row["ticker"] for row in kept()] == ["BAD"]
    prune_imports(database.current(), now() + REFUSED_KEPT_FOR + timedelta(minutes=1))
    assert kept() == []
    ((_, outcome),) = import_files(database.current(), 1, read_params(json.dumps(job["params"])), ["BAD"])
    assert isinstance(outcome, Fault)
    assert outcome.code == "upload_removed"
    assert prune_imports(database.current(), now() + KEPT_FOR + timedelta(minutes=1)) == 2
    assert client.get(f"/price-imports/{job['params']['import_id']}").status_code == 404

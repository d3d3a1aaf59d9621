"""The originals of uploads: kept to the byte with the prices that they brought, for their organization alone, and not for ever."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.archives import packed
from kit.databases import Backend
from kit.jobs import another_organization, csv_of, items_of, options_for, working
from kit.statements import Killed, killed_at
from kit.support import Client, settings_for

import database
from app import create_app
from features.files.service import files_of
from features.prices.kinds import PriceImport
from features.prices.originals import MOST_KEPT
from infrastructure.storage.base import Shown
from utils.clock import now

ARCHIVE = {"Content-Type": "application/zip"}


def originals(client: Client, ticker: str = "NEW", **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/prices/{ticker}/originals", **more).json["items"]
    return items


def download(client: Client, ticker: str, file_id: str, **more: Any) -> Any:
    return client.get(f"/prices/{ticker}/originals/{file_id}", **more)


def run() -> int:
    with working(options=options_for((PriceImport(),))) as executor:
        return executor.drain()


def objects(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "storage").rglob("*"))


def test_an_upload_is_kept_as_it_was_sent(client: Client) -> None:
    assert originals(client) == []
    first, second = csv_of(60), csv_of(61).replace("\n", "\r\n")
    assert client.put("/prices/NEW", first).status_code == 200
    assert client.put("/prices/new", second).status_code == 200
    assert client.put("/prices/NEW", second).status_code == 200  # the same again is no further one
    newest, oldest = originals(client)
    assert (newest["bytes"], oldest["bytes"], newest["created_by"]) == (len(second), len(first), "master")
    assert newest["name"] == "NEW.csv"
    for item, sent in ((newest, second), (oldest, first)):
        answer = download(client, "NEW", item["id"])
        assert (answer.data, answer.mimetype) == (sent.encode(), "text/csv")
        assert answer.headers["Content-Disposition"] == f"attachment; filename={item['name']}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cursor = client.get("/prices/NEW/originals?limit=1").json["next_cursor"]
    assert [item["id"] for item in client.get(f"/prices/NEW/originals?limit=1&cursor={cursor}").json["items"]] == [oldest["id"]]


def test_they_outlive_the_prices_and_are_removed_by_hand(client: Client, tmp_path: Path) -> None:
    client.put("/prices/NEW", csv_of(60))
    client.delete("/prices/NEW")
    (item,) = originals(client)
    assert download(client, "MSFT", item["id"]).status_code == 404  # it is of another ticker
    assert client.delete(f"/prices/NEW/originals/{item['id']}").status_code == 204
    assert objects(tmp_path) == 0
    assert originals(client) == []
    for answer in (download(client, "NEW", item["id"]), client.delete(f"/prices/NEW/originals/{item['id']}")):
        assert (answer.status_code, answer.json["detail"]) == (404, "The file is kept no longer.")


def test_the_newest_are_kept(client: Client, tmp_path: Path) -> None:
    for bars in range(60, 60 + MOST_KEPT + 2):
        client.put("/prices/NEW", csv_of(bars))
    client.put("/prices/OTHER", csv_of(60))
    files_of(client.app.services.foundation).sweep()
    assert len(originals(client)) == MOST_KEPT
    assert len(originals(client, "OTHER")) == 1
    assert objects(tmp_path) == MOST_KEPT + 1
    files_of(client.app.services.foundation).sweep(now() + timedelta(days=366))
    assert originals(client) == []
    assert objects(tmp_path) == 0


def test_what_is_refused_or_tried_leaves_nothing(client: Client, tmp_path: Path) -> None:
    client.put("/prices/NEW", csv_of(60))
    assert client.put("/prices/NEW", "no prices").status_code == 422
    assert client.put("/prices/NEW?on_loss=refuse", csv_of(50)).status_code == 409
    assert client.put("/prices/NEW?dry_run=true", csv_of(50)).status_code == 200
    assert client("POST", "/price-imports?dry_run=true", data=packed({"AAA.csv": csv_of(60)}), headers=ARCHIVE).status_code == 202
    assert len(originals(client)) == objects(tmp_path) == 1


def test_an_import_is_kept_whole_for_each_ticker_that_it_brought(client: Client, tmp_path: Path) -> None:
    body = packed({"AAA.csv": csv_of(60), "BBB.csv": csv_of(70), "BAD.csv": "no prices"})
    repeated = {**ARCHIVE, "Idempotency-Key": "once"}
    job = client("POST", "/price-imports", data=body, headers=repeated).json
    assert client("POST", "/price-imports", data=body, headers=repeated).json["id"] == job["id"]
    assert objects(tmp_path) == 1
    assert originals(client, "AAA") == []
    run()
    assert items_of(client, job["id"])["BAD"]["status"] == "failed"
    (item,) = originals(client, "AAA")
    assert originals(client, "BBB") == [item]
    assert originals(client, "BAD") == []
    assert (item["content_type"], item["id"]) == ("application/zip", job["params"]["original"])
    assert download(client, "BBB", item["id"]).data == body


def test_another_organization_neither_sees_nor_removes_them(client: Client) -> None:
    client.put("/prices/NEW", csv_of(60))
    (item,) = originals(client)
    key = another_organization()
    assert originals(client, key=key) == []
    assert download(client, "NEW", item["id"], key=key).status_code == 404
    assert client.delete(f"/prices/NEW/originals/{item['id']}", key=key).status_code == 404
    assert len(originals(client)) == 1


def away(backend: Backend, tmp_path: Path, **more: Any) -> Client:
    """A client of an application whose storage is a file, in which nothing can be written."""
    (tmp_path / "a-file").write_text("")
    return Client(create_app(settings_for(backend.url, tmp_path, storage_url=f"file://{tmp_path}/a-file", **more)))


def test_while_the_storage_is_away_an_upload_is_refused_whole(backend: Backend, tmp_path: Path) -> None:
    client = away(backend, tmp_path)
    for answer in (
        client.put("/prices/NEW", csv_of(60)),
        client("POST", "/price-imports", data=packed({"AAA.csv": csv_of(60)}), headers=ARCHIVE),
    ):
        assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
        assert "storage of files cannot write" in answer.json["detail"]
        assert str(tmp_path) not in answer.text
    assert client.get("/prices/NEW").status_code == 404
    assert client.get("/jobs").json["items"] == []
    health = {check["name"]: check for check in client.get("/health").json["checks"]}
    assert (health["storage"]["state"], client.get("/health").status_code) == ("warning", 200)


def test_without_originals_uploads_need_no_storage(backend: Backend, tmp_path: Path) -> None:
    client = away(backend, tmp_path, originals_kept_days=0)
    assert client.put("/prices/NEW", csv_of(60)).status_code == 200
    assert client("POST", "/price-imports", data=packed({"AAA.csv": csv_of(60)}), headers=ARCHIVE).status_code == 202
    assert originals(client) == []


def test_killed_at_any_statement_the_prices_and_their_original_are_both_there_or_neither(client: Client, tmp_path: Path) -> None:
    number = 1
    while True:
        ticker = f"T{number}"
        with killed_at(number) as seen, suppress(Killed):
            client.put(f"/prices/{ticker}", csv_of(60))
        files_of(client.app.services.foundation).sweep(now() + timedelta(days=2))
        has_prices = client.get(f"/prices/{ticker}/quality").status_code == 200
        assert len(originals(client, ticker)) == has_prices
        if len(seen) < number:
            break
        number += 1
    stored = database.query_db("SELECT COUNT(*) AS n FROM stored_files", one=True)["n"]
    assert number > 10
    assert stored == objects(tmp_path) > 0


@pytest.mark.parametrize("token", ["x", "WyIxLzAiLDFd.x", "..", "%2e%2e%2fetc%2fpasswd"])
def test_a_forged_link_opens_nothing(client: Client, token: str) -> None:
    client.put("/prices/NEW", csv_of(60))
    assert client.get(f"/api/files/{token}", key=None).status_code == 404


def test_a_link_needs_no_key_and_ends_with_its_file(client: Client) -> None:
    client.put("/prices/NEW", csv_of(60))
    (item,) = originals(client)
    files = files_of(client.app.services.foundation)
    (row,) = database.query_db("SELECT storage_key FROM stored_files")
    link = files.storage.link(row["storage_key"], Shown(item["name"], item["content_type"]), 60)
    answer = client.get(link, key=None)
    assert (answer.status_code, answer.data) == (200, csv_of(60).encode())
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    late = files.storage.link(row["storage_key"], Shown(item["name"], item["content_type"]), 0)
    assert client.get(late, key=None).status_code == 404
    client.delete(f"/prices/NEW/originals/{item['id']}")
    gone = client.get(link, key=None)
    assert (gone.status_code, gone.json["code"]) == (404, "not_found")
    assert "Ask for a new one" in gone.json["detail"]

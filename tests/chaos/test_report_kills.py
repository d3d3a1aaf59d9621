"""kill -9 of workers while they make reports into a bucket: each is ready in the end, with its file, and no file is left over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from kit.buckets import CREDENTIALS, keys_in, new_bucket, s3_server
from kit.chaos import JOB_SECONDS, WEB, WORKER, Site, kill
from kit.servers import KEY, Server, wait_until

import database
from features.files.service import Files
from infrastructure.storage.s3 import S3Storage
from models.storage_place import Bucket, place_of
from utils.clock import now

REPORTS = 12
KILLS = 3


@pytest.fixture
def bucket() -> Iterator[str]:
    with s3_server() as endpoint:
        yield new_bucket(endpoint)


def call(server: Server, method: str, path: str, **more: Any) -> requests.Response:
    headers = {**KEY, **({"Content-Type": "text/csv"} if "data" in more else {})}
    return requests.request(method, server.url(f"/api/v1{path}"), headers=headers, timeout=60, **more)


def states(server: Server) -> list[str]:
    return [item["state"] for item in call(server, "GET", "/reports").json()["items"]]


def test_workers_killed_while_they_make_reports(site: Site, bucket: str) -> None:
    where = {"STORAGE_URL": bucket, **CREDENTIALS}
    web = site.start(WEB, LOCAL_WORKERS="0", **where)
    wait_until(web.answers)
    assert call(web, "PUT", "/prices/KEPT", data=_prices()).status_code == 200
    call(web, "POST", "/analyze", json={"ticker": "KEPT"})
    for number in range(REPORTS):
        order = {"type": "ticker", "ticker": "KEPT", "format": ("xlsx", "csv", "json")[number % 3]}
        assert call(web, "POST", "/reports", json=order).status_code == 202
    worker = site.start(WORKER, **where)
    for number in range(KILLS):
        wait_until(lambda number=number: states(web).count("ready") > number or "processing" in states(web), JOB_SECONDS)
        for process in wait_until(site.workers, JOB_SECONDS):
            kill(process)
    wait_until(lambda: set(states(web)) == {"ready"}, JOB_SECONDS)
    for item in call(web, "GET", "/reports").json()["items"]:
        content = call(web, "GET", f"/reports/{item['id']}/file").content
        assert len(content) == item["file"]["bytes"]
        link = call(web, "GET", f"/reports/{item['id']}/link").json()["url"]
        assert link.startswith("http://")
        assert requests.get(link, timeout=60).content == content
    original = call(web, "GET", "/prices/KEPT/originals").json()["items"][0]
    assert call(web, "GET", f"/prices/KEPT/originals/{original['id']}").content == _prices()
    place = place_of(bucket)
    assert isinstance(place, Bucket)
    Files(database.current(), S3Storage(place)).sweep(now() + timedelta(days=2))
    assert {row["storage_key"] for row in database.query_db("SELECT storage_key FROM stored_files")} == keys_in(bucket)
    assert len(keys_in(bucket)) == REPORTS + 1
    site.stop(worker, web)


def _prices() -> bytes:
    days = [now().date() - timedelta(days=300 - number) for number in range(300)]
    rows = [f"{day},{100 + at % 7},{102 + at % 7},{99 + at % 7},{101 + at % 7},{90_000 + at}" for at, day in enumerate(days)]
    return "\n".join(["Date,Open,High,Low,Close,Volume", *rows, ""]).encode()

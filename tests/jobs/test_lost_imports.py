"""An import of prices whose worker is lost: the next stores each file, once."""

from __future__ import annotations

from kit.archives import packed
from kit.isolation import Isolation
from kit.jobs import claim, csv_of, items_of, release_worker, run_jobs
from kit.support import Client

import database
from features.prices.kinds import PriceImport


def test_a_lost_worker_leaves_the_file_for_the_next(client: Client, isolation: Isolation) -> None:
    body = packed({"AAA.csv": csv_of(50)})
    job = client("POST", "/price-imports", data=body, headers={"Content-Type": "application/zip"}).json
    assert claim("lost") is not None
    release_worker("lost")
    assert run_jobs(kinds=(PriceImport(),)) == 1
    assert len(isolation.started) == 1
    assert items_of(client, job["id"])["AAA"]["status"] == "succeeded"
    (row,) = database.query_db("SELECT count(*) AS n FROM former_series")
    assert row["n"] == 0  # stored once

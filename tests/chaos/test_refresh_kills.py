"""kill -9 of the network worker in the middle of a refresh: each series is the old one or the new one, never a half, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from kit.chaos import WORKER, Site, item_rows, job_row, kill
from kit.companies import BARS, Company
from kit.market import Market
from kit.price_server import Asked, PriceServer, Reply, price_server
from kit.providers import KEY
from kit.servers import wait_until

import database
from features.prices.quality import is_whole
from features.prices.refresh_jobs import RefreshParams, new_refresh
from features.prices.store import series as series_store
from jobs.service import enqueue
from models.api_key import FIRST_ORG, SHARED_ORG
from models.price_series import PackedBars
from utils.clock import now

EVENING = BARS - 20
SPLIT = EVENING + 2
COMPANIES = {f"K{number}": Company(number, splits=((SPLIT, 2.0),) if number % 2 else ()) for number in range(24)}
SLOW = threading.Event()  # never set: waiting for it is a slow answer


@pytest.fixture
def market() -> Market:
    return Market(COMPANIES, EVENING)


@pytest.fixture
def server(market: Market) -> Iterator[PriceServer]:
    def answer(asked: Asked) -> Reply:
        SLOW.wait(0.05)
        return market.tiingo(asked)

    with price_server(answer) as server:
        yield server


def queue_refresh() -> str:
    new = new_refresh(list(COMPANIES), RefreshParams(None, force=True, expected_at=now()), "kills")
    with database.transaction() as connection:
        return enqueue(connection, FIRST_ORG, new).job.id


def succeeded(job_id: str) -> int:
    return sum(row["status"] == "succeeded" for row in item_rows(job_id))


def stored() -> dict[str, PackedBars]:
    found: dict[str, PackedBars] = {}
    with database.current().reader() as reader:
        for ticker in COMPANIES:
            loaded = series_store.load(reader, SHARED_ORG, ticker)
            if loaded is not None:
                assert is_whole(*loaded)
                found[ticker] = loaded[1]
    return found


def is_of(market: Market, ticker: str, packed: PackedBars) -> bool:
    """Whether the bars are those of an evening, adjusted closes and all."""
    whole = market.export(ticker)
    return packed.days() == whole.days() and packed.column("adj_close").tolist() == pytest.approx(whole.column("adj_close").tolist())


def refresh_under_kills(site: Site, former: Market | None, market: Market, kills: int = 2) -> None:
    job_id = queue_refresh()
    for number in range(kills):
        done = succeeded(job_id)
        wait_until(lambda done=done: succeeded(job_id) >= min(done + 3, len(COMPANIES) - 1))
        for worker in site.processes("--process", "network"):
            kill(worker)
        for ticker, packed in stored().items():
            assert is_of(market, ticker, packed) or (former is not None and is_of(former, ticker, packed)), (number, ticker)
    wait_until(lambda: job_row(job_id)["status"] == "completed", 120)
    assert succeeded(job_id) == len(COMPANIES)
    whole = stored()
    assert all(is_of(market, ticker, whole[ticker]) for ticker in COMPANIES)


def test_each_series_is_old_or_new_whenever_the_worker_is_killed(site: Site, market: Market, server: PriceServer) -> None:
    provider = {"PRICE_PROVIDERS": "tiingo", "TIINGO_URL": server.address, "TIINGO_API_KEY": KEY, "TIINGO_CALLS": "100000/hour"}
    site.start(WORKER, LOCAL_WORKERS="1", NETWORK_THREADS="4", **provider)
    refresh_under_kills(site, None, market)
    former = Market(COMPANIES, EVENING)
    market.evening = SPLIT + 1
    refresh_under_kills(site, former, market)
    site.stop()
    assert KEY not in site.log()

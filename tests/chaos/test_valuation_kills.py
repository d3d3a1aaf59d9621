"""kill -9 of workers while they value portfolios: each day is stored whole, with its events, or not at all."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from decimal import Decimal

from kit.chaos import JOB_SECONDS, TICKERS, WORKER, Site, is_active, item_rows, job_row, kill, load_demo
from kit.effort import effort
from kit.servers import wait_until

import database
from features.portfolios import service
from features.portfolios.service import Terms
from features.portfolios.valuations import submit
from features.prices import service as prices
from models.api_key import FIRST_ORG
from models.portfolio import CostMethod, Draft, TransactionType

PORTFOLIOS, HOLDINGS = effort(100, 40), 20
KILLS = effort(12, 4)
SEED = 20260301


def make_portfolios() -> None:
    with database.read() as connection:
        days = prices.held_closes(connection, FIRST_ORG, TICKERS[0]).days.tolist()
    for number in range(PORTFOLIOS):
        drafts = [Draft(TransactionType.DEPOSIT, days[0], "USD", amount=Decimal(100_000))]
        drafts += [
            Draft(TransactionType.BUY, days[at], "USD", TICKERS[(number + at) % len(TICKERS)], Decimal(10), Decimal(50))
            for at in range(HOLDINGS)
        ]
        with database.transaction() as connection:
            portfolio = service.create(connection, FIRST_ORG, Terms(f"P{number}", "USD", None, CostMethod.FIFO))
            service.add_transactions(connection, FIRST_ORG, portfolio.id, drafts)


def counts() -> tuple[int, int, int]:
    """The stored days, and the events of each type, at one moment."""
    (row,) = database.query_db(
        """
        SELECT
            (SELECT count(*) FROM portfolio_valuations) AS days,
            (SELECT count(*) FROM events WHERE type = 'portfolio.valued') AS valued,
            (SELECT count(*) FROM events WHERE type = 'portfolio.drawdown') AS standing
        """
    )
    return row["days"], row["valued"], row["standing"]


def test_workers_killed_while_they_value_portfolios(site: Site) -> None:
    load_demo()
    make_portfolios()
    with database.transaction() as connection:
        submission = submit(connection, FIRST_ORG)
    assert submission is not None
    job_id = submission.job.id
    worker = site.start(WORKER)
    moments = random.Random(SEED)  # noqa: S311 — the same moments in every run
    for _ in range(KILLS):
        processes = wait_until(lambda: site.workers() or not is_active(job_id), JOB_SECONDS)
        time.sleep(moments.uniform(0, 0.4))
        for process in processes if isinstance(processes, list) else []:
            with suppress(ProcessLookupError):  # it had ended by itself
                kill(process)
        days, valued, standing = counts()
        assert days == valued == standing
    wait_until(lambda: not is_active(job_id), JOB_SECONDS)
    assert job_row(job_id)["status"] == "completed"
    assert {row["status"] for row in item_rows(job_id)} == {"succeeded"}
    assert counts() == (PORTFOLIOS, PORTFOLIOS, PORTFOLIOS)
    packs = {row["digest"] for row in database.query_db("SELECT digest FROM pricing_packs")}
    assert {row["pack"] for row in database.query_db("SELECT pack FROM portfolio_valuations")} <= packs
    site.stop(worker)

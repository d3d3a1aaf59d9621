"""The performance of a large portfolio: from nothing, and after one more transaction."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.demo_prices import load_demo
from benchmarks.foundation import open_foundation
from benchmarks.report import Row, milliseconds, within
from benchmarks.servers import Servers
from features.portfolios import service
from features.portfolios.measuring import Measuring
from features.portfolios.service import Ledger, Terms
from features.portfolios.valuing import Valuer
from features.prices import service as prices
from infrastructure.foundation import Foundation
from models.api_key import FIRST_ORG
from models.performance import PerformanceOrder
from models.period import Period
from models.portfolio import CostMethod, Draft, TransactionType
from models.price_series import number_of
from utils.json_text import dump

TITLE = "Portfolios"
NOTE = (
    "A portfolio of 200 holdings in its base currency with 5,000 transactions over ten years of daily prices: everything that "
    "`GET /api/v1/portfolios/{id}/performance` computes, as JSON, with the lines by day and a benchmark, without HTTP. Cold reads the "
    "ledger, the prices and the splits, and keeps nothing of them. After a transaction, the process has answered before, and one has been "
    "booked since. Both look whether prices have changed, and whether the pricing pack is stored. The median call."
)
ENGINES = ("SQLite", "Postgres")
HOLDINGS, TRANSACTIONS, BARS, YEARS = 200, 5_000, 2_610, 10
COLD_ROUNDS, ROUNDS = 9, 25
MOST_COLD, MOST_AFTER_ONE = 0.150, 0.010  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    rows = []
    for engine in ENGINES:
        url = servers.database_url(engine, f"portfolio-{engine}")
        load_demo(url, HOLDINGS, BARS)
        rows += _rows(engine, url, servers.folder)
    return rows


def _rows(engine: str, url: str, folder: Path) -> list[Row]:
    with open_foundation(url, folder) as foundation:
        ledger = _portfolio(foundation)
        order = PerformanceOrder(Period("max"))
        first = _timed(lambda: _answer(foundation, Valuer(), ledger, order))
        cold = median(_timed(lambda: _answer(foundation, Valuer(), ledger, order)) for _ in range(COLD_ROUNDS))
        valuer = Valuer()
        _answer(foundation, valuer, ledger, order)
        after = []
        for number in range(ROUNDS):
            _book_one(foundation, ledger, number)
            after.append(_timed(lambda: _answer(foundation, valuer, ledger, order)))
        again = median(_timed(lambda: _answer(foundation, valuer, ledger, order)) for _ in range(ROUNDS))
    return [
        within(f"cold, on {engine}", cold, MOST_COLD),
        within(f"after one new transaction, on {engine}", median(after), MOST_AFTER_ONE),
        Row(f"the same again, on {engine}", milliseconds(again)),
        Row(f"cold, and the pricing pack of the day is stored, on {engine}", milliseconds(first)),
    ]


def _answer(foundation: Foundation, valuer: Valuer, ledger: Ledger, order: PerformanceOrder) -> bytes:
    return dump(Measuring(foundation.database, valuer, foundation.lines).performance(ledger, order))


def _timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _portfolio(foundation: Foundation) -> Ledger:
    with foundation.database.read() as connection:
        tickers = [f"DEMO{number:05d}" for number in range(1, HOLDINGS + 1)]
        held = prices.held_closes(connection, FIRST_ORG, tickers[0])
    days: list[date] = held.days.tolist()
    chosen = random.Random(1)  # noqa: S311  # nosec B311  # the same in every run
    drafts = [Draft(TransactionType.DEPOSIT, days[0], "USD", amount=Decimal(10_000_000))]
    drafts += [_trade(TransactionType.BUY, days[0], ticker, 100) for ticker in tickers]
    while len(drafts) < TRANSACTIONS:
        type_ = chosen.choice((TransactionType.BUY, TransactionType.SELL, TransactionType.DIVIDEND))
        drafts.append(_trade(type_, chosen.choice(days[1:]), chosen.choice(tickers), 1))
    with foundation.database.transaction() as connection:
        portfolio = service.create(connection, FIRST_ORG, Terms("Bench", "USD", tickers[0], CostMethod.FIFO))
        service.add_transactions(connection, FIRST_ORG, portfolio.id, drafts)
    assert number_of(days[-1]) - number_of(days[0]) > 360 * YEARS
    return Ledger(FIRST_ORG, portfolio.id)


def _trade(type_: TransactionType, day: date, ticker: str, quantity: int) -> Draft:
    if type_ is TransactionType.DIVIDEND:
        return Draft(type_, day, "USD", ticker, amount=Decimal("12.50"), tax=Decimal("1.25"))
    return Draft(type_, day, "USD", ticker, Decimal(quantity), Decimal("50.25"), fee=Decimal("0.99"))


def _book_one(foundation: Foundation, ledger: Ledger, number: int) -> None:
    with foundation.database.transaction() as connection:
        newest = prices.held_closes(connection, FIRST_ORG, "DEMO00007").last_day
        service.add_transaction(connection, ledger, _trade(TransactionType.BUY, newest, f"DEMO{1 + number:05d}", 2))

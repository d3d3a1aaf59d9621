"""A ledger of as many transactions as a portfolio may have: added at once, imported as a file, and read as holdings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from time import process_time

from benchmarks.demo_prices import load_demo
from benchmarks.foundation import open_foundation
from benchmarks.report import Row, milliseconds, within
from benchmarks.servers import Servers
from features.portfolios import service
from features.portfolios.service import BookKeeper, HoldingsOrder, Ledger, Terms
from features.portfolios.statement_import import ImportWishes, import_statement, read_file
from infrastructure.foundation import Foundation
from models.api_key import FIRST_ORG
from models.portfolio import MOST_TRANSACTIONS, CostMethod, Draft, TransactionType
from utils.clock import today

TITLE = "Portfolios: a long ledger"
NOTE = (
    f"{MOST_TRANSACTIONS:,} transactions of 200 tickers over ten years, a third each of purchases, sales and dividends, in the base "
    "currency, without HTTP. Added at once: checked, shares counted, stored and committed; as a file: read, found not to be booked, and "
    "added. Holdings with prices, from nothing and with kept books. The CPU time of the process, without that of Postgres; the median of 3 "
    "rounds, of kept books of 25."
)
ENGINES = ("SQLite", "Postgres")
TICKERS, BARS, DAYS = 200, 500, 3_650
ROUNDS, KEPT_ROUNDS = 3, 25
MOST_ADDING = 2.0  # seconds
FIELDS = ("day", "type", "ticker", "quantity", "price", "amount", "fee", "currency")


def measure(servers: Servers) -> list[Row]:
    """The table's rows; starts no server."""
    rows = []
    for engine in ENGINES:
        url = servers.database_url(engine, f"ledger-{engine}")
        load_demo(url, TICKERS, BARS)
        rows += _rows(engine, url, servers.folder)
    return rows


def _rows(engine: str, url: str, folder: Path) -> list[Row]:
    with open_foundation(url, folder) as foundation:
        drafts = _drafts()
        new = _portfolios(foundation)
        adding = median(_timed(partial(_add, foundation, next(new), drafts)) for _ in range(ROUNDS))
        importing = median(_timed(partial(_import, foundation, next(new), _file(drafts))) for _ in range(ROUNDS))
        ledger = next(new)
        _add(foundation, ledger, drafts)
        cold = median(_timed(lambda: _hold(foundation, BookKeeper(), ledger)) for _ in range(ROUNDS))
        keeper = BookKeeper()
        _hold(foundation, keeper, ledger)
        kept = median(_timed(lambda: _hold(foundation, keeper, ledger)) for _ in range(KEPT_ROUNDS))
    return [
        within(f"adding all at once, on {engine}", adding, MOST_ADDING),
        Row(f"a file of them, on {engine}", milliseconds(importing)),
        Row(f"holdings, from nothing, on {engine}", milliseconds(cold)),
        Row(f"holdings, with kept books, on {engine}", milliseconds(kept)),
    ]


def _portfolios(foundation: Foundation) -> Iterator[Ledger]:
    """New portfolios."""
    for number in count():
        with foundation.database.transaction() as connection:
            made = service.create(connection, FIRST_ORG, Terms(f"Bench {number}", "USD", None, CostMethod.FIFO))
        yield Ledger(FIRST_ORG, made.id)


def _drafts() -> list[Draft]:
    chosen = random.Random(1)  # noqa: S311  # nosec B311  # the same in every run
    tickers = [f"DEMO{number:05d}" for number in range(1, TICKERS + 1)]
    drafts = [_draft(TransactionType.BUY, DAYS, ticker, 1_000) for ticker in tickers]
    while len(drafts) < MOST_TRANSACTIONS:
        type_ = chosen.choice((TransactionType.BUY, TransactionType.SELL, TransactionType.DIVIDEND))
        drafts.append(_draft(type_, chosen.randrange(DAYS), chosen.choice(tickers), chosen.randrange(1, 5)))
    return drafts


def _draft(type_: TransactionType, days_ago: int, ticker: str, quantity: int) -> Draft:
    day = today() - timedelta(days=days_ago)
    if type_ is TransactionType.DIVIDEND:
        return Draft(type_, day, "USD", ticker, amount=Decimal(quantity) + Decimal("0.25"))
    return Draft(type_, day, "USD", ticker, Decimal(quantity), Decimal("50.25"), fee=Decimal("0.99"))


def _file(drafts: Sequence[Draft]) -> bytes:
    """The transactions as a table."""
    lines = [",".join(FIELDS)]
    lines += (",".join("" if (value := getattr(draft, name)) is None else str(value) for name in FIELDS) for draft in drafts)
    return "\n".join(lines).encode()


def _add(foundation: Foundation, ledger: Ledger, drafts: Sequence[Draft]) -> None:
    with foundation.database.transaction() as connection:
        service.add_transactions(connection, *ledger, drafts)


def _import(foundation: Foundation, ledger: Ledger, raw: bytes) -> None:
    statement = read_file(raw, ImportWishes())
    with foundation.database.transaction() as connection:
        assert len(import_statement(connection, ledger, statement, ImportWishes()).added) == MOST_TRANSACTIONS


def _hold(foundation: Foundation, keeper: BookKeeper, ledger: Ledger) -> None:
    with foundation.database.read() as connection:
        assert len(service.holdings(connection, keeper, ledger, HoldingsOrder()).items) == TICKERS


def _timed(act: Callable[[], object]) -> float:
    began = process_time()
    act()
    return process_time() - began

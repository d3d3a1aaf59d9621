"""Backtests of one ticker: each is run once per fingerprint and stored, and every set of parameters is written down as a trial."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace

import structlog

from database import Database
from features.evidence.backtest_orders import read_order
from features.evidence.backtest_run import BacktestPlan, deflated, detail_of, new_backtest, traded
from features.evidence.store import backtest as backtest_store
from features.evidence.store import trial as trial_store
from features.evidence.store.trial import Trial
from features.prices import service as prices
from infrastructure.sql.batches import ROWS, delete_beyond_newest
from models.backtest import BacktestOrder, NewBacktest, StoredBacktest, Trials
from models.backtest_errors import BacktestNotFound, BacktestPricesReplaced
from models.errors import TickerNotFound
from models.price_series import PackedBars, SeriesHead
from utils.clock import now
from utils.ids import is_id
from utils.json_text import dump

log = structlog.get_logger(__name__)

Series = tuple[SeriesHead, PackedBars]


@dataclass(frozen=True)
class BacktestAnswer:
    """A backtest as JSON; different JSON has a different `etag`."""

    id: str
    body: bytes
    etag: str


@dataclass(frozen=True)
class Sought:
    """A backtest that is asked for, and what is stored of it. `series` is the ticker's, if it was read."""

    org_id: int
    ticker: str
    plan: BacktestPlan
    stored: StoredBacktest | None
    series: Series | None


def seek_backtest(database: Database, org_id: int, ticker: str, order: BacktestOrder) -> Sought:
    """What is stored of a backtest. Raises TickerNotFound or PricesDamaged."""
    plan, series = BacktestPlan(order), None
    with database.reader() as connection:
        head = prices.find_head(connection, org_id, ticker)
        if head is None:
            raise TickerNotFound(ticker)
        fingerprint = plan.known_fingerprint(head)
        if fingerprint is None:
            series = prices.load(connection, org_id, ticker)
            if series is None:
                raise TickerNotFound(ticker)
            fingerprint = plan.fingerprint(ticker, prices.cut_series(*series, plan.order.end)[0])
        stored = backtest_store.find_by_fingerprint(connection, org_id, fingerprint)
    return Sought(org_id, ticker, plan, stored, series)


def run_sought(database: Database, sought: Sought) -> BacktestAnswer:
    """A backtest; run and stored where it is not stored yet. Raises TickerNotFound, TooShortToBacktest or PricesDamaged."""
    stored = sought.stored or _run_and_store(database, sought)
    return _answer(database, sought.org_id, stored)


def find_backtest(database: Database, org_id: int, backtest_id: str) -> BacktestAnswer:
    """A stored backtest. Raises BacktestNotFound, or BacktestPricesReplaced for one whose trades were not kept and cannot be made again."""
    stored = None
    if is_id(backtest_id):
        with database.reader() as connection:
            stored = backtest_store.find(connection, org_id, backtest_id)
    if stored is None:
        raise BacktestNotFound(backtest_id)
    return _answer(database, org_id, stored)


def trials_of(database: Database, org_id: int, ticker: str) -> Trials:
    """What was tried on a ticker so far."""
    with database.reader() as connection:
        return trial_store.summarize(connection, org_id, ticker)


def prune_backtests(database: Database, kept: int, batch: int = ROWS) -> int:
    """Remove all but the newest `kept` backtests of each organization and ticker; return how many. Their trials stay."""
    removed = delete_beyond_newest(database, backtest_store, kept, batch)
    if removed:
        log.info("old backtests removed", backtests=removed)
    return removed


def _run_and_store(database: Database, sought: Sought) -> StoredBacktest:
    series = sought.series
    if series is None:
        with database.reader() as connection:
            series = prices.load(connection, sought.org_id, sought.ticker)
        if series is None:
            raise TickerNotFound(sought.ticker)
    new = new_backtest(sought.plan, sought.plan.market(*series), now(), with_detail=True)
    with database.transaction() as connection:
        inserted = backtest_store.insert(connection, sought.org_id, new)
        trial_store.record(connection, sought.org_id, [Trial(new.ticker, new.trial, new.daily)], new.created_at)
        # Another process may have stored the same backtest meanwhile.
        existing = None if inserted else backtest_store.find_by_fingerprint(connection, sought.org_id, new.fingerprint)
    if existing is not None:
        return existing
    log.info("backtest stored", ticker=new.ticker, strategy=new.strategy, trades=new.figures.trades, backtest_id=new.id)
    return _as_stored(new)


def _as_stored(new: NewBacktest) -> StoredBacktest:
    return StoredBacktest(
        id=new.id,
        ticker=new.ticker,
        fingerprint=new.fingerprint,
        last=new.figures.last,
        daily=new.daily,
        order=new.order,
        report=new.report,
        detail=new.detail,
        created_at=new.created_at,
    )


def _answer(database: Database, org_id: int, stored: StoredBacktest) -> BacktestAnswer:
    """The JSON of a stored backtest. The trials are those of now."""
    detail = _detail_again(database, org_id, stored) if stored.detail is None else zlib.decompress(stored.detail)
    trials = trials_of(database, org_id, stored.ticker)
    now_known = dump({"trials": trials.count, "deflated_sharpe": deflated(stored.daily, trials, stored.ticker)})
    about = dump({"id": stored.id, "created_at": stored.created_at})
    body = b",".join([about[:-1], stored.report.encode()[1:-1], now_known[1:-1], detail[1:]])
    return BacktestAnswer(stored.id, body, f"{stored.fingerprint}-{hashlib.sha256(now_known).hexdigest()[:16]}")


def _detail_again(database: Database, org_id: int, stored: StoredBacktest) -> bytes:
    """The trades and the equity of a backtest that was stored without them, from the same prices. Raises BacktestPricesReplaced."""
    with database.reader() as connection:
        series = prices.load(connection, org_id, stored.ticker)
    if series is None:
        raise BacktestPricesReplaced(stored.ticker)
    plan = BacktestPlan(replace(read_order(stored.order), end=stored.last))
    if plan.fingerprint(stored.ticker, prices.cut_series(*series, plan.order.end)[0]) != stored.fingerprint:
        raise BacktestPricesReplaced(stored.ticker)
    market = plan.market(*series)
    return detail_of(market.bars, traded(plan, market))

"""Backtests of many tickers as a job."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from database import Database
from features.evidence.backtest_orders import write_params
from features.evidence.backtest_run import BacktestPlan, new_backtest
from features.evidence.store import backtest as backtest_store
from features.evidence.store import trial as trial_store
from features.evidence.store.trial import Trial
from features.prices import service as prices
from infrastructure.feature import Universes
from jobs.service import Submission, enqueue
from models.backtest import BACKTEST, BacktestParams, BacktestSummary, BulkBacktest, NewBacktest
from models.errors import BellwetherError, TickerNotFound
from models.job import Fault, Lane, NewJob, Stored
from models.price_series import PackedBars, SeriesHead
from utils.clock import now
from utils.json_text import dump

AHEAD, BEHIND = "ahead", "behind"  # of buy-and-hold: the outcomes of items


@dataclass(frozen=True)
class Backtested:
    """The outcome of a ticker: the fingerprint of its backtest, and the backtest itself unless it is stored already."""

    fingerprint: str
    new: NewBacktest | None


def submit(connection: Connection, org_id: int, asked: BulkBacktest, universes: Universes) -> Submission:
    """Queue a job within the caller's transaction, or return the active job that does the same.

    Raises UniverseNotFound, or NothingToAnalyse for an empty one.
    """
    tickers = asked.tickers or prices.tickers_to_work_on(connection, org_id, asked.params.universe or "", universes)
    params = write_params(asked.params)
    newest = prices.newest_day(connection, org_id, tickers)
    dedupe_key = None if asked.force else hashlib.sha256(dump([BACKTEST, sorted(tickers), params, newest])).hexdigest()
    return enqueue(connection, org_id, NewJob(BACKTEST, Lane.CPU, params, tickers, dedupe_key))


def run_many(database: Database, org_id: int, params: BacktestParams, tickers: Sequence[str]) -> Iterator[tuple[str, Backtested | Fault]]:
    """Yield the outcome of each ticker: first those whose backtest is stored, then the others, last those that cannot be run."""
    plan = BacktestPlan(params.order)
    with database.read() as connection:
        heads = prices.find_heads(connection, org_id, tickers)
        known = {ticker: fingerprint for ticker, head in heads.items() if (fingerprint := plan.known_fingerprint(head)) is not None}
        stored = backtest_store.find_summaries(connection, org_id, known.values())
    missing = []
    for ticker in tickers:
        if known.get(ticker) in stored:
            yield ticker, Backtested(known[ticker], None)
        else:
            missing.append(ticker)
    done: dict[str, Backtested] = {}
    errors: dict[str, BellwetherError] = {}

    def run(head: SeriesHead, packed: PackedBars) -> None:
        try:
            new = new_backtest(plan, plan.market(head, packed), now(), with_detail=False)
            done[head.ticker] = Backtested(new.fingerprint, new)
        except BellwetherError as error:
            errors[head.ticker] = error

    with database.reader() as reader:
        prices.load_each(reader, org_id, missing, run)
    yield from done.items()
    for ticker in missing:
        if ticker not in done:
            error = errors.get(ticker) or TickerNotFound(ticker)
            yield ticker, Fault(error.code, str(error))


def store_many(connection: Connection, org_id: int, outcomes: Mapping[str, Backtested], moment: datetime) -> Mapping[str, Stored]:
    """Store new backtests and their trials, and return by ticker what came of it.

    A ticker is missing when its backtest was stored earlier and has been removed meanwhile.
    """
    new = [outcome.new for outcome in outcomes.values() if outcome.new is not None]
    backtest_store.insert_many(connection, org_id, new)
    trial_store.record(connection, org_id, [Trial(one.ticker, one.trial, one.daily) for one in new], moment)
    summaries = backtest_store.find_summaries(connection, org_id, {outcome.fingerprint for outcome in outcomes.values()})
    return {ticker: _stored(summaries[one.fingerprint]) for ticker, one in outcomes.items() if one.fingerprint in summaries}


def _stored(summary: BacktestSummary) -> Stored:
    figures = summary.figures
    facts = {
        "total_return": figures.total_return,
        "benchmark_return": figures.benchmark_return,
        "sharpe": figures.sharpe,
        "max_drawdown": figures.max_drawdown,
        "trades": figures.trades,
        "first": figures.first.isoformat(),
        "last": figures.last.isoformat(),
    }
    return Stored(summary.id, AHEAD if figures.is_ahead else BEHIND, None, facts)

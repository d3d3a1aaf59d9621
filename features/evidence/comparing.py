"""Several sets of parameters on one ticker, beside each other and beside buy-and-hold. Each is a trial; nothing else is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from analysis.backtest import Run, run_backtest, signals_of
from analysis.bootstrap import REPETITIONS
from analysis.performance import equity_metrics, exposure_of, turnover_of
from analysis.reality_check import RealityCheck, reality_check
from analysis.returns import returns_of
from database import Database
from features.evidence.assumptions import shared_assumptions
from features.evidence.backtest_run import BacktestPlan, Market, checked, daily_of, deflated, metrics_of
from features.evidence.store import trial as trial_store
from features.evidence.store.trial import Trial
from features.prices import service as prices
from models.backtest import BacktestOrder, BenchmarkMetrics, ComparedSet, Comparison, LuckTest, Trials
from models.errors import TickerNotFound
from utils.clock import now

log = structlog.get_logger(__name__)

_SURE = 0.05
_SEED_DIGITS = 8  # of a digest: a seed is an exact number in every reader of JSON


@dataclass(frozen=True)
class _Tried:
    """A set of parameters that was run."""

    plan: BacktestPlan
    run: Run
    trial: Trial


def compare(database: Database, org_id: int, ticker: str, orders: Sequence[BacktestOrder]) -> Comparison:
    """Run each order on a ticker and write it down as a trial. They have the same costs, capital and days.

    Raises TickerNotFound, TooShortToBacktest or PricesDamaged.
    """
    with database.reader() as connection:
        series = prices.load(connection, org_id, ticker)
    if series is None:
        raise TickerNotFound(ticker)
    plans = [BacktestPlan(order) for order in orders]
    market = plans[0].market(*series)
    tried = _run(market, plans)
    with database.transaction() as connection:
        trial_store.record(connection, org_id, [one.trial for one in tried], now())
        trials = trial_store.summarize(connection, org_id, ticker)
    log.info("sets compared", ticker=ticker, sets=len(tried), trials=trials.count)
    return _comparison(market, tried, trials)


def _run(market: Market, plans: Sequence[BacktestPlan]) -> list[_Tried]:
    signals = signals_of(market.bars, [plan.parameters for plan in plans])
    tried = []
    for plan, signal in zip(plans, signals, strict=True):
        run = checked(market, run_backtest(market.bars, signal, plan.parameters, plan.rules, market.first))
        tried.append(_Tried(plan, run, Trial(market.head.ticker, plan.trial(market), daily_of(run))))
    return tried


def _comparison(market: Market, tried: Sequence[_Tried], trials: Trials) -> Comparison:
    bars, head, first = market.bars, market.head, tried[0]
    digests = "".join(one.plan.fingerprint(head.ticker, market.sha256) for one in tried)
    seed = int(hashlib.sha256(digests.encode()).hexdigest()[:_SEED_DIGITS], 16)
    returns, benchmark = np.array([returns_of(one.run.values) for one in tried]).T, returns_of(first.run.benchmark)
    check = reality_check(returns, benchmark, seed)
    return Comparison(
        ticker=head.ticker,
        first=bars.day(first.run.first),
        last=bars.day(-1),
        days=len(first.run.values),
        sets=tuple(_compared(one, trials) for one in tried),
        benchmark=BenchmarkMetrics(equity_metrics(first.run.benchmark)),
        trials=trials.count,
        luck=None if check is None else _luck(check, seed, len(tried), (returns.mean(axis=0) > benchmark.mean()).any()),
        assumptions=shared_assumptions(bars, head, first.plan.rules, first.run),
    )


def _compared(one: _Tried, trials: Trials) -> ComparedSet:
    plan, run = one.plan, one.run
    return ComparedSet(
        strategy=plan.parameters.strategy,
        parameters=plan.parameters,
        side=plan.rules.side,
        stops=plan.rules.stops,
        metrics=metrics_of(run),
        exposure=exposure_of(run),
        turnover=turnover_of(run),
        deflated_sharpe=deflated(one.trial.daily, trials, one.trial.ticker),
        is_ahead=bool(run.values[-1] > run.benchmark[-1]),
    )


def _luck(check: RealityCheck, seed: int, sets: int, is_any_ahead: bool) -> LuckTest:
    return LuckTest(
        p_value=check.white,
        hansen_p_value=check.hansen,
        days=check.days,
        block=check.block,
        repetitions=REPETITIONS,
        seed=seed,
        sentence=_sentence(check, sets, is_any_ahead),
    )


def _sentence(check: RealityCheck, sets: int, is_any_ahead: bool) -> str:
    best = f"the best of {sets} sets" if sets > 1 else "this set"
    if not is_any_ahead:
        which = f"None of the {sets} sets" if sets > 1 else "This set"
        return f"{which} had a higher mean daily return than buy-and-hold, so there is nothing that luck would have to explain."
    share = f"{100 * check.white:.1f} %" if check.white >= 1 / REPETITIONS else f"less than {100 / REPETITIONS:.1f} %"
    found = (
        f"were none better than buy-and-hold, luck would let {best} look as good in {share} of {REPETITIONS:,} histories, put together "
        f"from blocks of {check.block} days (White's reality check)."
    )
    verdict = "This is hard to put down to luck" if check.white <= _SURE else "Luck alone explains this"
    return f"{verdict}: {found}"

"""Runs a backtest on a stored series: what it depends on, its numbers, and its trades and equity. No I/O."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from analysis.backtest import Run, run_backtest, signals_of
from analysis.bars import Bars, adjusted_bars
from analysis.deflated_sharpe import SharpeEstimate, deflated_sharpe, estimate_of
from analysis.engine import Fingerprints, basis_of, parameters_of
from analysis.outcomes import first_day_that_counts
from analysis.performance import equity_metrics, exposure_of, trade_metrics, turnover_of
from analysis.quality import is_sound
from analysis.returns import drawdown_of, returns_of
from features.evidence.assumptions import assumptions_of
from features.evidence.backtest_orders import write_order
from features.prices.service import cut_series
from models.analysis import Parameters
from models.backtest import (
    BacktestFigures,
    BacktestOrder,
    BacktestReport,
    BenchmarkMetrics,
    DailySharpe,
    NewBacktest,
    Trials,
)
from models.backtest_errors import TooShortToBacktest
from models.evidence import WARMUP
from models.metric import Metric
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead
from utils.ids import new_id
from utils.json_text import dump

FORM = 1  # of what is stored; raised with every change of it that no version of the engine tells
_FEWEST_BARS = WARMUP + 2  # one whose verdict counts, and one to trade at


class Market(NamedTuple):
    """The bars that a backtest trades, up to its end and adjusted, and the first whose verdict counts."""

    head: SeriesHead
    sha256: str
    bars: Bars
    first: int


class BacktestPlan:
    """An order with its parameters, for any ticker."""

    def __init__(self, order: BacktestOrder) -> None:
        self.order, self.rules = order, order.rules
        self.parameters: Parameters = parameters_of(order.strategy, order.overrides)
        self._fingerprints = Fingerprints(self.parameters)

    def known_fingerprint(self, head: SeriesHead) -> str | None:
        """The fingerprint on a whole series; None when `end` selects a part of it."""
        if self.order.end is not None and self.order.end < head.last_day:
            return None
        return self.fingerprint(head.ticker, head.sha256)

    def fingerprint(self, ticker: str, sha256: str) -> str:
        """SHA-256 of all that a backtest depends on, given the digest of its bars."""
        inputs = (FORM, self._fingerprints.of(ticker, sha256, None), self.rules, self.order.start)
        return hashlib.sha256(dump(inputs)).hexdigest()

    def market(self, head: SeriesHead, packed: PackedBars) -> Market:
        """What is traded. Raises PricesDamaged or TooShortToBacktest."""
        sha256, used = cut_series(head, packed, self.order.end)
        if len(used) < _FEWEST_BARS:
            raise TooShortToBacktest(head.ticker, len(used), _FEWEST_BARS, None)
        if not is_sound(used, head.adjusted):
            raise PricesDamaged(head.ticker)
        bars, start = adjusted_bars(used, head.adjusted, head.steps), self.order.start
        first = first_day_that_counts(bars, None if start is None else np.datetime64(start))
        if first > len(bars) - 2:
            raise TooShortToBacktest(head.ticker, len(bars), _FEWEST_BARS, start)
        return Market(head, sha256, bars, first)

    def trial(self, market: Market) -> str:
        """What identifies the set of parameters on a ticker. Neither the capital nor limits that bound nothing make it another one."""
        start = self.order.start if market.first > WARMUP else None
        end = self.order.end if market.bars.day(-1) < market.head.last_day else None
        return hashlib.sha256(dump((self.parameters, replace(self.rules, capital=1.0), start, end))).hexdigest()[:32]


def traded(plan: BacktestPlan, market: Market) -> Run:
    """The run of a plan. Raises PricesDamaged for bars that lead to no finite equity."""
    (signals,) = signals_of(market.bars, [plan.parameters])
    return checked(market, run_backtest(market.bars, signals, plan.parameters, plan.rules, market.first))


def checked(market: Market, run: Run) -> Run:
    """The run. Raises PricesDamaged where its equity is not finite."""
    if not (np.isfinite(run.values).all() and np.isfinite(run.benchmark).all()):
        raise PricesDamaged(market.head.ticker)
    return run


def new_backtest(plan: BacktestPlan, market: Market, moment: datetime, with_detail: bool) -> NewBacktest:
    """Run a backtest, ready to be stored with its trades and equity or without. Raises PricesDamaged."""
    run, fingerprint = traded(plan, market), plan.fingerprint(market.head.ticker, market.sha256)
    report = _report(plan, market, run, fingerprint)
    return NewBacktest(
        id=new_id(),
        ticker=market.head.ticker,
        strategy=plan.parameters.strategy,
        fingerprint=fingerprint,
        figures=_figures(report),
        daily=daily_of(run),
        order=write_order(plan.order),
        report=dump(report).decode(),
        detail=zlib.compress(detail_of(market.bars, run), 1) if with_detail else None,
        trial=plan.trial(market),
        created_at=moment,
    )


def detail_of(bars: Bars, run: Run) -> bytes:
    """The equity and the trades as JSON, the fields of an object."""
    trades: list[dict[str, Any]] = []
    for trade in run.trades:
        fields = dict(vars(trade.dated(bars)))
        fields["return"] = fields.pop("net_return")
        trades.append(fields)
    equity = {
        "dates": [str(day) for day in bars.days[run.first :]],
        "values": run.values.tolist(),
        "benchmark": run.benchmark.tolist(),
        "drawdown": drawdown_of(run.values).depth.tolist(),
        "benchmark_drawdown": drawdown_of(run.benchmark).depth.tolist(),
    }
    return dump({"equity": equity, "trades": trades})


def daily_of(run: Run) -> DailySharpe:
    """The Sharpe ratio per day of a run."""
    estimate = estimate_of(returns_of(run.values))
    return DailySharpe() if estimate is None else DailySharpe(*estimate)


def metrics_of(run: Run) -> dict[str, Metric]:
    """The numbers of a run's equity and trades."""
    return equity_metrics(run.values) | trade_metrics(run.trades)


def deflated(daily: DailySharpe, trials: Trials, ticker: str) -> Metric:
    """The deflated Sharpe ratio, given the trials so far."""
    bar = (
        f"what the best of the {trials.count:,} sets of parameters tried on {ticker} so far would show by luck"
        if trials.count > 1
        else f"0; this is the only set of parameters tried on {ticker} so far"
    )
    definition = f"The probability that the true Sharpe ratio is above {bar} (Bailey and López de Prado, 2014). Below 0.95 it is no proof."
    if daily.sharpe is None or daily.observations is None or daily.skewness is None or daily.kurtosis is None:
        return Metric(None, definition)
    estimate = SharpeEstimate(daily.sharpe, daily.observations, daily.skewness, daily.kurtosis)
    return Metric(deflated_sharpe(estimate, trials.count, trials.spread), definition)


def _report(plan: BacktestPlan, market: Market, run: Run, fingerprint: str) -> BacktestReport:
    bars, parameters = market.bars, plan.parameters
    return BacktestReport(
        ticker=market.head.ticker,
        strategy=parameters.strategy,
        basis=basis_of(parameters),
        parameters=parameters,
        rules=plan.rules,
        start=plan.order.start,
        first=bars.day(run.first),
        last=bars.day(-1),
        days=len(run.values),
        metrics=metrics_of(run),
        benchmark=BenchmarkMetrics(equity_metrics(run.benchmark)),
        exposure=exposure_of(run),
        turnover=turnover_of(run),
        assumptions=assumptions_of(bars, market.head, parameters, plan.rules, run),
        fingerprint=fingerprint,
    )


def _figures(report: BacktestReport) -> BacktestFigures:
    metrics = report.metrics
    return BacktestFigures(
        first=report.first,
        last=report.last,
        total_return=_number(metrics["total_return"]),
        benchmark_return=_number(report.benchmark.metrics["total_return"]),
        sharpe=metrics["sharpe"].value,
        max_drawdown=_number(metrics["max_drawdown"]),
        trades=int(_number(metrics["trades"])),
    )


def _number(metric: Metric) -> float:
    assert metric.value is not None
    return metric.value

"""Our backtests beside those of backtesting.py and vectorbt, our metrics beside empyrical's, the reality check beside arch's.

The file is made by `python -m benchmarks.backtest_golden`, which needs the four packages; the tests do not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kit.bars import TICKERS, chosen

from analysis.backtest import Run, Signals, run_backtest, signals_of
from analysis.bars import Bars
from analysis.engine import signal_history
from analysis.performance import equity_metrics
from analysis.reality_check import RealityCheck, reality_check
from analysis.returns import returns_of
from models.backtest import BacktestRules, ExitReason
from models.evidence import WARMUP
from models.strategy import STRATEGIES

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/backtests.json").read_text())
CASES = [pytest.param(ticker, strategy, id=f"{ticker}-{strategy}") for ticker in TICKERS for strategy in STRATEGIES]


@pytest.fixture(scope="module")
def runs(sample: dict[str, Bars]) -> dict[tuple[str, str], Run]:
    """The backtests without stops, as the peers have none."""
    made = {}
    for ticker, bars in sample.items():
        for strategy in STRATEGIES:
            parameters = chosen(strategy)
            history = signal_history(bars, parameters)
            first = min(WARMUP, len(bars) // 2)
            signals = Signals(history.score, history.series.atr)
            made[ticker, strategy] = run_backtest(bars, signals, parameters, BacktestRules(stops=False), first)
    return made


@pytest.mark.parametrize(("ticker", "strategy"), CASES)
@pytest.mark.parametrize("peer", ["backtesting", "vectorbt"])
def test_trades_and_returns_are_those_of_peers(
    sample: dict[str, Bars], runs: dict[tuple[str, str], Run], ticker: str, strategy: str, peer: str
) -> None:
    golden, run = GOLDEN["backtests"][ticker][strategy][peer], runs[ticker, strategy]
    closed = [trade.dated(sample[ticker]) for trade in run.trades if not trade.is_open]
    assert [str(trade.entry_day) for trade in closed] == golden["entries"]
    assert [str(trade.exit_day) for trade in closed] == golden["exits"]
    if "profits" in golden:
        assert [trade.profit for trade in closed] == pytest.approx(golden["profits"], rel=1e-9, abs=1e-6)
    metrics = equity_metrics(run.values)
    assert metrics["total_return"].value == pytest.approx(golden["total_return"], rel=1e-8)
    assert metrics["max_drawdown"].value == pytest.approx(golden["max_drawdown"], rel=1e-8)


@pytest.mark.parametrize(("ticker", "strategy"), CASES)
def test_stops_and_targets_are_those_of_backtesting(sample: dict[str, Bars], ticker: str, strategy: str) -> None:
    golden, bars, parameters = GOLDEN["backtests"][ticker][strategy]["with_stops"], sample[ticker], chosen(strategy)
    (signals,) = signals_of(bars, [parameters])
    run = run_backtest(bars, signals, parameters, BacktestRules(), min(WARMUP, len(bars) // 2))
    closed = [trade for trade in run.trades if not trade.is_open]
    assert [str(bars.day(trade.position.bar)) for trade in closed] == golden["entries"]
    assert [str(bars.day(trade.bar)) for trade in closed] == golden["exits"]
    assert [trade.price for trade in closed] == pytest.approx(golden["prices"], rel=1e-9)
    assert {trade.reason for trade in closed} >= ({ExitReason.STOP, ExitReason.TARGET} if ticker != "FB" else set())
    assert run.values[-1] / run.values[0] - 1 == pytest.approx(golden["total_return"], rel=1e-6)


@pytest.mark.parametrize(("ticker", "strategy"), CASES)
def test_the_sharpe_ratios_of_peers_differ_by_their_definitions_only(runs: dict[tuple[str, str], Run], ticker: str, strategy: str) -> None:
    golden, returns = GOLDEN["backtests"][ticker][strategy], returns_of(runs[ticker, strategy].values)
    # Both get one bar more before the first. vectorbt counts the return of its first close as well, and takes a year of 365 days.
    padded = np.concatenate([[0.0, 0.0], returns])
    assert padded.mean() / padded.std(ddof=1) * math.sqrt(365) == pytest.approx(golden["vectorbt"]["sharpe"], rel=1e-9)
    # backtesting.py takes the geometric mean, and the volatility of the compounded yearly return.
    padded = np.concatenate([[0.0], returns])
    growth = math.exp(np.log1p(padded).mean())
    volatility = math.sqrt((padded.var(ddof=1) + growth**2) ** 252 - growth ** (2 * 252))
    assert (growth**252 - 1) / volatility == pytest.approx(golden["backtesting"]["sharpe"], rel=1e-6)


@pytest.mark.parametrize(("ticker", "strategy"), CASES)
def test_metrics_are_those_of_empyrical(runs: dict[tuple[str, str], Run], ticker: str, strategy: str) -> None:
    metrics = equity_metrics(runs[ticker, strategy].values)
    for name, value in GOLDEN["backtests"][ticker][strategy]["empyrical"].items():
        assert metrics[name].value == (None if math.isnan(value) else pytest.approx(value, rel=1e-9, abs=1e-12)), name


@pytest.mark.parametrize("ticker", [ticker for ticker in TICKERS if ticker != "FB"])  # FB has too few days
def test_the_reality_check_is_that_of_arch(runs: dict[tuple[str, str], Run], ticker: str) -> None:
    golden = GOLDEN["reality_check"][ticker]
    returns = {strategy: returns_of(runs[ticker, strategy].values) for strategy in STRATEGIES}
    benchmark = returns_of(runs[ticker, "balanced"].benchmark)

    def check(strategies: Iterable[str]) -> RealityCheck:
        outcome = reality_check(np.array([returns[strategy] for strategy in strategies]).T, benchmark, GOLDEN["seed"])
        assert outcome is not None
        return outcome

    assert check(STRATEGIES).white == golden["all"]["upper"]
    for strategy in STRATEGIES:
        alone = check([strategy])
        assert alone.white == golden[strategy]["upper"]
        # One strategy's error changes nothing. Where it did not beat the benchmark, Hansen's statistic is 0, and arch's is below it.
        is_ahead = returns[strategy].mean() > benchmark.mean()
        assert alone.hansen == (golden[strategy]["consistent"] if is_ahead else 1.0)

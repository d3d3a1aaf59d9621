"""The numbers of equity curves and trades. test_backtest_golden.py holds more of them beside empyrical."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.backtest import Position, RunTrade
from analysis.bars import Bars
from analysis.performance import DEFINITIONS, equity_metrics, trade_metrics
from analysis.returns import drawdown_of, returns_of
from models.backtest import ExitReason
from models.metric import Metric


def values_of(metrics: dict[str, Metric]) -> dict[str, float | None]:
    return {name: metric.value for name, metric in metrics.items()}


def trade(gain: float, bars: int = 5, reason: ExitReason = ExitReason.SIGNAL) -> RunTrade:
    return RunTrade(Position(1, 10, 100.0, 10.0, 0.0, 1_000.0), 10 + bars, 100.0 * (1 + gain), reason, 1_000.0 * (1 + gain))


def test_the_adjusted_closes_of_aapl(sample: dict[str, Bars]) -> None:
    """The numbers that empyrical 0.7.1 and quantstats 0.0.86 agree on."""
    metrics = values_of(equity_metrics(sample["AAPL"].close))
    golden = {
        "sharpe": 0.6784016714847,
        "sortino": 0.9549721709297,
        "max_drawdown": -0.8180178930578,
        "volatility": 0.4596427687336,
        "cagr": 0.2215395759713,
        "calmar": 0.2708248534065,
    }
    assert {name: metrics[name] for name in golden} == pytest.approx(golden, rel=1e-9)


def test_a_curve_by_hand() -> None:
    metrics = values_of(equity_metrics(np.array([100.0, 110.0, 99.0, 104.5, 121.0])))
    returns = [0.1, -0.1, 104.5 / 99 - 1, 121 / 104.5 - 1]
    mean = sum(returns) / 4
    spread = math.sqrt(sum((value - mean) ** 2 for value in returns) / 3)
    assert metrics == pytest.approx(
        {
            "total_return": 0.21,
            "cagr": 1.21**63 - 1,
            "volatility": spread * math.sqrt(252),
            "sharpe": mean / spread * math.sqrt(252),
            "sortino": mean / math.sqrt(0.1**2 / 4) * math.sqrt(252),
            "max_drawdown": -0.1,
            "longest_drawdown": 2,
            "calmar": (1.21**63 - 1) / 0.1,
        }
    )


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        pytest.param([100.0], {"cagr", "volatility", "sharpe", "sortino", "calmar"}, id="one close"),
        pytest.param([100.0, 100.0, 100.0], {"sharpe", "sortino", "calmar"}, id="nothing happens"),
        pytest.param([100.0, 101.0, 103.0], {"sortino", "calmar"}, id="no loss"),
        pytest.param([100.0, 99.0], {"volatility", "sharpe", "sortino"}, id="one return"),
        pytest.param([100.0, 1e9], {"cagr", "volatility", "sharpe", "sortino", "calmar"}, id="too much for a year"),
        pytest.param([100.0, 0.0, 0.0], set(), id="ruin"),
    ],
)
def test_a_number_without_value_is_none(values: list[float], missing: set[str]) -> None:
    metrics = values_of(equity_metrics(np.array(values)))
    assert {name for name, value in metrics.items() if value is None} == missing


@settings(derandomize=True, deadline=None)
@given(st.lists(st.just(0.0) | st.floats(1e-6, 1e15), min_size=1, max_size=40))
def test_no_number_is_infinite(values: list[float]) -> None:
    metrics = equity_metrics(np.array([1_000.0, *values]))
    assert all(metric.value is None or math.isfinite(metric.value) for metric in metrics.values())


def test_drawdowns() -> None:
    drawdown = drawdown_of(np.array([10.0, 8.0, 9.0, 10.0, 12.0, 6.0]))
    assert drawdown.depth.tolist() == pytest.approx([0, -0.2, -0.1, 0, 0, -0.5])
    assert drawdown.longest == 2
    assert returns_of(np.array([10.0, 0.0, 0.0])).tolist() == [-1, 0]


def test_trades() -> None:
    metrics = values_of(trade_metrics([trade(0.1, 4), trade(-0.05, 2), trade(0.2, 6), trade(0.5, 9, ExitReason.END)]))
    assert metrics == pytest.approx(
        {
            "win_rate": 2 / 3,
            "profit_factor": 6.0,
            "expectancy": 0.25 / 3,
            "best_trade": 0.2,
            "worst_trade": -0.05,
            "trades": 4,
            "average_bars": 4,
        }
    )
    assert values_of(trade_metrics([trade(0.1)]))["profit_factor"] is None
    assert {value for name, value in values_of(trade_metrics([])).items() if name != "trades"} == {None}
    assert values_of(trade_metrics([trade(0.0)]))["win_rate"] == 0


def test_every_number_is_defined_in_a_sentence() -> None:
    metrics = equity_metrics(np.array([1.0, 2.0])) | trade_metrics([])
    assert {*metrics, "exposure", "turnover"} == set(DEFINITIONS)
    assert all(metric.definition == DEFINITIONS[name] for name, metric in metrics.items())
    assert all(text[0].isupper() and text.endswith(".") for text in DEFINITIONS.values())


def test_scaling_money_changes_no_number() -> None:
    path = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 300)))
    assert values_of(equity_metrics(path * 1e6)) == pytest.approx(values_of(equity_metrics(path)), rel=1e-9)

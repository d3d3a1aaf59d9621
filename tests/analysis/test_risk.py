"""The numbers of risk: beside empyrical's, by hand, and by what must not change them. `python -m benchmarks.risk_golden` makes the file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.bars import Bars, FloatArray
from analysis.returns import drawdown_of
from analysis.risk import (
    BINS,
    DEFINITIONS,
    DEFINITIONS_BESIDE,
    FEWEST_VALUES,
    QUARTER,
    deepest_falls,
    distribution_of,
    metrics_beside,
    monthly_returns,
    risk_metrics,
    rolling_beside,
    rolling_volatility,
)
from models.metric import Metric

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/risk.json").read_text())
ALONE = [pytest.param(ticker, rate, id=f"{ticker}-{rate}") for ticker, rates in GOLDEN["alone"].items() for rate in rates]
PRICES = st.lists(st.floats(0.01, 1e6), min_size=FEWEST_VALUES, max_size=60)


def values_of(metrics: dict[str, Metric]) -> dict[str, float | None]:
    return {name: metric.value for name, metric in metrics.items()}


@pytest.mark.parametrize(("ticker", "rate"), ALONE)
def test_the_numbers_are_those_of_empyrical(sample: dict[str, Bars], ticker: str, rate: str) -> None:
    golden = GOLDEN["alone"][ticker][rate]
    metrics = values_of(risk_metrics(sample[ticker].close, float(rate)))
    assert {name: metrics[name] for name in golden} == pytest.approx(golden, rel=1e-9)


@pytest.mark.parametrize("pair", GOLDEN["beside"], ids=lambda pair: f"{pair['ticker']}-{pair['benchmark']}")
def test_so_are_those_beside_a_benchmark(sample: dict[str, Bars], pair: dict[str, Any]) -> None:
    bars, other = sample[pair["ticker"]], sample[pair["benchmark"]]
    _, rows, others = np.intersect1d(bars.days, other.days, return_indices=True)
    metrics = values_of(metrics_beside(bars.close[rows], other.close[others], GOLDEN["rate"]))
    golden = {name: value for name, value in pair.items() if name in metrics}
    assert len(rows) - 1 == pair["days"]
    assert {name: metrics[name] for name in golden} == pytest.approx(golden, rel=1e-9)


def test_every_number_has_a_definition_and_no_other() -> None:
    values = np.array([100.0, 101.0, 99.0, 103.0])
    assert set(risk_metrics(values)) == set(DEFINITIONS)
    assert set(metrics_beside(values, values)) == set(DEFINITIONS_BESIDE)


def test_something_beside_itself() -> None:
    values = np.array([100.0, 101.0, 99.0, 103.0, 102.0])
    metrics = values_of(metrics_beside(values, values, 0.02))
    assert metrics == pytest.approx(
        {
            "beta": 1.0,
            "alpha": 0.0,
            "correlation": 1.0,
            "tracking_error": 0.0,
            "information_ratio": None,
            "up_capture": 1.0,
            "down_capture": 1.0,
            "excess_return": 0.0,
        },
        abs=1e-12,
    )


def test_what_stands_still_has_no_ratio() -> None:
    still = np.full(10, 100.0)
    missing = {name for name, value in values_of(risk_metrics(still)).items() if value is None}
    assert missing == {"sharpe", "sortino", "calmar", "tail_ratio", "skewness", "excess_kurtosis"}
    moving = np.linspace(100.0, 110.0, 10)
    beside = values_of(metrics_beside(moving, still))
    assert {name for name, value in beside.items() if value is None} == {"beta", "alpha", "correlation", "up_capture", "down_capture"}


def test_falls_from_peak_to_recovery() -> None:
    values = np.array([10.0, 9.0, 10.0, 12.0, 6.0, 8.0, 12.0, 13.0, 13.0, 11.0, 12.0])
    falls = deepest_falls(values, 5)
    assert [(fall.peak, fall.trough, fall.recovered) for fall in falls] == [(3, 4, 6), (8, 9, None), (0, 1, 2)]
    assert [fall.depth for fall in falls] == pytest.approx([-0.5, -2 / 13, -0.1])
    assert deepest_falls(values, 1) == falls[:1]
    assert deepest_falls(np.array([1.0, 2.0, 3.0]), 5) == []


def test_months_are_counted_from_the_last_close_before_them() -> None:
    days = np.array(["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-29", "2024-04-02"], dtype="datetime64[D]")
    months = monthly_returns(days, np.array([100.0, 110.0, 100.0, 99.0, 198.0]))
    assert [month for month, _ in months] == ["2024-01", "2024-02", "2024-04"]
    assert [value for _, value in months] == pytest.approx([0.1, -0.1, 1.0])


def test_rolling_volatility_is_that_of_each_quarter(sample: dict[str, Bars]) -> None:
    values = sample["IBM"].close[: 2 * QUARTER]
    rolling = rolling_volatility(values)
    assert np.isnan(rolling[:QUARTER]).all()
    last = risk_metrics(values[-QUARTER - 1 :])["volatility"].value
    assert rolling[-1] == pytest.approx(last, rel=1e-12)
    assert np.isnan(rolling_volatility(values[:QUARTER])).all()


def test_rolling_beta_and_correlation_are_those_of_each_quarter(sample: dict[str, Bars]) -> None:
    values, others = sample["AAPL"].close[-200:], sample["MSFT"].close[-200:]
    beta, correlation = rolling_beside(values, others)
    assert np.isnan(beta[:QUARTER]).all()
    assert np.isnan(correlation[:QUARTER]).all()
    for row in range(QUARTER, len(values)):
        quarter = slice(row - QUARTER, row + 1)
        told = values_of(metrics_beside(values[quarter], others[quarter]))
        assert (beta[row], correlation[row]) == (pytest.approx(told["beta"], abs=1e-12), pytest.approx(told["correlation"], abs=1e-12))
    for short in rolling_beside(values[:QUARTER], others[:QUARTER]):
        assert np.isnan(short).all()


def test_what_does_not_move_has_no_beta_or_correlation(sample: dict[str, Bars]) -> None:
    values, flat = sample["AAPL"].close[-100:], np.full(100, 7.0)
    assert all(np.isnan(line).all() for line in rolling_beside(values, flat))
    beta, correlation = rolling_beside(flat, values)
    assert beta[QUARTER:].tolist() == [0.0] * (100 - QUARTER)
    assert np.isnan(correlation).all()


@settings(derandomize=True, deadline=None)
@given(PRICES)
def test_no_number_is_infinite_and_falls_hold_together(prices: list[float]) -> None:
    values = np.array(prices)
    metrics = {**risk_metrics(values, 0.05), **metrics_beside(values, values[::-1], 0.05)}
    assert all(metric.value is None or math.isfinite(metric.value) for metric in metrics.values())
    falls = deepest_falls(values, len(values))
    assert min((fall.depth for fall in falls), default=0.0) == drawdown_of(values).depth.min()
    assert all(fall.peak < fall.trough and (fall.recovered is None or fall.trough < fall.recovered) for fall in falls)
    edges, counts = distribution_of(values)
    assert len(edges) == BINS + 1
    assert counts.sum() == len(values) - 1


@settings(derandomize=True, deadline=None)
@given(PRICES, st.integers(-8, 8))
def test_money_in_another_unit_has_the_same_risk(prices: list[float], power: int) -> None:
    values = np.array(prices)
    scaled = values * 2.0**power  # exact, so that every number is the same
    assert values_of(risk_metrics(scaled)) == values_of(risk_metrics(values))
    assert deepest_falls(scaled, 9) == deepest_falls(values, 9)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(1.0, 1_000.0), min_size=FEWEST_VALUES, max_size=60))
def test_the_months_chain_to_the_total_return(prices: list[float]) -> None:
    values: FloatArray = np.array(prices)
    days = np.datetime64("2024-01-15") + np.arange(len(values)) * 5
    chained = math.prod(1 + value for _, value in monthly_returns(days, values))
    assert chained == pytest.approx(values[-1] / values[0], rel=1e-9)

"""The money-weighted return, by its residual and by what other programs say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.xirr import HIGHEST, LOWEST, NO_RATE, ONE_SIGN, SEVERAL, SHORT, net_present_value, xirr

Flows = list[tuple[str, float]]
RESIDUAL = 1e-7  # of the sum of all amounts

# Portfolio Performance, IRRTest.java: Excel's values, to the digits that they have.
EXCEL: Flows = [("2010-01-01", -200.0), ("2010-12-31", 210.0)]
SLOW_CURVE: Flows = [
    ("2002-11-30", -4398.0), ("2007-06-11", 200.0), ("2008-05-11", 270.0), ("2009-05-01", 280.0),
    ("2010-06-01", 280.0), ("2011-05-02", 300.0), ("2012-04-30", 330.0), ("2012-12-06", 14508.0),
]  # fmt: skip
# pyxirr, tests: a loss of nearly everything.
NEARLY_ALL: Flows = [("2019-05-24", -1560.94), ("2020-01-13", -1160.0), ("2020-06-29", 42.80)]


def arrays(flows: Flows) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    return np.array([day for day, _ in flows], dtype="datetime64[D]"), np.array([amount for _, amount in flows])


def residual(flows: Flows, rate: float) -> float:
    days, amounts = arrays(flows)
    return abs(net_present_value(days, amounts, rate)) / float(np.abs(amounts).sum())


@pytest.mark.parametrize(
    ("flows", "rate", "told"),
    [
        pytest.param(EXCEL, 0.05014075029, 0.050140747, id="Portfolio Performance: a simple case"),
        pytest.param(SLOW_CURVE, 0.14443898947, 0.1444629967, id="Portfolio Performance: a slow curve, at which Excel stops early"),
        pytest.param(NEARLY_ALL, -0.9992516434, None, id="pyxirr: nearly all is lost"),
    ],
)
def test_golden_values(flows: Flows, rate: float, told: float | None) -> None:
    found = xirr(*arrays(flows))
    assert found.value == pytest.approx(rate, abs=5e-11)
    assert (found.annualised, found.reason) == (True, None)
    assert residual(flows, rate=found.value or 0) < RESIDUAL
    if told is not None:
        assert found.value == pytest.approx(told, abs=1e-4)


@pytest.mark.parametrize(
    "flows",
    [
        pytest.param([], id="nothing"),
        pytest.param([("2020-01-01", -100.0), ("2021-01-01", -50.0)], id="only paid in"),
        pytest.param([("2020-01-01", 100.0), ("2021-01-01", 50.0)], id="only paid out"),
        pytest.param([("2020-01-01", -100.0), ("2020-01-01", 110.0)], id="on one day"),
        pytest.param([("2020-01-01", -100.0), ("2020-01-01", 100.0), ("2021-01-01", 0.0)], id="what comes to nothing"),
    ],
)
def test_flows_of_one_sign_have_no_rate(flows: Flows) -> None:
    found = xirr(*arrays(flows))
    assert (found.value, found.reason) == (None, ONE_SIGN)


@pytest.mark.parametrize(
    "flows",
    [
        pytest.param([("2020-01-01", -1.0), ("2021-01-01", 3e6)], id="more than the highest rate"),
        pytest.param([("2020-01-01", -1e9), ("2021-01-01", 1.0)], id="less than the lowest rate"),
        pytest.param([("2020-01-01", -100.0), ("2020-12-31", 230.0), ("2021-12-31", -140.0)], id="a curve that never comes to nothing"),
    ],
)
def test_where_no_rate_fits_it_is_told(flows: Flows) -> None:
    found = xirr(*arrays(flows))
    assert (found.value, found.reason) == (None, NO_RATE)


def test_under_thirty_days_it_is_the_rate_of_the_period() -> None:
    found = xirr(*arrays([("2024-01-01", -100.0), ("2024-01-30", 103.0)]))
    assert found.value == pytest.approx(0.03, rel=1e-12)
    assert (found.annualised, found.reason) == (False, SHORT)
    thirty = xirr(*arrays([("2024-01-01", -100.0), ("2024-01-31", 103.0)]))
    assert thirty.value == pytest.approx(1.03 ** (365 / 30) - 1, rel=1e-12)
    assert (thirty.annualised, thirty.reason) == (True, None)


def test_of_several_rates_the_nearest_to_nothing_is_taken_and_told() -> None:
    # (1.1 − x)(1.6 − x) at yearly steps of 365 days, x = 1 + rate: both 10 % and 60 % fit.
    flows = [("2021-01-01", -100.0), ("2022-01-01", 270.0), ("2023-01-01", -176.0)]
    found = xirr(*arrays(flows))
    assert found.value == pytest.approx(0.1, rel=1e-9)
    assert found.reason == SEVERAL


def test_a_flow_changes_nothing_where_it_comes_in_parts_or_in_another_order() -> None:
    days, amounts = arrays(SLOW_CURVE)
    whole = xirr(days, amounts).value
    assert xirr(days[::-1], amounts[::-1]).value == whole
    assert xirr(np.repeat(days, 2), np.repeat(amounts / 2, 2)).value == whole


def flow_file(seed: int) -> Flows:
    """A random ledger: many payments in, some out, and a value at the end, some of which lose nearly all."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 400))
    days = np.sort(random.integers(0, 9_000, count))
    amounts = np.round(random.normal(-50, 200, count), 2)
    amounts[0] = -abs(amounts[0]) - 1
    paid = max(-float(amounts.sum()), 1.0)
    end = days[-1] + int(random.integers(40, 900))
    told = [(str(date(1995, 1, 2)), 0.0)] + [
        (str(np.datetime64("1995-01-02") + int(day)), float(amount)) for day, amount in zip(days, amounts, strict=True)
    ]
    return [*told, (str(np.datetime64("1995-01-02") + int(end)), round(paid * float(random.uniform(0.2, 4)), 2))]


@pytest.mark.parametrize("seed", range(50))
def test_random_flow_files_come_to_nothing_at_their_rate(seed: int) -> None:
    flows = flow_file(seed)
    found = xirr(*arrays(flows))
    assert found.value is not None
    assert LOWEST <= found.value <= HIGHEST
    assert residual(flows, found.value) < RESIDUAL


@given(st.floats(0.1, 10), st.integers(30, 20_000))
def test_of_one_flow_it_is_the_growth_a_year(growth: float, days: int) -> None:
    start = np.datetime64("1970-01-01")
    found = xirr(np.array([start, start + days]), np.array([-100.0, 100.0 * growth]))
    rate = growth ** (365 / days) - 1
    if LOWEST < rate < HIGHEST:
        assert found.value is not None
        assert (1 + found.value) ** (days / 365) == pytest.approx(growth, rel=1e-9)
    else:
        assert found.reason == NO_RATE


@given(st.floats(1e-3, 1e6), st.integers(0, 49))
def test_it_knows_no_unit_of_money(scale: float, seed: int) -> None:
    days, amounts = arrays(flow_file(seed))
    assert xirr(days, amounts * scale).value == pytest.approx(xirr(days, amounts).value, rel=1e-9, abs=1e-12)

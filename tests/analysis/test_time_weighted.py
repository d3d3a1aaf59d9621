"""Time-weighted returns and Dietz's estimate, beside the cases of other programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.time_weighted import average_capital, chained, daily_growth, modified_dietz

# Portfolio Performance, ClientIndexTest.java (testExcelSample): from 31 December 2011 on, an account with interest and fees.
DEPOSITS = [10_000.0, 0, 200, 0, 0, 0, 5_400, 0, 0]
WITHDRAWALS = [0.0, 0, 0, 400, 0, 0, 0, 3_697.04, 0]
EARNED = [0.0, 230, 200, -234.41, 293.99, 293.99, 195.99, -882.52, -1_003.85]
DAILY = [0.023, 0.019175455, -0.0220517, 0.0294117647, 0.0285714286, 0.012261967, -0.0545454545, -0.0865384615]
ACCUMULATED = [0.0, 0.023, 0.042616491, 0.019624983, 0.049614163, 0.079603343, 0.092841403, 0.03323197, -0.056182678]
THEIR_PRECISION = 1e-6


def test_portfolio_performances_excel_sample() -> None:
    flows = np.array(DEPOSITS) - np.array(WITHDRAWALS)
    values = np.cumsum(flows + np.array(EARNED))
    found = daily_growth(values, flows)
    assert (found.factors - 1).tolist() == pytest.approx(DAILY, abs=THEIR_PRECISION)
    assert (chained(found.factors) - 1).tolist() == pytest.approx(ACCUMULATED, abs=THEIR_PRECISION)
    assert not found.without_capital.any()


def test_portfolio_performances_interest_without_investment() -> None:
    """Theirs: testThatInterstWithoutInvestmentDoesNotCorruptResultAndIsReported."""
    found = daily_growth(np.array([0.0, 1.0, 1.0]), np.zeros(3))
    assert found.factors.tolist() == [1.0, 1.0]
    assert found.without_capital.tolist() == [True, False]


def test_portfolio_performances_deposit_on_the_last_day() -> None:
    """Theirs: testThatDepositsOnTheLastDayArePerformanceNeutral."""
    found = daily_growth(np.array([100.0, 110.0, 210.0]), np.array([100.0, 0.0, 100.0]))
    assert chained(found.factors).tolist() == pytest.approx([1.0, 1.1, 1.1], rel=1e-15)


def test_nothing_at_all_is_no_return_and_no_warning() -> None:
    found = daily_growth(np.zeros(4), np.zeros(4))
    assert found.factors.tolist() == [1.0] * 3
    assert not found.without_capital.any()


@pytest.mark.parametrize("flows", [[0.0, 2.0, 0.0, 100.0], [0.0, 0.0, 2.5, 100.0]])
def test_a_day_with_nothing_at_both_of_its_ends_is_no_fall_to_nothing(flows: list[float]) -> None:
    """What a day's trade has lost, or a fee: somebody paid it in."""
    found = daily_growth(np.array([0.0, 0.0, 0.0, 110.0]), np.array(flows))
    assert chained(found.factors).tolist() == pytest.approx([1.0, 1.0, 1.0, 1.1])
    assert found.without_capital.tolist() == [flow not in (0.0, 100.0) for flow in flows[1:]]


def test_what_is_transferred_in_and_lost_on_one_day_is_lost() -> None:
    found = daily_growth(np.array([0.0, 0.0]), np.array([0.0, 40.0]), np.array([0.0, 100.0]))
    assert found.factors.tolist() == pytest.approx([0.6])


def test_what_is_paid_in_and_out_on_one_day_counts_as_one() -> None:
    """Otherwise an exchange of currencies would water the day's return down."""
    assert daily_growth(np.array([100.0, 110.0]), np.array([0.0, 1_000.0 - 1_000.0])).factors.tolist() == pytest.approx([1.1])


def test_modified_dietz_of_the_gips_case() -> None:
    """CFA Institute, GIPS guidance on calculation: a month of 31 days."""
    flows, days = np.array([-15.05, 19.82, 16.42, -18.96]), np.array([5.0, 9.0, 15.0, 24.0])
    assert modified_dietz(585.60, 602.34, flows, days, 31) == pytest.approx(0.0245, abs=5e-5)


def test_without_capital_there_is_no_dietz() -> None:
    nothing = np.array([])
    assert modified_dietz(0.0, 5.0, nothing, nothing, 30) is None
    assert average_capital(7.0, nothing, nothing, 0) == 7.0


steps = st.lists(st.tuples(st.floats(-0.2, 0.25), st.floats(-0.5, 2.0)), min_size=1, max_size=60)


@given(steps, st.floats(1.0, 1e9))
def test_flows_change_no_return_and_money_has_no_unit(taken: list[tuple[float, float]], start: float) -> None:
    """Whatever comes in before a day's return or goes out after it, the returns are the given ones."""
    values, flows = [start], [0.0]
    for given_return, share in taken:
        flow = share * values[-1]
        grown = (values[-1] + max(flow, 0.0)) * (1 + given_return)
        flow = max(flow, -0.9 * grown)
        values.append(grown + min(flow, 0.0))
        flows.append(flow)
    found = daily_growth(np.array(values), np.array(flows)).factors
    assert found.tolist() == pytest.approx([1 + each for each, _ in taken], abs=1e-9)
    scaled = daily_growth(1000 * np.array(values), 1000 * np.array(flows)).factors
    assert scaled.tolist() == pytest.approx(found.tolist(), abs=1e-12)


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50))
def test_without_flows_it_is_the_ratio_of_the_values(values: list[float]) -> None:
    found = daily_growth(np.array(values), np.zeros(len(values))).factors
    assert chained(found)[-1] == pytest.approx(values[-1] / values[0], rel=1e-9)
    assert modified_dietz(values[0], values[-1], np.array([]), np.array([]), 30) == pytest.approx(
        values[-1] / values[0] - 1, rel=1e-9, abs=1e-9
    )

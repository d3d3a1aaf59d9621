"""A few bars for each indicator, for which the right number can be calculated on paper."""

from __future__ import annotations

import numpy as np
import pytest
from kit.bars import bars_of
from numpy.typing import ArrayLike

from analysis.series import Series, compute_series


def series_of(close: ArrayLike, **columns: ArrayLike) -> Series:
    return compute_series(bars_of(close, **columns), len(np.asarray(close)))


def test_rsi_begins_with_a_plain_mean_and_goes_on_with_wilders() -> None:
    # Seven times +2 and −1: mean gain 14/14 = 1, mean loss 7/14 = 0.5, RSI = 100·1/1.5.
    # Then +1: gain (1·13 + 1)/14 = 1, loss (0.5·13 + 0)/14 = 6.5/14, RSI = 100·1/(1 + 6.5/14) = 1400/20.5.
    close = 100.0 + np.cumsum([0, *[2, -1] * 7, 1])
    rsi = series_of(close).rsi
    assert np.isnan(rsi[:14]).all()
    assert rsi[14:] == pytest.approx([100 / 1.5, 1400 / 20.5], rel=1e-12)


@pytest.mark.parametrize(
    ("close", "expected"),
    # The range is 90 to 110: (close − 110) / 20 in percent.
    [(95.0, -75.0), (90.0, -100.0), (110.0, 0.0), (100.0, -50.0)],
)
def test_williams_r_is_the_distance_from_the_top_of_the_range(close: float, expected: float) -> None:
    # The extremes stand in the oldest of the 14 bars of the window and in the newest.
    high, low = np.full(14, 101.0), np.full(14, 99.0)
    high[0], low[-1], high[-1] = 110.0, 90.0, max(close, 101.0)
    assert series_of([*[100.0] * 13, close], high=high, low=low).williams_r[-1] == pytest.approx(expected, rel=1e-12)


def test_williams_r_forgets_the_bar_before_its_window() -> None:
    high = [200.0, *[110.0] * 14]
    # Without the 200: (100 − 110) / (110 − 90).
    assert series_of([100.0] * 15, high=high, low=90.0).williams_r[-1] == pytest.approx(-50.0, rel=1e-12)


def test_stochastic_smooths_three_by_three() -> None:
    # In a range of 90 to 110 the closes 92, 94, 100, 105, 95 have fast %K of 10, 20, 50, 75, 25.
    # Slow %K of the last three: 80/3, 145/3, 150/3 = 50. Slow %D: their mean, 375/9.
    series = series_of([*[100.0] * 13, 92.0, 94.0, 100.0, 105.0, 95.0], high=110.0, low=90.0)
    assert series.slow_k[-1] == pytest.approx(50.0, rel=1e-12)
    assert series.slow_d[-1] == pytest.approx(375 / 9, rel=1e-12)
    assert np.isnan(series.slow_k[:-1]).all()


def test_cci_is_in_mean_deviations_not_standard_ones() -> None:
    # 19 typical prices of 100 and one of (126 + 114 + 120)/3 = 120: mean 101, mean deviation (19·1 + 19)/20 = 1.9.
    # (120 − 101) / (0.015·1.9) = 19 / 0.0285.
    series = series_of([*[100.0] * 19, 120.0], high=[*[101.0] * 19, 126.0], low=[*[99.0] * 19, 114.0])
    assert series.cci[-1] == pytest.approx(19 / 0.0285, rel=1e-9)


def test_obv_begins_with_the_first_volume() -> None:
    # Up adds 50, unchanged adds nothing, down takes 30.
    assert series_of([10.0, 11.0, 11.0, 9.0], volume=[100.0, 50.0, 70.0, 30.0]).obv.tolist() == [100.0, 150.0, 150.0, 120.0]


def test_money_flow_weighs_the_place_in_the_range_by_volume() -> None:
    # Range 8 to 12. Ten closes of 11 have ((11 − 8) − (12 − 11))/4 = 0.5, nine of 8 have −1, and one day has no range.
    # (10·0.5·100 − 9·1·50 + 0·50) / (10·100 + 9·50 + 50) = 50/1500.
    series = series_of(
        [*[11.0] * 10, *[8.0] * 9, 10.0], high=[*[12.0] * 19, 10.0], low=[*[8.0] * 19, 10.0], volume=[*[100.0] * 10, *[50.0] * 10]
    )
    assert (series.money_flow_20[-1], series.volume_20[-1]) == (50.0, 1500.0)


def test_bollinger_bands_are_two_sigma_of_the_population() -> None:
    # Ten closes 2 below and ten 2 above 100: every deviation is 2, so sigma is 2 (of a sample it would be 2.05).
    series = series_of([98.0, 102.0] * 10)
    assert [series.bollinger_lower[-1], series.bollinger_middle[-1], series.bollinger_upper[-1]] == pytest.approx([96, 100, 104], rel=1e-12)


def test_atr_counts_the_gap_and_leaves_out_the_first_bar() -> None:
    # Bar 0 (range 60) has no day before it. Bars 1 to 13 have a range of 2. Bar 14 lies at 114 ± 1: from 99 to 115 it is 16.
    # Mean of 14: (13·2 + 16)/14 = 3. Bar 15 falls from 114 to 99 at its low 97: (13·3 + 17)/14 = 4.
    close = np.array([*[99.0] * 14, 114.0, 98.0])
    high, low = close + 1.0, close - 1.0
    high[0], low[0] = 129.0, 69.0
    atr = series_of(close, high=high, low=low).atr
    assert np.isnan(atr[:14]).all()
    assert atr[14:] == pytest.approx([3.0, 4.0], rel=1e-12)


def test_macd_of_a_straight_line_is_the_difference_of_the_lags() -> None:
    # An exponential average of n bars lags (n − 1)/2 behind a line that rises 1 a bar: 12.5 − 5.5 = 7, the signal line is 7 too.
    series = series_of(100.0 + np.arange(60))
    assert series.macd[33:] == pytest.approx(np.full(27, 7.0), rel=1e-11)
    assert series.macd_signal[33:] == pytest.approx(np.full(27, 7.0), rel=1e-11)
    assert series.macd_histogram[33:] == pytest.approx(np.zeros(27), abs=1e-11)


def test_averages_of_a_straight_line_lag_half_their_period() -> None:
    series = series_of(100.0 + np.arange(210))
    assert series.ema_50[-1] == pytest.approx(309 - 24.5, rel=1e-12)
    assert series.ema_200[-1] == pytest.approx(309 - 99.5, rel=1e-12)


def test_adx_of_a_straight_line_is_all_one_way() -> None:
    # Each day rises 1 with a range of 2: +DM 1, −DM 0, true range 2, so +DI is 50, −DI 0, and DX 100.
    close = 100.0 + np.arange(28)
    series = series_of(close, high=close + 1, low=close - 1)
    assert [series.plus_di[-1], series.minus_di[-1], series.adx[-1]] == pytest.approx([50, 0, 100], rel=1e-12)


def test_parabolic_sar_accelerates_and_reverses() -> None:
    # Rising: starts at the first low, 9, towards the second high, 12, at 0.02: 9 + 0.02·3 = 9.06.
    # The new high of 13 makes it 0.04: 9.06 + 0.04·3.94 = 9.2176. The low of 9 is below the next, 9.37: reverse, to the highest high, 13.
    high, low = [11.0, 12.0, 13.0, 12.5, 12.0], [9.0, 10.0, 11.0, 10.5, 9.0]
    sar = series_of([10.0, 11.0, 12.0, 11.5, 9.5], high=high, low=low).sar
    assert sar[1:] == pytest.approx([9.0, 9.06, 9.2176, 13.0], rel=1e-12)

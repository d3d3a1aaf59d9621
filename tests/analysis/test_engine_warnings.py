"""The warnings of an analysis, just below and just above each threshold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from kit.bars import TICKERS, bars_of, chosen, seen

from analysis.bars import Bars, adjusted_bars
from analysis.engine import analyse
from analysis.quality import MINIMUM_BARS, price_warnings
from models.analysis import PriceWarning
from models.day_text import day_text
from models.freshness import StaleBy
from models.price_series import PackedBars

BY_WEEKDAYS = StaleBy(None, None)


def warnings_of(bars: Bars, stale: StaleBy | None = None) -> dict[str, str]:
    """The warnings but those of all generated bars here, which are few and on every day of the week."""
    warnings = price_warnings(bars, stale)
    return {warning.code: warning.message for warning in warnings if warning.code not in ("short_history", "weekend_bars")}


def codes_of(bars: Bars) -> list[str]:
    return [warning.code for warning in price_warnings(bars, None)]


def on_days(count: int, step: int, first: date = date(2024, 1, 1)) -> Bars:
    """Flat bars on weekdays from a Monday on, or `step` days apart."""
    bars = bars_of(np.full(count, 100.0))
    days = np.busday_offset(np.datetime64(first), np.arange(count)) if step == 1 else np.datetime64(first, "D") + step * np.arange(count)
    return Bars(days, bars.open, bars.high, bars.low, bars.close, bars.volume)


def with_gap(days: int) -> Bars:
    bars = bars_of(np.full(60, 100.0))
    return Bars(bars.days + np.where(np.arange(60) >= 30, days - 1, 0), bars.open, bars.high, bars.low, bars.close, bars.volume)


@pytest.mark.parametrize(
    ("count", "idle", "warns"),
    [
        (100, 0, False),
        (100, 5, False),
        (100, 6, True),
        (60, 3, False),
        (60, 4, True),
        (50, 2, False),
        (50, 3, True),
        (50, 50, True),
        (4000, 200, False),
        (4000, 201, True),
    ],
)
def test_zero_volume_is_more_than_five_percent_of_the_days(count: int, idle: int, warns: bool) -> None:
    warnings = warnings_of(bars_of(np.full(count, 100.0), volume=[*[0.0] * idle, *[1000.0] * (count - idle)]))
    assert list(warnings) == (["zero_volume"] if warns else [])
    if warns:
        assert warnings["zero_volume"] == f"{idle} of {count} days ({100 * idle / count:.0f}%) have no volume."


@pytest.mark.parametrize(
    ("closes", "warns"),
    [([100, 150], False), ([100, 150.01], True), ([100, 50], False), ([100, 49.99], True), ([100, 149, 75, 112], False)],
    ids=["up by half", "up by more", "down by half", "down by more", "several, all by less"],
)
def test_a_large_move_is_more_than_half(closes: list[float], warns: bool) -> None:
    assert ("large_move" in warnings_of(bars_of(closes))) is warns


def test_large_moves_are_counted_and_the_last_is_dated() -> None:
    one, two = warnings_of(bars_of([100.0, 200.0, 200.0])), warnings_of(bars_of([100.0, 200.0, 80.0]))
    assert one["large_move"].startswith("Prices moved by 100% on 3 January 2012:")
    assert two["large_move"].startswith("On 2 days prices moved by more than 50%, the last time by 60% on 4 January 2012:")


@pytest.mark.parametrize(("days", "warns"), [(1, False), (10, False), (11, True), (400, True)])
def test_a_gap_is_more_than_ten_days(days: int, warns: bool) -> None:
    warnings = warnings_of(with_gap(days))
    assert list(warnings) == (["gap"] if warns else [])
    if warns:
        bars = with_gap(days)
        assert warnings["gap"] == f"The prices have a gap of more than 10 days, from {day_text(bars.day(29))} to {day_text(bars.day(30))}."


@pytest.mark.parametrize(
    ("stale", "passed"),
    [
        (StaleBy(None, None), "weekdays"),
        (StaleBy("XLON", "London Stock Exchange"), "trading days of the London Stock Exchange"),
        (StaleBy("XETR", "Xetra"), "trading days of Xetra"),
    ],
)
def test_the_warning_of_stale_prices_names_the_exchange_by_whose_days_they_are(stale: StaleBy, passed: str) -> None:
    bars = bars_of(np.full(60, 100.0))
    assert warnings_of(bars) == {}
    message = f"The newest bar is of {day_text(bars.day(-1))}; more than 5 {passed} have passed since."
    assert warnings_of(bars, stale) == {"stale": message}


def test_warnings_come_together() -> None:
    bars = with_gap(30)
    bars.close[10] *= 3
    bars.volume[:10] = 0
    assert list(warnings_of(bars, BY_WEEKDAYS)) == ["zero_volume", "large_move", "likely_split", "gap", "stale"]


def test_one_bar_alone_is_only_ever_stale() -> None:
    assert warnings_of(bars_of([100.0])) == {}
    assert list(warnings_of(bars_of([100.0]), BY_WEEKDAYS)) == ["stale"]


@pytest.mark.parametrize("ticker", TICKERS)
def test_the_sample_has_its_warnings(sample: dict[str, Bars], ticker: str) -> None:
    # Apple lost 52 % on 2000-09-29. After the attacks of 2001 the exchange was closed for seven days only.
    assert list(warnings_of(sample[ticker])) == (["large_move"] if ticker == "AAPL" else [])


def test_a_split_without_adjustment_is_a_large_move(packed: dict[str, PackedBars]) -> None:
    days = packed["AAPL"].between(start=date(2005, 1, 3), end=date(2005, 12, 30))
    traded = [close * 0.98 if day >= date(2005, 2, 28) else close for day, close in zip(days.days(), days.column("close"), strict=True)]
    assert list(warnings_of(adjusted_bars(days, adjusted=True))) == []
    assert list(warnings_of(bars_of(traded))) == ["large_move", "likely_split"]


def jumping(ratio: float, overnight: float | None = None) -> Bars:
    """Bars whose close is divided by a ratio on one day, and whose open that day is the close before divided by another."""
    close = np.concatenate([np.full(50, 100.0), np.full(50, 100.0 / ratio)])
    bars = bars_of(close)
    bars.open[50] = 100.0 / (ratio if overnight is None else overnight)
    return bars


@pytest.mark.parametrize("split", [(2, 1), (3, 2), (3, 1), (4, 1), (5, 4), (7, 1), (20, 1), (1, 10), (1, 2), (2, 3)])
def test_a_split_that_no_adjusted_close_explains(split: tuple[int, int]) -> None:
    n, m = split
    for off in (0.981, 1.0, 1.019):
        message = warnings_of(jumping(n / m * off))["likely_split"]
        assert message.startswith(f"Prices moved as by a split of {n}:{m} on 21 February 2012, and")


@pytest.mark.parametrize(
    ("ratio", "overnight", "warns"),
    [
        pytest.param(2.0 * 0.95, 2.0, True, id="a rise after the split opened"),
        pytest.param(2.0, 2.0 * 1.05, True, id="a rise to just the split"),
        pytest.param(2.0 * 0.97, 2.0 * 1.03, False, id="neither by the close nor by the open"),
        pytest.param(2.0, 1.0, True, id="an open that was not restated"),
        pytest.param(1.25, 1.0, False, id="a fall of a fifth during the day"),
        pytest.param(1.25, 1.28, False, id="a fall of a fifth that goes on after the open"),
        pytest.param(1.15, 1.15, False, id="too small for a split"),
    ],
)
def test_what_is_likely_a_split(ratio: float, overnight: float, warns: bool) -> None:
    assert ("likely_split" in warnings_of(jumping(ratio, overnight))) is warns


@pytest.mark.parametrize(("count", "warns"), [(399, True), (400, False), (50, True)])
def test_a_history_of_less_than_four_hundred_bars_is_short(count: int, warns: bool) -> None:
    assert codes_of(on_days(count, 1)) == (["short_history"] if warns else [])


@pytest.mark.parametrize(("step", "codes"), [(1, []), (4, ["weekend_bars"]), (5, ["weekly_bars", "weekend_bars"]), (7, ["weekly_bars"])])
def test_bars_that_are_not_daily(step: int, codes: list[str]) -> None:
    assert codes_of(on_days(400, step)) == codes


def test_long_gaps_make_no_weekly_bars() -> None:
    bars = on_days(400, 1)
    bars.days[200:] += np.timedelta64(7 * 1000, "D")
    assert codes_of(bars) == ["gap"]


def test_one_bar_of_a_weekend_is_found_before_and_after_1970() -> None:
    for first in (date(1950, 1, 2), date(2024, 1, 1)):
        bars = on_days(400, 1, first)
        assert codes_of(bars) == []
        bars.days[104] += np.timedelta64(2, "D")  # a Friday
        (warning,) = price_warnings(bars, None)
        assert warning.message.startswith(f"1 bar is of a Saturday or Sunday, the last of {day_text(bars.day(104))}:")


def test_the_analysis_carries_the_warnings(sample: dict[str, Bars]) -> None:
    bars = sample["AAPL"]
    warnings = analyse(bars, chosen(), BY_WEEKDAYS).warnings
    assert warnings == price_warnings(bars, BY_WEEKDAYS)
    assert [warning.code for warning in warnings] == ["large_move", "stale"]
    assert all(isinstance(warning, PriceWarning) for warning in warnings)


def test_fifty_bars_are_enough_for_all_but_ema_200(sample: dict[str, Bars]) -> None:
    assert MINIMUM_BARS == 50
    readings = seen(sample["IBM"].until(MINIMUM_BARS)).indicators
    assert [reading.key for reading in readings if not reading.available] == ["ema_cross"]

"""One footing: what bases and corporate actions make of the bars, and histories of different bases merge as the whole would be."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.companies import BARS, Company, Source, arrays, bases, companies, day_of_bar

from analysis.bars import adjusted_bars
from features.prices.footing import MOST_SPLITS, History, effects_of, merge_histories, price_basis_by, splits_within, steps_of, unknown_of
from models.corporate_action import MERGE, UPLOAD, USER, ActionKind, CorporateAction, StoredAction
from models.footing import UNKNOWN, Bases, Basis, Step, Steps
from models.price_series import PackedBars, number_of

AS_TRADED = Bases(Basis.AS_TRADED, Basis.AS_TRADED)
RESTATED = Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)
SPLIT = Company(5, splits=((150, 2.0),))


def stored(action: CorporateAction, source: str = USER, action_id: str = "1") -> StoredAction:
    return StoredAction(action_id, action, source, datetime(2026, 1, 1, tzinfo=UTC))


def split(at: int, numerator: int, denominator: int = 1) -> CorporateAction:
    return CorporateAction(day_of_bar(at), ActionKind.SPLIT, numerator=numerator, denominator=denominator)


def dividend(at: int, amount: float) -> CorporateAction:
    return CorporateAction(day_of_bar(at), ActionKind.DIVIDEND, amount=amount)


def test_bars_as_traded_are_brought_to_the_newest_share_count() -> None:
    traded = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    restated = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False))
    steps = steps_of(History(traded, AS_TRADED), False, [stored(split(150, 2))])
    assert steps == (Step(number_of(day_of_bar(150)), 0.5, 2.0),)
    bars, expected = adjusted_bars(traded, False, steps), adjusted_bars(restated, False)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(bars, name), getattr(expected, name), rtol=1e-12, err_msg=name)


def test_with_adjusted_closes_a_split_is_for_the_volume_alone() -> None:
    traded = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=True))
    steps = steps_of(History(traded, AS_TRADED), True, [stored(split(150, 2))])
    assert steps == (Step(number_of(day_of_bar(150)), 1.0, 2.0),)
    restated = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=True))
    np.testing.assert_allclose(adjusted_bars(traded, True, steps).volume, adjusted_bars(restated, True).volume, rtol=1e-12)


@pytest.mark.parametrize("known", [UNKNOWN, RESTATED, Bases(Basis.UNKNOWN, Basis.SPLIT_ADJUSTED)])
def test_what_is_unknown_or_restated_is_left_as_it_is(known: Bases) -> None:
    packed = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False))
    assert steps_of(History(packed, known), False, [stored(split(150, 2))]) == ()


def test_a_step_after_the_newest_bar_analysed_is_not_taken() -> None:
    """An analysis `as_of` a day before a split sees nothing of it."""
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    steps = steps_of(History(packed, AS_TRADED), False, [stored(split(150, 2))])
    before = adjusted_bars(packed.rows(0, 150), False, steps)
    np.testing.assert_array_equal(before.close, packed.column("close")[:150])
    np.testing.assert_array_equal(before.volume, packed.column("volume")[:150])


@pytest.mark.parametrize("prices", ["as_traded", "split_adjusted"])
def test_dividends_without_adjusted_closes_adjust_the_prices(prices: str) -> None:
    """As the adjusted closes of the same company do; amounts are per share of their day, before later splits."""
    company = Company(6, splits=((100, 3.0), (150, 2.0)), dividends=((60, 0.02), (100, 0.01), (200, 0.03)))
    packed = company.export(0, BARS, Source(prices, prices, adjusted=False))
    expected = company.export(0, BARS, Source(prices, prices, adjusted=True))
    traded = company.export(0, BARS, Source("as_traded", "as_traded", adjusted=False)).column("close")
    shares = {60: 1.0, 100: 3.0, 200: 1.0}  # by which the share of the day before has become those of the day
    actions = [stored(split(100, 3), action_id="a"), stored(split(150, 2), action_id="b")]
    actions += [
        stored(dividend(at, share * traded[at - 1] / shares[at]), action_id=str(at)) for at, share in ((60, 0.02), (100, 0.01), (200, 0.03))
    ]
    steps = steps_of(History(packed, Bases(Basis(prices), Basis(prices))), False, actions)
    np.testing.assert_allclose(adjusted_bars(packed, False, steps).close, adjusted_bars(expected, True).close, rtol=1e-12)


@pytest.mark.parametrize(
    ("action", "source"),
    [
        pytest.param(dividend(100, 1e6), USER, id="a dividend above the price"),
        pytest.param(dividend(100, 1.0), MERGE, id="a dividend that the merged prices have in them"),
        pytest.param(CorporateAction(date(1990, 1, 1), ActionKind.SPLIT, 2, 1), USER, id="before the first bar"),
        pytest.param(CorporateAction(date(2190, 1, 1), ActionKind.SPLIT, 2, 1), USER, id="after the last bar"),
    ],
)
def test_actions_that_change_nothing(action: CorporateAction, source: str) -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    assert effects_of(History(packed, AS_TRADED), False, [stored(action, source)]) == {}


def test_one_split_told_by_several_sources_counts_once() -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    told = [
        stored(split(148, 2), MERGE, "merge"),
        stored(split(151, 2), UPLOAD, "upload"),
        stored(split(150, 2), "tiingo", "provider"),
        stored(split(149, 2), USER, "user"),
    ]
    assert set(effects_of(History(packed, AS_TRADED), False, told)) == {"user"}
    assert set(effects_of(History(packed, AS_TRADED), False, told[:3])) == {"provider"}
    assert unknown_of([told[0]], told[1:]) == []
    assert unknown_of([told[1]], [told[0]]) == [told[1]]  # an upload shows the day; merging only knows the days around it
    another = stored(split(190, 2), USER, "later")
    assert set(effects_of(History(packed, AS_TRADED), False, [*told, another])) == {"user", "later"}


def test_closes_as_traded_beside_adjusted_ones_show_their_splits() -> None:
    company = Company(8, splits=((50, 1.5), (120, 0.1), (180, 4.0)), dividends=((30, 0.04), (90, 0.05)))
    found = splits_within(company.export(0, BARS, Source("as_traded", "as_traded", adjusted=True)))
    assert [(action.effective_day, action.ratio) for action in found] == [
        (day_of_bar(at), pytest.approx(ratio)) for at, ratio in company.splits
    ]
    assert splits_within(company.export(0, BARS, Source("split_adjusted", "as_traded", adjusted=True))) == []


def test_a_file_that_jumps_at_every_bar_shows_no_splits() -> None:
    company = Company(9, splits=tuple((at, 2.0 if at % 2 else 0.5) for at in range(1, MOST_SPLITS + 3)))
    assert splits_within(company.export(0, BARS, Source("as_traded", "as_traded", adjusted=True))) == []


@pytest.mark.parametrize(("prices", "ratio"), [(kind, ratio) for kind in ("as_traded", "split_adjusted") for ratio in (2.0, 1.5, 0.1)])
def test_the_prices_around_a_split_tell_their_basis(prices: str, ratio: float) -> None:
    packed = Company(5, splits=((150, ratio),)).export(0, BARS, Source(prices, prices, adjusted=False))
    numerator, denominator = ratio.as_integer_ratio() if ratio != 0.1 else (1, 10)
    assert price_basis_by(packed, split(150, numerator, denominator)) is Basis(prices)
    assert price_basis_by(packed, split(150, 101, 100)) is Basis.UNKNOWN  # such a move is no evidence
    outside = CorporateAction(date(2190, 1, 1), ActionKind.SPLIT, numerator, denominator)
    assert price_basis_by(packed, outside) is Basis.UNKNOWN


def splits_until(company: Company, end: int) -> list[StoredAction]:
    """The splits that are known on the evening of a bar."""
    ratios = [(at, *(ratio.as_integer_ratio() if ratio != 0.1 else (1, 10))) for at, ratio in company.splits if at < end]
    return [stored(split(*ratio), action_id=str(number)) for number, ratio in enumerate(ratios)]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(companies, st.integers(80, BARS - 1), st.integers(2, 60), bases, bases, st.booleans(), st.booleans())
def test_a_history_as_traded_is_extended_by_a_restated_one_and_the_other_way_round(
    company: Company, end: int, overlap: int, first: str, volumes: str, adjusted: bool, is_declared: bool
) -> None:
    """With the splits known, the outcome is that of the whole history restated, whether the file's basis is declared or found out."""
    if len({at for at, _ in company.splits}) != len(company.splits):
        return
    second = "split_adjusted" if first == "as_traded" else "as_traded"
    if second == "as_traded":
        is_declared = True  # nothing on the common days would tell
    old = History(company.export(0, end, Source(first, volumes, adjusted)), Bases(Basis(first), Basis(volumes)))
    file_bases = Bases(Basis(second), Basis(volumes)) if is_declared else UNKNOWN
    new = History(company.export(end - overlap, BARS, Source(second, volumes, adjusted)), file_bases)
    actions = splits_until(company, BARS)
    merged, told = merge_histories(old, new, adjusted, actions)
    steps: Steps = steps_of(History(merged.packed, told), adjusted, actions)
    got = adjusted_bars(merged.packed, adjusted, steps)
    whole = company.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted))
    expected = arrays(whole, adjusted)
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(getattr(got, name), expected[name], rtol=1e-9, err_msg=name)
    if told.volume is not Basis.UNKNOWN:
        np.testing.assert_allclose(got.volume, expected["volume"], rtol=1e-9)


def test_a_restated_dividend_leaves_no_basis_with_a_name() -> None:
    company = Company(1, dividends=((150, 0.02),))
    packed = [company.export(*rows, Source("as_traded", "as_traded", adjusted=True)) for rows in ((0, 140), (130, BARS))]
    auto_adjusted = [History(with_closes_adjusted(each), Bases(Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)) for each in packed]
    merged, told = merge_histories(auto_adjusted[0], auto_adjusted[1], False, [])
    assert merged.rescaled is not None
    assert math.isclose(merged.rescaled.price, 0.98, rel_tol=1e-12)
    assert told == Bases(Basis.UNKNOWN, Basis.SPLIT_ADJUSTED)


def with_closes_adjusted(packed: PackedBars) -> PackedBars:
    """As yfinance exports: prices adjusted for dividends too, and no adjusted close beside."""
    columns = np.frombuffer(packed.data, dtype=np.float64).reshape(7, len(packed)).copy()
    columns[1:5] *= columns[5] / columns[4]
    columns[5] = np.nan
    return PackedBars(columns.tobytes())

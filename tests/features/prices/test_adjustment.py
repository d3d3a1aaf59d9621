"""What splits and distributions make of a series: its bases, the steps of an analysis, and whose word counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from kit.companies import BARS, Company, Source, day_of_bar

from analysis.bars import adjusted_bars
from features.prices.adjustment import adjustment_of, new_among
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


def steps_of(packed: PackedBars, adjusted: bool, declared: Bases, actions: list[StoredAction]) -> Steps:
    return adjustment_of(packed, adjusted, declared, actions).steps


def test_bars_as_traded_are_brought_to_the_newest_share_count() -> None:
    traded = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    restated = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False))
    steps = steps_of(traded, False, AS_TRADED, [stored(split(150, 2))])
    assert steps == (Step(number_of(day_of_bar(150)), 0.5, 2.0),)
    bars, expected = adjusted_bars(traded, False, steps), adjusted_bars(restated, False)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(getattr(bars, name), getattr(expected, name), rtol=1e-12, err_msg=name)


def test_with_adjusted_closes_a_split_is_for_the_volume_alone() -> None:
    traded = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=True))
    steps = steps_of(traded, True, AS_TRADED, [stored(split(150, 2))])
    assert steps == (Step(number_of(day_of_bar(150)), 1.0, 2.0),)
    restated = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=True))
    np.testing.assert_allclose(adjusted_bars(traded, True, steps).volume, adjusted_bars(restated, True).volume, rtol=1e-12)


@pytest.mark.parametrize("known", [UNKNOWN, RESTATED, Bases(Basis.UNKNOWN, Basis.SPLIT_ADJUSTED)])
def test_what_is_unknown_or_restated_is_left_as_it_is(known: Bases) -> None:
    packed = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False))
    assert steps_of(packed, False, known, [stored(split(150, 2))]) == ()


def test_a_step_after_the_newest_bar_analysed_is_not_taken() -> None:
    """An analysis `as_of` a day before a split sees nothing of it."""
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    steps = steps_of(packed, False, AS_TRADED, [stored(split(150, 2))])
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
    steps = steps_of(packed, False, Bases(Basis(prices), Basis(prices)), actions)
    np.testing.assert_allclose(adjusted_bars(packed, False, steps).close, adjusted_bars(expected, True).close, rtol=1e-12)


@pytest.mark.parametrize(
    ("action", "source"),
    [
        pytest.param(dividend(100, 1e6), USER, id="a dividend above the price"),
        pytest.param(dividend(100, 1.0), MERGE, id="a dividend that the merged prices have in them"),
        pytest.param(split(150, 2), MERGE, id="a split whose day is not known"),
        pytest.param(CorporateAction(date(1990, 1, 1), ActionKind.SPLIT, 2, 1), USER, id="before the first bar"),
        pytest.param(CorporateAction(date(2190, 1, 1), ActionKind.SPLIT, 2, 1), USER, id="after the last bar"),
    ],
)
def test_actions_that_change_nothing(action: CorporateAction, source: str) -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    adjustment = adjustment_of(packed, False, AS_TRADED, [stored(action, source)])
    assert (adjustment.steps, adjustment.applied) == ((), {})


def test_one_split_told_by_several_sources_counts_once() -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    told = [
        stored(split(148, 2), MERGE, "merge"),
        stored(split(151, 2), UPLOAD, "upload"),
        stored(split(150, 2), "tiingo", "provider"),
        stored(split(149, 2), USER, "user"),
    ]
    assert set(adjustment_of(packed, False, AS_TRADED, told).applied) == {"user"}
    assert set(adjustment_of(packed, False, AS_TRADED, told[:3]).applied) == {"provider"}
    assert new_among([told[0]], told[1:]) == []
    assert new_among([told[1]], [told[0]]) == [told[1]]  # an upload shows the day; merging only knows the days around it
    another = [stored(split(at, 2), USER, str(at)) for at in (152, 190)]
    assert set(adjustment_of(packed, False, AS_TRADED, [*told, *another]).applied) == {"user", "152", "190"}


def test_distributions_of_one_day_are_added_up() -> None:
    packed = SPLIT.export(0, BARS, Source("split_adjusted", "split_adjusted", adjusted=False))
    gain = CorporateAction(day_of_bar(100), ActionKind.CAPITAL_GAIN, amount=2.0)
    told = adjustment_of(packed, False, RESTATED, [stored(dividend(100, 3.0), action_id="a"), stored(gain, action_id="b")])
    assert told.steps == steps_of(packed, False, RESTATED, [stored(dividend(100, 5.0))])
    assert told.applied == {"a": ("price",), "b": ("price",)}


def test_a_split_told_of_a_day_without_a_bar_is_of_the_next() -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    saturday = CorporateAction(day_of_bar(150) - timedelta(days=2), ActionKind.SPLIT, 2, 1)
    assert steps_of(packed, False, AS_TRADED, [stored(saturday)]) == steps_of(packed, False, AS_TRADED, [stored(split(150, 2))])


@pytest.mark.parametrize("terms", [(1000, 1), (1, 1000)])
def test_actions_that_no_company_has_change_nothing(terms: tuple[int, int]) -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    many = [stored(split(at, *terms), action_id=str(at)) for at in range(20, 220)]
    for declared in (AS_TRADED, RESTATED):
        adjustment = adjustment_of(packed, False, declared, [*many, stored(dividend(10, 1.0))])
        assert (adjustment.steps, adjustment.applied) == ((), {})


@pytest.mark.parametrize("ratio", [(2, 1), (3, 2), (1, 10)])
def test_prices_that_jump_at_their_split_are_as_traded(ratio: tuple[int, int]) -> None:
    """Prices that do not jump may be restated for dividends as well: their basis stays unknown."""
    for prices, told in (("as_traded", AS_TRADED), ("split_adjusted", UNKNOWN)):
        packed = Company(5, splits=((150, ratio[0] / ratio[1]),)).export(0, BARS, Source(prices, prices, adjusted=False))
        assert adjustment_of(packed, False, UNKNOWN, [stored(split(150, *ratio))]).bases == told
        assert adjustment_of(packed, False, UNKNOWN, [stored(split(150, 101, 100))]).bases == UNKNOWN  # such a move is no evidence
        contradiction = [stored(split(150, *ratio)), stored(split(80, *ratio), action_id="wrong")]
        assert adjustment_of(packed, False, UNKNOWN, contradiction).bases == UNKNOWN


def test_volumes_beside_adjusted_closes_are_of_an_unknown_basis() -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=True))
    assert adjustment_of(packed, True, UNKNOWN, [stored(split(150, 2), UPLOAD)]).bases == Bases(Basis.AS_TRADED, Basis.UNKNOWN)


def test_what_is_declared_is_believed() -> None:
    packed = SPLIT.export(0, BARS, Source("as_traded", "as_traded", adjusted=False))
    for declared in (RESTATED, Bases(Basis.AS_TRADED, Basis.UNKNOWN), Bases(Basis.AS_TRADED, Basis.SPLIT_ADJUSTED)):
        assert adjustment_of(packed, False, declared, [stored(split(150, 2))]).bases == declared

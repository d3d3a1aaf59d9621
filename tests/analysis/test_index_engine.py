"""A rule-based index: levels, the divisor, members that come and go, and nothing known before its time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.bars import FloatArray
from analysis.index import Change, Course, Track, reference_rows, track_of
from analysis.index_targets import Caps, Recipe, Target, Weigher, target_of
from analysis.panel import CARRIED, Closes, Panel, panel_of
from models.index import Rebalance, RebalancingKind, WeightingMethod

FIRST = date(2020, 1, 1)
DAYS = 400


def walks(members: int, count: int = DAYS, seed: int = 3) -> list[Closes]:
    """Random walks on weekdays, the total return a little above the price."""
    random = np.random.default_rng(seed)
    days = np.busday_offset(np.datetime64(FIRST), np.arange(count)).astype("datetime64[D]")
    closes = []
    for number in range(members):
        price = 50 * np.exp(np.cumsum(random.normal(0, 0.01 + 0.003 * number, count)))
        closes.append(Closes(days, price, price * np.linspace(0.95, 1, count)))
    return closes


def run(panel: Panel, weigher: Weigher | None = None, caps: Caps | None = None, rebalance: Rebalance = Rebalance.MONTHLY) -> Track:
    recipe = Recipe(weigher or Weigher(WeightingMethod.EQUAL), caps or Caps())
    everybody = np.ones(len(panel.price), dtype=bool)
    course = Course(1, len(panel.days) - 1, reference_rows(panel.days, rebalance))
    track = track_of(panel, course, lambda _, known: target_of(known, recipe, everybody))
    assert track is not None
    return track


def values_at(panel: Panel, change: Change, quantities: FloatArray) -> float:
    held = quantities > 0
    return float(quantities[held] @ panel.price[held, change.row])


METHODS = [
    Weigher(WeightingMethod.EQUAL),
    Weigher(WeightingMethod.INVERSE_VOLATILITY, lookback=60),
    Weigher(WeightingMethod.EQUAL_RISK, lookback=60),
    Weigher(WeightingMethod.MOMENTUM, lookback=60, skip=5),
    Weigher(WeightingMethod.CAP, amounts=np.arange(1.0, 9.0)),
]


@pytest.mark.parametrize("weigher", METHODS, ids=lambda weigher: weigher.method)
@pytest.mark.parametrize("rebalance", list(Rebalance))
def test_the_level_does_not_jump_when_quantities_change(weigher: Weigher, rebalance: Rebalance) -> None:
    panel = panel_of(walks(8))
    track = run(panel, weigher, Caps(single=0.4), rebalance)
    before = np.zeros(8)
    for change in track.changes:
        if change.kind is not RebalancingKind.START:
            assert values_at(panel, change, before) / change.divisors[0] == pytest.approx(change.level, rel=1e-12)
        assert values_at(panel, change, change.quantities) / change.divisors[1] == pytest.approx(change.level, rel=1e-12)
        assert change.after.sum() == pytest.approx(1, abs=1e-12)
        assert change.after.max() <= max(0.4, 1 / np.count_nonzero(change.after)) * (1 + 1e-9)
        before = change.quantities


def test_the_level_does_not_jump_at_caps_on_groups_and_when_members_come_and_go() -> None:
    closes = walks(9)
    closes[7] = Closes(closes[7].days[150:], closes[7].price[150:], closes[7].total[150:])
    closes[8] = Closes(closes[8].days[:260], closes[8].price[:260], closes[8].total[:260])
    panel, groups = panel_of(closes), np.array([0, 0, 0, 1, 1, 2, 2, 1, 0])
    track = run(panel, Weigher(WeightingMethod.INVERSE_VOLATILITY, lookback=20), Caps(single=0.3, group=0.4, groups=groups))
    assert {change.kind for change in track.changes} == {RebalancingKind.START, RebalancingKind.REBALANCING, RebalancingKind.REMOVAL}
    held = [change.quantities > 0 for change in track.changes]
    assert (held[0][7], held[-1][7], held[0][8], held[-1][8]) == (False, True, True, False)
    before, are_capped = np.zeros(9), 0
    for change in track.changes:
        if change.kind is not RebalancingKind.START:
            assert values_at(panel, change, before) / change.divisors[0] == pytest.approx(change.level, rel=1e-12)
        assert values_at(panel, change, change.quantities) / change.divisors[1] == pytest.approx(change.level, rel=1e-12)
        assert track.price[change.row - track.first] == pytest.approx(change.level, rel=1e-12)
        assert change.after.sum() == pytest.approx(1, abs=1e-12)
        if change.kind is RebalancingKind.REBALANCING:
            of_groups = np.bincount(groups, change.after)
            assert of_groups.max() <= 0.4 * (1 + 1e-9)
            are_capped += bool(of_groups.max() > 0.4 * (1 - 1e-9))
        before = change.quantities
    assert are_capped > 0


@pytest.mark.parametrize("weigher", METHODS, ids=lambda weigher: weigher.method)
def test_weights_know_nothing_of_later_days(weigher: Weigher) -> None:
    """What comes after a reference day changes neither its weights nor any level up to the day on which they are bought."""
    closes = walks(8)
    panel = panel_of(closes)
    track = run(panel, weigher)
    change = track.changes[len(track.changes) // 2]
    assert change.reference is not None
    later = [
        Closes(
            each.days,
            *(np.concatenate([line[: change.reference + 1], line[change.reference + 1 :] * factor]) for line in (each.price, each.total)),
        )
        for each, factor in zip(closes, np.linspace(0.5, 2, 8), strict=True)
    ]
    other = run(panel_of(later), weigher)
    same = other.changes[len(track.changes) // 2]
    assert same.after == pytest.approx(change.after, abs=1e-15)
    assert other.price[: change.reference + 1 - track.first] == pytest.approx(track.price[: change.reference + 1 - track.first], rel=1e-12)


@pytest.mark.parametrize("weigher", METHODS[1:], ids=lambda weigher: weigher.method)
@pytest.mark.parametrize("ahead", [0, 1, 6])
def test_a_mutant_whose_weights_look_ahead_is_caught(weigher: Weigher, ahead: int) -> None:
    """What comes after a reference day changes the weights of whoever sees further than that day, and of nobody else."""
    panel, recipe, everybody = panel_of(walks(8)), Recipe(weigher), np.ones(8, dtype=bool)
    course = Course(1, DAYS - 1, reference_rows(panel.days, Rebalance.MONTHLY))

    def weights(seen: Panel, number: int) -> FloatArray:
        def mutant(row: int, known: Panel) -> Target:
            return target_of(seen.until(min(row + ahead, DAYS - 1)) if ahead else known, recipe, everybody)

        track = track_of(seen, course, mutant)
        assert track is not None
        return track.changes[number].after

    number = 9
    reference = run(panel, weigher).changes[number].reference
    assert reference is not None
    later = np.random.default_rng(7).normal(0, 0.05, (8, DAYS - reference - 1)).cumsum(axis=1)
    other = panel_of(
        [
            Closes(
                each.days, *(np.concatenate([line[: reference + 1], line[reference] * np.exp(noise)]) for line in (each.price, each.total))
            )
            for each, noise in zip(walks(8), later, strict=True)
        ]
    )
    moved = np.abs(weights(other, number) - weights(panel, number)).max()
    assert moved > 1e-6 if ahead > weigher.skip * (weigher.method is WeightingMethod.MOMENTUM) else moved < 1e-12


def test_what_is_bought_is_bought_after_the_reference_day() -> None:
    track = run(panel_of(walks(3)))
    assert all(change.row == change.reference + 1 for change in track.changes if change.reference is not None)


def test_one_member_is_its_price_and_its_total_return() -> None:
    (alone,) = walks(1)
    track = run(panel_of([alone]))
    assert track.price == pytest.approx(100 * alone.price[1:] / alone.price[1], rel=1e-12)
    assert track.total == pytest.approx(100 * alone.total[1:] / alone.total[1], rel=1e-12)


def test_distributions_are_reinvested_in_the_whole_index() -> None:
    days = np.datetime64(FIRST, "D") + np.arange(4)
    # One pays 10 of 100 on the third day; the other stands still.
    payer = Closes(days, np.array([100.0, 100, 90, 90]), np.array([90.0, 90, 90, 90]))
    other = Closes(days, np.full(4, 10.0), np.full(4, 10.0))
    track = run(panel_of([payer, other]))
    assert track.price.tolist() == pytest.approx([100, 95, 95])
    assert track.total.tolist() == pytest.approx([100, 100, 100])


def test_weights_drift_between_rebalancings() -> None:
    days = np.datetime64(FIRST, "D") + np.arange(20)
    rising, standing = np.geomspace(10, 20, 20), np.full(20, 10.0)
    track = run(panel_of([Closes(days, rising, rising), Closes(days, standing, standing)]))
    assert len(track.changes) == 1
    assert track.price[-1] == pytest.approx(50 * rising[-1] / rising[1] + 50)


def test_a_missing_price_is_carried_and_then_the_member_goes_at_its_last_price() -> None:
    closes = walks(3, count=60)
    cut = 25
    closes[0] = Closes(closes[0].days[:cut], closes[0].price[:cut], closes[0].total[:cut])
    panel = panel_of(closes)
    track = run(panel, rebalance=Rebalance.QUARTERLY)
    removal = track.changes[1]
    assert (removal.kind, removal.row, removal.reference) == (RebalancingKind.REMOVAL, cut + CARRIED, None)
    assert removal.before[0] > 0
    assert removal.after[0] == 0
    assert removal.after[1] / removal.after[2] == pytest.approx(removal.before[1] / removal.before[2])
    at_last = values_at(panel, removal, track.changes[0].quantities)
    assert track.price[removal.row - track.first] == pytest.approx(at_last / track.changes[0].divisors[1])
    assert at_last / removal.divisors[0] == pytest.approx(values_at(panel, removal, removal.quantities) / removal.divisors[1], rel=1e-12)


def test_an_index_without_members_stands_still_until_somebody_can_be_held() -> None:
    days = np.busday_offset(np.datetime64(FIRST), np.arange(120)).astype("datetime64[D]")
    early = Closes(days[:30], np.linspace(10, 20, 30), np.linspace(10, 20, 30))
    late = Closes(days[60:], np.linspace(10, 20, 60), np.linspace(10, 20, 60))
    track = run(panel_of([early, late], days))
    kinds = [change.kind for change in track.changes]
    assert kinds[:4] == [RebalancingKind.START, RebalancingKind.REBALANCING, RebalancingKind.REMOVAL, RebalancingKind.SKIPPED]
    rejoined = next(change for change in track.changes if change.after[1] > 0)
    assert rejoined.kind is RebalancingKind.REBALANCING
    assert (track.price[30 + CARRIED : rejoined.row - track.first] == track.price[30 + CARRIED]).all()
    assert rejoined.left_out == {0: f"It has had no price for more than {CARRIED} trading days."}
    assert track.price[-1] > track.price[rejoined.row - track.first]


def test_a_new_ticker_joins_at_the_next_rebalancing() -> None:
    closes = walks(2, count=80)
    closes[1] = Closes(closes[1].days[30:], closes[1].price[30:], closes[1].total[30:])
    track = run(panel_of(closes))
    assert [change.after[1] > 0 for change in track.changes] == [
        change.reference is not None and change.reference >= 30 for change in track.changes
    ]


@pytest.mark.parametrize(
    ("rebalance", "last_days"),
    [
        (Rebalance.WEEKLY, ["2020-01-03", "2020-01-10", "2020-01-17"]),
        (Rebalance.MONTHLY, ["2020-01-31", "2020-02-28", "2020-03-31"]),
        (Rebalance.QUARTERLY, ["2020-03-31", "2020-06-30", "2020-09-30"]),
        (Rebalance.DAILY, ["2020-01-01", "2020-01-02", "2020-01-03"]),
    ],
)
def test_the_last_trading_day_of_a_period_is_the_reference_day(rebalance: Rebalance, last_days: list[str]) -> None:
    days = walks(1)[0].days
    rows = list(reference_rows(days, rebalance))
    assert [str(days[row]) for row in rows[:3]] == last_days
    assert rows[-1] < len(days) - 1


def test_caps_that_cannot_hold_on_a_day_are_told_and_the_lowest_ones_hold() -> None:
    closes = walks(4, count=60)
    closes[1:] = [Closes(each.days[:20], each.price[:20], each.total[:20]) for each in closes[1:]]
    track = run(panel_of(closes), caps=Caps(single=0.3))
    assert track.changes[0].after.max() <= 0.3
    alone = track.changes[-1]
    assert alone.after[0] == 1.0
    assert "cannot hold with 1 member" in alone.why


@given(st.integers(0, 10_000), st.floats(1e-6, 1e6), st.integers(1, DAYS - 2), st.sampled_from([2.0, 0.1, 7.0]))
def test_neither_money_nor_a_split_of_all_history_changes_a_level(seed: int, scale: float, row: int, ratio: float) -> None:
    closes = walks(3, seed=seed)
    restated = [Closes(each.days, each.price * scale, each.total * scale) for each in closes]
    restated[0] = Closes(closes[0].days, restated[0].price / ratio, restated[0].total / ratio)
    own, other = run(panel_of(closes)), run(panel_of(restated))
    assert other.price == pytest.approx(own.price, rel=1e-9)
    assert other.total == pytest.approx(own.total, rel=1e-9)
    assert other.price[min(row, len(own.price) - 1)] == pytest.approx(own.price[min(row, len(own.price) - 1)], rel=1e-9)


@given(st.permutations(range(5)))
def test_the_order_of_members_means_nothing(order: list[int]) -> None:
    closes = walks(5, count=90)
    own, other = run(panel_of(closes)), run(panel_of([closes[number] for number in order]))
    assert other.price == pytest.approx(own.price, rel=1e-12)
    assert other.changes[-1].after == pytest.approx(own.changes[-1].after[order], rel=1e-12)

"""Sums of many tickers: beside a count by hand, in any order, and with intervals that hold the truth."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.bars import bars_of, chosen, walk

from analysis.bars import Bars, FloatArray
from analysis.calibration import BINS, CELL_DAYS, EDGES, VERDICT_OF_BIN, CountRules, Sums, TickerCount, bins_of, count_ticker
from analysis.calibration_table import interval_of, seed_of, tables_of
from analysis.engine import signal_history
from analysis.score import STRONG, VERDICTS, WEAK, verdict_of
from models.analysis import Verdict
from models.evidence import UniverseHorizon, UniverseVerdict

RULES = CountRules((5, 20), 20.0)
BUYS = (Verdict.STRONG_BUY, Verdict.BUY)
NAN = float("nan")


def scored(seed: int, count: int) -> tuple[Bars, FloatArray]:
    """Random walks and scores of the engine."""
    bars = walk(seed, count)
    return bars, signal_history(bars, chosen()).score


def of(horizon: UniverseHorizon, verdict: Verdict) -> UniverseVerdict:
    (found,) = [one for one in horizon.verdicts if one.verdict is verdict]
    return found


def counts(*lengths: int) -> list[TickerCount]:
    return [count_ticker(*scored(seed, length), RULES, beat=seed % 2 == 0) for seed, length in enumerate(lengths)]


@given(st.floats(-1, 1) | st.sampled_from([sign * edge for edge in (0.0, WEAK, STRONG, 1.0, *EDGES.tolist()) for sign in (1, -1)]))
@settings(derandomize=True, max_examples=500, deadline=None)
def test_a_bin_belongs_to_one_verdict(score: float) -> None:
    for near in np.clip([score, np.nextafter(score, 2), np.nextafter(score, -2)], -1, 1).tolist():
        (found,) = bins_of(np.array([near])).tolist()
        assert VERDICTS[VERDICT_OF_BIN[found]] is verdict_of(near)
        low, high = (found - BINS / 2) / (BINS / 2), (found + 1 - BINS / 2) / (BINS / 2)
        assert low - 1e-12 <= near <= high + 1e-12


def test_a_small_universe_beside_a_count_by_hand() -> None:
    universe = [scored(seed, length) for seed, length in ((1, 520), (2, 700), (3, 610))]
    sums = Sums.of([count_ticker(*ticker, RULES, beat=False) for ticker in universe], len(RULES.horizons))
    for horizon in tables_of(sums, RULES.horizons, seed_of(sums)):
        days: list[tuple[Verdict, float, float, float, float]] = []  # verdict, score, return, excess, lift
        episodes: list[Verdict] = []
        for bars, scores in universe:
            eligible = range(400, len(bars) - 1 - horizon.h)
            net = [float(bars.open[day + 1 + horizon.h] / bars.open[day + 1] - 1 - 0.002) for day in eligible]
            verdicts = [verdict_of(float(scores[day])) for day in eligible]
            rose, fell = (sum(sign * value > 0 for value in net) / len(net) for sign in (1, -1))
            for day, verdict, value in zip(eligible, verdicts, net, strict=True):
                lift = (value > 0) - rose if verdict in BUYS else (value < 0) - fell
                days.append((verdict, float(scores[day]), value, value - sum(net) / len(net), lift))
            episodes += [verdict for verdict, _ in groupby(verdicts)]
        assert (horizon.base.n, horizon.base.mean) == (len(days), pytest.approx(np.mean([day[2] for day in days]), abs=1e-6))
        for told in horizon.verdicts:
            own = [day for day in days if day[0] is told.verdict]
            assert (told.n, told.episodes) == (len(own), episodes.count(told.verdict))
            if not own:
                assert (told.mean, told.excess, told.hit) == (None, None, None)
                continue
            assert told.mean == pytest.approx(np.mean([day[2] for day in own]), abs=1e-6)
            assert told.excess == pytest.approx(np.mean([day[3] for day in own]), abs=2e-6)
            if told.verdict is not Verdict.HOLD:
                assert told.lift == pytest.approx(np.mean([day[4] for day in own]), abs=2e-6)
                assert told.hit == pytest.approx(np.mean([(day[2] > 0) if told.verdict in BUYS else (day[2] < 0) for day in own]))
        for decile in horizon.deciles:
            low, high = decile.low_score, decile.high_score
            inside = [day for day in days if low < day[1] < high or day[1] in ((low,) if low >= 0 else ()) + ((high,) if high <= 0 else ())]
            edge = [day for day in days if day[1] in (low, high)]
            assert abs(decile.n - len(inside)) <= len(edge)
            assert decile.n == pytest.approx(len(days) / 10, rel=0.35)
        assert sum(decile.n for decile in horizon.deciles) == len(days)
        assert [a.high_score for a in horizon.deciles[:-1]] == [b.low_score for b in horizon.deciles[1:]]


def test_the_order_of_parts_changes_no_byte() -> None:
    ours = counts(520, 700, 610, 430)
    whole = Sums.of(ours, 2, too_short=3)
    parts = [Sums.of(ours[:1], 2, too_short=2), Sums.of(ours[1:3], 2), Sums.of([], 2, too_short=1), Sums.of(ours[3:], 2)]
    packed = {Sums.merged([Sums.unpack(part.pack()) for part in order], 2).pack() for order in permutations(parts)}
    assert packed == {whole.pack()}
    assert tables_of(Sums.unpack(whole.pack()), RULES.horizons, 7) == tables_of(whole, RULES.horizons, 7)
    assert (whole.counted, whole.too_short, whole.beat, sum(whole.lasts.values())) == (4, 3, 2, 4)


def test_a_distant_past_is_a_cell_like_any_other() -> None:
    old, new = walk(1, 500), walk(2, 500)
    old = replace(old, days=old.days - 20_000)
    both = Sums.of([count_ticker(bars, signal_history(bars, chosen()).score, RULES, beat=False) for bars in (old, new)], 2)
    assert both.cells == pytest.approx(20_000 / CELL_DAYS, abs=8)
    apart = Sums.merged(
        [Sums.of([count_ticker(bars, signal_history(bars, chosen()).score, RULES, beat=False)], 2) for bars in (new, old)], 2
    )
    assert apart.pack() == both.pack()


def test_nothing_counted_gives_no_table() -> None:
    empty = Sums.merged([], 2)
    assert tables_of(empty, RULES.horizons, seed_of(empty)) == ()
    assert Sums.unpack(empty.pack()).pack() == empty.pack()


def test_a_monstrous_return_counts_but_does_not_overflow() -> None:
    close = np.full(520, 1e-3)
    close[450:] = 1e12
    bars = bars_of(close)
    sums = Sums.of([count_ticker(bars, np.full(520, 0.3), RULES, beat=False)] * 60, 2)
    (horizon, _) = tables_of(sums, RULES.horizons, 1)
    assert of(horizon, Verdict.BUY).mean == pytest.approx(horizon.base.mean)
    assert horizon.base.mean < 1e6
    assert of(horizon, Verdict.BUY).excess == pytest.approx(0, abs=1e-3)


def test_days_that_all_have_one_score_are_one_decile() -> None:
    sums = Sums.of([count_ticker(walk(1, 800), np.zeros(800), RULES, beat=False)], 2)
    (horizon, _) = tables_of(sums, RULES.horizons, 1)
    (decile,) = horizon.deciles
    assert (decile.n, decile.low_score, decile.high_score) == (800 - 406, pytest.approx(decile.low_score), pytest.approx(decile.high_score))
    assert decile.excess == pytest.approx(0, abs=1e-6)


def test_the_interval_is_told() -> None:
    interval = interval_of(7)
    assert (interval.seed, interval.level, interval.repetitions, interval.block) == (7, 0.95, 1_000, 4)
    assert "all tickers of a cell together" in interval.method


UNIVERSES, TICKERS, LENGTH, HORIZON = 400, 8, 1_900, 20


def moving_together(seed: int) -> list[TickerCount]:
    """Tickers that share a part of their moves and of their scores, which know nothing of the moves to come."""
    random = np.random.default_rng(seed)
    rules = CountRules((HORIZON,), 20.0)
    market, mood = random.normal(0.0003, 0.01, LENGTH), _smooth(random)
    counted = []
    for _ in range(TICKERS):
        closes = 100 * np.exp(np.cumsum(market + random.normal(0, 0.01, LENGTH)))
        scores = np.tanh(0.4 * (mood + _smooth(random)))
        counted.append(count_ticker(bars_of(closes), scores, rules, beat=False))
    return counted


def _smooth(random: np.random.Generator) -> FloatArray:
    """A process that forgets within days."""
    steps, level = random.normal(0, 1, LENGTH), np.empty(LENGTH)
    level[0] = steps[0]
    for at in range(1, LENGTH):
        level[at] = 0.8 * level[at - 1] + 0.6 * steps[at]
    return level


def test_intervals_of_scores_that_know_nothing_hold_zero_in_95_of_100_universes() -> None:
    excess, lift = [], []
    for seed in range(UNIVERSES):
        sums = Sums.of(moving_together(seed), 1)
        (horizon,) = tables_of(sums, (HORIZON,), seed)
        bounds = [(decile.excess_low or NAN, decile.excess_high or NAN) for decile in horizon.deciles]
        excess += [low <= 0 <= high for low, high in bounds]
        buy = of(horizon, Verdict.BUY)
        assert buy.lift_low is not None
        assert buy.lift_high is not None
        lift.append(buy.lift_low <= 0 <= buy.lift_high)
    assert np.mean(excess) == pytest.approx(0.95, abs=0.02)
    assert np.mean(lift) == pytest.approx(0.95, abs=0.025)

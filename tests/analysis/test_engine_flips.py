"""The prices that would change the verdict, checked with next days that the tests build."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from kit.bars import bars_of, chosen, seen

from analysis.bars import Bars
from analysis.engine import NewestScore, newest_score
from analysis.flips import find_flips
from analysis.score import verdict_of
from models.analysis import Parameters, Verdict
from models.flip import Flips, NextClose

GRID = [0.0025 * step for step in range(101)]  # to 25 % in steps of 0.25 %
# Ticker, number of bars, strategy, whether the unchanged close keeps the verdict, and the kind of flip above and below; every kind occurs.
CASES = [
    ("FB", 196, "balanced", "keeps", "flips", "flips"),
    ("AAPL", 3270, "reversion", "keeps", "flips", "flips"),
    ("GOOG", 2148, "balanced", "keeps", "flips", "flips"),
    ("IBM", 3270, "balanced", "keeps", "flips", "flips"),
    ("MSFT", 3270, "weekly", "keeps", "flips", "flips"),
    ("AAPL", 810, "balanced", "keeps", "holds", "flips"),
    ("GOOG", 210, "balanced", "keeps", "flips", "holds"),
    ("IBM", 360, "balanced", "keeps", "holds", "flips"),
    ("AAPL", 2010, "balanced", "keeps", "holds", "holds"),
    ("AAPL", 660, "balanced", "changes", "any move", "flips"),
    ("IBM", 2610, "balanced", "changes", "flips", "any move"),
]


@dataclass(frozen=True)
class Case:
    bars: Bars
    parameters: Parameters
    flips: Flips
    kinds: dict[str, str]

    @property
    def close(self) -> float:
        return float(self.bars.close[-1])

    @property
    def today(self) -> tuple[Verdict, dict[str, int]]:
        newest = newest_score(self.bars, self.parameters)
        return verdict_of(newest.score), newest.votes

    @property
    def unchanged(self) -> tuple[Verdict, dict[str, int]]:
        return self.next_day(0.0)

    def flip(self, side: str) -> NextClose | None:
        return getattr(self.flips, side)

    def next_day(self, move: float) -> tuple[Verdict, dict[str, int]]:
        """The verdict and votes after one more bar, which opens at the close and moves by the fraction `move`."""
        newest = self.next_score(move)
        return verdict_of(newest.score), newest.votes

    def next_score(self, move: float) -> NewestScore:
        bars = self.bars
        price = self.close * (1 + move)
        more = Bars(
            days=np.append(bars.days, bars.days[-1] + 1),
            open=np.append(bars.open, self.close),
            high=np.append(bars.high, max(price, self.close)),
            low=np.append(bars.low, min(price, self.close)),
            close=np.append(bars.close, price),
            volume=np.append(bars.volume, sum(bars.volume[-20:].tolist()) / 20),
        )
        return newest_score(more, self.parameters)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: " ".join(map(str, case[:3])))
def case(request: pytest.FixtureRequest, sample: dict[str, Bars]) -> Case:
    ticker, count, strategy, unchanged, above, below = request.param
    bars, parameters = sample[ticker].until(count), chosen(strategy)
    return Case(bars, parameters, find_flips(bars, parameters), {"unchanged": unchanged, "above": above, "below": below})


SIDES = pytest.mark.parametrize(("side", "direction"), [("above", 1), ("below", -1)], ids=["above", "below"])


def turned(before: dict[str, int], after: dict[str, int], case: Case) -> list[tuple[str, int, int]]:
    return [(key, before[key], after[key]) for key in case.parameters.indicators if before[key] != after[key]]


def told(close: NextClose) -> list[tuple[str, int, int]]:
    return [(turn.key, turn.vote, turn.next_vote) for turn in close.turns]


@SIDES
def test_each_case_is_of_its_kind(case: Case, side: str, direction: int) -> None:
    flip = case.flip(side)
    moved = None if flip is None else direction * (flip.close / case.close - 1)
    assert case.kinds[side] == ("holds" if moved is None else "any move" if moved < 1e-6 else "flips")
    assert moved is None or 0 < moved <= 0.25 + 1e-12
    assert case.kinds["unchanged"] == ("keeps" if case.unchanged[0] == case.today[0] else "changes")
    assert case.flips.searched_percent == 25.0


def test_an_unchanged_close_comes_first(case: Case) -> None:
    unchanged = case.flips.unchanged
    assert (unchanged.close, unchanged.verdict) == (case.close, case.unchanged[0])
    assert verdict_of(unchanged.score) == unchanged.verdict
    assert told(unchanged) == turned(case.today[1], case.unchanged[1], case)


@SIDES
def test_its_verdict_holds_on_the_whole_way_there(case: Case, side: str, direction: int) -> None:
    verdict, flip = case.unchanged[0], case.flip(side)
    way = 1.0 if flip is None else direction * (flip.close / case.close - 1)
    assert {case.next_day(direction * move)[0] for move in GRID if move < way} <= {verdict}


@SIDES
def test_the_verdict_changes_there_and_not_just_inside(case: Case, side: str, direction: int) -> None:
    flip = case.flip(side)
    if flip is None:
        return
    verdict, move = case.unchanged[0], flip.close / case.close - 1
    assert case.next_day(move)[0] == flip.verdict == verdict_of(flip.score) != verdict
    assert case.next_day(direction * max(direction * move - 1e-6, 0.0))[0] == verdict


@SIDES
def test_the_turns_are_the_votes_that_change(case: Case, side: str, direction: int) -> None:
    flip = case.flip(side)
    if flip is None:
        return
    assert told(flip) == turned(case.unchanged[1], case.next_day(flip.close / case.close - 1)[1], case)


@pytest.mark.parametrize("side", ["unchanged", "above", "below"])
def test_the_changes_of_contributions_explain_the_change_of_the_score(case: Case, side: str) -> None:
    flip = case.flip(side)
    if flip is None:
        return
    before = newest_score(case.bars, case.parameters) if side == "unchanged" else case.next_score(0.0)
    sizes = [change.next_contribution - change.contribution for change in flip.changes]
    assert sizes == sorted(sizes, key=abs, reverse=True)
    assert sum(sizes) == pytest.approx(flip.score - before.score)
    assert all(change.contribution == before.contributions[change.key] for change in flip.changes)
    assert flip.changes if flip.score != before.score else True


def test_the_search_leaves_its_bars_alone(sample: dict[str, Bars]) -> None:
    bars = sample["FB"]
    before = seen(bars)
    find_flips(bars, chosen())
    assert (len(bars), seen(bars)) == (196, before)


def test_flips_know_only_the_indicators_asked_for(sample: dict[str, Bars]) -> None:
    flips = find_flips(sample["FB"], chosen(indicators=("stochastic", "williams_r")))
    turns = [turn.key for flip in (flips.above, flips.below) if flip for turn in flip.turns]
    assert turns
    assert set(turns) <= {"stochastic", "williams_r"}


def test_atr_alone_never_flips() -> None:
    flips = find_flips(bars_of(np.linspace(100, 120, 60)), chosen(indicators=("atr",)))
    assert (flips.above, flips.below) == (None, None)

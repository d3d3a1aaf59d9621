"""The record of verdicts: its figures beside a computation day by day, what may not be seen, and what is said of few days."""

from __future__ import annotations

import dataclasses
from itertools import groupby

import numpy as np
import pytest
from kit.bars import bars_of, chosen, walk
from kit.planted import planted

from analysis.bars import Bars
from analysis.engine import signal_history
from analysis.evidence import EvidenceRules, evidence_of, fan_of
from analysis.score import VERDICTS, verdict_codes, verdict_of
from models.analysis import Verdict
from models.evidence import HORIZONS, HorizonEvidence, VerdictEvidence

RULES = EvidenceRules(cost_bp=20.0, seed=7)
BUYS, SELLS = (Verdict.STRONG_BUY, Verdict.BUY), (Verdict.STRONG_SELL, Verdict.SELL)


def of(evidence: HorizonEvidence, verdict: Verdict) -> VerdictEvidence:
    (found,) = [one for one in evidence.verdicts if one.verdict is verdict]
    return found


@pytest.mark.parametrize(
    "score", [-1.0, -0.6, np.nextafter(-0.6, 0), -0.2, np.nextafter(-0.2, 0), 0.0, np.nextafter(0.2, 0), 0.2, 0.6, 1.0]
)
def test_codes_are_the_verdicts_of_scores(score: float) -> None:
    assert VERDICTS[verdict_codes(np.array([score]))[0]] is verdict_of(score)


@pytest.mark.parametrize("ticker", ["AAPL", "IBM"])
@pytest.mark.parametrize("cost_bp", [0.0, 20.0])
def test_figures_are_those_of_a_count_by_hand(sample: dict[str, Bars], ticker: str, cost_bp: float) -> None:
    bars = sample[ticker]
    scores, cost = signal_history(bars, chosen()).score, cost_bp / 10_000
    for evidence in evidence_of(bars, scores, HORIZONS, dataclasses.replace(RULES, cost_bp=cost_bp)):
        days = range(400, len(bars) - 1 - evidence.h)
        net = {day: float(bars.open[day + 1 + evidence.h] / bars.open[day + 1] - 1 - cost) for day in days}
        verdicts = {day: verdict_of(float(scores[day])) for day in days}
        rose, fell = (sum(sign * value > 0 for value in net.values()) / len(net) for sign in (1, -1))
        assert (evidence.base.n, evidence.base.hit, evidence.base.fell) == (len(net), pytest.approx(rose), pytest.approx(fell))
        runs = [verdict for verdict, _ in groupby(verdicts.values())]
        for told in evidence.verdicts:
            own = [net[day] for day in days if verdicts[day] is told.verdict]
            assert (told.n, told.episodes) == (len(own), runs.count(told.verdict))
            assert (told.mean, told.median) == (pytest.approx(np.mean(own)), pytest.approx(np.median(own)))
            assert (told.worst, told.best) == (pytest.approx(min(own)), pytest.approx(max(own)))
            assert told.excess == pytest.approx(np.mean(own) - np.mean(list(net.values())))
            if told.verdict is Verdict.HOLD:
                assert (told.hit, told.lift) == (None, None)
                continue
            sign, base = (1, rose) if told.verdict in BUYS else (-1, fell)
            hit = sum(sign * value > 0 for value in own) / len(own)
            assert (told.hit, told.lift) == (pytest.approx(hit), pytest.approx(hit - base))
            assert sum(half.n for half in told.halves) == told.n


def test_intervals_hold_their_values_and_come_again(sample: dict[str, Bars]) -> None:
    bars = sample["MSFT"]
    scores = signal_history(bars, chosen("trend")).score
    evidence = evidence_of(bars, scores, HORIZONS, RULES)
    assert evidence == evidence_of(bars, scores, HORIZONS, RULES)
    assert evidence != evidence_of(bars, scores, HORIZONS, dataclasses.replace(RULES, seed=8))
    for told in (told for one in evidence for told in one.verdicts if not told.too_few):
        assert told.excess_low < told.excess < told.excess_high
        if told.verdict is not Verdict.HOLD:
            assert 0 <= told.hit_low < told.hit < told.hit_high <= 1
            assert told.lift_low < told.lift < told.lift_high


def test_a_prefix_has_the_evidence_of_that_day(sample: dict[str, Bars]) -> None:
    bars = sample["AAPL"]
    scores = signal_history(bars, chosen()).score
    for count in (500, 1_777, len(bars) - 1):
        prefix = bars.until(count)
        assert evidence_of(prefix, signal_history(prefix, chosen()).score, HORIZONS, RULES) == evidence_of(
            prefix, scores[:count], HORIZONS, RULES
        )


def test_the_future_of_a_day_changes_nothing_at_it(sample: dict[str, Bars]) -> None:
    bars, at = sample["GOOG"], 1_500
    order = np.concatenate([np.arange(at + 1), at + 1 + np.random.default_rng(5).permutation(len(bars) - at - 1)])
    columns = [getattr(bars, name)[order] for name in ("open", "high", "low", "close", "volume")]
    permuted = Bars(bars.days, *columns)
    assert signal_history(permuted, chosen()).score[: at + 1].tobytes() == signal_history(bars, chosen()).score[: at + 1].tobytes()
    known = slice(0, at + 2)  # days whose outcome is known at `at`, which the prefix counts
    cut = Bars(*(getattr(permuted, name)[known] for name in ("days", "open", "high", "low", "close", "volume")))
    assert len(evidence_of(cut, signal_history(permuted, chosen()).score[known], HORIZONS, RULES)) == len(HORIZONS)


def test_a_later_start_drops_days_only(sample: dict[str, Bars]) -> None:
    bars = sample["AAPL"]
    scores = signal_history(bars, chosen()).score
    (whole,) = evidence_of(bars, scores, [20], RULES)
    (later,) = evidence_of(bars, scores, [20], dataclasses.replace(RULES, first=1_000))
    assert later.base.n == whole.base.n - 600


@pytest.mark.parametrize("bars", [0, 1, 399, 400, 406, 421])
def test_a_short_history_has_no_day_that_counts(bars: int) -> None:
    prices = walk(1, 600).until(bars)
    assert evidence_of(prices, np.zeros(bars), [20], RULES) == ()
    assert bars > 400 + 1 or fan_of(prices, np.zeros(bars)).lines == ()


def test_one_day_counts() -> None:
    prices = walk(1, 422)
    (evidence,) = evidence_of(prices, np.full(422, 0.3), [20], RULES)
    told = of(evidence, Verdict.BUY)
    assert (evidence.base.n, told.n, told.episodes, told.too_few) == (1, 1, 1, True)
    assert told.sentence == "Too few to say: Buy came on 1 day in 1 episode, and 30 are needed."
    assert of(evidence, Verdict.SELL).sentence == "Too few to say: Sell never came on this ticker before."
    assert (told.hit_low, told.lift_low, told.excess_low) == (None, None, None)
    assert (of(evidence, Verdict.SELL).hit, of(evidence, Verdict.SELL).mean, of(evidence, Verdict.SELL).worst) == (None, None, None)


@pytest.mark.parametrize("score", [0.0, 0.3, -0.3])
def test_a_series_of_one_verdict_has_no_lift(score: float) -> None:
    prices = walk(2, 1_500)
    (evidence,) = evidence_of(prices, np.full(1_500, score), [10], RULES)
    told = of(evidence, verdict_of(score))
    assert (told.n, told.episodes, told.excess) == (evidence.base.n, 1, pytest.approx(0.0, abs=1e-15))
    assert told.lift in (None, 0.0)


def test_flat_prices_are_never_right() -> None:
    scores = np.tile([0.3, 0.3, -0.3, -0.3], 200)
    (evidence,) = evidence_of(bars_of(np.full(800, 50.0)), scores, [5], dataclasses.replace(RULES, cost_bp=0.0))
    assert (evidence.base.hit, evidence.base.fell) == (0.0, 0.0)
    assert (of(evidence, Verdict.BUY).hit, of(evidence, Verdict.SELL).hit) == (0.0, 0.0)


def test_many_episodes_in_a_short_history_say_what_is_missing() -> None:
    scores = np.tile([0.3, 0.0], 500)
    (evidence,) = evidence_of(walk(4, 1_000), scores, [60], RULES)
    assert of(evidence, Verdict.BUY).too_few
    assert of(evidence, Verdict.BUY).sentence.endswith("and an interval needs 720 days that count.")


def test_an_edge_is_called_one_and_none_is_not() -> None:
    with_edge, without = (evidence_of(*planted(3, 3_270, edge=edge, horizon=20), [20], RULES)[0] for edge in (0.004, 0.0))
    assert of(with_edge, Verdict.BUY).sentence.endswith(": better than any day.")
    assert of(without, Verdict.BUY).sentence.endswith(": no better than any day, so it is worth nothing by itself.")


def test_the_fan_spreads_with_time(sample: dict[str, Bars]) -> None:
    bars = sample["AAPL"]
    fan = fan_of(bars, signal_history(bars, chosen()).score)
    base, *lines = fan.lines
    assert base.verdict is None
    assert {line.verdict for line in lines} == set(Verdict)
    assert np.array(base.quantiles).shape == (len(fan.quantiles), len(fan.days))
    assert base.n == len(bars) - 400 - 1 - fan.days[-1] == sum(line.n for line in lines)
    returns = bars.open[401 + 20 : len(bars)] / bars.open[401 : len(bars) - 20] - 1
    assert np.array(base.quantiles)[:, fan.days.index(20)] == pytest.approx(np.quantile(returns, fan.quantiles))

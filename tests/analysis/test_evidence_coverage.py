"""Intervals hold the truth as often as they say: over a thousand random walks whose verdicts have a known record."""

from __future__ import annotations

import numpy as np
import pytest
from kit.bars import chosen, walk
from kit.planted import planted

from analysis.bootstrap import wilson
from analysis.engine import signal_history
from analysis.evidence import EvidenceRules, evidence_of
from analysis.record import record_of
from models.analysis import Verdict
from models.evidence import VerdictRecord

SEEDS, BARS, HORIZON = 1_000, 3_270, 20
LONG = 600_000  # bars that tell the truth


def buy_record(seed: int, bars: int, edge: float) -> tuple[float | None, ...]:
    """Days, hit, its bounds, lift and its bounds."""
    (evidence,) = evidence_of(*planted(seed, bars, edge=edge, horizon=HORIZON), [HORIZON], EvidenceRules(20.0, seed))
    (told,) = [one for one in evidence.verdicts if one.verdict is Verdict.BUY]
    assert not told.too_few
    return told.n, told.hit, told.hit_low, told.hit_high, told.lift, told.lift_low, told.lift_high


@pytest.mark.parametrize("edge", [0.0, 0.001], ids=["no edge", "an edge"])
def test_intervals_hold_the_truth_in_95_of_100_walks(edge: float) -> None:
    _, true_hit, _, _, true_lift, _, _ = buy_record(1_000_003, LONG, edge)
    if not edge:
        true_lift = 0.0  # by construction
    records = np.array([buy_record(seed, BARS, edge) for seed in range(SEEDS)], dtype=np.float64)
    days, hit, hit_low, hit_high, _, lift_low, lift_high = records.T
    assert np.mean((hit_low <= true_hit) & (true_hit <= hit_high)) == pytest.approx(0.95, abs=0.02)
    assert np.mean((lift_low <= true_lift) & (true_lift <= lift_high)) == pytest.approx(0.95, abs=0.02)
    # What most tools would claim of the same days: an interval for days that do not depend on each other.
    bounds = np.array([wilson(share, count) for share, count in zip(hit, days, strict=True)])
    assert np.mean((bounds[:, 0] <= true_hit) & (true_hit <= bounds[:, 1])) < 0.7
    assert np.mean(hit_high - hit_low) > 2 * np.mean(bounds[:, 1] - bounds[:, 0])


def test_the_engines_own_verdicts_know_nothing_of_random_walks() -> None:
    parameters, holds = chosen(), []
    for seed in range(SEEDS):
        bars = walk(seed, BARS)
        scores = signal_history(bars, parameters).score
        (evidence,) = evidence_of(bars, scores, [HORIZON], EvidenceRules(0.0, seed))
        (told,) = [one for one in evidence.verdicts if one.verdict is Verdict.BUY]
        assert told.lift_low is not None
        assert told.lift_high is not None
        holds.append(told.lift_low <= 0 <= told.lift_high)
    assert np.mean(holds) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("score", [0.3, -0.3], ids=["Buy", "Sell"])
def test_a_result_claims_an_edge_on_random_walks_as_seldom(score: float) -> None:
    parameters, claims = chosen(), []
    for seed in range(SEEDS):
        bars = walk(seed, BARS)
        scores = signal_history(bars, parameters).score
        scores[-1] = score
        record = record_of(bars, scores, "")
        assert isinstance(record, VerdictRecord)
        claims.append("no better" not in record.sentence)
        assert claims[-1] == (not record.lift_low <= 0 <= record.lift_high)
    assert np.mean(claims) == pytest.approx(0.05, abs=0.02)

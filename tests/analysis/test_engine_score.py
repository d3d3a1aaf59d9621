"""From votes to the score, its contributions, the verdict and the signal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kit.bars import TICKERS, chosen, readings_of, seen

from analysis.bars import Bars
from analysis.rules import Votes
from analysis.score import score_of, signal_of, verdict_of
from models.analysis import Signal, Verdict
from models.indicator import VOTING_KEYS
from models.strategy import STRATEGIES


def votes_of(*lines: tuple[str, float, float]) -> Votes:
    """One row of votes: key, vote, confidence."""
    keys, vote, confidence = zip(*lines, strict=True)
    column = [np.array([[value] for value in values], dtype=np.float64) for values in (vote, confidence)]
    yes = np.ones((len(keys), 1), dtype=np.bool_)
    return Votes(keys, column[0], column[1], available=yes, meaningless=~yes)


@pytest.mark.parametrize(
    ("lines", "weights", "score", "contributions"),
    [
        pytest.param([("rsi", 1, 0.5)], {"rsi": 1.0}, 1.0, [1.0], id="one indicator alone decides, however unsure"),
        pytest.param([("rsi", 1, 0.5), ("cci", -1, 0.5)], {"rsi": 1.0, "cci": 1.0}, 0.0, [0.5, -0.5], id="two equals cancel out"),
        pytest.param([("rsi", 1, 0.6), ("cci", -1, 0.2)], {"rsi": 1.0, "cci": 1.0}, 0.5, [0.75, -0.25], id="the surer one has more to say"),
        pytest.param([("rsi", 1, 0.2), ("cci", -1, 0.2)], {"rsi": 3.0, "cci": 1.0}, 0.5, [0.75, -0.25], id="and so has the heavier one"),
        pytest.param([("rsi", 1, 0.5), ("cci", 0, 0.5)], {"rsi": 1.0, "cci": 1.0}, 0.5, [0.5, 0.0], id="a sure neutral vote dilutes"),
        pytest.param([("rsi", 1, 0.5), ("cci", 0, 0.0)], {"rsi": 1.0, "cci": 1.0}, 1.0, [1.0, 0.0], id="an unsure one does not"),
        pytest.param([("rsi", 1, 0.5), ("cci", -1, 1)], {"rsi": 1.0, "cci": 0.0}, 1.0, [1.0, 0.0], id="no weight, no say"),
        pytest.param([("rsi", 1, 0.5), ("atr", 0, 1)], {"rsi": 1.0}, 1.0, [1.0, 0.0], id="nor has what has no weight at all"),
        pytest.param([("rsi", 0, 0.0), ("cci", 0, 0.0)], {"rsi": 1.0, "cci": 1.0}, 0.0, [0.0, 0.0], id="nobody is sure of anything"),
        pytest.param([("rsi", 1, 1), ("cci", -1, 1)], {"rsi": 0.0, "cci": 0.0}, 0.0, [0.0, 0.0], id="nobody has weight"),
        pytest.param([("atr", 0, 0.0)], {}, 0.0, [0.0], id="nobody votes"),
    ],
)
def test_score_of_votes(lines: list, weights: dict[str, float], score: float, contributions: list[float]) -> None:
    result = score_of(votes_of(*lines), weights)
    assert result.score.tolist() == pytest.approx([score])
    assert result.contributions[:, 0].tolist() == pytest.approx(contributions)


def test_each_row_has_its_own_score() -> None:
    one, other = votes_of(("rsi", 1, 0.5), ("cci", 0, 0.5)), votes_of(("rsi", -1, 1.0), ("cci", -1, 0.5))
    both = Votes(
        one.keys,
        *(np.hstack([getattr(one, name), getattr(other, name)]) for name in ("vote", "confidence", "available", "meaningless")),
    )
    assert score_of(both, {"rsi": 1.0, "cci": 1.0}).score.tolist() == [0.5, -1.0]


def test_a_sum_of_negative_zeros_is_the_same_in_one_row_as_in_many() -> None:
    one = votes_of(("rsi", -1, 0.0), ("cci", -1, 0.0))
    many = Votes(one.keys, *(np.hstack([getattr(one, name)] * 3) for name in ("vote", "confidence", "available", "meaningless")))
    weights = {"rsi": 1.0, "cci": 1.0}
    assert score_of(many, weights).score.tobytes() == score_of(one, weights).score.tobytes() * 3


def test_rounding_never_lifts_a_score_above_one() -> None:
    say = np.random.default_rng(0).uniform(0, 1, (11, 2000))
    ones = np.ones_like(say)
    votes = Votes(VOTING_KEYS, ones, say, ones > 0, ones < 0)
    result = score_of(votes, dict.fromkeys(VOTING_KEYS, 1.0))
    assert (np.add.accumulate(result.contributions, axis=0)[-1] > 1).any()  # they do round up here
    assert result.score.max() == 1.0
    assert score_of(Votes(votes.keys, -ones, say, ones > 0, ones < 0), dict.fromkeys(VOTING_KEYS, 1.0)).score.min() == -1.0


@pytest.mark.parametrize(
    ("score", "verdict", "signal"),
    [
        (1.0, "Strong Buy", "BUY"),
        (0.6, "Strong Buy", "BUY"),
        (math.nextafter(0.6, 0), "Buy", "BUY"),
        (0.2, "Buy", "BUY"),
        (math.nextafter(0.2, 0), "Hold", "HOLD"),
        (0.0, "Hold", "HOLD"),
        (math.nextafter(-0.2, 0), "Hold", "HOLD"),
        (-0.2, "Sell", "SELL"),
        (math.nextafter(-0.6, 0), "Sell", "SELL"),
        (-0.6, "Strong Sell", "SELL"),
        (-1.0, "Strong Sell", "SELL"),
    ],
    ids=repr,
)
def test_verdict_and_signal_of_a_score(score: float, verdict: str, signal: str) -> None:
    assert (verdict_of(score), signal_of(score)) == (Verdict(verdict), Signal(signal))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("ticker", TICKERS)
def test_the_score_is_the_weighted_mean_of_the_readings(sample: dict[str, Bars], ticker: str, strategy: str) -> None:
    """The formula of the design, worked out again from what the result itself says."""
    for count in range(60, len(sample[ticker]), 311):
        analysis = seen(sample[ticker].until(count), chosen(strategy))
        readings = [reading for reading in analysis.indicators if reading.available and reading.key != "atr"]
        said = math.fsum(reading.confidence * reading.weight for reading in readings)
        assert said > 0
        parts = [reading.vote * reading.confidence * reading.weight / said for reading in readings]
        assert [reading.contribution for reading in readings] == pytest.approx(parts, abs=1e-14)
        assert analysis.score == pytest.approx(math.fsum(parts), abs=1e-14)
        assert math.fsum(reading.contribution for reading in analysis.indicators) == pytest.approx(analysis.score, abs=1e-14)
        assert (analysis.verdict, analysis.signal) == (verdict_of(analysis.score), signal_of(analysis.score))


def test_facebook_is_too_young_for_ema_200(sample: dict[str, Bars]) -> None:
    assert len(sample["FB"]) == 196
    reading = readings_of(seen(sample["FB"]))["ema_cross"]
    assert not reading.available
    assert reading.value is None
    assert (reading.vote, reading.confidence, reading.weight, reading.contribution) == (0, 0.0, 0.0, 0.0)
    assert reading.reason == "EMA 50/200 needs 200 bars; there are 196."
    assert reading.details == {}


def test_ema_200_comes_with_the_two_hundredth_bar(sample: dict[str, Bars]) -> None:
    assert not readings_of(seen(sample["IBM"].until(199)))["ema_cross"].available
    assert readings_of(seen(sample["IBM"].until(200)))["ema_cross"].available


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_atr_is_reported_and_never_counts(sample: dict[str, Bars], strategy: str) -> None:
    reading = readings_of(seen(sample["IBM"], chosen(strategy)))["atr"]
    assert reading.available
    assert reading.value > 0
    assert (reading.vote, reading.confidence, reading.weight, reading.contribution) == (0, 0.0, 0.0, 0.0)


def test_atr_alone_has_nothing_to_say(sample: dict[str, Bars]) -> None:
    analysis = seen(sample["IBM"], chosen(indicators=("atr",)))
    assert (analysis.score, analysis.verdict, len(analysis.indicators)) == (0.0, Verdict.HOLD, 1)


@pytest.mark.parametrize("key", VOTING_KEYS)
def test_one_indicator_alone_scores_its_own_vote(sample: dict[str, Bars], key: str) -> None:
    for count in range(200, 3270, 307):
        analysis = seen(sample["MSFT"].until(count), chosen(indicators=(key,)))
        assert [reading.key for reading in analysis.indicators] == [key]
        assert analysis.score == pytest.approx(analysis.indicators[0].vote)


def test_no_weight_at_all_is_hold(sample: dict[str, Bars]) -> None:
    weights = dict.fromkeys(("trend", "momentum", "volatility", "volume"), 0.0)
    analysis = seen(sample["IBM"], chosen(weights=weights))
    assert (analysis.score, analysis.verdict, analysis.trade) == (0.0, Verdict.HOLD, None)

"""No look-ahead: the analysis of a day depends only on the bars up to that day, to the last bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kit.bars import TICKERS, bars_of, chosen, seen, walk

from analysis.bars import Bars
from analysis.engine import Batch, SignalHistory, analyse, newest_score, signal_history
from models.freshness import StaleBy
from models.strategy import STRATEGIES
from utils.json_text import dump


@pytest.fixture(scope="module")
def histories(sample: dict[str, Bars]) -> dict[str, SignalHistory]:
    return {ticker: signal_history(bars, chosen()) for ticker, bars in sample.items()}


def bits(values: np.ndarray) -> bytes:
    return np.ascontiguousarray(values).tobytes()


@pytest.mark.parametrize("ticker", TICKERS)
def test_a_day_is_judged_as_if_it_were_the_newest(sample: dict[str, Bars], histories: dict[str, SignalHistory], ticker: str) -> None:
    bars, history = sample[ticker], histories[ticker]
    for count in [*range(50, len(bars), max(len(bars) // 60, 1)), len(bars)]:
        analysis, row = seen(bars.until(count)), count - 1
        assert analysis.score.hex() == float(history.score[row]).hex(), count
        for line, reading in enumerate(analysis.indicators):
            assert reading.key == history.votes.keys[line]
            assert reading.available == history.votes.available[line, row]
            assert reading.vote == history.votes.vote[line, row]
            assert reading.confidence.hex() == float(history.votes.confidence[line, row]).hex(), (count, reading.key)
            if reading.value is not None:
                assert reading.value.hex() == float(history.value[line, row]).hex(), (count, reading.key)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_scores_a_day_as_if_it_were_the_newest(sample: dict[str, Bars], strategy: str) -> None:
    bars, parameters = sample["AAPL"], chosen(strategy)
    history = signal_history(bars, parameters)
    for count in range(50, len(bars), 83):
        score, votes, _ = newest_score(bars.until(count), parameters)
        assert score.hex() == float(history.score[count - 1]).hex(), count
        assert list(votes.values()) == history.votes.vote[:, count - 1].tolist(), count


@pytest.mark.parametrize("indicators", [("rsi",), ("atr", "cmf"), ("ema_cross", "obv", "psar")], ids="+".join)
def test_a_subset_scores_a_day_as_if_it_were_the_newest(sample: dict[str, Bars], indicators: tuple[str, ...]) -> None:
    bars, parameters = sample["GOOG"], chosen(indicators=indicators)
    history = signal_history(bars, parameters)
    for count in range(50, len(bars), 211):
        assert newest_score(bars.until(count), parameters)[0].hex() == float(history.score[count - 1]).hex(), count


@pytest.mark.parametrize("count", [50, 199, 200, 201, 1000, 3269])
def test_the_history_of_a_day_is_the_beginning_of_every_later_one(
    sample: dict[str, Bars], histories: dict[str, SignalHistory], count: int
) -> None:
    short, whole = signal_history(sample["IBM"].until(count), chosen()), histories["IBM"]
    assert bits(short.score) == bits(whole.score[:count])
    assert bits(short.value) == bits(whole.value[:, :count])
    for name in ("vote", "confidence", "available"):
        assert bits(getattr(short.votes, name)) == bits(getattr(whole.votes, name)[:, :count]), name


def test_what_comes_later_does_not_change_a_day() -> None:
    bars = walk(3, 400)
    crash = dataclasses.replace(bars, **{name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")})
    for name in ("open", "high", "low", "close"):
        getattr(crash, name)[300:] *= 0.1
    crash.volume[300:] *= 50
    before, after = signal_history(bars, chosen()), signal_history(crash, chosen())
    assert bits(before.score[:300]) == bits(after.score[:300])
    assert bits(before.score[300:]) != bits(after.score[300:])


def test_a_day_too_early_for_an_indicator_has_no_vote_of_it(histories: dict[str, SignalHistory]) -> None:
    history = histories["FB"]
    assert history.score[0] == 0
    assert not history.votes.available[:, 0].any()
    assert not history.votes.vote[~history.votes.available].any()
    assert not history.votes.confidence[~history.votes.available].any()


def test_an_analysis_leaves_its_bars_alone(sample: dict[str, Bars]) -> None:
    bars = sample["FB"]
    before = [bits(getattr(bars, field.name)) for field in dataclasses.fields(Bars)]
    seen(bars)
    assert [bits(getattr(bars, field.name)) for field in dataclasses.fields(Bars)] == before


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_batch_gives_each_ticker_what_it_gives_it_alone(sample: dict[str, Bars], strategy: str) -> None:
    histories = [
        *sample.values(),
        *(sample["IBM"].until(count) for count in (50, 51, 199, 200, 260)),
        *(walk(seed, count, level=10.0**seed, tick=10.0**seed / 100, idle=0.5) for seed, count in enumerate((50, 120, 500))),
        bars_of(np.full(80, 3.0)),
    ]
    batch, stale = Batch(chosen(strategy)), StaleBy("XNYS", "New York Stock Exchange")
    for bars in histories:
        batch.add(bars, stale)
    alone = [analyse(bars, chosen(strategy), stale) for bars in histories]
    assert [dump(analysis) for analysis in batch.analyses()] == [dump(analysis) for analysis in alone]


def test_a_batch_without_tickers_has_no_analyses() -> None:
    assert Batch(chosen()).analyses() == []

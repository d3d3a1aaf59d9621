"""One analysis, the signal history, and the fingerprint that identifies a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from analysis.bars import Bars, FloatArray
from analysis.levels import LOOKBACK, find_levels
from analysis.quality import price_warnings
from analysis.reasons import explain, finite, unavailable
from analysis.record import BARS_NEEDED, TOO_SHORT, record_of
from analysis.rules import Votes, cast_votes, divisions_by_zero_ignored, shown_values
from analysis.score import Score, score_of, scores_of, signal_of, verdict_of
from analysis.series import LONGEST_WINDOW, Series, compute_series, newest_of, newest_series, newest_smoothed, rows_of
from analysis.trade import plan_trade
from models.analysis import Analysis, Overrides, OwnParameters, Parameters, PriceWarning
from models.evidence import WARMUP, Record
from models.freshness import StaleBy
from models.indicator import INDICATORS, IndicatorReading
from models.strategy import STRATEGIES, Strategy

# Incremented with every change to any number or sentence of a result.
ENGINE_VERSION = "6"
ENGINE_RELEASED = date(2026, 11, 29)  # since when this version's results are a record that nobody could have seen
WEIGHT_DECIMALS = 10  # of a weight that is told
_NOT_COUNTED = np.full(WARMUP, np.nan)  # scores of days that do not count

RECENT = max(LONGEST_WINDOW, LOOKBACK)  # bars: all that an analysis needs besides the smoothed indicators


@dataclass(frozen=True)
class SignalHistory:
    """The score of each bar, of shape (bars,), and the votes and the series behind it."""

    score: FloatArray
    votes: Votes
    series: Series[FloatArray]

    @property
    def value(self) -> FloatArray:
        """The values that are shown, of shape (indicators, bars)."""
        with divisions_by_zero_ignored():
            return shown_values(self.votes.keys, self.series)


def parameters_of(strategy: Strategy, overrides: Overrides) -> Parameters:
    """A strategy with overrides applied and every default filled in: equal analyses have equal parameters."""
    selected = overrides.indicators or tuple(INDICATORS)
    keys = tuple(key for key in INDICATORS if key in selected)
    weights = strategy.weights(overrides.weights)
    parameters = Parameters(
        strategy=strategy.id,
        weights={key: weights[key] for key in keys if key in weights},
        indicators=keys,
        stop_percent=strategy.stop_percent,
        reward_risk=strategy.reward_risk if overrides.reward_risk is None else overrides.reward_risk,
        max_position_percent=strategy.max_position_percent,
    )
    return parameters if strategy.version is None else OwnParameters(**vars(parameters), strategy_version=strategy.version)


def parameters_again(values: dict[str, Any]) -> Parameters:
    """The parameters that were stored as JSON."""
    kind = OwnParameters if "strategy_version" in values else Parameters
    return kind(**{**values, "indicators": tuple(values["indicators"])})


def version_of(parameters: Parameters) -> int | None:
    """The version of an organization's own strategy; None for a built-in one."""
    return parameters.strategy_version if isinstance(parameters, OwnParameters) else None


def basis_of(parameters: Parameters) -> str:
    """In which sense the record of some parameters is out of sample."""
    if isinstance(parameters, OwnParameters):
        return (
            f"weights of the organization's own strategy {parameters.strategy}, version {parameters.strategy_version}: whoever chose them "
            "may have looked at this history, so it proves nothing about them; what was told since then does"
        )
    default = parameters_of(STRATEGIES[parameters.strategy], Overrides())
    if (parameters.weights, parameters.indicators) != (default.weights, default.indicators):
        return "weights chosen by the caller: a choice made after a look at this history proves nothing about it"
    return f"textbook rules and thresholds, fixed in engine {ENGINE_VERSION}; nothing was fitted to this ticker"


class Fingerprints:
    """Fingerprints of results with the same parameters, which are serialised once."""

    def __init__(self, parameters: Parameters, engine_version: str = ENGINE_VERSION) -> None:
        self._parameters, self._engine_version = json.dumps(vars(parameters), sort_keys=True), engine_version

    def of(self, ticker: str, bars_sha256: str, stale: StaleBy | None) -> str:
        """SHA-256, as hex, of everything that a result depends on.

        `stale` is the only input that depends on the day of the analysis: it gives a warning in the result, which names the exchange.
        """
        staleness = "false" if stale is None else "true" if stale.mic is None else f'"{stale.mic}"'
        inputs = f'["{ticker}", "{bars_sha256}", {self._parameters}, "{self._engine_version}", {staleness}]'
        return hashlib.sha256(inputs.encode()).hexdigest()


def analyse(bars: Bars, parameters: Parameters, stale: StaleBy | None = None) -> Analysis:
    """Analyse the newest bar of at least `quality.MINIMUM_BARS` adjusted bars; `stale` says by what it is old, if it is."""
    batch = Batch(parameters)
    batch.add(bars, stale)
    return batch.analyses()[0]


class Batch:
    """Tickers whose newest bars are evaluated together. Each gets what `analyse` gives it, to the last bit, in less time."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters, self._basis = parameters, basis_of(parameters)
        self._tickers: list[_Ticker] = []

    def add(self, bars: Bars, stale: StaleBy | None = None) -> None:
        """Add the history of a ticker; only its newest bars are kept."""
        smoothed, record = self._look_back(bars)
        self._tickers.append(_Ticker(len(bars), smoothed, bars.newest(RECENT), price_warnings(bars, stale), stale is not None, record))

    def _look_back(self, bars: Bars) -> tuple[tuple[float, ...], Record]:
        """The smoothed indicators of the newest bar, and the record of its verdict, for which the days that count are scored."""
        if len(bars) < BARS_NEEDED:
            return newest_smoothed(bars), TOO_SHORT
        with divisions_by_zero_ignored():
            series = compute_series(bars, len(bars) - WARMUP)
            scores = scores_of(series, self._parameters)
        return newest_of(series), record_of(bars, np.concatenate([_NOT_COUNTED, scores]), self._basis)

    def analyses(self) -> list[Analysis]:
        """The analyses, in the order in which the tickers were added."""
        if not self._tickers:
            return []
        with divisions_by_zero_ignored():
            series = newest_series([ticker.smoothed for ticker in self._tickers], [ticker.recent for ticker in self._tickers])
            votes, score = _evaluate(series, self._parameters)
            ballots = _ballots(votes, shown_values(votes.keys, series), score)
        rows = zip(self._tickers, rows_of(series), ballots, score.score.tolist(), strict=True)
        return [_analysis(ticker, row, ballots, total, self._parameters) for ticker, row, ballots, total in rows]


def signal_history(bars: Bars, parameters: Parameters) -> SignalHistory:
    """The score and votes of each bar, computed from the bars up to it."""
    with divisions_by_zero_ignored():
        series = compute_series(bars, len(bars))
        votes, score = _evaluate(series, parameters)
    return SignalHistory(score.score, votes, series)


class NewestScore(NamedTuple):
    """The score of the newest bar, and each indicator's vote and contribution, without reasons and trade."""

    score: float
    votes: dict[str, int]
    contributions: dict[str, float]


def newest_score(bars: Bars, parameters: Parameters) -> NewestScore:
    """The score of the newest bar."""
    with divisions_by_zero_ignored():
        votes, score = _evaluate(newest_series([newest_smoothed(bars)], [bars]), parameters)
    vote, contribution = votes.vote[:, 0].astype(int).tolist(), score.contributions[:, 0].tolist()
    return NewestScore(float(score.score[0]), dict(zip(votes.keys, vote, strict=True)), dict(zip(votes.keys, contribution, strict=True)))


def newest_scores(bars: Bars, choices: Iterable[Parameters]) -> list[float]:
    """The score of the newest bar by each of several parameters; the indicators are computed once."""
    with divisions_by_zero_ignored():
        series = newest_series([newest_smoothed(bars)], [bars])
        return [float(_evaluate(series, parameters)[1].score[0]) for parameters in choices]


class _Ticker(NamedTuple):
    """What is kept of a ticker's history until its newest bar is evaluated."""

    bars: int  # of the whole history
    smoothed: tuple[float, ...]
    recent: Bars
    warnings: tuple[PriceWarning, ...]
    stale: bool
    record: Record


class _Ballot(NamedTuple):
    """One indicator's part in the score of one row."""

    available: float  # 0 or 1, as is `meaningless`
    meaningless: float
    value: float
    vote: float
    confidence: float
    contribution: float


def _evaluate(series: Series[FloatArray], parameters: Parameters) -> tuple[Votes, Score]:
    votes = cast_votes(parameters.indicators, series)
    return votes, score_of(votes, parameters.weights)


def _ballots(votes: Votes, value: FloatArray, score: Score) -> Iterator[Iterator[_Ballot]]:
    """The ballots of each row, in the order of the indicators."""
    lines = np.array([votes.available, votes.meaningless, value, votes.vote, votes.confidence, score.contributions])
    return (map(_Ballot._make, row) for row in lines.T.tolist())


def _analysis(ticker: _Ticker, row: Series[float], ballots: Iterator[_Ballot], score: float, parameters: Parameters) -> Analysis:
    recent, signal = ticker.recent, signal_of(score)
    return Analysis(
        as_of=recent.day(-1),
        bars=ticker.bars,
        close=row.close,
        score=score,
        verdict=verdict_of(score),
        signal=signal,
        indicators=tuple(
            _reading(key, ballot, row, ticker.bars, parameters.weights) for key, ballot in zip(parameters.indicators, ballots, strict=True)
        ),
        levels=find_levels(recent, row.atr),
        trade=plan_trade(recent, row.atr, signal, parameters, ticker.stale),
        warnings=ticker.warnings,
        record=ticker.record,
    )


# Key, name and category of each indicator as a reading has them: the value of an enumeration is slow to read.
_NAMED = {key: (key, indicator.name, indicator.category.value) for key, indicator in INDICATORS.items()}


def _reading(key: str, ballot: _Ballot, row: Series[float], bars: int, weights: Mapping[str, float]) -> IndicatorReading:
    available, meaningless, value, vote, confidence, contribution = ballot
    if not available:
        return IndicatorReading(*_NAMED[key], False, None, 0, confidence, 0.0, contribution, unavailable(key, bars), {})
    reason, details = explain(key, row, int(vote), bool(meaningless))
    # The product of 1.3 and 1.5 is told as 1.95, though the score counts it as computed. An indicator that does not vote has none.
    weight = round(weights.get(key, 0.0), WEIGHT_DECIMALS)
    return IndicatorReading(*_NAMED[key], True, finite(value), int(vote), confidence, weight, contribution, reason, details)

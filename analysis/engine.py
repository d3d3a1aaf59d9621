"""One analysis, the signal history, and the fingerprint that identifies a result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import numpy as np

from analysis.bars import Bars, FloatArray
from analysis.levels import find_levels
from analysis.quality import price_warnings
from analysis.reasons import explain, finite, unavailable
from analysis.rules import Votes, cast_votes
from analysis.score import Score, score_of, signal_of, verdict_of
from analysis.series import Series, compute_series
from analysis.trade import plan_trade
from models.analysis import Analysis, Overrides, Parameters
from models.indicator import INDICATORS, IndicatorReading
from models.strategy import Strategy

# Incremented with every change to any number or sentence of a result.
ENGINE_VERSION = "1"


@dataclass(frozen=True)
class SignalHistory:
    """The score of each bar, of shape (bars,), and the votes behind it."""

    score: FloatArray
    votes: Votes


def parameters_of(strategy: Strategy, overrides: Overrides) -> Parameters:
    """A strategy with overrides applied and every default filled in: equal analyses have equal parameters."""
    selected = overrides.indicators or tuple(INDICATORS)
    keys = tuple(key for key in INDICATORS if key in selected)
    weights = strategy.weights(overrides.weights)
    return Parameters(
        strategy=strategy.id,
        weights={key: weights[key] for key in keys if key in weights},
        indicators=keys,
        stop_percent=strategy.stop_percent,
        reward_risk=strategy.reward_risk if overrides.reward_risk is None else overrides.reward_risk,
        max_position_percent=strategy.max_position_percent,
    )


class Fingerprints:
    """Fingerprints of results with the same parameters, which are serialised once."""

    def __init__(self, parameters: Parameters, engine_version: str = ENGINE_VERSION) -> None:
        self._parameters, self._engine_version = json.dumps(vars(parameters), sort_keys=True), engine_version

    def of(self, ticker: str, bars_sha256: str, stale: bool) -> str:
        """SHA-256, as hex, of everything that a result depends on.

        `stale` is the only input that depends on the day of the analysis: it gives a warning in the result.
        """
        inputs = f'["{ticker}", "{bars_sha256}", {self._parameters}, "{self._engine_version}", {json.dumps(stale)}]'
        return hashlib.sha256(inputs.encode()).hexdigest()


def analyse(bars: Bars, parameters: Parameters, today: date) -> Analysis:
    """Analyse the newest bar of at least `quality.MINIMUM_BARS` adjusted bars; `today` decides whether it is stale."""
    outcome = _evaluate(bars, parameters, rows=1)
    series, votes, score = outcome
    total = float(score.score[-1])
    signal = signal_of(total)
    atr = float(series.atr[-1])
    return Analysis(
        as_of=bars.day(-1),
        bars=len(bars),
        close=float(bars.close[-1]),
        score=total,
        verdict=verdict_of(total),
        signal=signal,
        indicators=tuple(_reading(line, outcome, parameters.weights, len(bars)) for line in range(len(votes.keys))),
        levels=find_levels(bars, atr),
        trade=plan_trade(bars, atr, signal, parameters),
        warnings=price_warnings(bars, today),
    )


def signal_history(bars: Bars, parameters: Parameters) -> SignalHistory:
    """The score and votes of each bar, computed from the bars up to it."""
    _, votes, score = _evaluate(bars, parameters, rows=len(bars))
    return SignalHistory(score.score, votes)


def newest_score(bars: Bars, parameters: Parameters) -> tuple[float, dict[str, int]]:
    """The score of the newest bar and each indicator's vote, without reasons and trade."""
    _, votes, score = _evaluate(bars, parameters, rows=1)
    return float(score.score[-1]), {key: int(vote) for key, vote in zip(votes.keys, votes.vote[:, -1], strict=True)}


def _evaluate(bars: Bars, parameters: Parameters, rows: int) -> tuple[Series, Votes, Score]:
    # NaN before an indicator's first value, and 0/0 on flat prices, are intended; the rules mask both.
    with np.errstate(invalid="ignore", divide="ignore"):
        series = compute_series(bars, rows)
        votes = cast_votes(parameters.indicators, series)
        return series, votes, score_of(votes, parameters.weights)


def _reading(line: int, outcome: tuple[Series, Votes, Score], weights: dict[str, float], bars: int) -> IndicatorReading:
    series, votes, score = outcome
    indicator = INDICATORS[votes.keys[line]]
    available = bool(votes.available[line, -1])
    vote, confidence = int(votes.vote[line, -1]), float(votes.confidence[line, -1])
    reason, details = (
        explain(indicator.key, series, vote, bool(votes.meaningless[line, -1])) if available else (unavailable(indicator.key, bars), {})
    )
    return IndicatorReading(
        key=indicator.key,
        name=indicator.name,
        category=str(indicator.category),
        available=available,
        value=finite(float(votes.value[line, -1])) if available else None,
        vote=vote,
        confidence=confidence,
        weight=weights[indicator.key] if available and indicator.votes else 0.0,
        contribution=float(score.contributions[line, -1]),
        reason=reason,
        details=details,
    )

"""The verdicts of all strategies on one ticker, of its stored prices. Nothing is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from analysis.engine import ENGINE_VERSION, newest_scores, parameters_of
from analysis.quality import MINIMUM_BARS
from analysis.score import signal_of, verdict_of
from database import Database
from features.prices import service as prices
from features.strategies import service as strategies
from models.analysis import Overrides, Parameters, Signal, Verdict
from models.errors import InsufficientHistory, TickerNotFound
from models.strategy import Strategy, StrategyName


@dataclass(frozen=True)
class StrategyVerdict:
    """What one strategy says."""

    strategy: StrategyName
    name: str
    score: float
    verdict: Verdict
    signal: Signal


@dataclass(frozen=True)
class TickerVerdicts:
    """What each strategy says of the newest bar; `tag` is a digest of everything that it depends on."""

    tag: str
    ticker: str
    as_of: date
    close: float
    items: tuple[StrategyVerdict, ...]


@lru_cache(maxsize=256)
def _parameters(strategy: Strategy) -> Parameters:
    return parameters_of(strategy, Overrides())


def compute_verdicts(database: Database, org_id: int, ticker: str) -> TickerVerdicts:
    """The verdict that `analyse_ticker` gives by each strategy, without its explanation.

    Raises TickerNotFound, InsufficientHistory or PricesDamaged.
    """
    with database.reader() as connection:
        loaded = prices.load(connection, org_id, ticker)
        usable = strategies.usable(connection, org_id)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = prices.sound_bars(head, packed)
    if len(bars) < MINIMUM_BARS:
        raise InsufficientHistory(ticker, len(bars), MINIMUM_BARS)
    scores = newest_scores(bars, map(_parameters, usable))
    told = [(strategy.key, strategy.name) for strategy in usable]
    return TickerVerdicts(
        tag=hashlib.sha256(f"{ENGINE_VERSION} {ticker} {head.sha256} {head.adjusted} {told}".encode()).hexdigest()[:32],
        ticker=head.ticker,
        as_of=bars.day(-1),
        close=float(bars.close[-1]),
        items=tuple(
            StrategyVerdict(strategy.id, strategy.name, score, verdict_of(score), signal_of(score))
            for strategy, score in zip(usable, scores, strict=True)
        ),
    )

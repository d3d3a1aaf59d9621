"""Counts the tickers of a calibration: reads and scores each, and stores what a chunk of them adds to the sums.

The sums of a chunk are written once, in the transaction that ends its items; so each ticker is counted once, whatever becomes of workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from analysis.backtest import Signals, run_backtest
from analysis.bars import Bars
from analysis.calibration import CountRules, Sums, TickerCount, count_ticker
from analysis.engine import parameters_of, signal_history
from database import Database
from features.evidence.parts import gather
from features.evidence.store import calibration as calibration_store
from features.evidence.universe_jobs import CalibrationParams
from features.prices import service as prices
from models.analysis import Overrides, Parameters
from models.backtest import BacktestRules
from models.errors import BellwetherError, TickerNotFound
from models.evidence import WARMUP
from models.job import Fault, Stored
from models.price_errors import PricesDamaged
from models.price_series import PackedBars, SeriesHead, day_of
from utils.ids import new_id

COUNTED, TOO_SHORT = "Counted", "Too short"


@dataclass(frozen=True)
class Chunk:
    """The packed sums of tickers that were counted together."""

    tickers: frozenset[str]
    sums: bytes


@dataclass(frozen=True)
class Counted:
    """A ticker that was counted, or that is too short for it, and the chunk that its count is in."""

    params: CalibrationParams
    bars: int
    count: TickerCount | None
    chunk: Chunk


def count_many(database: Database, org_id: int, params: CalibrationParams, tickers: Sequence[str]) -> Iterator[tuple[str, Counted | Fault]]:
    """Yield the outcome of each ticker. They are counted together before the first is yielded."""
    gather(database, params.calibration_id, len(params.horizons))
    rules = CountRules(params.horizons, params.cost_bp)
    parameters = parameters_of(params.strategy, Overrides())
    counts: dict[str, tuple[int, TickerCount | None]] = {}
    errors: dict[str, BellwetherError] = {}

    def add(head: SeriesHead, packed: PackedBars) -> None:
        try:
            bars = prices.sound_bars(head, packed)
            is_long = len(bars) >= rules.bars_needed
            counts[head.ticker] = len(bars), _count(head.ticker, bars, parameters, rules) if is_long else None
        except BellwetherError as error:
            errors[head.ticker] = error

    with database.reader() as reader:
        prices.load_each(reader, org_id, tickers, add)
    chunk = Chunk(frozenset(counts), _packed([count for _, count in counts.values()], len(params.horizons)) if counts else b"")
    for ticker, (bars, count) in counts.items():
        yield ticker, Counted(params, bars, count, chunk)
    for ticker in tickers:
        if ticker not in counts:
            error = errors.get(ticker) or TickerNotFound(ticker)
            yield ticker, Fault(error.code, str(error))


def _count(ticker: str, bars: Bars, parameters: Parameters, rules: CountRules) -> TickerCount:
    history = signal_history(bars, parameters)
    if not np.isfinite(history.score[WARMUP:]).all():
        raise PricesDamaged(ticker)
    traded = run_backtest(bars, Signals(history.score, history.score), parameters, BacktestRules(rules.cost_bp, stops=False), WARMUP)
    return count_ticker(bars, history.score, rules, bool(traded.values[-1] > traded.benchmark[-1]))


def _packed(counts: Sequence[TickerCount | None], horizons: int) -> bytes:
    long_enough = [count for count in counts if count is not None]
    return Sums.of(long_enough, horizons, too_short=len(counts) - len(long_enough)).pack()


def store_counts(connection: Connection, org_id: int, outcomes: Mapping[str, Counted]) -> Mapping[str, Stored]:
    """Add what some tickers of one calibration count to its parts; return by ticker the calibration's id and whether it counts.

    Where the calibration was deleted meanwhile, nothing is added.
    """
    first = next(iter(outcomes.values()))
    params = first.params
    if calibration_store.exists(connection, org_id, params.calibration_id):
        is_whole = first.chunk.tickers == outcomes.keys() and all(one.chunk is first.chunk for one in outcomes.values())
        sums = first.chunk.sums if is_whole else _packed([one.count for one in outcomes.values()], len(params.horizons))
        calibration_store.insert_part(connection, params.calibration_id, new_id(), sums)
    return {ticker: _stored(one) for ticker, one in outcomes.items()}


def _stored(one: Counted) -> Stored:
    if one.count is None:
        return Stored(one.params.calibration_id, TOO_SHORT, None, {"bars": one.bars})
    facts = {
        "bars": one.bars,
        "days": len(one.count.bins),
        "first": day_of(one.count.first_day).isoformat(),
        "last": day_of(one.count.last_day).isoformat(),
        "beat_hold": one.count.beat,
    }
    return Stored(one.params.calibration_id, COUNTED, None, facts)

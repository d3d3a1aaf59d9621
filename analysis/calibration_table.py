"""The tables of a calibration: what came after each tenth of the scores and after each verdict, from the sums of a universe."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.bars import FloatArray
from analysis.bootstrap import BLOCK_HORIZONS, FEWEST_BLOCKS, REPETITIONS, Blocks
from analysis.calibration import BINS, CELL_DAYS, DAYS, EDGES, MILLION, VERDICT_OF_BIN, IntArray, Sums
from analysis.record import is_buy
from analysis.score import VERDICTS
from models.analysis import Verdict
from models.evidence import (
    FEWEST_EPISODES,
    LEVEL,
    WARMUP,
    DecileEvidence,
    Interval,
    UniverseBase,
    UniverseHorizon,
    UniverseVerdict,
)

CELL_BARS = 20  # about
DECILES = 10
METHOD = (
    f"circular block bootstrap over cells of {CELL_DAYS} calendar days, all tickers of a cell together; percentiles, "
    "widened by Student's t for few blocks"
)
DEFINITIONS = {
    "day": f"A day of a ticker counts with {WARMUP} bars before it and a known outcome; its score is that of its close.",
    "return": "From the open of the next bar to the open of the bar h later, of adjusted prices, less the cost of a round trip.",
    "decile": f"A tenth of all days by score, from the lowest to the highest, bounded by steps of {2 / BINS}.",
    "hit": "Of a decile, the share of its days with a return above 0. Of a Buy the same, of a Sell the share below 0. Hold has none.",
    "lift": "The hit less that of all days of the same tickers with the same sign, so that no ticker counts for its own luck.",
    "excess": "The mean return less the mean of all days of the same ticker. A Sell that is any good has a negative one.",
    "episodes": "Runs of days of a ticker with one verdict, added up over the tickers.",
    "interval": f"Bounds between which the value lies with {100 * LEVEL:.0f} % confidence, if the future is like this past. "
    "All tickers of a month are taken together, because they move together.",
    "too_few": f"Fewer than {FEWEST_EPISODES} episodes, or a history shorter than {FEWEST_BLOCKS} blocks: no interval is claimed.",
}
_EDGES = np.concatenate([[-1.0], -EDGES[::-1], [0.0], EDGES, [1.0]])
_SEED_DIGITS = 8


def seed_of(sums: Sums) -> int:
    """The seed of the intervals: the same sums give the same ones."""
    digest = hashlib.sha256(sums.by_bin.tobytes() + sums.by_verdict.tobytes() + sums.returns.tobytes()).hexdigest()
    return int(digest[:_SEED_DIGITS], 16)


def interval_of(seed: int) -> Interval:
    """How the intervals are computed."""
    return Interval(METHOD, BLOCK_HORIZONS, REPETITIONS, seed, LEVEL)


def tables_of(sums: Sums, horizons: Sequence[int], seed: int) -> tuple[UniverseHorizon, ...]:
    """The tables of each horizon that has a day that counts."""
    return tuple(_horizon(sums, at, horizon, seed) for at, horizon in enumerate(horizons) if sums.by_bin[at, DAYS].any())


@dataclass(frozen=True)
class _Line:
    """The sums of the days of one line of a table, by cell: days, right ones, and in millionths excess and lift (of a decile none)."""

    days: IntArray
    right: IntArray
    excess: IntArray
    lift: IntArray | None = None
    of_all: int = 0  # which of the columns of all days its lift is beside

    def columns(self) -> list[IntArray]:
        """The sums, by cell."""
        return [self.days, self.right, self.excess, *([] if self.lift is None else [self.lift])]


@dataclass(frozen=True)
class _Told:
    """Values of a line with their bounds: hit, excess and lift."""

    hit: float
    excess: float
    lift: float
    bounds: tuple[tuple[float, float], ...] | None  # of each


def _horizon(sums: Sums, at: int, horizon: int, seed: int) -> UniverseHorizon:
    days, rose, excess = sums.by_bin[at]
    fell, up, down = sums.by_verdict[at]
    by_bin = days.sum(axis=0)
    cuts = _cuts(by_bin)
    tenths = [slice(*pair) for pair in pairwise(cuts)]
    every = [days.sum(axis=1), excess.sum(axis=1), up.sum(axis=1), down.sum(axis=1)]
    lines = [_Line(days[:, one].sum(axis=1), rose[:, one].sum(axis=1), excess[:, one].sum(axis=1)) for one in tenths]
    for code, verdict in enumerate(VERDICTS):
        bins = code == VERDICT_OF_BIN
        right, lift, of_all = (rose[:, bins].sum(axis=1), up, 2) if is_buy(verdict) else (fell[:, code], down, 3)
        lines.append(_Line(days[:, bins].sum(axis=1), right, excess[:, bins].sum(axis=1), lift[:, code], of_all))
    block = max(1, round(BLOCK_HORIZONS * horizon / CELL_BARS))
    told = _told(every, lines, Blocks.drawn(seed + horizon, sums.cells, block))
    returns, total = sums.returns[at], int(by_bin.sum())
    base = UniverseBase(total, int(rose.sum()) / total, int(fell.sum()) / total, int(returns.sum()) / MILLION / total)
    deciles = (_decile(number, tenth, told[number], (by_bin, returns)) for number, tenth in enumerate(tenths))
    verdicts = (_verdict(sums, at, code, told[DECILES + code]) for code in reversed(range(len(VERDICTS))))
    return UniverseHorizon(horizon, base, tuple(one for one in deciles if one is not None), tuple(verdicts))


def _cuts(by_bin: IntArray) -> list[int]:
    """The first bin of each decile, and the end: where the days up to a bin are nearest to as many tenths."""
    reached = np.concatenate([[0], np.cumsum(by_bin)])
    wanted = reached[-1] * np.arange(1, DECILES) / DECILES
    inner = np.abs(reached[:, None] - wanted).argmin(axis=0)
    return [0, *inner.tolist(), BINS]


def _told(every: Sequence[IntArray], lines: Sequence[_Line], blocks: Blocks) -> list[_Told | None]:
    """The values of each line that has days, and their bounds where the history is long enough.

    `every` has the columns of all days: their number, excess, and lifts of both signs. A resample has an excess and a lift of its own as a
    whole, which those of its lines are beside.
    """
    rows = np.array([*every, *(column for line in lines for column in line.columns())], dtype=np.float64).T.copy()
    totals = rows.sum(axis=0, keepdims=True)
    if blocks.are_enough:
        totals = np.concatenate([totals, blocks.sums(rows)])
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may have no day of a rare verdict, or none at all
        of_all = totals[:, : len(every)] / totals[:, :1]
        told: list[_Told | None] = []
        at = len(every)
        for line in lines:
            columns = totals[:, at : at + len(line.columns())]
            told.append(_line(columns[:, 1:] / columns[:, :1], of_all[:, [1, line.of_all]], blocks) if columns[0, 0] else None)
            at += len(line.columns())
    return told


def _line(shares: FloatArray, of_all: FloatArray, blocks: Blocks) -> _Told:
    """The values of a line: in the columns of `shares` its hit, excess and maybe lift, beside excess and lift of all days."""
    shares[:, 1:] -= of_all[:, : shares.shape[1] - 1]
    shares[:, 1:] /= MILLION
    estimate = shares[0]
    bounds = None
    if len(shares) > 1:
        low, high = blocks.interval(estimate, shares[1:].T)
        bounds = tuple(zip(low.tolist(), high.tolist(), strict=True))
    hit, excess, *rest = estimate.tolist()
    return _Told(hit, excess, rest[0] if rest else 0.0, bounds)


def _decile(number: int, tenth: slice, told: _Told | None, of_bins: tuple[IntArray, IntArray]) -> DecileEvidence | None:
    if told is None:
        return None
    days, returns = (int(values[tenth].sum()) for values in of_bins)
    hit, excess = _share_bounds(told), _bounds(told, 1)
    return DecileEvidence(
        decile=number + 1,
        low_score=float(_EDGES[tenth.start]),
        high_score=float(_EDGES[tenth.stop]),
        n=days,
        hit=told.hit,
        hit_low=hit[0],
        hit_high=hit[1],
        mean=returns / MILLION / days,
        excess=told.excess,
        excess_low=excess[0],
        excess_high=excess[1],
    )


def _bounds(told: _Told, of: int) -> tuple[float, float] | tuple[None, None]:
    return (None, None) if told.bounds is None else told.bounds[of]


def _share_bounds(told: _Told) -> tuple[float, float] | tuple[None, None]:
    return (None, None) if told.bounds is None else (max(0.0, told.bounds[0][0]), min(1.0, told.bounds[0][1]))


def _verdict(sums: Sums, at: int, code: int, told: _Told | None) -> UniverseVerdict:
    verdict, bins = VERDICTS[code], code == VERDICT_OF_BIN
    n, episodes = int(sums.by_bin[at, DAYS][:, bins].sum()), int(sums.episodes[at, code])
    enough = told is not None and told.bounds is not None and episodes >= FEWEST_EPISODES
    directed = told if verdict is not Verdict.HOLD else None
    hit, lift = ((None, None),) * 2 if directed is None or not enough else (_share_bounds(directed), _bounds(directed, 2))
    excess = (None, None) if told is None or not enough else _bounds(told, 1)
    return UniverseVerdict(
        verdict=verdict,
        n=n,
        episodes=episodes,
        tickers=int(sums.tickers[at, code]),
        hit=None if directed is None else directed.hit,
        hit_low=hit[0],
        hit_high=hit[1],
        lift=None if directed is None else directed.lift,
        lift_low=lift[0],
        lift_high=lift[1],
        mean=int(sums.returns[at][bins].sum()) / MILLION / n if n else None,
        excess=None if told is None else told.excess,
        excess_low=excess[0],
        excess_high=excess[1],
        too_few=not enough,
    )

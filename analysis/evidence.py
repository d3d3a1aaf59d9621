"""The record of every verdict of a strategy on one ticker: how often it was right at several horizons, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars, BoolArray, FloatArray
from analysis.bootstrap import BLOCK_HORIZONS, FEWEST_BLOCKS, REPETITIONS, Blocks
from analysis.outcomes import BASIS_POINTS, Outcomes, outcomes_of, run_starts
from analysis.record import NO_DIRECTION, is_buy, sentence, too_few, too_short, worth
from analysis.score import VERDICTS
from models.analysis import Verdict
from models.evidence import (
    FAN_DAYS,
    FAN_QUANTILES,
    FEWEST_EPISODES,
    LEVEL,
    WARMUP,
    BaseRate,
    Fan,
    FanLine,
    Half,
    HorizonEvidence,
    Interval,
    VerdictEvidence,
)

METHOD = "circular block bootstrap over days, all verdicts together; percentiles, widened by Student's t for few blocks"
DEFINITIONS = {
    "day": f"A day counts with {WARMUP} bars before it and a known outcome; its verdict is that of its close.",
    "return": "From the open of the next bar to the open of the bar h later, of adjusted prices, less the cost of a round trip.",
    "hit": "The share of the verdict's days with a return above 0 (a Buy) or below 0 (a Sell: holding did not pay). Hold has none.",
    "base": "The same over all days that count: `hit` is the share that rose, `fell` the share that fell.",
    "lift": "The verdict's hit less that of all days with the same sign.",
    "excess": "The verdict's mean return less that of all days. A Sell that is any good has a negative one.",
    "mean_move": "The mean size of the returns, up or down, before cost.",
    "episodes": "Runs of days with one verdict. Days of a run share most of their outcome, so episodes count, not days.",
    "interval": f"Bounds between which the value lies with {100 * LEVEL:.0f} % confidence, if the future is like this past.",
    "too_few": f"Fewer than {FEWEST_EPISODES} episodes, or a history shorter than {FEWEST_BLOCKS} blocks: no interval is claimed.",
    "halves": "The same over the older and the newer half of the days: a record that only one half shows is none.",
    "live": "What results stored at the time said, since this engine was released: the only record that nobody could have seen.",
}
_HOLD = VERDICTS.index(Verdict.HOLD)
_TOLD = tuple(reversed(range(len(VERDICTS))))  # from Strong Buy down to Strong Sell


@dataclass(frozen=True)
class EvidenceRules:
    """Which days count, from the bar `first` on, and what of their returns: the cost of a round trip; and the seed of the intervals."""

    cost_bp: float
    seed: int
    first: int = WARMUP


def evidence_of(bars: Bars, scores: FloatArray, horizons: Sequence[int], rules: EvidenceRules) -> tuple[HorizonEvidence, ...]:
    """The record of each verdict at each horizon that has days that count, given the score of each bar."""
    every = (outcomes_of(bars, scores, horizon, rules.first) for horizon in horizons)
    return tuple(_horizon(bars, outcomes, rules) for outcomes in every if len(outcomes))


def interval_of(seed: int) -> Interval:
    """How the intervals of some evidence are computed."""
    return Interval(METHOD, BLOCK_HORIZONS, REPETITIONS, seed, LEVEL)


def fan_of(bars: Bars, scores: FloatArray, first: int = WARMUP) -> Fan:
    """The quantiles of the returns before cost by the days after the entry: of all days, and of each verdict that came."""
    every = [outcomes_of(bars, scores, days, first) for days in FAN_DAYS]
    every = [outcomes for outcomes in every if len(outcomes)]
    if not every:
        return Fan((), FAN_QUANTILES, ())
    farthest = every[-1]
    lines = [FanLine(None, len(farthest), _quantiles([outcomes.returns for outcomes in every]))]
    for code in _TOLD:
        n = int(np.count_nonzero(farthest.codes == code))
        if n:
            returns = [outcomes.returns[outcomes.codes == code] for outcomes in every]
            lines.append(FanLine(VERDICTS[code], n, _quantiles(returns)))
    return Fan(FAN_DAYS[: len(every)], FAN_QUANTILES, tuple(lines))


def _quantiles(returns: Sequence[FloatArray]) -> tuple[tuple[float, ...], ...]:
    by_days = np.array([np.quantile(one, FAN_QUANTILES) for one in returns])
    return tuple(map(tuple, by_days.T.tolist()))


class _Ranges(NamedTuple):
    """The bounds of a verdict's intervals."""

    hit_low: float | None = None
    hit_high: float | None = None
    lift_low: float | None = None
    lift_high: float | None = None
    excess_low: float | None = None
    excess_high: float | None = None


def _horizon(bars: Bars, outcomes: Outcomes, rules: EvidenceRules) -> HorizonEvidence:
    cost = rules.cost_bp / BASIS_POINTS
    days = _Days.of(outcomes, cost)
    base = BaseRate(
        n=len(outcomes),
        hit=float(days.rose.mean()),
        fell=float(days.fell.mean()),
        mean=float(days.net.mean()),
        median=float(np.median(days.net)),
        mean_move=float(np.abs(outcomes.returns).mean()),
    )
    block = BLOCK_HORIZONS * outcomes.horizon
    counts, episodes = days.counts(), days.episodes()
    ranges = _ranges(days, Blocks.drawn(rules.seed + outcomes.horizon, len(outcomes), block))
    verdicts = []
    for code in _TOLD:
        enough = episodes[code] >= FEWEST_EPISODES and code in ranges
        told = _Told(code, base, (int(counts[code]), int(episodes[code])), ranges[code] if enough else _Ranges())
        verdicts.append(_verdict(bars, outcomes, days, told))
    return HorizonEvidence(outcomes.horizon, block, base, tuple(verdicts))


class _Days(NamedTuple):
    """The days that count: their verdicts, returns after cost and before it, and which of them were right for a Buy and for a Sell."""

    codes: NDArray[np.int8]
    starts: BoolArray  # whether a run of one verdict begins
    net: FloatArray
    move: FloatArray
    rose: BoolArray
    fell: BoolArray

    @classmethod
    def of(cls, outcomes: Outcomes, cost: float) -> _Days:
        net = outcomes.returns - cost
        return cls(outcomes.codes, run_starts(outcomes.codes), net, np.abs(outcomes.returns), net > 0, net < 0)

    def rows(self, days: slice) -> _Days:
        """Some of them. A run that is cut begins anew."""
        codes = self.codes[days]
        return _Days(codes, run_starts(codes), self.net[days], self.move[days], self.rose[days], self.fell[days])

    def right(self, code: int) -> BoolArray | None:
        """Which days were right for a verdict; None for Hold."""
        return None if code == _HOLD else self.rose if is_buy(VERDICTS[code]) else self.fell

    def counts(self) -> NDArray[np.intp]:
        """The number of days of each verdict."""
        return np.bincount(self.codes, minlength=len(VERDICTS))

    def episodes(self) -> NDArray[np.intp]:
        """The number of runs of each verdict."""
        return np.bincount(self.codes[self.starts], minlength=len(VERDICTS))


class _Told(NamedTuple):
    """What is known of a verdict before its days are looked at; `counts` are its days and episodes."""

    code: int
    base: BaseRate
    counts: tuple[int, int]
    ranges: _Ranges


def _ranges(days: _Days, blocks: Blocks) -> dict[int, _Ranges]:
    """The intervals of each verdict that has days, by its code: of hit and lift, which Hold has not, and of the excess."""
    if not blocks.are_enough:
        return {}
    codes = [code for code, count in enumerate(days.counts()) if count]
    rows, places = _channels(days, codes)
    totals = np.concatenate([rows.sum(axis=0, keepdims=True), blocks.sums(rows)])
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may have no day of a rare verdict
        statistics = np.array([line for code in codes for line in _statistics(totals, places, code)])
    low, high = blocks.interval(statistics[:, 0], statistics[:, 1:])
    bounds = iter(zip(low.tolist(), high.tolist(), strict=True))
    found: dict[int, _Ranges] = {}
    for code in codes:
        if code == _HOLD:
            found[code] = _Ranges(None, None, None, None, *next(bounds))
        else:
            hit_low, hit_high = next(bounds)
            found[code] = _Ranges(max(0.0, hit_low), min(1.0, hit_high), *_within_one(*next(bounds)), *next(bounds))
    return found


def _within_one(low: float, high: float) -> tuple[float, float]:
    return max(-1.0, low), min(1.0, high)


def _channels(days: _Days, codes: Sequence[int]) -> tuple[FloatArray, dict[int, int]]:
    """The columns whose sums give the statistics, of shape (days, columns), and where each verdict's three begin.

    The first three are of all days: rises, falls, and returns after cost. A verdict has its days, its right ones and its returns.
    """
    columns: list[NDArray[np.generic]] = [days.rose, days.fell, days.net]
    places: dict[int, int] = {}
    for code in codes:
        of_verdict, right = days.codes == code, days.right(code)
        places[code] = len(columns)
        columns += [of_verdict, of_verdict if right is None else of_verdict & right, np.where(of_verdict, days.net, 0.0)]
    return np.array(columns, dtype=np.float64).T.copy(), places


def _statistics(totals: FloatArray, places: dict[int, int], code: int) -> Iterator[FloatArray]:
    """Hit, lift and excess of a verdict from sums of the channels, one per row; of Hold the excess only. Each row has as many days."""
    at, days = places[code], totals[:, [places[other] for other in places]].sum(axis=1)
    count = totals[:, at]
    if code != _HOLD:
        hit = totals[:, at + 1] / count
        yield hit
        yield hit - totals[:, 0 if is_buy(VERDICTS[code]) else 1] / days
    yield totals[:, at + 2] / count - totals[:, 2] / days


def _verdict(bars: Bars, outcomes: Outcomes, days: _Days, told: _Told) -> VerdictEvidence:
    code, base, (n, episodes), ranges = told
    verdict, of_verdict, right = VERDICTS[code], days.codes == code, days.right(code)
    net = days.net[of_verdict]
    hit = None if right is None or not n else int(np.count_nonzero(right & of_verdict)) / n
    same_sign = base.hit if code > _HOLD else base.fell
    mean = float(net.mean()) if n else None
    half = (len(outcomes) + 1) // 2
    return VerdictEvidence(
        verdict=verdict,
        n=n,
        episodes=episodes,
        hit=hit,
        hit_low=ranges.hit_low,
        hit_high=ranges.hit_high,
        lift=None if hit is None else hit - same_sign,
        lift_low=ranges.lift_low,
        lift_high=ranges.lift_high,
        mean=mean,
        median=float(np.median(net)) if n else None,
        excess=None if mean is None else mean - base.mean,
        excess_low=ranges.excess_low,
        excess_high=ranges.excess_high,
        worst=float(net.min()) if n else None,
        best=float(net.max()) if n else None,
        mean_move=float(days.move[of_verdict].mean()) if n else None,
        halves=tuple(
            _half(bars, outcomes.first, code, (days, rows))
            for rows in (slice(0, half), slice(half, len(outcomes)))
            if rows.start < rows.stop
        ),
        live=None,
        too_few=ranges.excess_low is None,
        sentence=_sentence(verdict, outcomes.horizon, told, hit),
    )


def _half(bars: Bars, first: int, code: int, part: tuple[_Days, slice]) -> Half:
    days, rows = part
    half = days.rows(rows)
    of_verdict, right = half.codes == code, half.right(code)
    n = int(np.count_nonzero(of_verdict))
    base = None if right is None else float(right.mean())
    hit = None if right is None or not n else int(np.count_nonzero(right & of_verdict)) / n
    mean = float(half.net[of_verdict].mean()) if n else None
    return Half(
        first=bars.day(first + rows.start),
        last=bars.day(first + rows.stop - 1),
        n=n,
        episodes=int(np.count_nonzero(of_verdict & half.starts)),
        hit=hit,
        base=base,
        lift=None if hit is None or base is None else hit - base,
        mean=mean,
        excess=None if mean is None else mean - float(half.net.mean()),
    )


def _sentence(verdict: Verdict, horizon: int, told: _Told, hit: float | None) -> str:
    n, episodes = told.counts
    if verdict is Verdict.HOLD:
        return NO_DIRECTION
    if hit is None or episodes < FEWEST_EPISODES:
        return too_few(verdict, n, episodes)
    base, ranges = told.base.hit if is_buy(verdict) else told.base.fell, told.ranges
    if ranges.hit_low is None or ranges.hit_high is None or ranges.lift_low is None or ranges.lift_high is None:
        return too_short(verdict, horizon, hit, n)
    shares = hit, ranges.hit_low, ranges.hit_high, base
    return sentence(verdict, horizon, shares, told.counts, worth(ranges.lift_low, ranges.lift_high))

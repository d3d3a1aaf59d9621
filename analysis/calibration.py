"""Counts what came after each score of many tickers, in sums that can be added in any order.

Days are counted in cells of 28 calendar days, about 20 bars, and in bins of the score that are 0.02 wide. Every sum is a whole number, of
days or of millionths, so that it does not depend on which worker counted what, nor in which order.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars, FloatArray
from analysis.outcomes import BASIS_POINTS, run_starts
from analysis.score import VERDICTS
from models.evidence import WARMUP

CELL_DAYS = 28
BINS = 100
MILLION = 1_000_000
_LARGEST = 1e6  # a return counts as no more, so that sums stay exact
_SIDE = BINS // 2
# A score that is an edge belongs to the bin farther from 0, as `verdict_of` has it; 10/50 and 30/50 are its thresholds.
EDGES: FloatArray = np.arange(1, _SIDE) / _SIDE
_FIRST_BINS = [0, 20, 40, 60, 80]  # of each verdict
VERDICT_OF_BIN = np.repeat(np.arange(len(VERDICTS), dtype=np.int8), BINS // len(VERDICTS))

IntArray = NDArray[np.int64]


def bins_of(scores: FloatArray) -> NDArray[np.int64]:
    """The bin of each score, from 0 for the lowest to BINS − 1."""
    size = np.searchsorted(EDGES, np.abs(scores), side="right")
    return np.where(scores >= 0, _SIDE + size, _SIDE - 1 - size)


@dataclass(frozen=True)
class CountRules:
    """What is counted: the horizons, ascending, and the cost of a round trip."""

    horizons: tuple[int, ...]
    cost_bp: float

    @property
    def bars_needed(self) -> int:
        """The fewest bars of which a day counts."""
        return WARMUP + self.horizons[0] + 2


@dataclass(frozen=True)
class TickerCount:
    """The days of one ticker that count: by day the `cell` and the `bin`, and by horizon and day the WEIGHTS; days without outcome have 0.

    `beat` tells whether a backtest ended above buy-and-hold.
    """

    first_day: int
    last_day: int
    beat: bool
    cells: IntArray
    bins: IntArray
    weights: FloatArray  # (horizons, WEIGHTS, days), whole numbers
    returns: FloatArray  # (horizons, BINS), the sums of those after cost, in millionths
    episodes: IntArray  # (horizons, verdicts)


# Of each day at a horizon: that it counts, rose or fell, as _ROSE and _FELL; in millionths what its return is above the ticker's mean, and
# what having risen, and having fallen, is above the ticker's share of such days.
WEIGHTS = ("count", "excess", "up", "down")
_ROSE, _FELL = 1 << 17, 1 << 34  # one sum counts days, rises and falls: of each there are fewer than 2**17 in a bin of a part


def count_ticker(bars: Bars, scores: FloatArray, rules: CountRules, beat: bool) -> TickerCount:
    """Count one ticker, which has `rules.bars_needed` bars or more, given the score of each."""
    days = len(bars) - WARMUP - 1 - rules.horizons[0]
    weights = np.zeros((len(rules.horizons), len(WEIGHTS), days))
    returns = np.zeros((len(rules.horizons), BINS))
    episodes = np.zeros((len(rules.horizons), len(VERDICTS)), dtype=np.int64)
    bins = bins_of(scores[WARMUP : WARMUP + days])
    codes = VERDICT_OF_BIN[bins]
    starts = run_starts(codes)
    entries = bars.open[WARMUP + 1 :]
    for at, horizon in enumerate(rules.horizons):
        known = len(bars) - WARMUP - 1 - horizon
        if known <= 0:
            break
        net = entries[horizon : horizon + known] / entries[:known]
        np.minimum(net, _LARGEST, out=net)
        net -= 1.0 + rules.cost_bp / BASIS_POINTS
        rose, fell = net > 0, net < 0
        count, excess, up, down = weights[at, :, :known]
        np.multiply(rose, _ROSE, out=count)
        count[fell] = _FELL
        count += 1
        mean = np.rint(net.mean() * MILLION)
        net *= MILLION
        np.rint(net, out=excess)
        returns[at] = np.bincount(bins[:known], excess, BINS)
        excess -= mean
        np.subtract(rose * float(MILLION), np.rint(rose.mean() * MILLION), out=up)
        np.subtract(fell * float(MILLION), np.rint(fell.mean() * MILLION), out=down)
        episodes[at] = np.bincount(codes[:known][starts[:known]], minlength=len(VERDICTS))
    numbers = bars.days.view(np.int64)
    return TickerCount(
        first_day=int(numbers[0]),
        last_day=int(numbers[-1]),
        beat=beat,
        cells=numbers[WARMUP : WARMUP + days] // CELL_DAYS,
        bins=bins,
        weights=weights,
        returns=returns,
        episodes=episodes,
    )


BY_BIN = ("days", "rose", "excess")
DAYS, ROSE, EXCESS = range(len(BY_BIN))
BY_VERDICT = ("fell", "up", "down")
FELL, UP, DOWN = range(len(BY_VERDICT))
_ARRAYS = ("by_bin", "by_verdict", "returns", "episodes", "tickers")
_NUMBERS = ("counted", "too_short", "beat")


@dataclass
class Sums:
    """The sums of many tickers. `lasts` counts them by their last day, `tickers` by horizon and verdict those that had it."""

    first_cell: int
    by_bin: IntArray  # (horizons, BY_BIN, cells, BINS)
    by_verdict: IntArray  # (horizons, BY_VERDICT, cells, verdicts)
    returns: IntArray  # (horizons, BINS), in millionths
    episodes: IntArray  # (horizons, verdicts), as are
    tickers: IntArray
    first_day: int | None = None
    lasts: Counter[int] = field(default_factory=Counter)
    counted: int = 0
    too_short: int = 0
    beat: int = 0

    @classmethod
    def of(cls, counts: Sequence[TickerCount], horizons: int, too_short: int = 0) -> Sums:
        """The sums of some tickers."""
        if not counts:
            return cls._empty(horizons, too_short)
        cells = np.concatenate([one.cells for one in counts])
        bins = np.concatenate([one.bins for one in counts])
        first, length = int(cells.min()), int(cells.max() - cells.min()) + 1
        cells -= first
        places, of_verdict = cells * BINS + bins, cells * len(VERDICTS) + VERDICT_OF_BIN[bins]
        by_bin = np.empty((horizons, len(BY_BIN), length, BINS), dtype=np.int64)
        by_verdict = np.empty((horizons, len(BY_VERDICT), length, len(VERDICTS)), dtype=np.int64)
        for at in range(horizons):
            # Weights are floats, whose sums of whole numbers are exact.
            count, excess, *directions = (np.concatenate([one.weights[at, row] for one in counts]) for row in range(len(WEIGHTS)))
            counted = np.bincount(places, count, length * BINS).astype(np.int64).reshape(length, BINS)
            by_bin[at, DAYS] = counted % _ROSE
            by_bin[at, ROSE] = counted % _FELL // _ROSE
            by_bin[at, EXCESS] = np.bincount(places, excess, length * BINS).reshape(length, BINS)
            by_verdict[at, FELL] = np.add.reduceat(counted // _FELL, _FIRST_BINS, axis=1)
            for row, weight in zip((UP, DOWN), directions, strict=True):
                by_verdict[at, row] = np.bincount(of_verdict, weight, length * len(VERDICTS)).reshape(length, len(VERDICTS))
        episodes = np.array([one.episodes for one in counts])
        return cls(
            first,
            by_bin,
            by_verdict,
            np.array([one.returns for one in counts]).sum(axis=0).astype(np.int64),
            episodes.sum(axis=0),
            np.count_nonzero(episodes, axis=0).astype(np.int64),
            min(one.first_day for one in counts),
            Counter(one.last_day for one in counts),
            len(counts),
            too_short,
            sum(one.beat for one in counts),
        )

    @classmethod
    def _empty(cls, horizons: int, too_short: int = 0) -> Sums:
        by_bin = np.zeros((horizons, len(BY_BIN), 0, BINS), dtype=np.int64)
        by_verdict = np.zeros((horizons, len(BY_VERDICT), 0, len(VERDICTS)), dtype=np.int64)
        returns = np.zeros((horizons, BINS), dtype=np.int64)
        episodes, tickers = np.zeros((2, horizons, len(VERDICTS)), dtype=np.int64)
        return cls(0, by_bin, by_verdict, returns, episodes, tickers, too_short=too_short)

    @classmethod
    def merged(cls, parts: Iterable[Sums], horizons: int) -> Sums:
        """All parts as one, whatever their order."""
        total = cls._empty(horizons)
        for part in parts:
            total.add(part)
        return total

    @property
    def cells(self) -> int:
        """How many cells there are, from the first to the last."""
        return int(self.by_bin.shape[2])

    def add(self, part: Sums) -> None:
        """Add a part."""
        if part.cells:
            self._widen(part.first_cell, part.first_cell + part.cells)
            rows = slice(part.first_cell - self.first_cell, part.first_cell - self.first_cell + part.cells)
            self.by_bin[:, :, rows] += part.by_bin
            self.by_verdict[:, :, rows] += part.by_verdict
        self.returns += part.returns
        self.episodes += part.episodes
        self.tickers += part.tickers
        firsts = [day for day in (self.first_day, part.first_day) if day is not None]
        self.first_day = min(firsts) if firsts else None
        self.lasts.update(part.lasts)
        self.counted += part.counted
        self.too_short += part.too_short
        self.beat += part.beat

    def _widen(self, first: int, end: int) -> None:
        """Make room for cells from `first` up to `end`."""
        if self.cells:
            first, end = min(first, self.first_cell), max(end, self.first_cell + self.cells)
        before = self.first_cell - first if self.cells else 0
        room = ((0, 0), (0, 0), (before, end - first - self.cells - before), (0, 0))
        self.first_cell, self.by_bin, self.by_verdict = first, np.pad(self.by_bin, room), np.pad(self.by_verdict, room)

    def pack(self) -> bytes:
        """The sums as bytes: equal ones give equal bytes."""
        whole = np.concatenate([getattr(self, name).ravel() for name in _ARRAYS])
        # Bytes of one weight lie together: most of them are 0.
        planes = whole.view(np.uint8).reshape(-1, whole.itemsize).T
        return zlib.compress(json.dumps(self._facts()).encode() + b"\n" + planes.tobytes(), 1)

    @classmethod
    def unpack(cls, data: bytes) -> Sums:
        """The sums of `pack`."""
        head, _, planes = zlib.decompress(data).partition(b"\n")
        facts: dict[str, Any] = json.loads(head)
        shapes: list[list[int]] = facts["shapes"]
        sizes = [math.prod(shape) for shape in shapes]
        whole = np.ascontiguousarray(np.frombuffer(planes, dtype=np.uint8).reshape(8, sum(sizes)).T).view(np.int64).ravel()
        arrays = [part.reshape(shape) for part, shape in zip(np.split(whole, np.cumsum(sizes)[:-1]), shapes, strict=True)]
        lasts = Counter({int(day): count for day, count in facts["lasts"]})
        by_bin, by_verdict, returns, episodes, tickers = arrays
        numbers = (facts[name] for name in _NUMBERS)
        return cls(facts["first_cell"], by_bin, by_verdict, returns, episodes, tickers, facts["first_day"], lasts, *numbers)

    def _facts(self) -> dict[str, Any]:
        return {
            "shapes": [getattr(self, name).shape for name in _ARRAYS],
            "first_cell": self.first_cell,
            "first_day": self.first_day,
            "lasts": sorted(self.lasts.items()),
            **{name: getattr(self, name) for name in _NUMBERS},
        }

"""Finds the splits that closes as traded show beside adjusted closes."""

from __future__ import annotations

import math
from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from analysis.bars import ADJ_CLOSE, CLOSE, DAYS, OPEN, FloatArray, columns_of
from features.prices.merge import LEAST_JUMP, NEAR_JUMPS, TOLERANCE, split_of
from models.corporate_action import ActionKind, CorporateAction
from models.price_series import PackedBars, day_of

MOST_SPLITS = 50  # in one file
STEADY_BARS = 20  # on either side of a split, over which the factor between the two closes stays as it is
LEAST_STEADY = 3  # of these: fewer bars on a side show no split, for a mistyped close looks like one
TYPED_BARS = 10  # of which one may have a mistyped close
DRIFT = 0.05  # by how much dividends and rounding change the factor over these bars, as a fraction
SPLIT_AND_DIVIDEND = 0.05  # by how much the factor of a split's day may differ from it, for a dividend of the same day
ROUNDED = 0.002  # the same of a ratio that large distributions come near to as well, such as 5:4
LARGEST_LESSER_TERM = 5  # of such a ratio: 10:7 is no split
USUAL = (Fraction(3, 2), Fraction(2, 3))  # beside n:1 and 1:n


class Former(NamedTuple):
    """What a series showed before its newest bars came.

    `restated` is by what the adjusted closes of its days have been multiplied since, and `splits` are those that it had shown.
    """

    restated: float = 1.0
    splits: Collection[CorporateAction] = ()

    def confirms(self, split: CorporateAction) -> bool:
        """Whether a split is known without the bars that come after it."""
        is_restated = abs(self.restated - 1) > DRIFT and abs(self.restated * split.ratio - 1) <= SPLIT_AND_DIVIDEND
        return is_restated or split in self.splits


NOTHING_FORMER = Former()


def restated_since(former: PackedBars, packed: PackedBars) -> float:
    """By what adjusted closes of the same days have been multiplied; 1 without any, or where the closes are not the same."""
    ours, theirs = columns_of(former), columns_of(packed)
    _, at_ours, at_theirs = np.intersect1d(ours[DAYS].view(np.int64), theirs[DAYS].view(np.int64), assume_unique=True, return_indices=True)
    ratios = theirs[:, at_theirs] / ours[:, at_ours] if at_ours.size else np.ones((len(ours), 1))
    closes, adj_closes = float(np.median(ratios[CLOSE])), float(np.median(ratios[ADJ_CLOSE]))
    return adj_closes if abs(closes - 1) <= TOLERANCE else 1.0


def splits_within(packed: PackedBars, former: Former = NOTHING_FORMER) -> list[CorporateAction]:
    """The splits of a series: on one day, the factor between its closes jumps and so does the price, and the factor stays before and after.

    It need not stay for long after a split that `former` confirms. More than MOST_SPLITS jumps are no history of splits: none is found.
    """
    columns = columns_of(packed)
    factors = columns[ADJ_CLOSE] / columns[CLOSE]
    ratios = factors[1:] / factors[:-1]
    with np.errstate(invalid="ignore"):
        jumps = (ratios > LEAST_JUMP) | (ratios < 1 / LEAST_JUMP)
    found: list[CorporateAction] = []
    for before in jumps.nonzero()[0].tolist() if np.count_nonzero(jumps) <= MOST_SPLITS else []:
        split = _split_at(columns, factors, before + 1)
        if split is not None:
            day = day_of(packed.day_numbers()[before + 1])
            action = CorporateAction(day, ActionKind.SPLIT, numerator=split.numerator, denominator=split.denominator)
            if len(factors) - before > LEAST_STEADY or former.confirms(action):
                found.append(action)
    return found


def _split_at(columns: FloatArray, factors: FloatArray, bar: int) -> Fraction | None:
    """The split of which a bar is the first; None where its jump is that of a mistyped price or of a distribution."""
    former, later = factors[max(bar - STEADY_BARS, 0) : bar], factors[bar : bar + STEADY_BARS]
    if len(former) < LEAST_STEADY or not _is_steady(former, former[-1]) or not _is_steady(later, later[0]):
        return None
    split = _plausible(float(later[0] / former[-1]))
    if split is None:
        return None
    overnight, size = math.log(float(columns[OPEN, bar] / columns[CLOSE, bar - 1])), math.log(split)
    is_told_by_prices = abs(math.exp(overnight + size) - 1) <= NEAR_JUMPS and abs(overnight + size) < abs(overnight)
    return split if is_told_by_prices else None


def _plausible(ratio: float) -> Fraction | None:
    """The split that a jump of the factor may be."""
    split = split_of(ratio, SPLIT_AND_DIVIDEND)
    if split is None or split in USUAL:
        return split
    lesser = min(split.numerator, split.denominator)
    is_exact = lesser <= LARGEST_LESSER_TERM and abs(float(split) / ratio - 1) <= ROUNDED
    return split if lesser == 1 or is_exact else None


def _is_steady(factors: FloatArray, level: float) -> bool:
    """Whether the factor stays at the level that it has beside a split, but for mistyped closes."""
    count = len(factors)
    others = int(np.count_nonzero(np.abs(factors / level - 1) > DRIFT))
    return others <= count // TYPED_BARS

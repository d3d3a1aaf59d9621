"""Joins what a provider answers to what is stored of it before, or says why the whole history is to be fetched again.

A provider restates its history for a split or a dividend, in part or whole, at once or days later. A top-up has only its newest days, so
whatever may have been restated is never patched: the history is fetched again and replaced as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from analysis.bars import ADJ_CLOSE, DAYS, PRICES, FloatArray, columns_of
from features.prices.merge import TOLERANCE, union
from models.corporate_action import CorporateAction
from models.price_series import PackedBars, day_of, number_of
from models.provider import Fetched

IndexArray = NDArray[np.intp]

OVERLAP = timedelta(days=14)  # ten trading days
LEAST_OVERLAP = 5  # days: fewer may all be wrong in the same way
MOVED = 1e-4  # of an adjusted close, or half of its last decimal: a dividend takes more
_LAST_DECIMAL = 1e-5  # as providers round adjusted closes


@dataclass(frozen=True)
class Stored:
    """A stored series. `provisional` is its newest day if that bar was fetched before its exchange's day was over."""

    packed: PackedBars
    provisional: date | None = None

    @property
    def since(self) -> date:
        """The day from which a top-up is fetched."""
        return self.packed.last_day() - OVERLAP

    @property
    def newest_final(self) -> date:
        """The newest day whose bar is final."""
        return self.packed.days()[-2] if self.provisional is not None and len(self.packed) > 1 else self.packed.last_day()


@dataclass(frozen=True)
class TopUp:
    """The stored bars with the newer ones; how many days are new, and how many stored days have another bar than before."""

    packed: PackedBars
    added: int
    replaced: int


def why_whole(stored: Stored, fetched: Fetched) -> str | None:
    """Why a top-up cannot be trusted to stand on the footing of what is stored, in words; None where it can."""
    if not len(fetched.packed):
        return None
    late = [action for action in fetched.actions if action.effective_day > stored.newest_final]
    if late:
        return f"a {_named(late[0])} is reported"
    ours, theirs, at_ours, at_theirs = in_common(_since(stored.packed, fetched.packed), fetched.packed)
    days = ours[DAYS].view(np.int64)[at_ours]
    final = days != (number_of(stored.provisional) if stored.provisional is not None else -1)
    days, old, new = days[final], ours[:, at_ours[final]], theirs[:, at_theirs[final]]
    if len(days) < min(LEAST_OVERLAP, len(stored.packed)):
        return "too few days are in both"
    prices = _first_off(old[PRICES], new[PRICES], TOLERANCE)
    if prices is not None:
        return f"the prices of {day_of(int(days[prices]))} have been restated"
    if fetched.adjusted:
        decimals = _LAST_DECIMAL / 2 / np.minimum(np.abs(old[ADJ_CLOSE]), np.abs(new[ADJ_CLOSE]))
        moved = _first_off(old[ADJ_CLOSE : ADJ_CLOSE + 1], new[ADJ_CLOSE : ADJ_CLOSE + 1], MOVED + decimals)
        if moved is not None:
            return f"the adjusted close of {day_of(int(days[moved]))} has moved"
    return None


def top_up(stored: Stored, fetched: Fetched) -> TopUp:
    """The stored bars and the fetched ones; on a common day the fetched one."""
    if not len(fetched.packed):
        return TopUp(stored.packed, 0, 0)
    overlap = _since(stored.packed, fetched.packed)
    ours, theirs, at_ours, at_theirs = in_common(overlap, fetched.packed)
    same = np.all(np.isclose(ours[1:, at_ours], theirs[1:, at_theirs], rtol=0, atol=0, equal_nan=True), axis=0)
    packed = stored.packed.rows(0, len(stored.packed) - len(overlap)).followed_by(union(ours, theirs))
    return TopUp(packed, added=len(fetched.packed) - len(at_theirs), replaced=int(np.count_nonzero(~same)))


def _since(old: PackedBars, new: PackedBars) -> PackedBars:
    """The old bars from the first day of the new ones on."""
    return old.between(start=new.first_day())


def in_common(old: PackedBars, new: PackedBars) -> tuple[FloatArray, FloatArray, IndexArray, IndexArray]:
    """The columns of both, and the indexes of their common days in each."""
    ours, theirs = columns_of(old), columns_of(new)
    days = (ours[DAYS].view(np.int64), theirs[DAYS].view(np.int64))
    _, at_ours, at_theirs = np.intersect1d(*days, assume_unique=True, return_indices=True)
    return ours, theirs, at_ours, at_theirs


def _first_off(old: FloatArray, new: FloatArray, tolerance: float | FloatArray) -> int | None:
    """The index of the first day on which any of the rows differs by more than a part of it."""
    off = np.any(np.abs(new / old - 1) > tolerance, axis=0).nonzero()[0]
    return int(off[0]) if off.size else None


def _named(action: CorporateAction) -> str:
    return f"{action.kind.value.replace('_', ' ')} of {action.effective_day}"

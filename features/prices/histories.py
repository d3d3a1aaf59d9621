"""Merges two histories of a ticker whose prices and volumes need not stand on the same bases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from analysis.bars import DAYS, PRICES, VOLUME, columns_of
from features.prices.merge import EXACT, Merged, merge, split_of
from models.corporate_action import ActionKind, CorporateAction
from models.footing import Bases, Basis
from models.price_errors import BasesDiffer
from models.price_series import PackedBars, number_of


@dataclass(frozen=True)
class History:
    """Bars and the bases on which they stand."""

    packed: PackedBars
    bases: Bases


def merge_histories(stored: History, file: History, adjusted: bool, actions: Sequence[CorporateAction]) -> tuple[Merged, Bases]:
    """Merge two histories by day and tell the bases of the outcome. Raises BasesDiffer.

    Where one is as traded and the other restated for splits, the known splits restate the first. A file that turns out to be restated was
    not as traded after all, whatever was said.
    """
    splits = [action for action in actions if action.kind is ActionKind.SPLIT]
    until = (stored.packed.day_numbers()[-1], file.packed.day_numbers()[-1])
    if set(stored.packed.day_numbers()).isdisjoint(file.packed.day_numbers()):
        # Without a common day, whose ratios tell what happened after a history's end, only the known splits do.
        until = (max(until), max(until))
    refusal: BasesDiffer | None = None
    for file_bases in _possible(stored.bases, file.bases):
        common = Bases(*map(_common, stored.bases, file_bases))
        ours = _restated(stored, common, splits, until[0])
        theirs = _restated(History(file.packed, file_bases), common, splits, until[1])
        try:
            merged = merge(ours, theirs, adjusted)
        except BasesDiffer as error:
            refusal = refusal or error
            continue
        factors = (merged.rescaled.price, merged.rescaled.volume) if merged.rescaled else (1.0, 1.0)
        if not any(basis is Basis.AS_TRADED and factor != 1.0 for basis, factor in zip(common, factors, strict=True)):
            return merged, _outcome(common, factors[0])
    assert refusal is not None  # the last of the possible bases is as traded nowhere
    raise refusal


def _possible(stored: Bases, file: Bases) -> Iterator[Bases]:
    """The bases that a file can have: what is said of it, then restated where that would make both as traded."""
    choices = [
        (theirs, Basis.SPLIT_ADJUSTED) if _common(ours, theirs) is Basis.AS_TRADED else (theirs,)
        for ours, theirs in zip(stored, file, strict=True)
    ]
    return (Bases(*choice) for choice in product(*choices))


def _common(one: Basis, other: Basis) -> Basis:
    """The basis that two histories can have in common; an unknown one is taken for that of the other."""
    if Basis.UNKNOWN in (one, other):
        return other if one is Basis.UNKNOWN else one
    return one if one is other else Basis.SPLIT_ADJUSTED


def _outcome(common: Bases, price_factor: float) -> Bases:
    """The bases of merged histories. Prices that a dividend restates stand on no basis that has a name."""
    is_split = price_factor == 1.0 or split_of(price_factor, EXACT) is not None
    return common if is_split else common._replace(price=Basis.UNKNOWN)


def _restated(history: History, common: Bases, splits: Sequence[CorporateAction], until: int) -> PackedBars:
    """The bars of a history, restated by the splits up to the day `until` in what is as traded and is to be restated."""
    restates_prices, restates_volumes = (
        ours is Basis.AS_TRADED and target is Basis.SPLIT_ADJUSTED for ours, target in zip(history.bases, common, strict=True)
    )
    if not (restates_prices or restates_volumes):
        return history.packed
    columns = columns_of(history.packed).copy()
    days = columns[DAYS].view(np.int64)
    for split in splits:
        day = number_of(split.effective_day)
        bars = slice(int(np.searchsorted(days, day)) if day <= until else 0)
        if restates_prices:
            columns[PRICES, bars] /= split.ratio
        if restates_volumes:
            columns[VOLUME, bars] *= split.ratio
    return PackedBars(columns.tobytes())

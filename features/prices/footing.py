"""Brings a series to one footing: which actions an analysis applies to its bars, and on which basis two histories are merged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product

import numpy as np

from analysis.bars import columns_of
from features.prices.merge import EXACT, LEAST_JUMP, NEAR_JUMPS, Merged, merge, split_of
from models.corporate_action import MERGE, UPLOAD, USER, ActionKind, CorporateAction, StoredAction
from models.errors import BasesDiffer
from models.footing import Bases, Basis, Step, Steps
from models.price_series import PackedBars, day_of, number_of

SAME_SPLIT_DAYS = 10  # within which two sources tell of one split
SPLIT_AND_DIVIDEND = 0.05  # by how much the factor of a split's day may differ from it, for a dividend of the same day
MOST_SPLITS = 50  # in one file
_OPEN, _CLOSE, _ADJ_CLOSE, _VOLUME = 1, 4, 5, 6  # rows of the packed layout, whose row 0 has the days
_PROVIDER_RANK = 1
_RANKS = {USER: 0, UPLOAD: 2, MERGE: 3}  # who is believed first


@dataclass(frozen=True)
class History:
    """Bars and the bases on which they stand."""

    packed: PackedBars
    bases: Bases


def effects_of(history: History, adjusted: bool, actions: Sequence[StoredAction]) -> dict[str, Step]:
    """What each action does to the bars before it, by the action's id; actions that change nothing are missing.

    Adjusted closes make up for all actions in the prices. Splits change what is as traded. A distribution changes prices of a known basis,
    by its part of the close before; one that merging found is in the merged prices already.
    """
    columns = columns_of(history.packed)
    days = columns[0].view(np.int64)
    believed = [stored for stored in _believed(actions) if days[0] < number_of(stored.action.effective_day) <= days[-1]]
    effects = {}
    for stored in believed:
        action, day = stored.action, number_of(stored.action.effective_day)
        price = volume = 1.0
        if action.kind is ActionKind.SPLIT:
            price = float(1 / action.ratio) if not adjusted and history.bases.price is Basis.AS_TRADED else 1.0
            volume = float(action.ratio) if history.bases.volume is Basis.AS_TRADED else 1.0
        elif not adjusted and history.bases.price is not Basis.UNKNOWN and stored.source != MERGE:
            close = float(columns[_CLOSE, int(np.searchsorted(days, day)) - 1])
            price = 1 - (action.amount or 0.0) / (close * float(_shares_at(day, believed, history.bases.price)))
        if (price, volume) != (1.0, 1.0) and price > 0:
            effects[stored.id] = Step(day, price, volume)
    return effects


def steps_of(history: History, adjusted: bool, actions: Sequence[StoredAction]) -> Steps:
    """The steps that an analysis applies to the bars."""
    steps: dict[int, Step] = {}
    for day, price, volume in effects_of(history, adjusted, actions).values():
        _, so_far, volume_so_far = steps.get(day, Step(day, 1.0, 1.0))
        steps[day] = Step(day, so_far * price, volume_so_far * volume)
    return tuple(steps[day] for day in sorted(steps))


def unknown_of(found: Iterable[StoredAction], known: Sequence[StoredAction]) -> list[StoredAction]:
    """The actions found that no source has told of that is believed as much or more."""
    new: list[StoredAction] = []
    for each in sorted(found, key=_rank):
        if not any(_rank(other) <= _rank(each) and _is_same(each, other) for other in [*known, *new]):
            new.append(each)
    return new


def splits_within(packed: PackedBars) -> list[CorporateAction]:
    """The splits that closes as traded show beside adjusted closes: on one day, the factor between them jumps and so does the price.

    More than MOST_SPLITS jumps are no history of splits: none is found.
    """
    columns = columns_of(packed)
    factors = columns[_ADJ_CLOSE] / columns[_CLOSE]
    ratios = factors[1:] / factors[:-1]
    with np.errstate(invalid="ignore"):
        jumps = (ratios > LEAST_JUMP) | (ratios < 1 / LEAST_JUMP)
    found: list[CorporateAction] = []
    for at in jumps.nonzero()[0].tolist() if np.count_nonzero(jumps) <= MOST_SPLITS else []:
        split = split_of(float(ratios[at]), SPLIT_AND_DIVIDEND)
        overnight = float(columns[_OPEN, at + 1] / columns[_CLOSE, at])
        if split is not None and abs(overnight * float(split) - 1) <= NEAR_JUMPS:
            day = day_of(packed.day_numbers()[at + 1])
            found.append(CorporateAction(day, ActionKind.SPLIT, numerator=split.numerator, denominator=split.denominator))
    return found


def price_basis_by(packed: PackedBars, split: CorporateAction) -> Basis:
    """What the prices around a split tell of their basis: as traded they jump by it, restated they do not."""
    columns, ratio = columns_of(packed), float(split.ratio)
    after = int(np.searchsorted(columns[0].view(np.int64), number_of(split.effective_day)))
    if not 0 < after < len(packed) or not (ratio >= LEAST_JUMP or ratio <= 1 / LEAST_JUMP):
        return Basis.UNKNOWN
    jump = math.log(float(columns[_OPEN, after] / columns[_CLOSE, after - 1]))
    return Basis.AS_TRADED if abs(jump + math.log(ratio)) < abs(jump) else Basis.SPLIT_ADJUSTED


def merge_histories(stored: History, file: History, adjusted: bool, actions: Sequence[StoredAction]) -> tuple[Merged, Bases]:
    """Merge two histories by day and tell the bases of the outcome. Raises BasesDiffer.

    Where one is as traded and the other restated for splits, the known splits restate the first. A history that merging finds restated
    was not as traded after all, whatever was said.
    """
    splits = [known.action for known in _believed(actions) if known.action.kind is ActionKind.SPLIT]
    refusal: BasesDiffer | None = None
    for bases in _possible(stored.bases, file.bases):
        try:
            return _merge_on(stored, History(file.packed, bases), adjusted, splits)
        except BasesDiffer as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _possible(stored: Bases, file: Bases) -> Iterator[Bases]:
    """The bases that a file can have, the likely first: unknown ones are those of the stored series, unless it has been restated since."""
    choices = []
    for ours, theirs in zip(stored, file, strict=True):
        is_open = theirs is Basis.UNKNOWN and ours is Basis.AS_TRADED
        choices.append((theirs, Basis.SPLIT_ADJUSTED) if is_open else (theirs,))
    return (Bases(*choice) for choice in product(*choices))


def _merge_on(stored: History, file: History, adjusted: bool, splits: Sequence[CorporateAction]) -> tuple[Merged, Bases]:
    """Merge on the bases that the two say; where the outcome shows the file restated, on that basis instead."""
    bases = Bases(*map(_common, stored.bases, file.bases))
    merged = merge(_on(bases, stored, splits), _on(bases, file, splits), adjusted)
    if merged.rescaled is None:
        return merged, bases
    factors = (merged.rescaled.price, merged.rescaled.volume)
    told = Bases(*(basis if factor == 1.0 else Basis.SPLIT_ADJUSTED for basis, factor in zip(bases, factors, strict=True)))
    if any(before is Basis.AS_TRADED and after is not before for before, after in zip(bases, told, strict=True)):
        return _merge_on(stored, History(file.packed, told), adjusted, splits)
    if factors[0] != 1.0 and split_of(factors[0], EXACT) is None:
        # Prices that a dividend restates stand on no basis that we have a name for.
        told = told._replace(price=Basis.UNKNOWN)
    return merged, told


def _common(one: Basis, other: Basis) -> Basis:
    """The basis that two histories can have in common; an unknown one is taken for that of the other."""
    if Basis.UNKNOWN in (one, other):
        return other if one is Basis.UNKNOWN else one
    return one if one is other else Basis.SPLIT_ADJUSTED


def _on(bases: Bases, history: History, splits: Sequence[CorporateAction]) -> PackedBars:
    """The bars of a history on other bases, by the splits up to its end."""
    price, volume = (
        before is Basis.AS_TRADED and after is Basis.SPLIT_ADJUSTED for before, after in zip(history.bases, bases, strict=True)
    )
    if not (price or volume):
        return history.packed
    columns = columns_of(history.packed).copy()
    days = columns[0].view(np.int64)
    for split in splits:
        day, ratio = number_of(split.effective_day), float(split.ratio)
        before = slice(int(np.searchsorted(days, day)) if day <= days[-1] else 0)
        if price:
            columns[_OPEN : _CLOSE + 1, before] /= ratio
        if volume:
            columns[_VOLUME, before] *= ratio
    return PackedBars(columns.tobytes())


def _shares_at(day: int, believed: Sequence[StoredAction], basis: Basis) -> Fraction:
    """By what the close before a day is multiplied to be one of a share of that day."""
    shares = Fraction(1)
    for stored in believed:
        split_day = number_of(stored.action.effective_day)
        if basis is Basis.AS_TRADED and split_day == day:
            shares /= stored.action.ratio
        elif basis is Basis.SPLIT_ADJUSTED and split_day > day:
            shares *= stored.action.ratio
    return shares


def _believed(actions: Sequence[StoredAction]) -> list[StoredAction]:
    """The actions by day, each once: of several sources' words on it the one that is believed most."""
    splits: list[StoredAction] = []
    distributions: dict[tuple[ActionKind, date], StoredAction] = {}
    for each in sorted(actions, key=_rank):
        if each.action.kind is not ActionKind.SPLIT:
            distributions.setdefault((each.action.kind, each.action.effective_day), each)
        elif not any(_is_same(each, other) for other in splits):
            splits.append(each)
    return sorted([*splits, *distributions.values()], key=lambda each: (each.action.effective_day, each.action.kind))


def _rank(stored: StoredAction) -> int:
    return _RANKS.get(stored.source, _PROVIDER_RANK)


def _is_same(one: StoredAction, other: StoredAction) -> bool:
    """Whether two tell of one action: distributions of one day and kind, or splits of one ratio, which sources date differently."""
    action, another = one.action, other.action
    if action.kind is not another.kind:
        return False
    days = abs((action.effective_day - another.effective_day).days)
    is_split = action.kind is ActionKind.SPLIT and action.ratio == another.ratio
    return days == 0 or (is_split and one.source != other.source and days <= SAME_SPLIT_DAYS)

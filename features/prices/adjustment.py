"""What an analysis applies to a series for splits and distributions: by its bases, and by what is known of the company."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analysis.bars import CLOSE, DAYS, OPEN, FloatArray, columns_of
from features.prices.merge import LEAST_JUMP
from models.analysis import PriceWarning
from models.corporate_action import MERGE, SAME_SPLIT_DAYS, UPLOAD, USER, ActionKind, CorporateAction, StoredAction
from models.day_text import day_text
from models.footing import Bases, Basis, Step, Steps
from models.price_series import PackedBars, number_of

LARGEST_FACTOR = 1e9  # of all steps together; actions that come to more are no company's
# Why an analysis restates nothing for an action.
_MERGED = "Merging the files has restated the stored prices for it already."
_TOLD_BETTER = "Another source tells of the same action and is used instead."
_BEFORE_ALL = "No bar is stored from before it."
_AFTER_ALL = "No bar is stored from its day on."
_TOO_LARGE = "It is not less than the close of the day before."
_ADJUSTED = "The adjusted closes account for it already."
_UNKNOWN = "It is not known whether the prices are as traded; say so, if they are."
_RESTATED = "The prices are restated for splits already."
_IMPLAUSIBLE = "All actions together would multiply prices by more than is plausible."
# Who is trusted first; between the user and what a file shows are the providers.
_TRUST = {USER: 0, UPLOAD: 2, MERGE: 3}
_TRUST_IN_PROVIDERS = 1


@dataclass(frozen=True)
class Adjustment:
    """The bases of a series, the steps, and by an action's id the columns that are adjusted for it: price, volume or both.

    `reasons` say by an action's id why nothing is adjusted for it.
    """

    bases: Bases
    steps: Steps
    applied: Mapping[str, tuple[str, ...]]
    reasons: Mapping[str, str]


def adjustment_of(packed: PackedBars, adjusted: bool, declared: Bases, actions: Sequence[StoredAction]) -> Adjustment:
    """Find the bases where none are declared, and the steps.

    Adjusted closes make up for all actions in the prices. Splits change what is as traded. Distributions change prices of a known basis, by
    their part of the close before. What merging found is not applied: it is in the merged bars already, and its day is not known.
    """
    columns = columns_of(packed)
    days = columns[DAYS].view(np.int64)
    by_bar: dict[int, list[StoredAction]] = defaultdict(list)
    reasons = {stored.id: _MERGED if stored.source == MERGE else _TOLD_BETTER for stored in actions}
    for stored in trusted(actions):
        bar = int(np.searchsorted(days, number_of(stored.action.effective_day)))
        reasons[stored.id] = _BEFORE_ALL if bar == 0 else _AFTER_ALL
        if 0 < bar < len(days):
            by_bar[bar].append(stored)
    bases = _bases(columns, adjusted, declared, by_bar)
    steps: list[Step] = []
    applied: dict[str, tuple[str, ...]] = {}
    later = 1.0  # the shares that one of the day has become since
    for bar in sorted(by_bar, reverse=True):
        splits = [stored for stored in by_bar[bar] if stored.action.kind is ActionKind.SPLIT]
        paid = [stored for stored in by_bar[bar] if stored.action.kind is not ActionKind.SPLIT]
        ratio = math.prod(stored.action.ratio for stored in splits)
        volume = ratio if bases.volume is Basis.AS_TRADED else 1.0
        price = 1.0
        if not adjusted and bases.price is Basis.AS_TRADED:
            price = 1 / ratio
        split_columns = tuple(name for name, factor in (("price", price), ("volume", volume)) if factor != 1.0)
        applied |= {stored.id: split_columns for stored in splits if split_columns}
        if paid and not adjusted and bases.price is not Basis.UNKNOWN:
            # The close before, of a share of the day.
            close = float(columns[CLOSE, bar - 1]) * (later if bases.price is Basis.SPLIT_ADJUSTED else 1 / ratio)
            amount = sum(stored.action.amount or 0.0 for stored in paid)
            left = 1 - amount / close if close > 0 else 0.0
            if 0 < left < 1:
                price *= left
                applied |= {stored.id: ("price",) for stored in paid}
            else:
                reasons |= {stored.id: _TOO_LARGE for stored in paid}
        else:
            reasons |= {stored.id: _ADJUSTED if adjusted else _UNKNOWN for stored in paid}
        reasons |= {stored.id: _why_no_split(bases, adjusted) for stored in splits}
        if (price, volume) != (1.0, 1.0):
            steps.append(Step(int(days[bar]), price, volume))
        later *= ratio
    if not all(is_plausible(step[column] for step in steps) for column in (1, 2)):
        return Adjustment(bases, (), {}, {stored.id: _IMPLAUSIBLE for stored in actions})
    return Adjustment(bases, tuple(reversed(steps)), applied, {one: why for one, why in reasons.items() if one not in applied})


def _why_no_split(bases: Bases, adjusted: bool) -> str:
    """Why a split within the bars restates nothing."""
    if adjusted:
        return _ADJUSTED
    return _UNKNOWN if bases.price is Basis.UNKNOWN else _RESTATED


def is_plausible(factors: Iterable[float]) -> bool:
    """Whether factors together are those of a company."""
    return 1 / LARGEST_FACTOR <= math.prod(factors) <= LARGEST_FACTOR


def price_basis_of(packed: PackedBars, adjusted: bool, declared: Bases, splits: Sequence[StoredAction]) -> Basis:
    """The basis of a series' prices: as declared, or as its splits show. `splits` are trusted ones."""
    columns = columns_of(packed)
    days = columns[DAYS].view(np.int64)
    by_bar: dict[int, list[StoredAction]] = defaultdict(list)
    for stored in splits:
        bar = int(np.searchsorted(days, number_of(stored.action.effective_day)))
        if 0 < bar < len(days):
            by_bar[bar].append(stored)
    return _bases(columns, adjusted, declared, by_bar).price


def _bases(columns: FloatArray, adjusted: bool, declared: Bases, by_bar: Mapping[int, Sequence[StoredAction]]) -> Bases:
    """The declared bases; else prices that jump at each of their splits are as traded, and so are then volumes without adjusted closes.

    That prices do not jump tells nothing: they may be restated for dividends as well.
    """
    price, volume = declared
    if price is Basis.UNKNOWN:
        told = [
            _jumps(columns, bar, stored.action)
            for bar, stored_at in by_bar.items()
            for stored in stored_at
            if not 1 / LEAST_JUMP < stored.action.ratio < LEAST_JUMP
        ]
        if told and all(told):
            price = Basis.AS_TRADED
            volume = Basis.AS_TRADED if volume is Basis.UNKNOWN and not adjusted else volume
    return Bases(price, volume)


def _jumps(columns: FloatArray, bar: int, split: CorporateAction) -> bool:
    """Whether the prices of a bar are nearer to those of the day before after a split than without one."""
    jump = math.log(float(columns[OPEN, bar] / columns[CLOSE, bar - 1]))
    return abs(jump + math.log(split.ratio)) < abs(jump)


def trusted(actions: Sequence[StoredAction]) -> list[StoredAction]:
    """The actions but those that merging found, each once: of several sources' words on one, that which is trusted most."""
    kept: list[StoredAction] = []
    of_day: dict[tuple[ActionKind, int], StoredAction] = {}
    for each in sorted(actions, key=_trust):
        action, day = each.action, number_of(each.action.effective_day)
        near = range(day - SAME_SPLIT_DAYS, day + SAME_SPLIT_DAYS + 1) if action.kind is ActionKind.SPLIT else (day,)
        told = [of_day[action.kind, other] for other in near if (action.kind, other) in of_day]
        if each.source != MERGE and not any(_is_same(each, other) for other in told):
            kept.append(each)
            of_day[action.kind, day] = each
    return kept


def split_days(actions: Iterable[StoredAction]) -> frozenset[date]:
    """The days of the splits that count for shares."""
    return frozenset(each.action.effective_day for each in actions if each.action.kind is ActionKind.SPLIT and each.source != MERGE)


def untold_splits(actions: Sequence[StoredAction]) -> list[StoredAction]:
    """The splits that merging found and nobody else tells of, so that no shares are counted by them, oldest first."""
    told = [each.action for each in trusted(actions) if each.action.kind is ActionKind.SPLIT]

    def is_told(found: CorporateAction) -> bool:
        since = found.effective_day - timedelta(days=SAME_SPLIT_DAYS)
        return any(split.ratio == found.ratio and split.effective_day >= since for split in told)

    found = (each for each in actions if each.source == MERGE and each.action.kind is ActionKind.SPLIT)
    return sorted((each for each in found if not is_told(each.action)), key=lambda each: each.action.effective_day)


def untold_warnings(actions: Sequence[StoredAction]) -> tuple[PriceWarning, ...]:
    """A warning of the newest of these splits."""
    return tuple(
        PriceWarning(
            "untold_split",
            f"Merging has found {each.action.told}, of {day_text(each.action.effective_day)} or a later day. As its day is not known, the "
            "shares of holdings are not counted by it: add it to the splits of the ticker, with its day.",
            each.action.effective_day,
        )
        for each in untold_splits(actions)[-1:]
    )


def new_among(found: Iterable[StoredAction], known: Sequence[StoredAction]) -> list[StoredAction]:
    """The actions found that nobody has told of who is trusted as much or more."""
    return [each for each in found if not any(_trust(other) <= _trust(each) and _is_same(each, other) for other in known)]


def _trust(stored: StoredAction) -> int:
    """The lower, the more a source is trusted."""
    return _TRUST.get(stored.source, _TRUST_IN_PROVIDERS)


def _is_same(one: StoredAction, other: StoredAction) -> bool:
    """Whether two tell of one action: of one kind and day, or splits of one ratio, which sources date differently."""
    action, another = one.action, other.action
    if action.kind is not another.kind:
        return False
    days = abs((action.effective_day - another.effective_day).days)
    is_split = action.kind is ActionKind.SPLIT and action.ratio == another.ratio
    return days == 0 or (is_split and one.source != other.source and days <= SAME_SPLIT_DAYS)

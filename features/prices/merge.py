"""Merges two histories of a ticker so that the result stands on one footing.

A split or a dividend since the last export restates older prices. On the days that both histories have, the ratio of new to old tells it:
the history without the newest bar is multiplied by that ratio, prices, adjusted closes and volumes each by their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from analysis.bars import ADJ_CLOSE, CLOSE, DAYS, OPEN, PRICES, VOLUME, BoolArray, FloatArray, columns_of
from models.analysis import PriceWarning
from models.corporate_action import ActionKind, CorporateAction
from models.day_text import day_text
from models.import_report import Rescaled
from models.price_errors import BasesDiffer
from models.price_series import COLUMNS, PackedBars, day_of

TOLERANCE = 0.002  # of a ratio, within which it is the same on several days
LARGEST_TERM = 10  # of a split n:m; one of them may be larger when the other is 1
LONGEST_SPLIT = 200
LEAST_VOLUME = 1e-9  # of which a ratio means something: currencies are traded in parts
REVISED = 0.05  # of a volume: sources correct it by this much
LEAST_PAID = 0.8  # of a price: a dividend takes less from it
LEAST_JUMP, NEAR_JUMPS = 1.18, 0.3  # the least move overnight that may be a split, and how near to a ratio such moves are
LEAST_DIVIDEND = 1e-6  # of a price
EXACT, CONSTANT = 1e-12, 1e-9  # relative errors of ratios that are a fraction, or the same on every day


@dataclass(frozen=True)
class Merged:
    """The merged bars; what was rescaled, if anything; the actions that this tells of; and warnings."""

    packed: PackedBars
    rescaled: Rescaled | None
    actions: tuple[CorporateAction, ...]
    warnings: tuple[PriceWarning, ...]


@dataclass(frozen=True)
class _Ratio:
    """The ratio of new to old on the first common days; from the day `days_off` on, both agree."""

    value: float
    days_off: int
    error: float  # relative, by rounding
    differing: BoolArray  # the common days on which it is another one

    @property
    def newest(self) -> float:
        """The ratio that the newest common day should have."""
        return 1.0 if self.days_off < len(self.differing) else self.value

    @property
    def inverse(self) -> _Ratio:
        """The ratio of old to new."""
        return replace(self, value=1 / self.value)


def merge(old: PackedBars, new: PackedBars, adjusted: bool) -> Merged:
    """Merge by day; on a common day the new bar wins. Raises BasesDiffer where the ratios of the common days follow no rule."""
    ours, theirs = columns_of(old), columns_of(new)
    days, at_old, at_new = np.intersect1d(_days(ours), _days(theirs), assume_unique=True, return_indices=True)
    if not days.size:
        message = (
            "The file has no day in common with the stored prices, so a split or dividend in between cannot be seen. "
            "Include the newest stored day to be safe."
        )
        return Merged(union(ours, theirs), None, (), (PriceWarning("no_overlap", message),))
    common = _Common(days, ours[:, at_old], theirs[:, at_new], is_unfinished=days == _days(ours)[-1])
    price = common.price()
    adj_close = common.adj_close(price) if adjusted else None
    volume = common.volume(price, adj_close, _jumps(theirs[:, _days(theirs) >= days[-1]]))
    common.check(price, adj_close, volume)
    warnings = common.warnings(price)
    factors = np.ones(len(COLUMNS) + 1)
    factors[PRICES] = price.value
    factors[ADJ_CLOSE] = adj_close.value if adj_close else price.value
    factors[VOLUME] = volume.value
    if np.all(factors == 1.0):
        return Merged(union(ours, theirs), None, (), warnings)
    is_ours_older = _days(theirs)[-1] >= _days(ours)[-1]
    off = min(ratio.days_off for ratio in (price, adj_close, volume) if ratio is not None and ratio.value != 1.0)
    until = int(days[off]) if off < len(days) else None  # the first day on which both agree
    if is_ours_older:
        ours = _rescaled(ours, factors, until)
    else:
        theirs, factors = _rescaled(theirs, 1 / factors, until), 1 / factors
        # From here on, the ratio of the newer history to the older one, as if the file were stored.
        price, volume = price.inverse, volume.inverse
        adj_close = adj_close.inverse if adj_close is not None else None
    both = union(ours, theirs)
    merged = columns_of(both)
    effective = until or _first_after(theirs if is_ours_older else ours, int(days[-1]))
    found = list(_actions(price, adj_close, volume, effective, merged))
    rescaled = Rescaled(
        series="stored" if is_ours_older else "file",
        before=day_of(effective),
        price=float(factors[CLOSE]),
        adj_close=float(factors[ADJ_CLOSE]) if adjusted else None,
        volume=float(factors[VOLUME]),
        actions=[action.sentence(close) for action, close in found],
    )
    return Merged(both, rescaled, tuple(action for action, _ in found), warnings)


class _Common:
    """The days that both histories have, as columns of the same days."""

    def __init__(self, days: NDArray[np.int64], old: FloatArray, new: FloatArray, is_unfinished: BoolArray) -> None:
        """`is_unfinished` marks the newest stored day, which may have been exported before the exchange closed."""
        self._days, self._old, self._new = days, old, new
        self._may_differ = is_unfinished & (len(days) > 1)

    def price(self) -> _Ratio:
        """The ratio of open, high, low and close."""
        ratio = self._ratio(PRICES)
        # A bar of before the close has the same open, and goes on.
        unfinished = self._may_differ & ratio.differing
        if unfinished.any():
            opens = self._new[OPEN] / self._old[OPEN]
            unfinished &= np.abs(opens / ratio.newest - 1) <= TOLERANCE
        return replace(ratio, differing=ratio.differing & ~unfinished)

    def adj_close(self, price: _Ratio) -> _Ratio:
        """The ratio of the adjusted closes: that of the prices, unless there was a dividend."""
        ratio = self._ratio(slice(ADJ_CLOSE, ADJ_CLOSE + 1))
        differing = ratio.differing & ~self._may_differ
        if abs(ratio.value / price.value - 1) <= LEAST_DIVIDEND:
            return replace(price, differing=differing)
        return replace(ratio, differing=differing)

    def volume(self, price: _Ratio, adj_close: _Ratio | None, jumps: float) -> _Ratio:
        """The ratio of the volumes: that of a split, or 1, because sources revise volumes by other ratios.

        `jumps` is by how much prices have jumped since, which tells the splits of a source whose prices are as traded.
        """
        traded = (self._old[VOLUME] > LEAST_VOLUME) & (self._new[VOLUME] > LEAST_VOLUME) & ~self._may_differ
        nothing = np.zeros(len(self._days), dtype=np.bool_)
        same = _Ratio(1.0, 0, 0.0, nothing)
        if not traded.any():
            return same
        ratio = self._ratio(slice(VOLUME, VOLUME + 1), traded)
        old, new = self._old[VOLUME, traded], self._new[VOLUME, traded]
        differing = ratio.differing & traded
        # A split, where the prices tell one, or where no revision could give the same ratio on each of several days.
        is_told = abs(price.value - 1) > REVISED or (adj_close is not None and not LEAST_PAID <= adj_close.value <= 1 / LEAST_PAID)
        is_constant = len(old) > 1 and ratio.error <= 2 * max(_rounding(old, new), CONSTANT)
        has_jumped = jumps != 1.0 and abs(ratio.value * jumps - 1) <= NEAR_JUMPS
        if not differing.any() and (is_told or is_constant or has_jumped):
            return replace(ratio, differing=nothing)
        usual = float(np.median(new / old))
        if is_told and abs(usual * price.value - 1) <= REVISED:
            return _Ratio(1 / price.value, price.days_off, price.error, nothing)
        if not differing.any() or abs(usual - 1) <= REVISED:
            return same
        return _Ratio(usual, ratio.days_off, ratio.error, differing)

    def check(self, price: _Ratio, adj_close: _Ratio | None, volume: _Ratio) -> None:
        """Refuse ratios that follow no rule."""
        for name, ratio, row in (("close", price, CLOSE), ("adjusted close", adj_close, ADJ_CLOSE), ("volume", volume, VOLUME)):
            if ratio is not None and ratio.differing.any():
                at = ratio.differing.nonzero()[0].tolist()
                days = [(day_of(int(self._days[one])), float(self._old[row, one]), float(self._new[row, one])) for one in at]
                raise BasesDiffer(name, days)

    def warnings(self, price: _Ratio) -> tuple[PriceWarning, ...]:
        """A word on a newest stored bar that was not finished."""
        closes = self._new[CLOSE] / self._old[CLOSE] / price.newest
        if not (self._may_differ & (np.abs(closes - 1) > TOLERANCE)).any():
            return ()
        message = f"The stored bar of {day_text(day_of(int(self._days[-1])))} was not finished; the file's bar replaces it."
        return (PriceWarning("unfinished_bar", message),)

    def _ratio(self, rows: slice, counted: BoolArray | None = None) -> _Ratio:
        """The ratio of some rows on the first days, to where both agree."""
        old, new = self._old[rows], self._new[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = new / old
        counted = ~self._may_differ if counted is None else counted
        rounding = _rounding(old[:, counted], new[:, counted])
        agrees = np.all(np.abs(ratios - 1) <= TOLERANCE + rounding, axis=0) | ~counted
        off = _days_off(agrees, counted)
        is_first = np.arange(len(agrees)) < (off or len(agrees))
        usual = float(np.median(ratios[:, is_first & counted]))
        is_usual = np.all(np.abs(ratios / usual - 1) <= TOLERANCE + rounding, axis=0)
        first = is_first & counted & is_usual
        if not first.any():
            return _Ratio(usual, off, 0.0, counted)
        value = float(new[:, first].sum() / old[:, first].sum())  # more exact than the ratio of one day
        error = float(np.abs(ratios[:, first] / value - 1).max())
        if off == 0:
            # All agree, but for a small dividend: every day is off by the same, and by more than the days differ among each other.
            is_off = abs(value - 1) > max(2 * error + rounding, EXACT)
            off, value = (len(agrees), value) if is_off else (0, 1.0)
        expected = np.where(np.arange(len(agrees)) < off, value, 1.0)
        differing = np.any(np.abs(ratios / expected - 1) > TOLERANCE + rounding, axis=0)
        error = max(error, rounding)
        return _Ratio(_exact(value, error), off, error, differing)


def _days_off(agrees: BoolArray, counted: BoolArray) -> int:
    """The number of days up to which old and new do not agree; all of them where no counted day after these agrees."""
    differing = (~agrees).nonzero()[0]
    if not differing.size:
        return 0
    off = int(differing[-1]) + 1
    return off if counted[off:].any() else len(agrees)


def _rounding(old: FloatArray, new: FloatArray) -> float:
    """The largest relative error of numbers that are whole, as volumes are: half a share of the smallest."""
    smallest = min(float(old.min(initial=np.inf)), float(new.min(initial=np.inf)))
    is_whole = np.all(old == np.floor(old)) and np.all(new == np.floor(new))
    return 1.0 / smallest if is_whole and smallest > 0 else 0.0


def _exact(value: float, error: float) -> float:
    """The ratio as a fraction of small numbers, where the rounding of the prices allows it."""
    split = split_of(value, max(error, EXACT))
    return float(split) if split is not None else value


def split_of(ratio: float, error: float) -> Fraction | None:
    """The split n:m whose ratio is within a relative error; None where there is none, as for a dividend."""
    if not 1 / (2 * LONGEST_SPLIT) < ratio < 2 * LONGEST_SPLIT:
        return None
    nearest = Fraction(max(ratio, 1 / ratio)).limit_denominator(LARGEST_TERM)
    fraction = nearest if ratio >= 1 else 1 / nearest
    terms = sorted((fraction.numerator, fraction.denominator))
    is_split = terms[1] <= LARGEST_TERM or (terms[0] == 1 and terms[1] <= LONGEST_SPLIT)
    return fraction if is_split and fraction != 1 and abs(float(fraction) / ratio - 1) <= error else None


def _actions(
    price: _Ratio, adj_close: _Ratio | None, volume: _Ratio, effective: int, merged: FloatArray
) -> Iterator[tuple[CorporateAction, float]]:
    """The split and the dividend that the ratios of newer to older tell of, each with the close before it.

    Their day is `effective`, the first that can be; that of a split is the later day on which the prices jump by it.
    """
    split, split_day = split_of(1 / price.value, max(price.error, EXACT)), effective
    close = _close_before(merged, effective)
    if split is None and price.value == 1.0 and adj_close is not None and not LEAST_PAID <= adj_close.value <= 1 / LEAST_PAID:
        # Closes as traded are not restated. The volume tells the split, or else the adjusted close, with a dividend in it perhaps.
        split = split_of(volume.value, max(volume.error, EXACT)) or split_of(1 / adj_close.value, 1 - LEAST_PAID)
        paid = adj_close.value * float(split or 1)
        split_day = _day_of_jump(merged, effective, float(split or 1))
    elif adj_close is not None:
        paid = adj_close.value / price.value
    else:
        paid = price.value if split is None else 1.0
        close /= paid  # the merged close has been multiplied by it
    if split is not None:
        yield CorporateAction(day_of(split_day), ActionKind.SPLIT, numerator=split.numerator, denominator=split.denominator), close
    if LEAST_PAID <= paid < 1 - LEAST_DIVIDEND:
        yield CorporateAction(day_of(effective), ActionKind.DIVIDEND, amount=(1 - paid) * close), close


def _day_of_jump(columns: FloatArray, since: int, split: float) -> int:
    """The day from `since` on whose move from the close before to the open is nearest to a split's; `since` where none is near."""
    first = int(np.searchsorted(_days(columns), since))
    distances = np.abs(columns[OPEN, first:] / columns[CLOSE, first - 1 : -1] * split - 1)
    at = int(distances.argmin()) if distances.size else 0
    return int(_days(columns)[first + at]) if distances.size and distances[at] <= NEAR_JUMPS else since


def _close_before(columns: FloatArray, day: int) -> float:
    """The last close before a day."""
    return float(columns[CLOSE, int(np.searchsorted(_days(columns), day)) - 1])


def _rescaled(columns: FloatArray, factors: FloatArray, until: int | None) -> FloatArray:
    """The columns with the bars before the day `until` multiplied; all of them without it."""
    rescaled = columns.copy()
    rows = slice(None) if until is None else slice(int(np.searchsorted(_days(columns), until)))
    rescaled[1:, rows] *= factors[1:, np.newaxis]
    return rescaled


def _jumps(columns: FloatArray) -> float:
    """The product of the moves from a close to the next open that are as large as those of splits."""
    moves = columns[OPEN, 1:] / columns[CLOSE, :-1]
    return float(np.prod(moves[(moves < 1 / LEAST_JUMP) | (moves > LEAST_JUMP)]))


def union(old: FloatArray, new: FloatArray) -> PackedBars:
    """The bars of both, ascending by day; on a common day the new one."""
    kept = old[:, ~np.isin(_days(old), _days(new), assume_unique=True)]
    both = np.concatenate([kept, new], axis=1)
    return PackedBars(both[:, np.argsort(_days(both), kind="stable")].tobytes())


def _days(columns: FloatArray) -> NDArray[np.int64]:
    return np.ascontiguousarray(columns[DAYS]).view(np.int64)


def _first_after(columns: FloatArray, day: int) -> int:
    """The first day of a history after a day; the next day where there is none."""
    days = _days(columns)
    later = days[days > day]
    return int(later[0]) if later.size else day + 1

"""The target weights of an index at a reference day, from what is known at its close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import weights as by
from analysis.bars import BoolArray, FloatArray
from analysis.covariance import shrunk_covariance
from analysis.panel import CARRIED, Panel
from analysis.score import VERDICTS, verdict_codes
from models.analysis import Verdict
from models.index import WeightingMethod

STILL = 1e-9  # a range of daily growth that is no movement
_OLD = f"It has had no price for more than {CARRIED} trading days."
_SCREENED = "The screen does not let it pass."


@dataclass(frozen=True)
class Weigher:
    """A weighting for the tickers of a panel: `amounts` are their shares, or their weights by hand, of shape (tickers,)."""

    method: WeightingMethod
    lookback: int = 252
    skip: int = 21
    strategy: str = ""
    amounts: FloatArray | None = None
    parts: tuple[tuple[float, Weigher], ...] = ()


@dataclass(frozen=True)
class Caps:
    """The caps, and the number of each ticker's group, of shape (tickers,)."""

    single: float | None = None
    group: float | None = None
    groups: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Recipe:
    """The rules of an index for the tickers of a panel; `screen` is a strategy and the verdicts that pass."""

    weigher: Weigher
    caps: Caps = Caps()
    screen: tuple[str, tuple[Verdict, ...]] | None = None


@dataclass(frozen=True)
class Target:
    """The weights of shape (tickers,), None where nothing can be held; why tickers are left out, by row; what else is to be told."""

    weights: FloatArray | None
    left_out: Mapping[int, str]
    note: str = ""


def target_of(known: Panel, recipe: Recipe, candidates: BoolArray) -> Target:
    """The target weights of candidates, a mask of shape (tickers,), by what is known at the close of the panel's last day."""
    left_out: dict[int, str] = {}
    members = candidates.copy()

    def leave_out(rows: BoolArray, why: str) -> None:
        left_out.update(dict.fromkeys(np.flatnonzero(members & rows).tolist(), why))
        members[rows] = False

    leave_out(known.age[:, -1] > CARRIED, _OLD)
    if recipe.screen is not None:
        strategy, verdicts = recipe.screen
        leave_out(~_passes(known.scores[strategy][:, -1], verdicts), _SCREENED)
    whys: dict[int, str] = {}
    notes: list[str] = []
    weights = np.zeros(len(members))
    if members.any():
        weights, whys, told = _weigh(known, recipe.weigher, members)
        notes += told
    leave_out(weights <= 0, "")
    left_out |= {row: whys.get(row, "Its weight is 0.") for row, why in left_out.items() if not why}
    if not members.any():
        return Target(None, left_out, " ".join(notes))
    weights, note = _capped(weights, members, recipe.caps)
    return Target(weights, left_out, " ".join((*notes, note)).strip())


def _passes(scores: FloatArray, verdicts: tuple[Verdict, ...]) -> BoolArray:
    codes = verdict_codes(np.nan_to_num(scores))
    allowed = np.array([verdict in verdicts for verdict in VERDICTS])
    return allowed[codes] & ~np.isnan(scores)


def _weigh(known: Panel, weigher: Weigher, members: BoolArray) -> tuple[FloatArray, dict[int, str], list[str]]:
    """Weights of shape (tickers,) that add up to 1, or to 0 where none can be; why members have none; and what is to be told."""
    weights = np.zeros(len(members))
    if weigher.method is WeightingMethod.BLEND:
        return _blend(known, weigher, members)
    able, why = _able(known, weigher, members)
    whys = dict.fromkeys(np.flatnonzero(members & ~able).tolist(), why)
    if not able.any():
        return weights, whys, []
    amounts = _amounts(known, weigher, able)
    told = [f"No member has a positive {weigher.method}: the weights are equal."] if amounts.max() <= 0 else []
    weights[able] = by.proportional(amounts)
    return weights, whys, told


def _blend(known: Panel, weigher: Weigher, members: BoolArray) -> tuple[FloatArray, dict[int, str], list[str]]:
    parts: list[tuple[float, FloatArray]] = []
    whys: dict[int, str] = {}
    told: list[str] = []
    for share, part in weigher.parts:
        weights, reasons, notes = _weigh(known, part, members)
        whys |= reasons
        if weights.any():
            parts.append((share, weights))
            told += notes
        else:
            told.append(f"No member can be weighted by {part.method}: the other parts count for it.")
    return by.blended(parts) if parts else np.zeros(len(members)), whys, told


def _able(known: Panel, weigher: Weigher, members: BoolArray) -> tuple[BoolArray, str]:
    """Which members a method can weight, and why it cannot weight the others."""
    method, lookback = weigher.method, weigher.lookback
    if method in (WeightingMethod.INVERSE_VOLATILITY, WeightingMethod.EQUAL_RISK, WeightingMethod.MOMENTUM):
        why = f"It has no prices of {lookback} trading days before, which its weight needs."
        if known.total.shape[1] <= lookback:
            return np.zeros_like(members), why
        able = members & ~np.isnan(known.total[:, -1 - lookback])
        if method is not WeightingMethod.MOMENTUM:
            able[able] = np.ptp(known.growth[able, -lookback:], axis=1) > STILL
            why = f"It has no prices of {lookback} trading days before, or they did not move."
        return able, why
    if method is WeightingMethod.SCORE:
        return members & ~np.isnan(known.scores[weigher.strategy][:, -1]), "Its history is too short for a score."
    if method in (WeightingMethod.CAP, WeightingMethod.CUSTOM):
        assert weigher.amounts is not None, "the rules name amounts"
        what = "shares are" if method is WeightingMethod.CAP else "weight is"
        return members & (weigher.amounts > 0), f"No {what} given for it."
    return members, ""


def _amounts(known: Panel, weigher: Weigher, able: BoolArray) -> FloatArray:
    """What the weights of the members that can be weighted are in proportion to."""
    method = weigher.method
    if method is WeightingMethod.EQUAL:
        return np.ones(int(np.count_nonzero(able)))
    if method is WeightingMethod.SCORE:
        scores: FloatArray = known.scores[weigher.strategy][able, -1]
        return scores
    if method is WeightingMethod.MOMENTUM:
        grown: FloatArray = known.total[able, -1 - weigher.skip] / known.total[able, -1 - weigher.lookback] - 1
        return grown
    if method in (WeightingMethod.INVERSE_VOLATILITY, WeightingMethod.EQUAL_RISK):
        returns = known.growth[able, -weigher.lookback :].T - 1
        return by.inverse_volatility(returns) if method is WeightingMethod.INVERSE_VOLATILITY else by.equal_risk(shrunk_covariance(returns))
    assert weigher.amounts is not None, "the rules name amounts"
    amounts: FloatArray = weigher.amounts[able]
    return np.multiply(amounts, known.price[able, -1]) if method is WeightingMethod.CAP else amounts


def _capped(weights: FloatArray, members: BoolArray, caps: Caps) -> tuple[FloatArray, str]:
    """The weights of members under the caps; where these cannot hold, under the lowest ones that can, which is told."""
    if caps.single is None and caps.group is None:
        return weights, ""
    result = np.zeros(len(weights))
    count = int(np.count_nonzero(members))
    single, group, groups = caps.single, caps.group, None
    told = []
    if single is not None and count * single < 1:
        told.append(f"A cap of {single:.4g} cannot hold with {count} {'member' if count == 1 else 'members'}: all have the same weight.")
        single = 1 / count
    if group is not None and caps.groups is not None:
        _, groups = np.unique(caps.groups[members], return_inverse=True)
        room = np.bincount(groups) * (1.0 if single is None else single)
        if float(np.minimum(room, group).sum()) < 1 - by.EDGE:
            told.append(f"A cap of {group:.4g} on groups cannot hold with {len(room)} of them, and is left out.")
            groups = None
    result[members] = by.capped(weights[members], single, groups, group)
    return result, " ".join(told)

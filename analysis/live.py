"""The live record: what stored results said at the time, and what came after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from itertools import groupby
from typing import NamedTuple

import numpy as np

from analysis.bars import Bars
from analysis.outcomes import BASIS_POINTS
from analysis.record import is_buy
from models.analysis import Verdict
from models.evidence import LiveRecord, ToldVerdict


class LiveRules(NamedTuple):
    """Which results count: of days from `first` on; the cost of a round trip; and since when results are a record."""

    since: date
    cost_bp: float
    first: date | None = None


class _Told(NamedTuple):
    verdict: Verdict
    entry: int  # the bar at whose open a position is entered


def live_records(
    bars: Bars, told: Iterable[ToldVerdict], horizons: Iterable[int], rules: LiveRules
) -> dict[int, dict[Verdict, LiveRecord]]:
    """The live record of each verdict at each horizon, where there is one, given what results of ascending days said.

    A result that was made after the day of its entry knew what came. Of several results of one day the first counts.
    """
    entered = list(_entered(bars, told, rules))
    return {horizon: records for horizon in horizons if (records := _records(bars, entered, horizon, rules))}


def _entered(bars: Bars, told: Iterable[ToldVerdict], rules: LiveRules) -> Iterator[_Told]:
    days = bars.days
    for as_of, of_day in groupby(told, key=lambda one: one.as_of):
        one = min(of_day, key=lambda one: one.created_at)
        at = int(np.searchsorted(days, np.datetime64(as_of)))
        if at + 1 >= len(bars) or bars.day(at) != as_of or (rules.first is not None and as_of < rules.first):
            continue
        if one.created_at.astimezone(UTC).date() <= bars.day(at + 1):
            yield _Told(one.verdict, at + 1)


def _records(bars: Bars, entered: Sequence[_Told], horizon: int, rules: LiveRules) -> dict[Verdict, LiveRecord]:
    known = [one for one in entered if one.entry + horizon < len(bars)]
    cost = rules.cost_bp / BASIS_POINTS
    returns: dict[Verdict, list[float]] = {}
    episodes: dict[Verdict, int] = {}
    for verdict, run in groupby(known, key=lambda one: one.verdict):
        episodes[verdict] = episodes.get(verdict, 0) + 1
        returns.setdefault(verdict, []).extend(bars.open.item(one.entry + horizon) / bars.open.item(one.entry) - 1 - cost for one in run)
    return {verdict: _record(verdict, net, episodes[verdict], rules.since) for verdict, net in returns.items()}


def _record(verdict: Verdict, net: Sequence[float], episodes: int, since: date) -> LiveRecord:
    right = sum(one > 0 if is_buy(verdict) else one < 0 for one in net)
    return LiveRecord(
        since=since,
        n=len(net),
        episodes=episodes,
        hit=None if verdict is Verdict.HOLD else right / len(net),
        mean=sum(net) / len(net),
    )

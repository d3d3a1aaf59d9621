"""Computes an index: by its rules, and as far as it is published by its ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from analysis.bars import BoolArray
from analysis.index import Change, Course, period_of, reference_rows, track_of
from analysis.index_targets import Caps, Recipe, Target, Weigher, target_of
from analysis.panel import CARRIED, Panel, panel_of
from analysis.weights import CapsTooLow, capped, equal
from features.indexes.calendars import (
    Published,
    before_published,
    day_of_leaving,
    days_of,
    held_in,
    members_in,
    members_of,
    newer_stretches,
    published_stretches,
)
from features.indexes.levels import Days, Levels
from features.indexes.loading import Material, group_of
from features.indexes.scoring import moment_of
from models.index import (
    IndexPosition,
    IndexRules,
    IndexVersion,
    IndexWeighting,
    MethodAndInputs,
    Rebalance,
    Rebalancing,
    RebalancingKind,
    WeightingMethod,
)
from models.index_errors import cap_too_low, no_member

LATE = 2  # trading days that a day waits for closes of members before it is published without them
REVISED = 1e-6  # a level that differs by more from the published one, as a fraction, makes a new revision
_SHOWN_REASONS = 3


@dataclass(frozen=True)
class Computed:
    """An index as computed: its levels and ledger from the beginning."""

    levels: Levels
    ledger: tuple[Rebalancing, ...]

    @property
    def holding(self) -> int:
        """How many members are held at the end."""
        return sum(1 for each in self.ledger[-1].positions if each.quantity > 0)


def check_caps(material: Material, rules: IndexRules) -> None:
    """Refuse caps that cannot hold with all members that have prices. Raises IndexInvalid."""
    members = [member for member in material.members if member.ticker in material.present]
    count = len(members)
    told = f"{count} {'member' if count == 1 else 'members'}"
    if rules.single_cap is not None and count * rules.single_cap < 1:
        raise cap_too_low("single_cap", rules.single_cap, count * rules.single_cap, told)
    if rules.group_cap is not None:
        names = [group_of(member, rules) for member in members]
        _, groups = np.unique(names, return_inverse=True)
        try:
            capped(equal(count), rules.single_cap, groups, rules.group_cap)
        except CapsTooLow as error:
            raise cap_too_low("group_cap", rules.group_cap, error.most, f"{told} in {groups.max() + 1} groups") from error


def compute(material: Material, versions: Sequence[IndexVersion], published: Published | None = None) -> Computed:
    """The index by its rules. What is published gives the members of its reference days, not their weights.

    Raises IndexInvalid where nobody can ever be held.
    """
    return _run(material, versions, published, is_replay=False)


def extend(material: Material, versions: Sequence[IndexVersion], published: Published) -> Computed | None:
    """What is published and what follows from the rules since; None where published levels do not follow from today's prices."""
    replay = _run(material, versions, published, is_replay=True)
    count = len(published.levels)
    if len(replay.levels) < count or not np.array_equal(replay.levels.days[:count], published.levels.days):
        return None
    ratios = []
    for new, old in ((replay.levels.price, published.levels.price), (replay.levels.total, published.levels.total)):
        if float(np.abs(new[:count] / old - 1).max()) > REVISED:
            return None
        ratios.append(float(old[-1] / new[count - 1]))
    price, total = (
        np.append(old, new[count:] * ratio)
        for old, new, ratio in (
            (published.levels.price, replay.levels.price, ratios[0]),
            (published.levels.total, replay.levels.total, ratios[1]),
        )
    )
    newer = [line for line in replay.ledger if line.day > published.last_day]
    lines = [_continued(line, number, ratios[0]) for number, line in enumerate(newer, len(published.ledger) + 1)]
    return Computed(Levels(replay.levels.days, price, total), (*published.ledger, *lines))


def next_reference_day(material: Material, rebalance: Rebalance, last_day: date) -> date:
    """The first reference day that is not followed by a trading day yet, by the calendar of most members."""
    calendar = material.calendar()
    day = calendar.trading_day_until(last_day)
    while True:
        following = calendar.trading_day_after(day)
        periods = period_of(np.array([day, following], dtype="datetime64[D]"), rebalance)
        if periods[0] != periods[1]:
            return day
        day = following


def is_due(material: Material, rules: IndexRules, last_day: date, reference_day: date) -> bool:
    """Whether a reference day is so near that it is told of."""
    return material.calendar().trading_days(last_day, reference_day) <= rules.notice_days


def _continued(line: Rebalancing, number: int, ratio: float) -> Rebalancing:
    """A line of the ledger with another number, for levels that are multiplied by a ratio."""
    before, after = line.divisor_before / ratio, line.divisor_after / ratio
    return replace(line, number=number, level=line.level * ratio, divisor_before=before, divisor_after=after)


def _run(material: Material, versions: Sequence[IndexVersion], published: Published | None, *, is_replay: bool) -> Computed:
    """The index as computed. Whoever is held, and no candidate any more, has a part in the calendar until it is sold: then once more."""
    computed = _Computation(material, versions, published, is_replay=is_replay).run()
    if published is None:
        return computed
    former = held_in(published.ledger[-1]) - material.present
    leaving = day_of_leaving(computed.ledger, former, published.last_day) if former else None
    if leaving is None or leaving >= computed.levels.days[-1].item():
        return computed
    return _Computation(material, versions, published, is_replay=is_replay, leaving=leaving).run()


class _Computation:
    """One computation of an index over the closes of its members. Former ones are held up to the day `leaving`, if that is known."""

    def __init__(
        self,
        material: Material,
        versions: Sequence[IndexVersion],
        published: Published | None,
        *,
        is_replay: bool,
        leaving: date | None = None,
    ) -> None:
        self._material, self._versions, self._published, self._is_replay = material, versions, published, is_replay
        self._leaving = leaving
        self._tickers = material.tickers
        self._panel = panel_of([member.closes for member in material.members], self._calendar())
        self._given = given_days(versions)
        self._recipes: dict[tuple[object, ...], Recipe] = {}
        ledger = () if published is None else published.ledger
        self._members = {each.version: self._mask(members_of(each, versions, ledger, material.present)) for each in versions}
        self._lines = {line.reference_day: line for line in ledger if line.reference_day is not None}
        self._used: dict[int, int] = {}  # the version of the rules by the row of the reference day

    def run(self) -> Computed:
        """The levels and the ledger. Raises IndexInvalid."""
        if not len(self._panel.days):
            raise no_member([])
        rules = self._versions[-1].rules
        track = track_of(self._panel, Course(self._first(), self._last(), self._references(), rules.base), self._target)
        if track is None:
            target = target_of(self._panel, self._recipe(len(self._panel.days) - 1), self._present)
            raise no_member(list(dict.fromkeys(target.left_out.values()))[:_SHOWN_REASONS])
        levels = Levels(self._panel.days[track.first : track.last + 1], track.price, track.total)
        return Computed(levels, tuple(self._line(number, change) for number, change in enumerate(track.changes, 1)))

    @property
    def _present(self) -> BoolArray:
        """Today's candidates."""
        return self._members[self._versions[-1].version]

    def _calendar(self) -> Days | None:
        """The trading days. What is published keeps its own, until it is computed anew."""
        if self._published is None:
            return None
        newer = days_of(self._material, newer_stretches(self._published, self._material.present, self._leaving))
        if not self._is_replay:
            return np.concatenate([days_of(self._material, published_stretches(self._published, self._versions)), newer])
        reference = np.datetime64(self._published.ledger[0].reference_day, "D")
        earlier = days_of(self._material, [before_published(self._published)])
        return np.concatenate([earlier, [reference], self._published.levels.days, newer])

    def _first(self) -> int:
        if self._published is not None:
            return int(np.searchsorted(self._panel.days, self._published.levels.days[0]))
        start = self._versions[0].rules.start
        return 1 if start is None else int(np.searchsorted(self._panel.days, np.datetime64(start, "D")))

    def _last(self) -> int:
        """The newest day that can be published: later closes of a day would change it."""
        newest = len(self._panel.days) - 1
        alive = self._counted() & (self._panel.age[:, -1] <= CARRIED)
        oldest = int(self._panel.age[alive, -1].max()) if alive.any() else 0
        last = max(newest - oldest, newest - LATE)
        if self._published is None:
            return last
        # Prices may have been taken away since: then a new revision ends earlier.
        return min(newest, max(last, int(np.searchsorted(self._panel.days, self._published.levels.days[-1]))))

    def _counted(self) -> BoolArray:
        """Whose closes are waited for: today's candidates, and who is still held."""
        if self._published is None or self._leaving is not None:
            return self._present
        return self._present | self._mask(held_in(self._published.ledger[-1]))

    def _references(self) -> dict[int, str]:
        """The reference days, each by the rules of its time."""
        found: dict[int, str] = {}
        for version in self._versions:
            rows = reference_rows(self._panel.days, version.rules.rebalance)
            found |= {row: why for row, why in rows.items() if self._version_at(row) is version}
        return found

    def _version_at(self, row: int) -> IndexVersion:
        """The rules that hold on a reference day."""
        day: date = self._panel.days[row].item()
        holding = [version for version in self._versions if version.since is None or version.since <= day]
        return holding[-1] if holding else self._versions[0]

    def _recipe(self, row: int) -> Recipe:
        """The rules that hold on a reference day, by the strategies as they were when its weights were computed."""
        version, day = self._version_at(row), self._panel.days[row].item()
        keys = self._material.scoring.keys_at(version.rules, moment_of(version, day))
        named = (version.version, *keys.values())
        if named not in self._recipes:
            self._recipes[named] = recipe_of(self._material, version.rules, self._given[version.version], keys)
        return self._recipes[named]

    def _target(self, row: int, known: Panel) -> Target:
        version = self._version_at(row)
        self._used[row] = version.version
        line = self._lines.get(self._panel.days[row].item())
        if line is None:
            return target_of(known, self._recipe(row), self._members[version.version])
        if not self._is_replay:
            return target_of(known, self._recipe(row), self._mask(members_in(line)))
        if line.kind is RebalancingKind.SKIPPED:
            return Target(None, {})
        after = {each.ticker: each.after for each in line.positions}
        return Target(np.array([after.get(ticker, 0.0) for ticker in self._tickers]), {})

    def _mask(self, tickers: Collection[str]) -> BoolArray:
        return np.array([ticker in tickers for ticker in self._tickers])

    def _line(self, number: int, change: Change) -> Rebalancing:
        days = self._panel.days
        version = self._version_at(change.row).version if change.reference is None else self._used[change.reference]
        rules = next(each.rules for each in self._versions if each.version == version)
        rows = np.flatnonzero((change.before > 0) | (change.after > 0)).tolist()
        positions = (
            IndexPosition(self._tickers[row], float(change.before[row]), float(change.after[row]), float(change.quantities[row]))
            for row in rows
        )
        return Rebalancing(
            number=number,
            day=days[change.row].item(),
            reference_day=None if change.reference is None else days[change.reference].item(),
            kind=change.kind,
            why=change.why,
            version=version,
            level=change.level,
            divisor_before=change.divisors[0],
            divisor_after=change.divisors[1],
            turnover=change.traded / 2,
            cost=change.traded * rules.cost_bp / 10_000,
            positions=tuple(positions),
            left_out={self._tickers[row]: why for row, why in sorted(change.left_out.items())},
        )


def given_days(versions: Sequence[IndexVersion]) -> dict[int, date]:
    """By version, on which day its weighting was given if that does not say so itself: when the first of a run with the same was stored."""
    found: dict[int, date] = {}
    for former, version in zip([None, *versions], versions, strict=False):
        is_same = former is not None and former.rules.weighting == version.rules.weighting
        found[version.version] = found[former.version] if former is not None and is_same else version.created_at.date()
    return found


def recipe_of(material: Material, rules: IndexRules, given: date, keys: Mapping[str, str]) -> Recipe:
    """Rules for the tickers that are loaded, with the keys of strategies by id.

    Shares are as of the day that the rules tell, or else as of the day `given`.
    """
    screen = None if rules.members.screen is None else (keys[rules.members.screen.strategy], rules.members.screen.verdicts)
    groups = None
    if rules.group_cap is not None:
        _, groups = np.unique([group_of(member, rules) for member in material.members], return_inverse=True)
    return Recipe(_weigher(material, rules.weighting, given, keys), Caps(rules.single_cap, rules.group_cap, groups), screen)


def _weigher(material: Material, weighting: MethodAndInputs, given: date, keys: Mapping[str, str]) -> Weigher:
    amounts = None
    if weighting.method is WeightingMethod.CUSTOM:
        amounts = np.array([weighting.weights.get(ticker, 0.0) for ticker in material.tickers])
    elif weighting.method is WeightingMethod.CAP:
        amounts = np.array([_shares(material, weighting, row, weighting.given_on or given) for row in range(len(material.members))])
    parts: tuple[tuple[float, Weigher], ...] = ()
    if isinstance(weighting, IndexWeighting):
        parts = tuple((part.share, _weigher(material, part, given, keys)) for part in weighting.parts)
    return Weigher(weighting.method, weighting.lookback, weighting.skip, keys.get(weighting.strategy, ""), amounts, parts)


def _shares(material: Material, weighting: MethodAndInputs, row: int, given: date) -> float:
    """The free shares of a member as of its newest close: those that were told, and what splits since then made of them."""
    member = material.members[row]
    holding = weighting.shares.get(member.ticker)
    if holding is None:
        return 0.0
    newest: date = member.closes.days[-1].item()
    ratio = 1.0
    for split in member.splits:
        if given < split.day <= newest:
            ratio *= split.ratio
    return holding.shares * holding.free_float * ratio


def mean_turnover(ledger: Sequence[Rebalancing]) -> float | None:
    """The turnover a year: of all rebalancings but the first, over the time between the first and the last one."""
    later = [line for line in ledger if line.kind is not RebalancingKind.START]
    if not later:
        return None
    span = (ledger[-1].day - ledger[0].day) / timedelta(days=365.25)
    return sum(line.turnover for line in later) / span if span > 0 else None


def weights_on(ledger: Sequence[Rebalancing], day: date) -> Mapping[str, IndexPosition]:
    """The positions that hold at the close of a day, by ticker."""
    line = next((line for line in reversed(ledger) if line.day <= day), None)
    return {} if line is None else {each.ticker: each for each in line.positions if each.quantity > 0}

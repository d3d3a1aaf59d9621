"""The trading days of an index: those with closes of whoever is a member, or is still held."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analysis.panel import union_of
from features.indexes.levels import Days, Levels
from features.indexes.loading import Material
from models.index import IndexVersion, Rebalancing, RebalancingKind

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Published:
    """What is published: the levels, and the ledger that led to them."""

    levels: Levels
    ledger: tuple[Rebalancing, ...]

    @property
    def former_members(self) -> set[str]:
        """Whoever was ever held or considered."""
        return {ticker for line in self.ledger for ticker in (*(each.ticker for each in line.positions), *line.left_out)}

    @property
    def last_day(self) -> date:
        """The last day with a level."""
        day: date = self.levels.days[-1].item()
        return day


def held_in(line: Rebalancing) -> set[str]:
    """Who is held from a line of the ledger on."""
    return {each.ticker for each in line.positions if each.after > 0}


def members_in(line: Rebalancing) -> set[str]:
    """Who was considered at a line of the ledger. Whoever is only still held, because nothing was changed, was not."""
    return set(line.left_out) if line.kind is RebalancingKind.SKIPPED else {*held_in(line), *line.left_out}


def members_of(
    version: IndexVersion, versions: Sequence[IndexVersion], ledger: Sequence[Rebalancing], present: Collection[str]
) -> set[str]:
    """Who may be a member by a version of the rules: today's candidates, or by former rules those that these name or considered."""
    members, newest = version.rules.members, versions[-1].rules.members
    if (members.tickers, members.universe) == (newest.tickers, newest.universe):
        return set(present)
    if members.tickers:
        return set(members.tickers)
    return {ticker for line in ledger if line.version == version.version for ticker in members_in(line)}


@dataclass(frozen=True)
class Stretch:
    """Tickers whose closes make trading days, from one day to another, both included; None for no end."""

    tickers: Collection[str]
    first: date | None = None
    last: date | None = None


def days_of(material: Material, stretches: Sequence[Stretch]) -> Days:
    """The days of stretches on which any ticker of them has a close, ascending."""
    lines = []
    for stretch in stretches:
        for member in material.members:
            if member.ticker in stretch.tickers:
                days = member.closes.days
                first = 0 if stretch.first is None else int(np.searchsorted(days, np.datetime64(stretch.first, "D")))
                after = len(days) if stretch.last is None else int(np.searchsorted(days, np.datetime64(stretch.last, "D"), side="right"))
                lines.append(days[first:after])
    return union_of(lines)


def published_stretches(published: Published, versions: Sequence[IndexVersion]) -> list[Stretch]:
    """The stretches up to the last published day: each line of the ledger considers its members until the next one has replaced them."""
    lines = [line for line in published.ledger if line.reference_day is not None]
    found = [Stretch(members, first, last) for members, first, last in _merged(lines, published.last_day)]
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        if version.since is not None and version.rules.members.tickers:
            last = published.last_day if following is None or following.since is None else min(following.since, published.last_day)
            found.append(Stretch(version.rules.members.tickers, version.since + _DAY, last))
    return found


def _merged(lines: Sequence[Rebalancing], last_day: date) -> list[tuple[set[str], date | None, date]]:
    """Members with the first and the last day on which they were some, one for successive lines of the same members."""
    found: list[tuple[set[str], date | None, date]] = []
    for number, line in enumerate(lines):
        members = members_in(line) | held_in(line)
        last = last_day if number + 1 == len(lines) else lines[number + 1].day
        first = None if number == 0 or line.reference_day is None else line.reference_day + _DAY
        if found and found[-1][0] == members:
            found[-1] = (members, found[-1][1], last)
        else:
            found.append((members, first, last))
    return found


def before_published(published: Published) -> Stretch:
    """What lies before the first reference day, from which the first weights are."""
    start = published.ledger[0]
    assert start.reference_day is not None, "an index begins with a reference day"
    return Stretch(members_in(start), None, start.reference_day - _DAY)


def newer_stretches(published: Published, present: Collection[str], leaving: date | None) -> list[Stretch]:
    """The stretches after the last published day. Whoever is held and no candidate any more counts up to the day `leaving`."""
    last = published.last_day
    held = held_in(published.ledger[-1])
    return [Stretch(present, last + _DAY), Stretch(held, last + _DAY, leaving)]


def day_of_leaving(ledger: Sequence[Rebalancing], former: Collection[str], last_day: date) -> date | None:
    """The day after the last published one on which nobody of some former members is held any more; None while somebody is."""
    for line, following in zip(ledger, [*ledger[1:], None], strict=True):
        is_over = following is not None and following.day <= last_day
        if not is_over and not held_in(line) & set(former):
            return max(line.day, last_day)
    return None

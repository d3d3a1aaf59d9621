"""By which versions of strategies an index is weighted and screened: those that held when its weights were computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from database import AnyReader
from features.strategies.service import through_time
from models.index import IndexRules, IndexVersion, WeightingMethod
from models.strategy import Strategy


def strategies_of(rules: IndexRules) -> list[str]:
    """The strategies whose scores the rules need."""
    needed = [leaf.strategy for leaf in rules.weighting.leaves() if leaf.method is WeightingMethod.SCORE]
    needed += [] if rules.members.screen is None else [rules.members.screen.strategy]
    return sorted(set(needed))


def moment_of(version: IndexVersion, day: date) -> datetime:
    """When the weights of a reference day are computed at the earliest: once it is over, and its rules are stored."""
    return max(version.created_at, datetime.combine(day + timedelta(days=1), time(), UTC))


@dataclass(frozen=True)
class Scoring:
    """Strategies by a key for each of their versions, and by id the keys of these through time, each with when it began."""

    strategies: Mapping[str, Strategy]
    keys: Mapping[str, Sequence[tuple[datetime, str]]]

    def keys_at(self, rules: IndexRules, moment: datetime) -> dict[str, str]:
        """The keys of the strategies that the rules need, by id, as they held at a moment; before the first one it is that."""
        found = {}
        for strategy_id in strategies_of(rules):
            begun = [key for since, key in self.keys[strategy_id] if since <= moment]
            found[strategy_id] = begun[-1] if begun else self.keys[strategy_id][0][1]
        return found


def scoring_of(reader: AnyReader, org_id: int, versions: Sequence[IndexVersion], since: date | None) -> Scoring:
    """What the rules of an index need for reference days from one on, or for all of them. Raises StrategyUnknown."""
    needed: defaultdict[str, set[int]] = defaultdict(set)
    ids = {strategy_id for version in versions for strategy_id in strategies_of(version.rules)}
    known = {strategy_id: through_time(reader, org_id, strategy_id) for strategy_id in sorted(ids)}
    for version, following in pairwise([*versions, None]):
        assert version is not None, "only the last one has none that follows"
        if following is not None and since is not None:
            continue  # former rules have no reference days any more
        begin = version.created_at if since is None else moment_of(version, since)
        end = None if following is None or following.since is None else moment_of(version, following.since)
        for strategy_id in strategies_of(version.rules):
            begun = [moment for moment, _ in known[strategy_id]]
            first = max(sum(moment <= begin for moment in begun) - 1, 0)
            needed[strategy_id] |= {at for at in range(first, len(begun)) if at == first or end is None or begun[at] <= end}
    keys = {each: [(known[each][at][0], f"{each}@{at}") for at in sorted(needed[each])] for each in needed}
    strategies = {f"{each}@{at}": known[each][at][1] for each in needed for at in sorted(needed[each])}
    return Scoring(strategies, keys)

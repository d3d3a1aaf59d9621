"""The strategies that organizations store: what is asked for, what is stored, and what can be wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from models.errors import BellwetherError, Conflict, NotFound
from models.strategy import STRATEGIES, Strategy

STRATEGY_ID = r"^[a-z][a-z0-9_-]{0,39}$"
LONGEST_ID = 40
LONGEST_NAME = 60
LONGEST_DESCRIPTION = 300
MOST_STRATEGIES = 100  # of an organization
WIDEST_STOP_PERCENT = 8.0  # what the engine takes
_LISTED = 8  # ids that an error tells
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_RULES = ("base", "indicator_weights", "category_weights", "stop_percent", "reward_risk", "max_position_percent")


@dataclass(frozen=True)
class StrategyDraft:
    """A strategy as it is asked for; what is left out, or None, is that of the base."""

    name: str
    description: str
    base: str
    indicator_weights: dict[str, float] = field(default_factory=dict)
    category_weights: dict[str, float] = field(default_factory=dict)
    stop_percent: float | None = None
    reward_risk: float | None = None
    max_position_percent: float | None = None

    def rules(self) -> StrategyRules:
        """The rules with everything filled in."""
        base = STRATEGIES[self.base]
        return StrategyRules(
            self.base,
            base.indicator_weights | self.indicator_weights,
            base.category_weights | self.category_weights,
            base.stop_percent if self.stop_percent is None else self.stop_percent,
            base.reward_risk if self.reward_risk is None else self.reward_risk,
            base.max_position_percent if self.max_position_percent is None else self.max_position_percent,
        )


class StrategyRules(NamedTuple):
    """All that results depend on."""

    base: str
    indicator_weights: dict[str, float]
    category_weights: dict[str, float]
    stop_percent: float
    reward_risk: float
    max_position_percent: float

    @classmethod
    def of(cls, strategy: Strategy) -> StrategyRules:
        """Those of a stored strategy."""
        return cls(*(getattr(strategy, name) for name in _RULES))


@dataclass(frozen=True)
class OwnStrategy:
    """A stored strategy in its newest version. `used_at` is when something was first asked for by it."""

    strategy: Strategy
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True)
class StrategyVersion:
    """A version of a stored strategy, and since when it is one."""

    version: int
    rules: StrategyRules
    created_at: datetime


def id_of_name(name: str) -> str:
    """An id that a name gives, of small letters, digits and hyphens."""
    words = _NO_LETTERS.sub("-", name.lower()).strip("-")
    return (words if words[:1].isalpha() else f"own-{words}".rstrip("-"))[:LONGEST_ID].rstrip("-")


class StrategyUnknown(BellwetherError):
    """The organization has no such strategy."""

    code = "validation_error"

    def __init__(self, strategy_id: str, known: list[str]) -> None:
        """`known` are the ids of those that it can name."""
        more = " and more" if len(known) > _LISTED else ""
        super().__init__(
            f"There is no strategy '{strategy_id[:LONGEST_ID]}'. There are {', '.join(known[:_LISTED])}{more}; see GET /api/v1/strategies."
        )


class StrategyArchived(BellwetherError):
    """The strategy is archived."""

    code = "validation_error"

    def __init__(self, strategy_id: str) -> None:
        super().__init__(
            f"The strategy '{strategy_id}' is archived: what it told can be read, and nothing new is made with it. "
            f"PUT /api/v1/strategies/{strategy_id} brings it back."
        )


class NothingVotes(BellwetherError):
    """No indicator would vote: each that votes has a weight of 0, or its category has. Give at least one a weight above 0."""

    code = "validation_error"


class StrategyNotFound(NotFound):
    """The organization has no such strategy. See GET /api/v1/strategies."""


class StrategyBuiltIn(Conflict):
    """The strategy belongs to the service."""

    def __init__(self, strategy_id: str) -> None:
        super().__init__(f"'{strategy_id}' is built in, and can be neither replaced nor deleted. Store your own under another id.")


class StrategyExists(Conflict):
    """There is such a strategy."""

    def __init__(self, strategy_id: str, *, is_archived: bool) -> None:
        which = "an archived strategy" if is_archived else "a strategy"
        super().__init__(f"There is {which} '{strategy_id}' already. Choose another id, or PUT /api/v1/strategies/{strategy_id}.")


class TooManyStrategies(Conflict):
    """The organization has as many strategies as can be stored."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} strategies, which is the most that are stored, archived ones included. Change one of them.")

"""A strategy as JSON, for what is computed later: an organization's own is written down whole, so that its later changes do not matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.indicator import VOTING_KEYS, Category
from models.strategy import STRATEGIES, Strategy

OWN_STRATEGY = "own_strategy"  # the field beside `strategy` that has an own one
_WEIGHTED = frozenset(VOTING_KEYS)
_CATEGORIES = frozenset(map(str, Category))


def pinned(strategy: Strategy) -> dict[str, Any]:
    """The fields of a strategy: its id, and of an organization's own all that it is."""
    if strategy.version is None:
        return {"strategy": strategy.id}
    return {"strategy": strategy.id, OWN_STRATEGY: {name: value for name, value in vars(strategy).items() if name != "id"}}


def pinned_strategy(values: Mapping[str, Any]) -> Strategy:
    """The strategy of `pinned` fields. Raises ValueError, KeyError or TypeError for what none has."""
    strategy_id, own = values["strategy"], values.get(OWN_STRATEGY)
    if own is None:
        if strategy_id not in STRATEGIES:
            raise ValueError(f"there is no strategy {strategy_id!r}")
        return STRATEGIES[strategy_id]
    return Strategy(
        id=str(strategy_id),
        name=str(own["name"]),
        description=str(own["description"]),
        suits=str(own["suits"]),
        indicator_weights=_weights(own["indicator_weights"], _WEIGHTED),
        category_weights=_weights(own["category_weights"], _CATEGORIES),
        stop_percent=float(own["stop_percent"]),
        reward_risk=float(own["reward_risk"]),
        max_position_percent=float(own["max_position_percent"]),
        version=int(own["version"]),
        since=date.fromisoformat(own["since"]),
        base=str(own["base"]),
    )


def _weights(told: Mapping[str, Any], keys: frozenset[str]) -> dict[str, float]:
    if told.keys() != keys:
        raise ValueError("the weights are those of other indicators")
    return {key: float(weight) for key, weight in told.items()}
